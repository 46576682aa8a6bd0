package artifact

import (
	"archive/zip"
	"io"
	"mime"
	"strings"

	"github.com/gabriel-vasile/mimetype"

	"github.com/tandem-badges/tandem/services/kit/problem"
)

// Media types of Office files, which are told apart by what their archive holds.
const (
	docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	pptx = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
)

// allowed are the media types that evidence may have, with the extension of a file.
// What a browser or a desktop would run is not among them: programs, scripts, HTML,
// SVG, archives, Office files with macros.
func allowed() map[string]string {
	return map[string]string{
		"application/pdf": ".pdf",
		"image/png":       ".png", "image/jpeg": ".jpg", "image/webp": ".webp", "image/gif": ".gif", "image/heic": ".heic",
		"text/plain": ".txt", "text/csv": ".csv",
		docx: ".docx", xlsx: ".xlsx", pptx: ".pptx",
		"video/mp4": ".mp4", "video/quicktime": ".mov", "video/webm": ".webm",
		"audio/mpeg": ".mp3", "audio/mp4": ".m4a", "audio/x-m4a": ".m4a", "audio/wav": ".wav",
	}
}

// extension is that of files of the media type, or empty.
func extension(media string) string {
	base, _, _ := mime.ParseMediaType(media)
	return allowed()[base]
}

// mediaType finds out what a content is, by its bytes and never by its name, and
// refuses what evidence may not be.
func mediaType(content io.ReaderAt, size int64) (string, error) {
	found, err := mimetype.DetectReader(io.NewSectionReader(content, 0, size))
	if err != nil {
		return "", err
	}
	media := found.String()
	if isZip(found) {
		media = office(content, size)
	}
	if extension(media) == "" {
		return "", refusedType(media)
	}
	return media, nil
}

func refusedType(media string) error {
	return problem.Invalid(problem.Violation{
		Field: "content", Rule: "media_type",
		Fix: "This looks like " + media + ". Send a PDF, an image (PNG, JPEG, WebP, GIF, HEIC), plain text or CSV, a Word, Excel or PowerPoint file without macros, or a recording (MP4, MOV, WebM, MP3, M4A, WAV).",
	})
}

func isZip(m *mimetype.MIME) bool {
	for ; m != nil; m = m.Parent() {
		if m.Is("application/zip") {
			return true
		}
	}
	return false
}

// office tells the kinds of Office files apart by their parts; anything else in an
// archive stays an archive.
func office(content io.ReaderAt, size int64) string {
	const archive = "application/zip"
	r, err := zip.NewReader(content, size)
	if err != nil {
		return archive
	}
	kind, typed := archive, false
	for _, f := range r.File {
		name := strings.ToLower(f.Name)
		switch {
		case strings.HasSuffix(name, "vbaproject.bin") || strings.Contains(name, "/activex/") || strings.Contains(name, "/macrosheets/"):
			return "an Office file with macros"
		case name == "[content_types].xml":
			typed = true
		case name == "word/document.xml":
			kind = docx
		case name == "xl/workbook.xml":
			kind = xlsx
		case name == "ppt/presentation.xml":
			kind = pptx
		}
	}
	if !typed {
		return archive
	}
	return kind
}
