package keeper_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/internal/keeper"
)

const name = "issuers/state/keys/k1"

func file(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keeper.key")
	require.NoError(t, os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600))
	return path
}

func line(n string) string { return base64.StdEncoding.EncodeToString([]byte(strings.Repeat(n, 32))) }

func open(t *testing.T, locations ...string) *keys.Vault {
	t.Helper()
	v, err := keeper.Open(t.Context(), t.TempDir(), locations)
	require.NoError(t, err)
	return v
}

func TestAnInstallationMakesItsOwnKeyFileOnceForItsOwner(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "keys")
	key, err := keys.Generate()
	require.NoError(t, err)
	const starters = 16
	type result struct {
		sealed []byte
		err    error
	}
	results := make(chan result)
	for range starters {
		go func() {
			v, err := keeper.Open(t.Context(), folder, nil)
			if err != nil {
				results <- result{err: err}
				return
			}
			sealed, err := v.Seal(t.Context(), name, key)
			results <- result{sealed, err}
		}()
	}
	last, err := keeper.Open(t.Context(), folder, nil)
	require.NoError(t, err)
	for range starters {
		r := <-results
		require.NoError(t, r.err)
		_, _, err := last.Open(t.Context(), name, key.Public(), r.sealed)
		require.NoError(t, err, "all of them use one key")
	}
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, entries, 1, "no temporary file stays behind")
	info, err := entries[0].Info()
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

func TestTheFirstKeyOfAFileEncryptsAndAllDecrypt(t *testing.T) {
	key, err := keys.Generate()
	require.NoError(t, err)
	sealed, err := open(t, file(t, line("a"))).Seal(t.Context(), name, key)
	require.NoError(t, err)
	require.NotContains(t, string(sealed), name)

	both := open(t, "file://"+file(t, "# the new one", line("b"), "", "  "+line("a")))
	_, stale, err := both.Open(t.Context(), name, key.Public(), sealed)
	require.NoError(t, err)
	require.True(t, stale)
	again, err := both.Seal(t.Context(), name, key)
	require.NoError(t, err)
	_, stale, err = open(t, file(t, line("b"))).Open(t.Context(), name, key.Public(), again)
	require.NoError(t, err)
	require.False(t, stale)

	_, stale, err = open(t, file(t, line("c")), file(t, line("a"))).Open(t.Context(), name, key.Public(), sealed)
	require.NoError(t, err, "several files are one list")
	require.True(t, stale)
	_, _, err = open(t, file(t, line("b"))).Open(t.Context(), name, key.Public(), sealed)
	require.ErrorIs(t, err, keys.ErrSealed)
	require.NotContains(t, err.Error(), line("b"))
}

func TestAKeeperThatCannotBeUsedIsNamed(t *testing.T) {
	loose := file(t, line("a"))
	require.NoError(t, os.Chmod(loose, 0o644))
	grouped := file(t, line("a"))
	require.NoError(t, os.Chmod(grouped, 0o440))
	open(t, grouped)
	for location, want := range map[string]string{
		loose:                            "may be used by everybody",
		"/nowhere/keeper.key":            "no such file",
		file(t, "# nothing"):             "holds no key",
		file(t, line("a"), "c2hvcnQ="):   "line 2: want 32 random bytes",
		file(t, strings.Repeat("!", 44)): "line 1: want 32 random bytes",
		"base64key://" + line("a"):       "does not belong into a setting",
		"nosuch://x?token=hidden":        "key service nosuch://x",
	} {
		_, err := keeper.Open(t.Context(), t.TempDir(), []string{location})
		require.ErrorContains(t, err, keeper.Setting, location)
		require.ErrorContains(t, err, want, location)
		require.NotContains(t, err.Error(), line("a"))
		require.NotContains(t, err.Error(), "c2hvcnQ=")
		require.NotContains(t, err.Error(), "hidden")
	}
	v, err := keeper.Open(t.Context(), t.TempDir(), []string{"awskms://alias/tandem?region=us-west-2"})
	require.NoError(t, err, "a key service is asked when a key is used, not before")
	require.NotNil(t, v)
}
