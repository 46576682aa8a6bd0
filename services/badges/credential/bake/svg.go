package bake

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	// Namespace is that of the element which holds the credential.
	Namespace = "https://purl.imsglobal.org/ob/v3p0"

	oldNamespace  = "http://openbadges.org" // of Open Badges 1 and 2
	svgNamespace  = "http://www.w3.org/2000/svg"
	byteOrderMark = "\xef\xbb\xbf"

	maxDepth    = 100
	maxElements = 50_000
)

// SVG bakes a credential into a drawing: JSON as text of the element, a token as its verify attribute.
// A drawing that already has one is refused, and so is one that is not only a drawing.
func SVG(image, credential []byte) ([]byte, error) {
	text, err := payload(credential)
	if err != nil {
		return nil, err
	}
	d, err := readSVG(image)
	if err != nil {
		return nil, err
	}
	if len(d.found) > 0 || d.old {
		return nil, refuse(CodeBaked, "The drawing already has a credential.")
	}
	if d.prefix != "" && d.prefix != Namespace {
		return nil, refuse(CodeUnsupported, "The drawing uses the prefix openbadges for something else.")
	}
	root := bytes.TrimSuffix(image[:d.rootEnd], []byte(">"))
	rest := image[d.rootEnd:]
	if d.selfClosed {
		root = bytes.TrimSuffix(root, []byte("/"))
		rest = slices.Concat([]byte("</"+d.rootName+">"), rest)
	}
	if d.prefix == "" {
		root = slices.Concat(root, []byte(` xmlns:openbadges="`+Namespace+`"`))
	}
	baked := slices.Concat(root, []byte(">"), element(text), rest)
	if len(baked) > MaxFile {
		return nil, refuse(CodeTooLarge, "The drawing with its credential is larger than 4 MB.")
	}
	return baked, nil
}

func element(text []byte) []byte {
	if isToken(text) {
		return fmt.Appendf(nil, `<openbadges:credential verify="%s"></openbadges:credential>`, text)
	}
	// A CDATA section cannot hold its own end, so a text that does is written in two. Two characters that
	// XML has no way to write, and carriage returns, which it reads as line feeds, are written as JSON writes them.
	text = bytes.ReplaceAll(text, []byte("]]>"), []byte("]]]]><![CDATA[>"))
	text = bytes.ReplaceAll(text, []byte("\ufffe"), []byte(`\ufffe`))
	text = bytes.ReplaceAll(text, []byte("\uffff"), []byte(`\uffff`))
	text = bytes.ReplaceAll(text, []byte("\r"), nil)
	return fmt.Appendf(nil, `<openbadges:credential><![CDATA[%s]]></openbadges:credential>`, text)
}

func unbakeSVG(image []byte) ([]byte, error) {
	d, err := readSVG(image)
	if err != nil {
		return nil, err
	}
	switch {
	case len(d.found) > 1:
		return nil, refuse(CodeTwice, "The drawing has %d credentials; which one counts cannot be told.", len(d.found))
	case len(d.found) == 0 && d.old:
		return nil, refuse(CodeOldVersion, "The drawing has a badge of Open Badges 1 or 2, which are not verified here.")
	case len(d.found) == 0:
		return nil, refuse(CodeNone, "The drawing has no credential.")
	}
	return d.found[0].payload()
}

// SafeSVG refuses a drawing that is more than a drawing: with scripts, handlers, outside references,
// entities or embedded pages. It needs no credential.
func SafeSVG(image []byte) error {
	_, err := readSVG(image)
	return err
}

// held is a credential element: its text and its verify attribute.
type held struct {
	text   bytes.Buffer
	verify string
}

func (h *held) payload() ([]byte, error) {
	text := bytes.TrimSpace(h.text.Bytes())
	switch {
	case h.verify != "" && len(text) > 0:
		return nil, refuse(CodeTwice, "The drawing has its credential both as text and as a token; which one counts cannot be told.")
	case h.verify == "":
		return payload(text)
	case !isToken([]byte(h.verify)):
		return nil, refuse(CodeCredential, "The verify attribute of the drawing is not a signed token.")
	}
	return payload([]byte(h.verify))
}

// drawing is what is learned by reading an SVG once.
type drawing struct {
	decoder    *xml.Decoder
	names      []map[string]bool // namespaces declared, by depth
	open       []xml.Name
	elements   int
	rootEnd    int // where the start tag of the root ends
	rootName   string
	selfClosed bool
	ended      bool
	prefix     string // what xmlns:openbadges of the root says
	found      []*held
	old        bool
}

// readSVG reads a whole drawing, strictly.
func readSVG(image []byte) (*drawing, error) {
	if len(image) > MaxFile {
		return nil, refuse(CodeTooLarge, "The drawing is larger than 4 MB.")
	}
	if !utf8.Valid(image) || !IsSVG(image) {
		return nil, refuse(CodeDamaged, "The drawing is not an SVG in UTF-8.")
	}
	start := len(image) - len(bytes.TrimPrefix(image, []byte(byteOrderMark)))
	d := &drawing{decoder: xml.NewDecoder(bytes.NewReader(image[start:]))}
	for {
		begin := start + int(d.decoder.InputOffset())
		next, err := d.decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, refuse(CodeDamaged, "The drawing is not well-formed XML.")
		}
		if err := d.token(next, begin == start); err != nil {
			return nil, err
		}
		if d.elements == 1 && d.rootEnd == 0 {
			d.noteRoot(image, begin, start+int(d.decoder.InputOffset()))
		}
	}
	if !d.ended {
		return nil, refuse(CodeDamaged, "The drawing is not an SVG.")
	}
	return d, nil
}

