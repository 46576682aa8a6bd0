package bake_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/bake"
)

const (
	document = `{"@context":["https://www.w3.org/ns/credentials/v2"],"name":"Grüße <& ]]> 家长 \u0001","x":"]]>]]>"}`
	jwt      = "eyJhbGciOiJFZERTQSJ9.eyJpZCI6IngifQ.c2ln"
	plainSVG = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle r="4"/></svg>`
)

// picture is a small plain PNG.
func picture(t testing.TB) []byte {
	t.Helper()
	img := image.NewPaletted(image.Rect(0, 0, 7, 5), color.Palette{color.White, color.Black})
	img.SetColorIndex(3, 3, 1)
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, img))
	return b.Bytes()
}

func chunkOf(kind string, data []byte) []byte {
	body := append([]byte(kind), data...)
	out := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	return binary.BigEndian.AppendUint32(append(out, body...), crc32.ChecksumIEEE(body))
}

// beforePixels puts chunks where text chunks belong.
func beforePixels(t testing.TB, img []byte, chunks ...[]byte) []byte {
	t.Helper()
	at := bytes.Index(img, []byte("IDAT")) - 4
	return slices.Concat(img[:at], slices.Concat(chunks...), img[at:])
}

func refused(t *testing.T, err error, code string) {
	t.Helper()
	var r *bake.RefusedError
	require.ErrorAs(t, err, &r)
	require.Equal(t, code, r.Code, r.Reason)
	require.True(t, strings.HasSuffix(r.Reason, "."), "reasons are sentences: %s", r.Reason)
}

func TestWhatIsBakedComesOutAgain(t *testing.T) {
	for name, credential := range map[string]string{"a document": document, "a token": jwt} {
		t.Run(name, func(t *testing.T) {
			img, err := bake.PNG(picture(t), []byte(credential))
			require.NoError(t, err)
			out, err := bake.Unbake(img)
			require.NoError(t, err)
			require.Equal(t, credential, string(out))
			require.Equal(t, 1, bytes.Count(img, []byte("iTXtopenbadgecredential\x00\x00\x00\x00\x00"+credential)))
			shown, err := png.Decode(bytes.NewReader(img))
			require.NoError(t, err)
			require.Equal(t, 7, shown.Bounds().Dx())

			drawing, err := bake.SVG([]byte(plainSVG), []byte(credential))
			require.NoError(t, err)
			out, err = bake.Unbake(drawing)
			require.NoError(t, err)
			require.Equal(t, credential, string(out))
			require.NoError(t, bake.SafeSVG(drawing))
		})
	}
}

func TestADrawingIsBakedAsTheRulesSay(t *testing.T) {
	for name, c := range map[string]struct{ drawing, credential, want string }{
		"a token is an attribute": {
			plainSVG, jwt,
			`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9" xmlns:openbadges="https://purl.imsglobal.org/ob/v3p0"><openbadges:credential verify="` + jwt + `"></openbadges:credential><circle r="4"/></svg>`,
		},
		"a root that closes itself": {
			`<?xml version="1.0"?><s:svg xmlns:s='http://www.w3.org/2000/svg'/>`, `{"a":1}`,
			`<?xml version="1.0"?><s:svg xmlns:s='http://www.w3.org/2000/svg' xmlns:openbadges="https://purl.imsglobal.org/ob/v3p0"><openbadges:credential><![CDATA[{"a":1}]]></openbadges:credential></s:svg>`,
		},
		"a prefix that is there": {
			`<svg xmlns="http://www.w3.org/2000/svg" xmlns:openbadges="https://purl.imsglobal.org/ob/v3p0"></svg>`, `{"a":1}`,
			`<svg xmlns="http://www.w3.org/2000/svg" xmlns:openbadges="https://purl.imsglobal.org/ob/v3p0"><openbadges:credential><![CDATA[{"a":1}]]></openbadges:credential></svg>`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			baked, err := bake.SVG([]byte(c.drawing), []byte(c.credential))
			require.NoError(t, err)
			require.Equal(t, c.want, string(baked))
		})
	}
}

