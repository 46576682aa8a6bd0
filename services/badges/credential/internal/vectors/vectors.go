// Package vectors finds the published conformance vectors for the tests of the credential
// packages. The vectors are not part of the repository; a test that needs them is skipped,
// with the reason, where they are absent.
package vectors

import (
	"os"
	"path/filepath"
	"testing"
)

// Path returns the path of a file under the shared data folder, or skips the test. The folder
// is named by TANDEM_SHARED and defaults to ../shared beside the repository root.
func Path(t testing.TB, rel, what string) string {
	t.Helper()
	root := sharedRoot(t)
	path := filepath.Join(root, "data", filepath.FromSlash(rel))
	if _, err := os.Stat(path); err != nil {
		t.Skipf("skip: TANDEM_SHARED not found (%s): %s not run", root, what)
	}
	return path
}

// Read returns the content of a file under the shared data folder, or skips the test.
func Read(t testing.TB, rel, what string) []byte {
	t.Helper()
	data, err := os.ReadFile(Path(t, rel, what))
	if err != nil {
		t.Fatalf("read %s: %v", rel, err)
	}
	return data
}

func sharedRoot(t testing.TB) string {
	t.Helper()
	if root := os.Getenv("TANDEM_SHARED"); root != "" && filepath.IsAbs(root) {
		return root
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatalf("working directory: %v", err)
	}
	rel := os.Getenv("TANDEM_SHARED")
	if rel == "" {
		rel = "../shared"
	}
	for dir != filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.work")); err == nil {
			return filepath.Join(dir, rel)
		}
		dir = filepath.Dir(dir)
	}
	return rel
}
