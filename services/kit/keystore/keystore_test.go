package keystore

import (
	"crypto/ed25519"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// A store keeps its promises whether it is a folder or in memory.
func TestStores(t *testing.T) {
	for name, open := range map[string]func(t *testing.T) Store{
		"folder": func(t *testing.T) Store { t.Helper(); return openFolder(t, t.TempDir(), nil) },
		"memory": func(*testing.T) Store { return NewMemory() },
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			first, err := s.Signing("gateway")
			require.NoError(t, err)
			message := []byte("hello")
			signature, err := first.Signer.Sign(nil, message, &ed25519.Options{})
			require.NoError(t, err)
			require.True(t, ed25519.Verify(first.Public, message, signature))
			again, err := s.Signing("gateway")
			require.NoError(t, err)
			require.Equal(t, first.ID, again.ID)

			made, err := s.Rotate("gateway", time.Now())
			require.NoError(t, err)
			second, err := s.Signing("gateway")
			require.NoError(t, err)
			require.Equal(t, made.ID, second.ID, "the new key signs at once")
			public, err := s.Public("gateway")
			require.NoError(t, err)
			require.Equal(t, []string{second.ID, first.ID}, idsOf(public), "newest first")
			for _, key := range public {
				found, ok := s.Find("gateway", key.ID)
				require.True(t, ok)
				require.Equal(t, key.Public, found)
				_, ok = s.Find("schools", key.ID)
				require.False(t, ok, "of its owner only")
			}

			require.NoError(t, s.Retire("gateway", first.ID))
			_, ok := s.Find("gateway", first.ID)
			require.False(t, ok)
			require.ErrorIs(t, s.Retire("gateway", first.ID), ErrNoKey)

			secret, err := s.Secret("gateway")
			require.NoError(t, err)
			require.Len(t, secret, 32)
			other, err := s.Secret("schools")
			require.NoError(t, err)
			require.NotEqual(t, secret, other)
			require.NoError(t, s.Retire("gateway", second.ID))
			same, err := s.Secret("gateway")
			require.NoError(t, err)
			require.Equal(t, secret, same)
		})
	}
}

func idsOf(keys []Key) []string {
	var ids []string
	for _, key := range keys {
		ids = append(ids, key.ID)
	}
	return ids
}

// Whatever the history of rotations: the key that signs verifies, and so does
// every key for as long as it is to be kept after its successor began.
func TestNoKeyEndsBeforeWhatItSigned(t *testing.T) {
	start := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	const keep = time.Hour
	rapid.Check(t, func(t *rapid.T) {
		var all []entry
		from := start
		for range rapid.IntRange(1, 6).Draw(t, "keys") {
			from = from.Add(time.Duration(rapid.IntRange(1, 90).Draw(t, "minutes between")) * time.Minute)
			public, private, err := ed25519.GenerateKey(nil)
			require.NoError(t, err)
			one := entry{Key: Key{ID: idOf(from, public), From: from, Public: public}, private: private}
			if rapid.IntRange(0, 3).Draw(t, "cut off") == 0 && len(all) > 0 {
				one.private = nil
			}
			all = append(all, one)
		}
		now := start.Add(time.Duration(rapid.IntRange(0, 600).Draw(t, "now")) * time.Minute)
		f := &File{options: Options{Now: func() time.Time { return now }}}
		good := accepted(append([]entry(nil), all...), keep, now)
		has := map[string]bool{}
		for _, one := range good {
			has[one.ID] = true
		}
		signing, ok := f.signing(good)
		if !ok || !has[signing.ID] {
			t.Fatalf("nothing signs at %s", now)
		}
		for i, one := range all {
			over := false
			for _, later := range all[i+1:] {
				over = over || later.private != nil && !later.From.Add(keep).After(now)
			}
			if has[one.ID] == over {
				t.Fatalf("key of %s at %s: good is %v", one.From, now, has[one.ID])
			}
		}
	})
}
