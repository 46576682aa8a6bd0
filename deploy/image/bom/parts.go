package bom

import (
	"bytes"
	"debug/buildinfo"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"golang.org/x/mod/module"
)

// ours begins the names of the product's own modules.
const ours = "github.com/tandem-badges/tandem/"

// part is a module that was linked, Go itself, or a folder of somebody else's
// files in the repository.
type part struct {
	kind     kind
	name     string
	version  string
	sum      string // h1 sum of go.sum
	licenses []string
	texts    []text
}

type kind int

const (
	own   kind = iota // a module of the product
	other             // a module of others
	golang
	files // in the repository
)

// text is a licence or a notice, and where it stood.
type text struct {
	name string
	body string
}

// partsOf lists the parts in a fixed order: our modules, Go, other modules by
// name, files of others.
func partsOf(program []byte, in Inputs) ([]part, error) {
	info, err := buildinfo.Read(bytes.NewReader(program))
	if err != nil {
		return nil, fmt.Errorf("not a Go program with build information: %w", err)
	}
	std, err := folder(in.Go, part{kind: golang, name: "std", version: strings.TrimPrefix(strings.Fields(info.GoVersion)[0], "go")})
	if err != nil {
		return nil, fmt.Errorf("licence of Go, %w", err)
	}
	parts := []part{std}
	for _, dep := range append([]*debug.Module{&info.Main}, info.Deps...) {
		found, err := moduleOf(dep, in)
		if err != nil {
			return nil, err
		}
		parts = append(parts, found)
	}
	more, err := foreign(in.Source)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(parts, func(a, b part) int { return strings.Compare(a.name, b.name) })
	parts = append(parts, more...)
	slices.SortStableFunc(parts, func(a, b part) int { return rank(a) - rank(b) })
	return parts, nil
}

func rank(p part) int {
	return slices.Index([]kind{own, golang, other, files}, p.kind)
}

func moduleOf(dep *debug.Module, in Inputs) (part, error) {
	if strings.HasPrefix(dep.Path+"/", ours) {
		return part{kind: own, name: dep.Path, version: in.Version, licenses: []string{"Apache-2.0"}}, nil
	}
	name := dep.Path
	if dep.Replace != nil {
		dep = dep.Replace
	}
	path, err := module.EscapePath(dep.Path)
	if err != nil {
		return part{}, fmt.Errorf("module %s: %w", name, err)
	}
	version, err := module.EscapeVersion(dep.Version)
	if err != nil {
		return part{}, fmt.Errorf("module %s: %w", name, err)
	}
	where := filepath.Join(in.Modules, filepath.FromSlash(path)+"@"+version)
	found, err := folder(where, part{kind: other, name: dep.Path, version: dep.Version, sum: dep.Sum})
	if err != nil {
		return part{}, fmt.Errorf("licence of module %s, %w", name, err)
	}
	return found, nil
}

// foreign are the folders of the linked trees that carry a licence of their own.
func foreign(source string) ([]part, error) {
	var parts []part
	walk := func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		if strings.HasPrefix(entry.Name(), ".") || slices.Contains(unlinked, entry.Name()) {
			return filepath.SkipDir
		}
		top, err := licenseFiles(path, false)
		if err != nil || len(top) == 0 {
			return err
		}
		all, err := licenseFiles(path, true)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(source, path)
		if err != nil {
			return err
		}
		parts = append(parts, part{kind: files, name: filepath.ToSlash(name), licenses: recognize(all), texts: all})
		return filepath.SkipDir
	}
	for _, tree := range []string{"gateway", "proto", "services"} {
		if err := filepath.WalkDir(filepath.Join(source, tree), walk); err != nil {
			return nil, fmt.Errorf("files of others in the repository: %w", err)
		}
	}
	return parts, nil
}

// folder adds the licences that lie in a folder to a part. Without one that is
// known by name somebody has to look before it is passed on.
func folder(where string, p part) (part, error) {
	if _, err := os.Stat(where); err != nil {
		return p, fmt.Errorf("%w: fetch it with go mod download", err)
	}
	top, err := licenseFiles(where, false)
	if err != nil {
		return p, err
	}
	p.licenses = recognize(top)
	if id, ok := chosen[p.name]; ok {
		p.licenses = []string{id}
	}
	if len(p.licenses) == 0 {
		return p, fmt.Errorf("%s: no licence that is known by name; see whether it may be passed on, then name it in deploy/image/bom/licenses.go", where)
	}
	p.texts, err = licenseFiles(where, true)
	return p, err
}
