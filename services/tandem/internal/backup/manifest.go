package backup

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

const (
	// format is the version of how backups are laid out.
	format       = 1
	manifestFile = "manifest.json"
	packed       = ".zst"
	idTime       = "20060102T150405Z"
)

// Types of columns that both dialects write alike. Others are told by PostgreSQL's name.
const (
	typeText  = "text"
	typeInt   = "int"
	typeBool  = "bool"
	typeBytes = "bytes"
)

// Manifest says what a backup holds.
type Manifest struct {
	Format         int       `json:"format"`
	ID             string    `json:"id"`
	Program        string    `json:"program"`
	Begun          time.Time `json:"begun"`
	Finished       time.Time `json:"finished"`
	Moments        []Moment  `json:"moments"`
	Schemas        []Schema  `json:"schemas"`
	Tables         []Table   `json:"tables"`
	Streams        []Stream  `json:"streams"`
	Settings       *Part     `json:"settings,omitempty"`
	StreamsLeftOut bool      `json:"bus_left_out,omitempty"` // the streams are to be made anew from the outboxes
	Files          Part      `json:"files"`
	FileBytes      int64     `json:"file_bytes"`
	Seen           Part      `json:"files_seen"` // the same files with their times, by which the next backup knows them
	Missing        []string  `json:"missing,omitempty"`
	SHA256         string    `json:"sha256"` // of this manifest, without these 64 digits
}

// Moment is when databases of one server were read, all at once.
type Moment struct {
	Dialect  string    `json:"dialect"`
	Services []string  `json:"services"`
	Snapshot string    `json:"snapshot"`
	At       time.Time `json:"at"`
}

// Schema is how new the tables of a service were, and what its counters had given.
type Schema struct {
	Service   string           `json:"service"`
	Versions  map[string]int64 `json:"versions"`
	Sequences []Sequence       `json:"sequences,omitempty"`
}

// Sequence is a counter of a table.
type Sequence struct {
	Table  string `json:"table"`
	Column string `json:"column"`
	Last   int64  `json:"last"`
}

// Column is a column of a table.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// Table is a table with its rows.
type Table struct {
	Service string   `json:"service"`
	Name    string   `json:"name"`
	Columns []Column `json:"columns"`
	Key     []string `json:"key"` // by which rows are sorted
	Part
}

// Stream is the stream of a service.
type Stream struct {
	Service string `json:"service"`
	First   uint64 `json:"first"`
	Last    uint64 `json:"last"`
	Part
}

// Part is a file of a backup. Rows, bytes and digest are of what is packed in it.
type Part struct {
	Path   string `json:"path"`
	Rows   int64  `json:"rows"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Line is a part as people compare it.
type Line struct {
	Name   string
	Rows   int64
	SHA256 string
}

// String is name, rows and digest.
func (l Line) String() string { return fmt.Sprintf("%s %d %s", l.Name, l.Rows, l.SHA256) }

func (p Part) line(name string) Line { return Line{Name: name, Rows: p.Rows, SHA256: p.SHA256} }

// Line is the table for comparison.
func (t Table) Line() Line { return t.line("db/" + t.Service + "/" + t.Name) }

// Line is the stream for comparison.
func (s Stream) Line() Line { return s.line("streams/" + s.Service) }

// Lines are all parts for comparison, sorted by name.
func (m *Manifest) Lines() []Line {
	lines := []Line{m.Files.line("files")}
	for _, t := range m.Tables {
		lines = append(lines, t.Line())
	}
	for _, s := range m.Streams {
		lines = append(lines, s.Line())
	}
	if m.Settings != nil {
		lines = append(lines, m.Settings.line("settings"))
	}
	SortLines(lines)
	return lines
}

// SortLines sorts by name.
func SortLines(lines []Line) {
	slices.SortFunc(lines, func(a, b Line) int { return strings.Compare(a.Name, b.Name) })
}

// parts are all files of the backup that are packed.
func (m *Manifest) parts() []Part {
	parts := []Part{m.Files, m.Seen}
	for _, t := range m.Tables {
		parts = append(parts, t.Part)
	}
	for _, s := range m.Streams {
		parts = append(parts, s.Part)
	}
	if m.Settings != nil {
		parts = append(parts, *m.Settings)
	}
	return parts
}

// Bytes is the size of everything, unpacked.
func (m *Manifest) Bytes() int64 {
	sum := m.FileBytes
	for _, p := range m.parts() {
		sum += p.Bytes
	}
	return sum
}

// schema finds the schema of a service.
func (m *Manifest) schema(service string) (Schema, bool) {
	i := slices.IndexFunc(m.Schemas, func(s Schema) bool { return s.Service == service })
	if i < 0 {
		return Schema{}, false
	}
	return m.Schemas[i], true
}

// tablesOf are the tables of a service.
func (m *Manifest) tablesOf(service string) (out []Table) {
	for _, t := range m.Tables {
		if t.Service == service {
			out = append(out, t)
		}
	}
	return out
}

// seal writes the manifest with its digest.
func (m *Manifest) seal() ([]byte, error) {
	m.SHA256 = ""
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, err
	}
	m.SHA256 = hexOf(sha256.Sum256(text))
	return json.MarshalIndent(m, "", "  ")
}

// open reads a manifest and holds it to its digest.
func open(text []byte) (*Manifest, error) {
	m := &Manifest{}
	lines := json.NewDecoder(bytes.NewReader(text))
	if err := lines.Decode(m); err != nil {
		return nil, damaged(manifestFile, err)
	}
	if m.Format != format {
		return nil, fmt.Errorf("%s has format %d; this program reads format %d", manifestFile, m.Format, format)
	}
	copied := *m
	again, err := copied.seal()
	if err != nil {
		return nil, err
	}
	if copied.SHA256 != m.SHA256 || !bytes.Equal(again, text) {
		return nil, damaged(manifestFile, errors.New("it is not what its digest says"))
	}
	return m, nil
}

func hexOf(sum [sha256.Size]byte) string { return hex.EncodeToString(sum[:]) }

var idPattern = regexp.MustCompile(`^\d{8}T\d{6}Z-[a-z2-7]{5}$`)

// newID names a backup: its time, so that names sort by it, and some letters of its own.
func newID(at time.Time) string {
	var own [4]byte
	_, _ = rand.Read(own[:]) // never fails
	letters := strings.ToLower(base32.StdEncoding.EncodeToString(own[:]))
	return at.UTC().Format(idTime) + "-" + letters[:5]
}

// timeOf is the time in the name of a backup.
func timeOf(id string) (time.Time, error) {
	stamp, _, _ := strings.Cut(id, "-")
	return time.Parse(idTime, stamp)
}
