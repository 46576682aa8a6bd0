package bom

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// named are files with the words of a licence or a notice.
var named = regexp.MustCompile(`(?i)^[^.]*(licen[sc]e|copying|copyright|notice|patents)[^.]*(\.(md|txt|[a-z]*[0-9.]*))?$`)

// permitted are the licences, by their names of SPDX, under which work of others
// may be in the program. All of them let it be passed on with its text.
var permitted = []string{
	"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC-BY-4.0", "CC0-1.0", "ISC", "MIT", "MPL-2.0", "OFL-1.1", "Unlicense", "Zlib",
}

// chosen are the licences of modules that leave the choice to us, or whose text
// is not recognized. Somebody has read them.
var chosen = map[string]string{
	"github.com/golang/freetype": "FTL", // the other choice is the GPL
}

// unlinked are folders whose content is in no program.
var unlinked = []string{"testdata", "vendor", "node_modules", "examples"}

// licenseFiles reads the licences of a folder and, deep, of those below it but
// for examples and tests, which are not linked.
func licenseFiles(root string, deep bool) ([]text, error) {
	var found []text
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			skip := !deep || strings.HasPrefix(entry.Name(), ".") || slices.Contains(unlinked, entry.Name())
			if path != root && skip {
				return filepath.SkipDir
			}
			return nil
		}
		inFolder := filepath.Base(filepath.Dir(path)) == "licenses"
		if slices.Contains([]string{".go", ".html"}, filepath.Ext(path)) || !inFolder && !named.MatchString(entry.Name()) {
			return nil
		}
		body, err := os.ReadFile(path) //nolint:gosec // the module cache and our own tree
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		found = append(found, text{name: filepath.ToSlash(name), body: tidy(body)})
		return err
	})
	return found, err
}

// tidy takes out what differs between copies of a text and means nothing.
func tidy(body []byte) string {
	return strings.Trim(strings.ReplaceAll(string(body), "\r\n", "\n"), "\n") + "\n"
}

// recognize names the permitted licences that stand in texts.
func recognize(found []text) []string {
	var names []string
	for _, t := range found {
		for _, match := range licensecheck.Scan([]byte(t.body)).Match {
			if slices.Contains(permitted, match.ID) && !slices.Contains(names, match.ID) {
				names = append(names, match.ID)
			}
		}
	}
	slices.Sort(names)
	return names
}

// texts writes every text once, under all whose it is.
func texts(parts []part) []byte {
	var order []string
	whose := map[string][]string{}
	for _, p := range parts {
		for _, t := range p.texts {
			if whose[t.body] == nil {
				order = append(order, t.body)
			}
			whose[t.body] = append(whose[t.body], strings.TrimSuffix(p.name+" "+p.version, " ")+", "+t.name)
		}
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "Tandem is under the Apache License 2.0. These are the licences and notices of the work of others in it.\n")
	for _, body := range order {
		fmt.Fprintf(&out, "\n%s\n%s\n%s\n\n%s", rule, strings.Join(whose[body], "\n"), rule, body)
	}
	return out.Bytes()
}

const rule = "================================================================================"
