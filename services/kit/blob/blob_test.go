package blob_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/blob"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// stores runs fn on each kind of store.
func stores(t *testing.T, fn func(t *testing.T, s *blob.Store)) {
	urls := map[string]func(t *testing.T) string{
		"a folder": func(t *testing.T) string { return "file://" + filepath.ToSlash(filepath.Join(t.TempDir(), "new")) },
		"memory":   func(*testing.T) string { return "mem://" },
		"S3":       fakeS3,
	}
	for name, url := range urls {
		t.Run(name, func(t *testing.T) {
			s, err := blob.Open(t.Context(), url(t))
			require.NoError(t, err)
			t.Cleanup(func() { _ = s.Close() })
			fn(t, s)
		})
	}
}

func fakeS3(t *testing.T) string {
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	backend := s3mem.New()
	require.NoError(t, backend.CreateBucket("evidence"))
	srv := httptest.NewServer(gofakes3.New(backend).Server())
	t.Cleanup(srv.Close)
	return "s3://evidence?region=us-east-1&use_path_style=true&endpoint=" + srv.URL
}

func TestFilesAreWrittenWholeAndRead(t *testing.T) {
	stores(t, func(t *testing.T, s *blob.Store) {
		body := bytes.Repeat([]byte("family survey "), 100_000)
		sum := sha256.Sum256(body)
		got, err := s.Write(t.Context(), "d1/artifacts/a.bin", iotest.OneByteReader(bytes.NewReader(body[:1000])), 1000)
		require.NoError(t, err)
		require.EqualValues(t, 1000, got.Size, "exactly the limit is allowed")
		got, err = s.Write(t.Context(), "d1/artifacts/a.bin", bytes.NewReader(body), 1<<30)
		require.NoError(t, err)
		require.Equal(t, blob.Digest{SHA256: hex.EncodeToString(sum[:]), Size: int64(len(body))}, got)
		r, err := s.Read(t.Context(), "d1/artifacts/a.bin")
		require.NoError(t, err)
		read, err := io.ReadAll(r)
		require.NoError(t, err)
		require.NoError(t, r.Close())
		require.Equal(t, body, read, "the newer file replaced the older")
		require.NoError(t, s.Ping(t.Context()))
	})
}

func TestAnEmptyFileIsAFile(t *testing.T) {
	stores(t, func(t *testing.T, s *blob.Store) {
		got, err := s.Write(t.Context(), "empty", strings.NewReader(""), 10)
		require.NoError(t, err)
		require.Zero(t, got.Size)
		ok, err := s.Exists(t.Context(), "empty")
		require.NoError(t, err)
		require.True(t, ok)
	})
}

func TestAFileThatFailsLeavesNothing(t *testing.T) {
	broken := errors.New("connection lost")
	for name, c := range map[string]struct {
		body func() io.Reader
		want func(t *testing.T, err error)
	}{
		"too large": {func() io.Reader { return strings.NewReader(strings.Repeat("x", 11)) }, func(t *testing.T, err error) {
			e, ok := problem.As(err)
			require.True(t, ok, "%v", err)
			require.Equal(t, "content", e.Violations[0].Field)
			require.Contains(t, e.Violations[0].Fix, "10 bytes")
		}},
		"broken off": {func() io.Reader { return io.MultiReader(strings.NewReader("half"), iotest.ErrReader(broken)) }, func(t *testing.T, err error) {
			require.ErrorIs(t, err, broken)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			stores(t, func(t *testing.T, s *blob.Store) {
				_, err := s.Write(t.Context(), "k", c.body(), 10)
				c.want(t, err)
				_, err = s.Read(t.Context(), "k")
				require.True(t, problem.Is(err, problem.KindNotFound), "%v", err)
			})
		})
	}
}

func TestDeleteIsRepeatable(t *testing.T) {
	stores(t, func(t *testing.T, s *blob.Store) {
		_, err := s.Write(t.Context(), "k", strings.NewReader("x"), 10)
		require.NoError(t, err)
		require.NoError(t, s.Delete(t.Context(), "k"))
		require.NoError(t, s.Delete(t.Context(), "k"))
		ok, err := s.Exists(t.Context(), "k")
		require.NoError(t, err)
		require.False(t, ok)
	})
}

func TestAFolderHoldsOnlyWholeFilesAndNoKeyLeavesIt(t *testing.T) {
	dir := t.TempDir()
	s, err := blob.Open(t.Context(), "file://"+filepath.ToSlash(filepath.Join(dir, "blobs")))
	require.NoError(t, err)
	_, err = s.Write(t.Context(), "a/b", strings.NewReader("too long"), 3)
	require.Error(t, err)
	_, err = s.Write(t.Context(), "../../escape", strings.NewReader("x"), 3)
	require.NoError(t, err)
	require.NoFileExists(t, filepath.Join(dir, "..", "escape"))
	require.NoFileExists(t, filepath.Join(dir, "escape"))
	var files []string
	require.NoError(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if !d.IsDir() {
			files = append(files, path)
		}
		return err
	}))
	require.Len(t, files, 1, "no temporary file stays: %v", files)
}

func TestOpenRefusesWhatIsNoStore(t *testing.T) {
	for _, url := range []string{"ftp://x", "%zz", "file:///proc/none/x"} {
		_, err := blob.Open(t.Context(), url)
		require.Error(t, err, url)
	}
}

func TestAMissingBucketIsUnavailable(t *testing.T) {
	url := strings.Replace(fakeS3(t), "evidence", "missing", 1)
	s, err := blob.Open(t.Context(), url)
	require.NoError(t, err)
	require.True(t, problem.Is(s.Ping(t.Context()), problem.KindUnavailable))
}
