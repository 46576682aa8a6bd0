package blob_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/blob"
)

func TestFilesAreListedInTheOrderOfTheirKeysOnEveryStore(t *testing.T) {
	stores(t, func(t *testing.T, s *blob.Store) {
		var want []string
		// More than one page, with folders whose names begin alike.
		for _, folder := range []string{"aspen/", "aspen-ridge/", "aspen-ridge-east/", "_log/tile/", ""} {
			for i := range 300 {
				key := fmt.Sprintf("%sf%03d", folder, i)
				_, err := s.Write(t.Context(), key, strings.NewReader("x"), 1)
				require.NoError(t, err)
				want = append(want, key)
			}
		}
		slices.Sort(want)
		var got []string
		require.NoError(t, s.List(t.Context(), "", func(o blob.Object) error {
			got = append(got, o.Key)
			require.EqualValues(t, 1, o.Size)
			require.WithinDuration(t, time.Now(), o.ModTime, time.Hour)
			return nil
		}))
		require.Equal(t, want, got)
		keys, err := s.Keys(t.Context(), "aspen-ridge")
		require.NoError(t, err)
		require.Len(t, keys, 600, "a prefix may end inside of a name")
		stop := errors.New("enough")
		require.ErrorIs(t, s.List(t.Context(), "", func(blob.Object) error { return stop }), stop)
	})
}

func TestAListingOfAFolderLeavesOutFilesOnTheirWay(t *testing.T) {
	dir := t.TempDir()
	s, err := blob.Open(t.Context(), "file://"+filepath.ToSlash(dir))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.1758.tmp"), nil, 0o600))
	_, err = s.Write(t.Context(), "a", strings.NewReader("x"), 1)
	require.NoError(t, err)
	keys, err := s.Keys(t.Context(), "")
	require.NoError(t, err)
	require.Equal(t, []string{"a"}, keys)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "b__0x2f__c"), nil, 0o600))
	_, err = s.Keys(t.Context(), "")
	require.ErrorContains(t, err, "b__0x2f__c")
}
