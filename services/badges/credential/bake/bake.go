// Package bake puts a signed credential into the picture of a badge and takes it out again, so that a
// file that people pass on can still be verified.
//
// PNG and SVG follow the baking rules of Open Badges 3.0: one uncompressed iTXt chunk, or one element
// of the Open Badges namespace. Unbake also reads the credential that is attached to a certificate in
// PDF (package certificate). The credential is JSON or a compact signed token (VC-JWT), and comes out as
// it went in.
//
// Pictures come from strangers. Everything here works on bytes in memory, within limits, decodes no
// pixels, draws nothing and fetches nothing; what is damaged, ambiguous or able to act is refused with a
// *RefusedError. Whether the credential is true is for package verifier to say.
package bake

import (
	"bytes"
	"fmt"
	"regexp"
	"unicode/utf8"

	"github.com/tandem-badges/tandem/services/badges/credential/jsonld"
)

const (
	// MaxFile is the size of the biggest file that is read.
	MaxFile = 4 << 20
	// MaxCredential is the size of the biggest credential in a file.
	MaxCredential = 1 << 20
)

// Why a file or credential is refused: the codes of a RefusedError.
const (
	CodeTooLarge    = "too_large"      // the file or the credential in it
	CodeUnknown     = "unknown_format" // neither PNG nor SVG nor PDF
	CodeDamaged     = "damaged"        // not a whole, well-formed file
	CodeTwice       = "baked_twice"    // more than one credential
	CodeBaked       = "already_baked"  // baking into a picture that has a credential
	CodeCompressed  = "compressed"     // a credential that is packed where it must not be
	CodeOldVersion  = "old_version"    // a badge of Open Badges 1 or 2
	CodeNone        = "no_credential"  // a file without one
	CodeActive      = "active_content" // a drawing that can run, load or hide something
	CodeUnsupported = "unsupported"    // e.g. an encrypted PDF
	CodeCredential  = "not_credential" //nolint:gosec // a word. What is (to be) inside is neither JSON object nor token
)

// RefusedError says why a file is not baked or read.
type RefusedError struct{ Code, Reason string }

// Error implements error.
func (e *RefusedError) Error() string { return e.Reason }

func refuse(code, format string, args ...any) error {
	return &RefusedError{Code: code, Reason: fmt.Sprintf(format, args...)}
}

var token = regexp.MustCompile(`^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$`)

// isToken tells whether the text has the shape of a compact JWS.
func isToken(text []byte) bool { return token.Match(text) }

// payload checks what goes into a file or came out of one, and trims it.
func payload(credential []byte) ([]byte, error) {
	text := bytes.TrimSpace(credential)
	switch {
	case len(text) > MaxCredential:
		return nil, refuse(CodeTooLarge, "The credential is larger than 1 MB.")
	case isToken(text):
		return text, nil
	case !utf8.Valid(text) || len(text) == 0 || text[0] != '{':
		return nil, refuse(CodeCredential, "What is inside is neither a JSON document nor a signed token.")
	}
	if _, err := jsonld.Decode(text); err != nil {
		return nil, refuse(CodeCredential, "What is inside is not a JSON document: %v.", err)
	}
	return text, nil
}

// Unbake takes the credential out of a PNG, an SVG or a PDF with an attached credential.
func Unbake(file []byte) ([]byte, error) {
	if len(file) > MaxFile {
		return nil, refuse(CodeTooLarge, "The file is larger than 4 MB.")
	}
	switch {
	case IsPNG(file):
		return unbakePNG(file)
	case IsPDF(file):
		return unbakePDF(file)
	case IsSVG(file):
		return unbakeSVG(file)
	}
	return nil, refuse(CodeUnknown, "The file is neither a PNG nor an SVG picture nor a PDF.")
}

// IsPNG tells whether a file begins like a PNG.
func IsPNG(file []byte) bool { return bytes.HasPrefix(file, []byte(signature)) }

// IsPDF tells whether a file begins like a PDF.
func IsPDF(file []byte) bool { return bytes.HasPrefix(file, []byte("%PDF-")) }

// IsSVG tells whether a file begins like XML.
func IsSVG(file []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(bytes.TrimPrefix(file, []byte(byteOrderMark)), " \t\r\n"), []byte("<"))
}
