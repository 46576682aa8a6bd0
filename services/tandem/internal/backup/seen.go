package backup

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/kit/blob"
)

// file is a file of the installation: a line of a backup.
type file struct {
	Key    string
	Size   int64
	SHA256 string
}

func (f file) String() string { return f.Key + "\t" + strconv.FormatInt(f.Size, 10) + "\t" + f.SHA256 }

func (f file) write(w io.Writer) error {
	if strings.ContainsAny(f.Key, "\t\n\r") {
		return fmt.Errorf("file %q has a name that a backup cannot hold", f.Key)
	}
	_, err := io.WriteString(w, f.String()+"\n")
	return err
}

// seen is a file with the time by which it is known again.
type seen struct {
	file
	modified time.Time
}

func (s seen) same(o blob.Object) bool {
	return s.Key == o.Key && s.Size == o.Size && s.modified.Equal(o.ModTime)
}

func (s seen) write(w io.Writer) error {
	line := s.file
	line.SHA256 += "\t" + strconv.FormatInt(s.modified.UnixNano(), 10)
	return line.write(w)
}

// errLine refuses a line that no program wrote.
var errLine = errors.New("a line about a file is damaged")

// parseFile reads a line; rest is what follows the three fields of a file.
func parseFile(line string) (f file, rest string, err error) {
	fields := strings.SplitN(line, "\t", 4)
	if len(fields) < 3 || len(fields[2]) != 64 {
		return f, "", errLine
	}
	size, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return f, "", errLine
	}
	if len(fields) == 4 {
		rest = fields[3]
	}
	return file{Key: fields[0], Size: size, SHA256: fields[2]}, rest, nil
}

// seenReader reads the lines of a part one by one.
type seenReader struct {
	opened *opened
	lines  *bufio.Scanner
	next   *seen // nil after the last
}

func openSeen(ctx context.Context, f *Folder, p Part) (*seenReader, error) {
	o, err := f.open(ctx, p, nil)
	if err != nil {
		return nil, err
	}
	r := &seenReader{opened: o, lines: bufio.NewScanner(o)}
	if err := r.advance(); err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

// advance moves to the next line. At the end it holds the part to its digest.
func (r *seenReader) advance() error {
	r.next = nil
	if !r.lines.Scan() {
		return errors.Join(r.lines.Err(), r.opened.rest())
	}
	f, rest, err := parseFile(r.lines.Text())
	if err != nil {
		return damaged(r.opened.part.Path, err)
	}
	r.next = &seen{file: f}
	if rest != "" {
		nanos, err := strconv.ParseInt(rest, 10, 64)
		if err != nil {
			return damaged(r.opened.part.Path, errLine)
		}
		r.next.modified = time.Unix(0, nanos).UTC()
	}
	return nil
}

func (r *seenReader) close() { r.opened.close() }

// eachFile calls fn with each file of a part.
func (f *Folder) eachFile(ctx context.Context, p Part, fn func(file) error) error {
	r, err := openSeen(ctx, f, p)
	if err != nil {
		return err
	}
	defer r.close()
	for r.next != nil {
		if err := fn(r.next.file); err != nil {
			return err
		}
		if err := r.advance(); err != nil {
			return err
		}
	}
	return nil
}
