package bake

import (
	"bytes"
	"compress/zlib"
	"io"
	"regexp"
	"strconv"
)

// A file attached to a PDF is a stream object, and stream objects always stand plainly in the file,
// whatever else is packed. So the attachments are found by looking at stream objects in order, without
// building the document: that keeps the work bounded by the size of the file, which readers of whole
// documents do not promise for hostile ones.

// maxStreams bounds how many attachments of a PDF are looked at.
const maxStreams = 20

var (
	streamObject = regexp.MustCompile(`(?s)\b\d{1,10}[ \t\r\n]+\d{1,5}[ \t\r\n]+obj\b`)
	embeddedFile = regexp.MustCompile(`/Type[ \t\r\n]*/EmbeddedFile\b`)
	directLength = regexp.MustCompile(`/Length[ \t\r\n]+(\d{1,9})[ \t\r\n]*(/|>>)`)
	flate        = regexp.MustCompile(`/Filter[ \t\r\n]*(\[[ \t\r\n]*)?/(FlateDecode|Fl)\b[ \t\r\n]*(\][ \t\r\n]*)?(/|>>)`)
	anyFilter    = regexp.MustCompile(`/(Filter|F)\b`)
	encrypted    = regexp.MustCompile(`/Encrypt[ \t\r\n]*(\d|<<)`)
)

// unbakePDF takes the one credential out of the attachments of a PDF.
func unbakePDF(file []byte) ([]byte, error) {
	if tail := file[max(0, len(file)-1024):]; !bytes.Contains(tail, []byte("%%EOF")) {
		return nil, refuse(CodeDamaged, "The PDF is cut off.")
	}
	var found [][]byte
	looked := 0
	objects := streamObject.FindAllIndex(file, -1)
	for i, at := range objects {
		next := len(file)
		if i+1 < len(objects) {
			next = objects[i+1][0]
		}
		head, body, ok := streamAt(file[at[1]:], next-at[1])
		if !ok || !embeddedFile.Match(head) {
			continue
		}
		if looked++; looked > maxStreams {
			return nil, refuse(CodeTooLarge, "The PDF has more than %d attachments.", maxStreams)
		}
		content, err := attachment(head, body)
		if err != nil {
			return nil, err
		}
		if text, err := payload(content); err == nil && !contains(found, text) {
			found = append(found, text)
		}
	}
	switch {
	case len(found) > 1:
		return nil, refuse(CodeTwice, "The PDF has %d credentials attached; which one counts cannot be told.", len(found))
	case len(found) == 1 && !encrypted.Match(file):
		return found[0], nil
	case encrypted.Match(file):
		return nil, refuse(CodeUnsupported, "The PDF is encrypted.")
	}
	return nil, refuse(CodeNone, "The PDF has no credential attached. Printing a certificate to a new PDF loses it.")
}

func contains(all [][]byte, one []byte) bool {
	for _, other := range all {
		if bytes.Equal(other, one) {
			return true
		}
	}
	return false
}

// streamAt splits the object that begins here into its dictionary, which ends before the next object, and
// what follows the word stream.
func streamAt(object []byte, next int) (head, body []byte, ok bool) {
	const longest = 4096 // of a dictionary; those of attachments are short
	window := object[:max(0, min(next, longest))]
	at := bytes.Index(window, []byte("stream"))
	if end := bytes.Index(window, []byte("endobj")); at < 0 || end >= 0 && end < at {
		return nil, nil, false
	}
	body = object[at+len("stream"):]
	body = bytes.TrimPrefix(body, []byte("\r"))
	return object[:at], bytes.TrimPrefix(body, []byte("\n")), true
}

// attachment is the content of an embedded file, unpacked within the limit of a credential. What is larger
// or packed in a way that attachments rarely are is no credential.
func attachment(head, body []byte) ([]byte, error) {
	if m := directLength.FindSubmatch(head); m != nil {
		size, err := strconv.Atoi(string(m[1]))
		if err != nil || size > len(body) {
			return nil, refuse(CodeDamaged, "The PDF is cut off.")
		}
		body = body[:size]
	} else if end := bytes.Index(body, []byte("endstream")); end >= 0 {
		body = body[:end]
	}
	if !flate.Match(head) {
		if anyFilter.Match(head) || len(body) > MaxCredential {
			return nil, nil
		}
		return body, nil
	}
	packed, err := zlib.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, nil //nolint:nilerr // not a credential; another attachment may be one
	}
	content, err := io.ReadAll(io.LimitReader(packed, MaxCredential+1))
	if err != nil || len(content) > MaxCredential {
		return nil, nil //nolint:nilerr // as above
	}
	return content, nil
}
