package evidencetest

import (
	"archive/zip"
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

// PNG is a small image file; different seeds make different bytes.
func PNG(seed byte) []byte {
	return append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00"), bytes.Repeat([]byte{seed}, 64)...)
}

// PDF is a document of about the size given.
func PDF(size int) []byte {
	return append([]byte("%PDF-1.7\n"), bytes.Repeat([]byte("evidence\n"), size/9)...)
}

// Archive is a ZIP file with the parts given.
func Archive(t testing.TB, parts ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, name := range parts {
		f, err := w.Create(name)
		require.NoError(t, err)
		_, err = f.Write(bytes.Repeat([]byte("<part/>"), 2000))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return out.Bytes()
}
