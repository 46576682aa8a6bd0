package artifact

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/problem"
)

const png = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00"

func TestContentDecidesTheMediaType(t *testing.T) {
	cases := map[string]struct{ content, media string }{
		"PDF":                                    {"%PDF-1.7\n%more", "application/pdf"},
		"PNG":                                    {png, "image/png"},
		"JPEG":                                   {"\xff\xd8\xff\xe0\x00\x10JFIF\x00", "image/jpeg"},
		"WebP":                                   {"RIFF\x24\x00\x00\x00WEBPVP8 ", "image/webp"},
		"GIF":                                    {"GIF89a\x01\x00\x01\x00", "image/gif"},
		"HEIC":                                   {"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "image/heic"},
		"plain text":                             {"Agenda of the open evening:\nwelcome, tour, tea\n", "text/plain; charset=utf-8"},
		"text in Spanish and Arabic":             {"¿Quién viene? أهلا وسهلا", "text/plain; charset=utf-8"},
		"CSV":                                    {"date,families\n2026-09-01,40\n2026-10-01,42\n", "text/csv"},
		"MP4":                                    {"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom", "video/mp4"},
		"MOV":                                    {"\x00\x00\x00\x14ftypqt  \x00\x00\x00\x00qt  ", "video/quicktime"},
		"MP3":                                    {"ID3\x03\x00\x00\x00\x00\x00\x10TIT2", "audio/mpeg"},
		"M4A":                                    {"\x00\x00\x00\x18ftypM4A \x00\x00\x00\x00M4A mp42", "audio/x-m4a"},
		"WAV":                                    {"RIFF\x24\x00\x00\x00WAVEfmt ", "audio/wav"},
		"a file with a misleading start of text": {"%PDF-1.4 <html><script>", "application/pdf"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := mediaType(strings.NewReader(c.content), int64(len(c.content)))
			require.NoError(t, err)
			require.Equal(t, c.media, got)
			require.NotEmpty(t, extension(got))
		})
	}
}

func TestWhatRunsOrHidesIsRefused(t *testing.T) {
	cases := map[string]string{
		"HTML":                    "<!DOCTYPE html><html><body>hello</body></html>",
		"HTML after white space":  " \n\t<html><script>alert(1)</script></html>",
		"HTML after a mark":       "\xef\xbb\xbf<html><script>alert(1)</script></html>",
		"HTML after a comment":    "<!-- hello --><script>alert(1)</script>",
		"SVG":                     `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`,
		"SVG after a declaration": `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>`,
		"XML":                     `<?xml version="1.0"?><x/>`,
		"XHTML":                   `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>`,
		"shell script":            "#!/bin/sh\nrm -rf /\n",
		"Python script":           "#!/usr/bin/env python\nprint(1)\n",
		"JavaScript":              "#!/usr/bin/env node\nconsole.log(1)\n",
		"PHP":                     "<?php system('id');",
		"Windows program":         "MZ\x90\x00" + strings.Repeat("\x00", 200),
		"Linux program":           "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 60),
		"archive":                 "PK\x03\x04\x14\x00\x00\x00",
		"gzip":                    "\x1f\x8b\x08\x00",
		"old Office file":         "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\x00", 600),
		"Flash":                   "FWS\x0a\x00",
		"bytes of no known kind":  "\x00\x01\x02\x03\x04",
		"rich text":               `{\rtf1\ansi hello}`,
		"a web app in JSON":       `{"start_url": "/"}`,
	}
	for name, content := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := mediaType(strings.NewReader(content), int64(len(content)))
			e, ok := problem.As(err)
			require.True(t, ok, "taken for %q", got)
			require.Equal(t, problem.ReasonFieldInvalid, e.Reason)
			require.Equal(t, "content", e.Violations[0].Field)
			require.Equal(t, "media_type", e.Violations[0].Rule)
		})
	}
}

func TestUploadLiesInAFileWithoutName(t *testing.T) {
	dir := t.TempDir()
	file, err := receive(dir, strings.NewReader("abc"), 3)
	require.NoError(t, err)
	defer file.close()
	require.EqualValues(t, 3, file.size)
	require.Equal(t, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", file.sha256)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
	for range 2 { // a second write starts at the beginning again
		r, err := file.reader()
		require.NoError(t, err)
		var back bytes.Buffer
		_, err = back.ReadFrom(r)
		require.NoError(t, err)
		require.Equal(t, "abc", back.String())
	}
	_, err = receive(dir, strings.NewReader("abcd"), 3)
	require.Equal(t, tooLarge(3), err)
}
