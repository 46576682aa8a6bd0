package bake_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/bake"
)

// drawn is a drawing with the content, and a credential first.
func drawn(content string) string {
	return `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:openbadges="` + bake.Namespace +
		`"><openbadges:credential><![CDATA[{"a":1}]]></openbadges:credential>` + content + `</svg>`
}

func TestHostileDrawingsAreRefused(t *testing.T) {
	open := `<svg xmlns="http://www.w3.org/2000/svg" xmlns:ob="` + bake.Namespace + `">`
	for name, c := range map[string]struct{ file, code string }{
		"a document type":               {`<!DOCTYPE svg><svg xmlns="http://www.w3.org/2000/svg"/>`, bake.CodeActive},
		"entities that multiply":        {`<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><svg xmlns="http://www.w3.org/2000/svg">&b;</svg>`, bake.CodeActive},
		"an entity of nobody":           {drawn(`<text>&evil;</text>`), bake.CodeDamaged},
		"a style sheet from elsewhere":  {`<?xml-stylesheet href="https://evil.example/x.css"?>` + drawn(""), bake.CodeActive},
		"a script":                      {drawn(`<script>alert(1)</script>`), bake.CodeActive},
		"a script in capitals":          {drawn(`<SCRIPT>alert(1)</SCRIPT>`), bake.CodeActive},
		"a page inside":                 {drawn(`<foreignObject><p/></foreignObject>`), bake.CodeActive},
		"an element of pages":           {drawn(`<h:b xmlns:h="http://www.w3.org/1999/xhtml"/>`), bake.CodeActive},
		"a handler":                     {drawn(`<circle onclick="x()"/>`), bake.CodeActive},
		"a picture from elsewhere":      {drawn(`<image href="https://evil.example/x.png"/>`), bake.CodeActive},
		"a picture, the old way":        {drawn(`<image xlink:href="//evil.example/x.png"/>`), bake.CodeActive},
		"a drawing as picture":          {drawn(`<image href="data:image/svg+xml;base64,PHN2Zy8+"/>`), bake.CodeActive},
		"a shape from elsewhere":        {drawn(`<use href="other.svg#x"/>`), bake.CodeActive},
		"a link that runs":              {drawn(`<a href="javascript:alert(1)"><text>x</text></a>`), bake.CodeActive},
		"a link with a tab":             {drawn(`<a href="java&#9;script:alert(1)"><text>x</text></a>`), bake.CodeActive},
		"an address by animation":       {drawn(`<a><set attributeName="xlink:href" to="javascript:alert(1)"/></a>`), bake.CodeActive},
		"a style that loads":            {drawn(`<style>@import "https://evil.example"</style>`), bake.CodeActive},
		"a fill from elsewhere":         {drawn(`<circle fill="url(https://evil.example#x)"/>`), bake.CodeActive},
		"a style with escapes":          {drawn(`<circle style="fill:u\72l(https://evil.example)"/>`), bake.CodeActive},
		"another base":                  {drawn(`<g xml:base="https://evil.example"/>`), bake.CodeActive},
		"two credentials":               {drawn(`<openbadges:credential verify="a.b.c"/>`), bake.CodeTwice},
		"text and token":                {open + `<ob:credential verify="a.b.c">{"a":1}</ob:credential></svg>`, bake.CodeTwice},
		"a credential deep inside":      {open + `<g><ob:credential>{"a":1}</ob:credential></g></svg>`, bake.CodeDamaged},
		"another element of badges":     {open + `<ob:assertion/></svg>`, bake.CodeDamaged},
		"an element in the credential":  {open + `<ob:credential><ob:credential/></ob:credential></svg>`, bake.CodeDamaged},
		"an unknown attribute":          {open + `<ob:credential Verify="a.b.c"/></svg>`, bake.CodeDamaged},
		"a token that is none":          {open + `<ob:credential verify="https://evil.example"/></svg>`, bake.CodeCredential},
		"an empty credential":           {open + `<ob:credential/></svg>`, bake.CodeCredential},
		"a prefix of nobody":            {`<svg xmlns="http://www.w3.org/2000/svg"><openbadges:credential>{"a":1}</openbadges:credential></svg>`, bake.CodeDamaged},
		"a prefix for nothing":          {`<svg xmlns="http://www.w3.org/2000/svg" xmlns:openbadges=""/>`, bake.CodeDamaged},
		"a reserved prefix":             {`<svg xmlns="http://www.w3.org/2000/svg" xmlns:xml="http://www.w3.org/2000/svg"/>`, bake.CodeDamaged},
		"an attribute twice":            {drawn(`<circle r="1" r="2"/>`), bake.CodeDamaged},
		"an old badge":                  {`<svg xmlns="http://www.w3.org/2000/svg" xmlns:openbadges="http://openbadges.org"><openbadges:assertion verify="x"/></svg>`, bake.CodeOldVersion},
		"no drawing":                    {`<html xmlns="http://www.w3.org/1999/xhtml"/>`, bake.CodeDamaged},
		"two roots":                     {drawn("") + drawn(""), bake.CodeDamaged},
		"text behind":                   {drawn("") + "x", bake.CodeDamaged},
		"cut off":                       {strings.TrimSuffix(drawn(""), "</svg>"), bake.CodeDamaged},
		"tags that cross":               {drawn(`<g><a></g></a>`), bake.CodeDamaged},
		"another encoding":              {`<?xml version="1.0" encoding="UTF-7"?>` + drawn(""), bake.CodeDamaged},
		"too deep":                      {drawn(strings.Repeat("<g>", 200) + strings.Repeat("</g>", 200)), bake.CodeTooLarge},
		"too many parts":                {drawn(strings.Repeat("<g/>", 60_000)), bake.CodeTooLarge},
		"no credential":                 {plainSVG, bake.CodeNone},
		"a credential in another space": {`<svg xmlns="http://www.w3.org/2000/svg" xmlns:ob="https://purl.imsglobal.org/ob/v3p1"><ob:credential>{"a":1}</ob:credential></svg>`, bake.CodeNone},
		"a credential in a comment":     {`<svg xmlns="http://www.w3.org/2000/svg"><!-- <openbadges:credential>{"a":1}</openbadges:credential> --></svg>`, bake.CodeNone},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := bake.Unbake([]byte(c.file))
			refused(t, err, c.code)
		})
	}
}

func TestDrawingsThatOnlyDrawAreRead(t *testing.T) {
	for name, content := range map[string]string{
		"links, gradients, pictures": `<a href="https://badges.example.org"><circle fill="url(#g)" style="stroke: url('#h')"/></a><image href="data:image/png;base64,AAAA"/><use href="#x"/>`,
		"of an editor":               `<i:namedview xmlns:i="http://www.inkscape.org/namespaces/inkscape" i:zoom="1"/><metadata/>`,
		"moving":                     `<circle><animate attributeName="r" values="1;2"/></circle>`,
		"styled":                     `<style>circle { fill: url(#g) }</style>`,
	} {
		t.Run(name, func(t *testing.T) {
			out, err := bake.Unbake([]byte("\xef\xbb\xbf" + drawn(content)))
			require.NoError(t, err)
			require.JSONEq(t, `{"a":1}`, string(out))
		})
	}
}
