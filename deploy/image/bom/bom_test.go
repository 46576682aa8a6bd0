package bom

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/stretchr/testify/require"
)

func inputs(t *testing.T) Inputs {
	t.Helper()
	env := func(name string) string {
		out, err := exec.Command("go", "env", name).Output()
		require.NoError(t, err)
		return strings.TrimSpace(string(out))
	}
	return Inputs{
		Version: "v1.2.3", Revision: "0123abcd", Created: time.Unix(1_700_000_000, 0),
		Source: "../../..", Modules: env("GOMODCACHE"), Go: env("GOROOT"),
	}
}

// program is a small one with a module of others in it.
func program(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "hello")
	said, err := exec.Command("go", "build", "-buildvcs=false", "-ldflags=-s -w", "-o", path, "../testdata/hello").CombinedOutput()
	require.NoError(t, err, string(said))
	read, err := os.ReadFile(path)
	require.NoError(t, err)
	return read
}

func decode(t *testing.T, bill Bill) cdx.BOM {
	t.Helper()
	var document cdx.BOM
	require.NoError(t, json.Unmarshal(bill.SBOM, &document))
	return document
}

func find(t *testing.T, document cdx.BOM, name string) cdx.Component {
	t.Helper()
	at := slices.IndexFunc(*document.Components, func(c cdx.Component) bool { return c.Name == name })
	require.GreaterOrEqual(t, at, 0, "%s is missing", name)
	return (*document.Components)[at]
}

func TestTheBillListsWhatWasLinked(t *testing.T) {
	bill, err := Of(program(t), inputs(t))
	require.NoError(t, err)
	document := decode(t, bill)
	require.Equal(t, "tandem", document.Metadata.Component.Name)
	require.Equal(t, "v1.2.3", document.Metadata.Component.Version)
	require.Len(t, (*document.Metadata.Component.Hashes)[0].Value, 64)
	require.Equal(t, []cdx.Property{{Name: "tandem:revision", Value: "0123abcd"}}, *document.Metadata.Component.Properties)

	linked := find(t, document, "github.com/google/uuid")
	require.Equal(t, "pkg:golang/github.com/google/uuid@"+linked.Version, linked.PackageURL)
	require.Equal(t, "BSD-3-Clause", (*linked.Licenses)[0].License.ID)
	require.Equal(t, "go:h1", (*linked.Properties)[0].Name)
	require.True(t, strings.HasPrefix((*linked.Properties)[0].Value, "h1:"))

	require.Equal(t, "v1.2.3", find(t, document, "github.com/tandem-badges/tandem/deploy/image").Version)
	require.Regexp(t, `^1\.\d+`, find(t, document, "std").Version)
	require.Equal(t, cdx.ComponentTypeData, find(t, document, "services/kit/lettering/fonts").Type)
	require.Len(t, *(*document.Dependencies)[0].Dependencies, len(*document.Components))
}

func TestTheLicencesOfAllPartsAreThereOnce(t *testing.T) {
	bill, err := Of(program(t), inputs(t))
	require.NoError(t, err)
	text := string(bill.Licenses)
	document := decode(t, bill)
	for _, c := range *document.Components {
		require.NotNil(t, c.Licenses, "%s has no licence", c.Name)
		if !strings.HasPrefix(c.Name, ours) {
			require.Contains(t, text, "\n"+strings.TrimSuffix(c.Name+" "+c.Version, " ")+", ", c.Name)
		}
	}
	fonts, err := os.ReadFile("../../../services/kit/lettering/fonts/LICENSE-APACHE")
	require.NoError(t, err)
	require.Contains(t, text, string(fonts))
	require.Equal(t, 1, strings.Count(text, "\nCopyright (c) 2009,2014 Google Inc."))
}

func TestTheSameProgramGivesTheSameBytes(t *testing.T) {
	once := program(t)
	first, err := Of(once, inputs(t))
	require.NoError(t, err)
	again, err := Of(once, inputs(t))
	require.NoError(t, err)
	require.Equal(t, string(first.SBOM), string(again.SBOM))
	require.Equal(t, string(first.Licenses), string(again.Licenses))
}

func TestWhatMayNotBePassedOnIsRefused(t *testing.T) {
	_, err := Of([]byte("\x7fELF"), inputs(t))
	require.ErrorContains(t, err, "build information")

	in := inputs(t)
	in.Modules = t.TempDir()
	_, err = Of(program(t), in)
	require.ErrorContains(t, err, "go mod download")

	in = inputs(t)
	in.Go = t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(in.Go, "LICENSE"), []byte("All rights reserved, and do not pass this on."), 0o600))
	_, err = Of(program(t), in)
	require.ErrorContains(t, err, "whether it may be passed on")
}

func TestLicencesAreFoundByTheirNames(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{
		"LICENSE", "LICENSE.md", "LICENCE-MIT", "COPYING", "NOTICE.txt", "SQLITE-LICENSE", "licenses/ftl.txt", "deep/LICENSE",
		"license.go", "notice.html", "README.md", "testdata/LICENSE", "vendor/x/LICENSE", ".hidden/LICENSE",
	} {
		path := filepath.Join(root, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
		require.NoError(t, os.WriteFile(path, []byte(name+"\r\n"), 0o600))
	}
	found, err := licenseFiles(root, true)
	require.NoError(t, err)
	var names []string
	for _, f := range found {
		names = append(names, f.name)
		require.Equal(t, f.name+"\n", f.body)
	}
	require.ElementsMatch(t, []string{
		"LICENSE", "LICENSE.md", "LICENCE-MIT", "COPYING", "NOTICE.txt", "SQLITE-LICENSE", "licenses/ftl.txt", "deep/LICENSE",
	}, names)
	found, err = licenseFiles(root, false)
	require.NoError(t, err)
	require.Len(t, found, 6)
}
