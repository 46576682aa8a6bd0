package bake_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/badges/credential/bake"
)

func TestAnyDocumentSurvivesBaking(t *testing.T) {
	img := picture(t)
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.SampledFrom([]rune("]]><&\"\\\r\n\ufffe\uffff"))))
		doc := rapid.MapOf(words, words).Draw(t, "document")
		raw, err := json.Marshal(doc)
		require.NoError(t, err)
		want := map[string]string{}
		require.NoError(t, json.Unmarshal(raw, &want)) // surrogates are not text
		baked, err := bake.PNG(img, raw)
		require.NoError(t, err)
		out, err := bake.Unbake(baked)
		require.NoError(t, err)
		require.Equal(t, raw, out)
		drawing, err := bake.SVG([]byte(plainSVG), raw)
		require.NoError(t, err)
		out, err = bake.Unbake(drawing)
		require.NoError(t, err)
		got := map[string]string{}
		require.NoError(t, json.Unmarshal(out, &got))
		require.Equal(t, want, got)
	})
}

// unbaked holds for any file: it is refused with a reason, or holds a credential that can be baked.
func unbaked(t *testing.T, file []byte) {
	t.Helper()
	out, err := bake.Unbake(file)
	var refused *bake.RefusedError
	if errors.As(err, &refused) {
		require.NotEmpty(t, refused.Code)
		return
	}
	require.NoError(t, err)
	again, err := bake.SVG([]byte(plainSVG), out)
	require.NoError(t, err)
	require.NoError(t, bake.SafeSVG(again))
}

func FuzzPNG(f *testing.F) {
	img := picture(f)
	f.Add(img)
	for _, credential := range []string{document, jwt} {
		baked, err := bake.PNG(img, []byte(credential))
		require.NoError(f, err)
		f.Add(baked)
		f.Add(baked[:len(baked)-5])
	}
	f.Add(beforePixels(f, img, chunkOf("zTXt", []byte("openbadgecredential\x00\x00x"))))
	f.Fuzz(func(t *testing.T, file []byte) {
		unbaked(t, file)
		if baked, err := bake.PNG(file, []byte(document)); err == nil {
			out, err := bake.Unbake(baked)
			require.NoError(t, err)
			require.Equal(t, document, string(out))
		}
	})
}

func FuzzSVG(f *testing.F) {
	for _, file := range []string{
		plainSVG, drawn(""), drawn(`<script/>`), drawn(`<image href="data:image/png;base64,AA=="/>`),
		`<!DOCTYPE svg [<!ENTITY a "b">]><svg/>`, `<svg xmlns='http://www.w3.org/2000/svg' a="/>"/>`, `<s:svg xmlns:s='http://www.w3.org/2000/svg' />`,
	} {
		f.Add([]byte(file))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		unbaked(t, file)
		for _, credential := range []string{document, jwt} {
			if baked, err := bake.SVG(file, []byte(credential)); err == nil {
				out, err := bake.Unbake(baked)
				require.NoError(t, err, "%s", baked)
				require.Equal(t, credential, string(out))
			}
		}
	})
}

func FuzzPDF(f *testing.F) {
	f.Add([]byte("%PDF-1.7\n1 0 obj\n<< /Type /EmbeddedFile /Length 7 >>\nstream\n{\"a\":1}\nendstream\nendobj\n%%EOF"))
	f.Add([]byte("%PDF-1.7\n1 0 obj<</Type/EmbeddedFile/Filter/FlateDecode/Length 3>>stream\nabc\nendstream\n%%EOF"))
	f.Fuzz(unbaked)
}
