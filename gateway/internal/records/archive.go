package records

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash"
	"io"
	"strings"
	"time"
)

const (
	pieceSize = 256 << 10
	fileTable = "blobs/" // what a service sends of a file is of this table and the digest
)

// manifest is the last part of an export.
type manifest struct {
	District string     `json:"district"`
	Taken    time.Time  `json:"taken"`
	Parts    []listed   `json:"parts"`
	Withheld []withheld `json:"withheld"`
}

type listed struct {
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"`
}

type withheld struct {
	Service string `json:"service"`
	Table   string `json:"table"`
	Reason  string `json:"reason"`
}

// archive writes the zip file of an export. It holds one piece in memory, and a
// line of the manifest for each part.
type archive struct {
	file     *pieces
	zip      *zip.Writer
	manifest manifest
	part     io.Writer // the one that is written
	sum      hash.Hash // of it
}

func newArchive(e Export, send func([]byte) error) *archive {
	file := &pieces{send: send, sum: sha256.New()}
	return &archive{
		file: file, zip: zip.NewWriter(file),
		manifest: manifest{District: "districts/" + e.District, Taken: e.Taken.UTC(), Parts: []listed{}, Withheld: []withheld{}},
	}
}

// add writes what a service sent. Pieces of one part follow each other.
func (a *archive) add(service string, p Part) error {
	if p.Withheld != "" {
		a.manifest.Withheld = append(a.manifest.Withheld, withheld{service, p.Table, p.Withheld})
		return nil
	}
	path := service + "/" + p.Table + ".jsonl"
	method := zip.Deflate
	if digest, ok := strings.CutPrefix(p.Table, fileTable); ok {
		path, method = service+"/files/"+digest, zip.Store // pictures and documents are compressed already
	}
	parts := a.manifest.Parts
	if len(parts) == 0 || parts[len(parts)-1].Path != path {
		if err := a.begin(path, method); err != nil {
			return err
		}
	}
	if _, err := io.MultiWriter(a.part, a.sum).Write(p.Data); err != nil {
		return err
	}
	last := &a.manifest.Parts[len(a.manifest.Parts)-1]
	last.Bytes += int64(len(p.Data))
	return nil
}

func (a *archive) begin(path string, method uint16) (err error) {
	a.end()
	a.part, err = a.zip.CreateHeader(&zip.FileHeader{Name: path, Method: method, Modified: a.manifest.Taken})
	a.sum = sha256.New()
	a.manifest.Parts = append(a.manifest.Parts, listed{Path: path})
	return err
}

// end notes the digest of the part that was written.
func (a *archive) end() {
	if n := len(a.manifest.Parts); n > 0 {
		a.manifest.Parts[n-1].SHA256 = hex.EncodeToString(a.sum.Sum(nil))
	}
}

// close writes the manifest and the end of the zip file.
func (a *archive) close() error {
	a.end()
	out, err := a.zip.CreateHeader(&zip.FileHeader{Name: "manifest.json", Method: zip.Deflate, Modified: a.manifest.Taken})
	if err != nil {
		return err
	}
	lines := json.NewEncoder(out)
	lines.SetIndent("", "  ")
	if err := lines.Encode(a.manifest); err != nil {
		return err
	}
	return a.zip.Close()
}

// pieces sends what is written to it in pieces, and keeps the last bytes back.
type pieces struct {
	send   func([]byte) error
	sum    hash.Hash
	buffer bytes.Buffer
}

// Write takes bytes of the file.
func (p *pieces) Write(b []byte) (int, error) {
	p.sum.Write(b)
	p.buffer.Write(b)
	for p.buffer.Len() > pieceSize { // never all of it
		if err := p.send(bytes.Clone(p.buffer.Next(pieceSize))); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}

func (p *pieces) digest() string { return hex.EncodeToString(p.sum.Sum(nil)) }

// last sends what was kept back.
func (p *pieces) last() error { return p.send(p.buffer.Bytes()) }
