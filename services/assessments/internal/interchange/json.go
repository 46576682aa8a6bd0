package interchange

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
)

// What a JSON file calls itself.
const (
	format        = "tandem-instrument"
	formatVersion = 1
)

// file is our JSON. A later version of the format gets another number, so that an old
// program refuses what it would lose.
type file struct {
	Format        string          `json:"format"`
	FormatVersion int             `json:"format_version"`
	Title         string          `json:"title"`
	Body          instrument.Body `json:"instrument"`
}

// WriteJSON writes all there is.
func WriteJSON(d Document) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(file{Format: format, FormatVersion: formatVersion, Title: d.Title, Body: d.Body})
	return out.Bytes(), err
}

// ReadJSON reads what WriteJSON writes, and refuses everything it does not know.
func ReadJSON(content []byte) (Document, error) {
	if len(content) > MaxContent {
		return Document{}, refused("too_large", "Send at most %d bytes.", MaxContent)
	}
	d := json.NewDecoder(bytes.NewReader(content))
	d.DisallowUnknownFields()
	var f file
	if err := d.Decode(&f); err != nil {
		return Document{}, refused("json", "Correct the file: %s.", plain(err))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Document{}, refused("json", "Leave out what follows the document.")
	}
	if f.Format != format || f.FormatVersion != formatVersion {
		return Document{}, refused("format", "Give a file whose format is %q, version %d.", format, formatVersion)
	}
	out := Document{Title: f.Title, Body: f.Body}
	return out, bounded(out)
}

// plain is what is wrong with JSON, without names of our program.
func plain(err error) string {
	var syntax *json.SyntaxError
	var mistaken *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return "it is no JSON"
	case errors.As(err, &mistaken):
		return "the field " + mistaken.Field + " has a value of another kind"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "it ends too early"
	}
	return err.Error() // json: unknown field "x"
}
