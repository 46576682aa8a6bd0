package artifact_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/evidence/internal/artifact"
	et "github.com/tandem-badges/tandem/services/evidence/internal/evidencetest"
)

func TestOfficeFilesAreKnownByTheirParts(t *testing.T) {
	const types, office = "[Content_Types].xml", "application/vnd.openxmlformats-officedocument."
	cases := map[string]struct {
		parts []string
		media string // empty: refused
	}{
		"Word":                        {[]string{types, "_rels/.rels", "word/document.xml"}, office + "wordprocessingml.document"},
		"Excel":                       {[]string{types, "xl/workbook.xml"}, office + "spreadsheetml.sheet"},
		"PowerPoint":                  {[]string{types, "ppt/presentation.xml"}, office + "presentationml.presentation"},
		"Word, its main part last":    {[]string{types, "docProps/a.xml", "docProps/b.xml", "docProps/c.xml", "customXml/1.xml", "customXml/2.xml", "customXml/3.xml", "word/document.xml"}, office + "wordprocessingml.document"},
		"Word with macros":            {[]string{types, "word/document.xml", "word/vbaProject.bin"}, ""},
		"Excel with controls":         {[]string{types, "xl/workbook.xml", "xl/activeX/activeX1.xml"}, ""},
		"Excel with old macros":       {[]string{types, "xl/workbook.xml", "xl/macrosheets/sheet1.xml"}, ""},
		"an archive of other files":   {[]string{"setup.exe", "readme.txt"}, ""},
		"an archive named like parts": {[]string{"word/document.xml"}, ""},
		"a Java program":              {[]string{"META-INF/MANIFEST.MF", "Main.class"}, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, sqlite(t))
			a := w.create("a")
			got, err := w.upload(a.Ref, et.Archive(t, c.parts...))
			if c.media == "" {
				require.ErrorContains(t, err, "media_type")
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.media, got.MediaType)
			require.Equal(t, artifact.Accepted, got.State)
		})
	}
}