func TestNothingIsBakedTwice(t *testing.T) {
	img, err := bake.PNG(picture(t), []byte(document))
	require.NoError(t, err)
	_, err = bake.PNG(img, []byte(document))
	refused(t, err, bake.CodeBaked)
	drawing, err := bake.SVG([]byte(plainSVG), []byte(document))
	require.NoError(t, err)
	_, err = bake.SVG(drawing, []byte(jwt))
	refused(t, err, bake.CodeBaked)
	_, err = bake.PNG(beforePixels(t, picture(t), chunkOf("tEXt", []byte("openbadges\x00http://x.example.org"))), []byte(document))
	refused(t, err, bake.CodeBaked)
}

func TestOnlyCredentialsAreBaked(t *testing.T) {
	for name, c := range map[string]struct{ text, code string }{
		"nothing":         {"", bake.CodeCredential},
		"a list":          {"[1]", bake.CodeCredential},
		"half a document": {`{"a":`, bake.CodeCredential},
		"a name twice":    {`{"a":1,"a":2}`, bake.CodeCredential},
		"no text":         {"{\"a\":\"\xff\"}", bake.CodeCredential},
		"half a token":    {"abc.def", bake.CodeCredential},
		"too much":        {`{"a":"` + strings.Repeat("x", bake.MaxCredential) + `"}`, bake.CodeTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := bake.PNG(picture(t), []byte(c.text))
			refused(t, err, c.code)
			_, err = bake.SVG([]byte(plainSVG), []byte(c.text))
			refused(t, err, c.code)
		})
	}
}

func TestPicturesOfManyKindsAreBaked(t *testing.T) {
	img := picture(t)
	animated := beforePixels(t, img, chunkOf("acTL", make([]byte, 8)), chunkOf("fcTL", make([]byte, 26)))
	interlaced := slices.Clone(img)
	interlaced[8+8+12] = 1
	binary.BigEndian.PutUint32(interlaced[8+8+13:], crc32.ChecksumIEEE(interlaced[8+4:8+8+13]))
	for name, file := range map[string][]byte{
		"animated": animated, "interlaced": interlaced,
		"with other texts": beforePixels(t, img, chunkOf("tEXt", []byte("Title\x00Badge")), chunkOf("iTXt", []byte("Comment\x00\x00\x00en\x00\x00text"))),
	} {
		t.Run(name, func(t *testing.T) {
			baked, err := bake.PNG(file, []byte(document))
			require.NoError(t, err)
			out, err := bake.Unbake(baked)
			require.NoError(t, err)
			require.Equal(t, document, string(out))
		})
	}
}

func TestHostilePicturesAreRefused(t *testing.T) {
	img := picture(t)
	good, err := bake.PNG(img, []byte(document))
	require.NoError(t, err)
	text := func(kind, body string) []byte {
		return beforePixels(t, img, chunkOf(kind, []byte("openbadgecredential"+body)))
	}
	one := chunkOf("iTXt", []byte("openbadgecredential\x00\x00\x00\x00\x00"+jwt))
	flipped := slices.Clone(good)
	flipped[bytes.Index(good, []byte("openbadgecredential"))+30] ^= 1
	for name, c := range map[string]struct {
		file []byte
		code string
	}{
		"two credentials":                  {beforePixels(t, img, one, one), bake.CodeTwice},
		"one more after the pixels":        {slices.Concat(good[:len(good)-12], one, good[len(good)-12:]), bake.CodeTwice},
		"a compressed one":                 {text("iTXt", "\x00\x01\x00\x00\x00x"), bake.CodeCompressed},
		"a compressed one in another form": {text("zTXt", "\x00\x00x"), bake.CodeCompressed},
		"one as Latin text":                {text("tEXt", "\x00"+document), bake.CodeDamaged},
		"one without its end":              {text("iTXt", "\x00\x00\x00en"), bake.CodeDamaged},
		"a keyword and nothing":            {text("iTXt", ""), bake.CodeDamaged},
		"one that is no UTF-8":             {text("iTXt", "\x00\x00\x00\x00\x00{\"a\":\"\xff\"}"), bake.CodeDamaged},
		"one that is no credential":        {text("iTXt", "\x00\x00\x00\x00\x00https://badges.example.org"), bake.CodeCredential},
		"a wrong checksum":                 {flipped, bake.CodeDamaged},
		"cut off":                          {good[:len(good)-20], bake.CodeDamaged},
		"cut off at a chunk":               {good[:len(good)-12], bake.CodeDamaged},
		"something after the end":          {append(slices.Clone(good), one...), bake.CodeDamaged},
		"a length that lies":               {slices.Concat(img[:8], []byte{0x7f, 0xff, 0xff, 0xff}, img[12:]), bake.CodeDamaged},
		"a part nobody knows":              {beforePixels(t, img, chunkOf("EVIL", nil)), bake.CodeDamaged},
		"two headers":                      {beforePixels(t, img, img[8:33]), bake.CodeDamaged},
		"only a signature":                 {img[:8], bake.CodeDamaged},
		"too large":                        {append(slices.Clone(img), make([]byte, bake.MaxFile)...), bake.CodeTooLarge},
		"an old badge":                     {beforePixels(t, img, chunkOf("iTXt", []byte("openbadges\x00\x00\x00\x00\x00{}"))), bake.CodeOldVersion},
		"a plain picture":                  {img, bake.CodeNone},
		"a JPEG":                           {[]byte("\xff\xd8\xff\xe0"), bake.CodeUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := bake.Unbake(c.file)
			refused(t, err, c.code)
		})
	}
}