func (d *drawing) noteRoot(image []byte, begin, end int) {
	d.rootEnd, d.selfClosed = end, image[end-2] == '/'
	name := strings.TrimPrefix(string(image[begin:end]), "<")
	d.rootName = name[:strings.IndexAny(name, " \t\r\n/>")]
}

func (d *drawing) token(next xml.Token, first bool) error {
	switch t := next.(type) {
	case xml.StartElement:
		return d.start(t)
	case xml.EndElement:
		d.open, d.names = d.open[:len(d.open)-1], d.names[:len(d.names)-1]
		d.ended = len(d.open) == 0
	case xml.CharData:
		return d.text(t)
	case xml.Directive:
		return refuse(CodeActive, "The drawing has a document type or entities of its own, which can hide what it says.")
	case xml.ProcInst:
		if t.Target != "xml" || !first {
			return refuse(CodeActive, "The drawing has instructions to programs.")
		}
	}
	return nil
}

func (d *drawing) start(t xml.StartElement) error {
	d.elements++
	switch {
	case d.ended:
		return refuse(CodeDamaged, "The drawing has more than one root.")
	case d.elements > maxElements || len(d.open) >= maxDepth:
		return refuse(CodeTooLarge, "The drawing has too many parts, or too deep ones.")
	case d.elements == 1 && (t.Name.Space != svgNamespace || t.Name.Local != "svg"):
		return refuse(CodeDamaged, "The drawing is not an SVG.")
	case d.inCredential():
		return refuse(CodeDamaged, "The credential in the drawing has elements inside.")
	}
	if err := d.declare(t); err != nil {
		return err
	}
	d.open = append(d.open, t.Name)
	if t.Name.Space == Namespace || t.Name.Space == oldNamespace {
		return d.credential(t)
	}
	return harmless(t)
}

// declare keeps track of namespaces and refuses names whose prefix stands for nothing, and attributes
// given twice: readers differ in what they make of those.
func (d *drawing) declare(t xml.StartElement) error {
	declared := map[string]bool{}
	seen := map[xml.Name]bool{}
	for _, a := range t.Attr {
		if seen[a.Name] {
			return refuse(CodeDamaged, "The drawing gives an attribute twice.")
		}
		seen[a.Name] = true
		if a.Name.Space == "xmlns" && (a.Value == "" || a.Name.Local == "xml" || a.Name.Local == "xmlns") {
			return refuse(CodeDamaged, "The drawing declares a namespace prefix as nobody may.")
		}
		if a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns" {
			declared[a.Value] = true
		}
		if d.elements == 1 && a.Name.Space == "xmlns" && a.Name.Local == "openbadges" {
			d.prefix = a.Value
		}
	}
	d.names = append(d.names, declared)
	spaces := []string{t.Name.Space}
	for _, a := range t.Attr {
		spaces = append(spaces, a.Name.Space)
	}
	for _, space := range spaces {
		if space != "" && !d.known(space) {
			return refuse(CodeDamaged, "The drawing uses a namespace prefix that it does not declare.")
		}
	}
	return nil
}

func (d *drawing) known(space string) bool {
	return space == "xmlns" || space == "xml" || space == "http://www.w3.org/XML/1998/namespace" ||
		slices.ContainsFunc(d.names, func(m map[string]bool) bool { return m[space] })
}

// credential notes an element of the Open Badges namespaces: only one name, and only right in the root.
func (d *drawing) credential(t xml.StartElement) error {
	if t.Name.Space == oldNamespace {
		d.old = true
		return nil
	}
	if t.Name.Local != "credential" || len(d.open) != 2 {
		return refuse(CodeDamaged, "The drawing has an Open Badges element where none belongs.")
	}
	h := &held{}
	for _, a := range t.Attr {
		switch {
		case a.Name.Space == "" && a.Name.Local == "verify":
			h.verify = strings.TrimSpace(a.Value)
		case a.Name.Space != "xmlns" && a.Name.Local != "xmlns":
			return refuse(CodeDamaged, "The credential in the drawing has an attribute that is not known.")
		}
	}
	d.found = append(d.found, h)
	return nil
}

func (d *drawing) inCredential() bool {
	return len(d.open) > 0 && d.open[len(d.open)-1].Space == Namespace
}

func (d *drawing) text(t xml.CharData) error {
	switch {
	case d.inCredential():
		d.found[len(d.found)-1].text.Write(t)
	case len(d.open) == 0 && len(bytes.TrimSpace(t)) > 0:
		return refuse(CodeDamaged, "The drawing has text outside of its root.")
	case len(d.open) > 0 && d.open[len(d.open)-1].Local == "style":
		return harmlessStyle(string(t))
	}
	return nil
}
