package verifier

import (
	"bytes"
	"errors"
	"regexp"

	"github.com/tandem-badges/tandem/services/badges/credential/bake"
	"github.com/tandem-badges/tandem/services/badges/credential/vc"
)

// textual is what may be JSON or a signed token; anything else is no form of a credential at all.
var textual = regexp.MustCompile(`^(?:[\[{"]|[A-Za-z0-9_.=-]+$)`)

// read finds the credential in whatever was handed in.
func (c *check) read(file []byte) (vc.Opened, bool) {
	r := c.report
	switch {
	case len(bytes.TrimSpace(file)) == 0:
		r.fail(StepRead, "file_empty")
		return vc.Opened{}, false
	case len(file) > MaxFile:
		r.fail(StepRead, "file_too_large")
		return vc.Opened{}, false
	}
	text, form, err := unpack(file)
	if err != nil {
		c.refused(err)
		return vc.Opened{}, false
	}
	if !textual.Match(text) {
		r.fail(StepRead, bake.CodeUnknown)
		return vc.Opened{}, false
	}
	opened, err := vc.Open(text)
	if err != nil {
		c.refused(err)
		return vc.Opened{}, false
	}
	if form == "" {
		form = opened.Form
	}
	r.Form = form
	r.pass(StepRead, "read_ok", form)
	c.raw = text
	return opened, true
}

// unpack takes the credential out of a picture or certificate; form is empty for anything else.
func unpack(file []byte) (text []byte, form string, err error) {
	switch {
	case bake.IsPNG(file):
		form = "png"
	case bake.IsPDF(file):
		form = "pdf"
	case bake.IsSVG(file):
		form = "svg"
	default:
		return bytes.TrimSpace(file), "", nil
	}
	text, err = bake.Unbake(file)
	return text, form, err
}

func (c *check) refused(err error) {
	var file *bake.RefusedError
	if errors.As(err, &file) {
		c.report.fail(StepRead, file.Code)
		return
	}
	code, reason := explain(c.opts.Language, err)
	c.report.add(StepRead, Failed, code, reason)
}