// attached is a PDF with streams as attachments; the rest of a PDF does not matter here.
func attached(streams ...string) []byte {
	return []byte("%PDF-1.7\n" + strings.Join(streams, "\n") + "\ntrailer\n<< >>\n%%EOF\n")
}

func stream(dictionary, content string) string {
	return "7 0 obj\n<< /Type /EmbeddedFile " + dictionary + " >>\nstream\n" + content + "\nendstream\nendobj"
}

func deflated(t *testing.T, content string) string {
	t.Helper()
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, err := w.Write([]byte(content))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.String()
}

func TestCredentialsAttachedToPDFs(t *testing.T) {
	packed := deflated(t, document)
	bomb := deflated(t, strings.Repeat(" ", 50<<20))
	for name, c := range map[string]struct {
		file []byte
		code string
	}{
		"plain":                       {attached(stream("", document)), ""},
		"plain with its length":       {attached(stream("/Length 900 0 R", document), stream("/Length 4", "text")), ""},
		"packed":                      {attached(stream("/Filter /FlateDecode", packed)), ""},
		"packed, in a list":           {attached(stream("/Filter [ /FlateDecode ] /Params << /Size 1 >>", packed)), ""},
		"beside other files":          {attached(stream("", "notes"), stream("/Filter /FlateDecode", bomb), stream("", document)), ""},
		"the same one twice":          {attached(stream("", document), stream("", document)), ""},
		"two credentials":             {attached(stream("", document), stream("", jwt)), bake.CodeTwice},
		"a bomb":                      {attached(stream("/Filter /FlateDecode", bomb)), bake.CodeNone},
		"packed in an odd way":        {attached(stream("/Filter /ASCIIHexDecode", document)), bake.CodeNone},
		"not an attachment":           {attached(strings.Replace(stream("", document), "/EmbeddedFile", "/XObject", 1)), bake.CodeNone},
		"encrypted":                   {attached(stream("", document), "trailer << /Encrypt 3 0 R >>"), bake.CodeUnsupported},
		"cut off":                     {bytes.TrimSuffix(attached(stream("", document)), []byte("%%EOF\n")), bake.CodeDamaged},
		"a length beyond the file":    {attached(stream("/Length 99999", document)), bake.CodeDamaged},
		"nothing attached":            {attached(), bake.CodeNone},
		"more attachments than looks": {attached(slices.Repeat([]string{stream("", "x")}, 30)...), bake.CodeTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := bake.Unbake(c.file)
			if c.code != "" {
				refused(t, err, c.code)
				return
			}
			require.NoError(t, err)
			require.Equal(t, document, string(out))
		})
	}
}
