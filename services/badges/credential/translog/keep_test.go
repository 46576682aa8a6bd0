package translog_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/credential/translog"
)

func (r *rig) fill(from, to int) {
	for i := from; i < to; i++ {
		leaf, err := issued(fmt.Sprintf("urn:%d", i)).Marshal()
		require.NoError(r.t, err)
		r.addLeaf(leaf)
	}
	r.publish()
	r.files[translog.KeyPath] = []byte(r.key.String() + "\n")
}

func keeper(t *testing.T, dir string) *translog.Keeper {
	t.Helper()
	k, err := translog.NewKeeper(dir)
	require.NoError(t, err)
	t.Cleanup(func() { _ = k.Close() })
	return k
}

func TestAMirrorIsTheLog(t *testing.T) {
	r, dir := newRig(t), filepath.Join(t.TempDir(), "mirror")
	k := keeper(t, dir)
	for _, size := range [][2]int{{0, 0}, {0, 5}, {5, 260}, {260, 600}, {600, 600}} {
		r.fill(size[0], size[1])
		log, key, err := k.Open(t.Context(), r.files, translog.Key{})
		require.NoError(t, err)
		require.NoError(t, k.Mirror(t.Context(), log, key))
		copied, err := translog.Open(t.Context(), translog.Dir(dir), r.key)
		require.NoError(t, err)
		n := 0
		require.NoError(t, copied.Entries(t.Context(), 0, copied.Head().Size, func(int64, []byte) error { n++; return nil }))
		require.Equal(t, size[1], n)
	}
	copied, err := translog.Open(t.Context(), translog.Dir(dir), r.key)
	require.NoError(t, err)
	_, err = copied.Prove(t.Context(), 3)
	require.NoError(t, err)
	told, err := translog.ReadKey(t.Context(), translog.Dir(dir))
	require.NoError(t, err)
	require.Equal(t, r.key.String(), told.String())
}

func TestAMirrorTakesNothingThatDoesNotFit(t *testing.T) {
	for _, path := range []string{"tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/44"} {
		r := newRig(t)
		r.fill(0, 300)
		r.files[path][20] ^= 1
		dir := t.TempDir()
		k := keeper(t, dir)
		log, key, err := k.Open(t.Context(), r.files, r.key)
		require.NoError(t, err)
		require.ErrorIs(t, k.Mirror(t.Context(), log, key), translog.ErrDamaged, path)
		require.NoFileExists(t, filepath.Join(dir, path))
		require.NoFileExists(t, filepath.Join(dir, translog.CheckpointPath))
	}
}

func TestAMirrorOfARewrittenLogStaysWhatItWas(t *testing.T) {
	r, dir := newRig(t), t.TempDir()
	r.fill(0, 20)
	k := keeper(t, dir)
	log, key, err := k.Open(t.Context(), r.files, r.key)
	require.NoError(t, err)
	require.NoError(t, k.Mirror(t.Context(), log, key))
	forged := newRig(t)
	forged.fill(1, 30)
	log, key, err = k.Open(t.Context(), forged.files, translog.Key{})
	require.NoError(t, err)
	require.ErrorIs(t, k.Mirror(t.Context(), log, key), translog.ErrRewritten)
	copied, err := translog.Open(t.Context(), translog.Dir(dir), r.key)
	require.NoError(t, err)
	require.EqualValues(t, 20, copied.Head().Size)
}

func TestAWatcherComparesWithEverythingItSaw(t *testing.T) {
	r, dir := newRig(t), t.TempDir()
	k := keeper(t, dir)
	var seen []int64
	look := func(r *rig) (translog.Watched, error) {
		seen = nil
		log, key, err := k.Open(t.Context(), r.files, translog.Key{})
		require.NoError(t, err)
		return k.Watch(t.Context(), log, key, func(index int64, _ translog.Entry) error {
			seen = append(seen, index)
			return nil
		})
	}
	r.fill(0, 2)
	w, err := look(r)
	require.NoError(t, err)
	require.Equal(t, []int64{0, 1}, seen)
	require.Zero(t, w.Kept)
	r.fill(2, 4)
	w, err = look(r)
	require.NoError(t, err)
	require.Equal(t, []int64{2, 3}, seen, "only what is new")
	require.Equal(t, 1, w.Kept)
	_, err = look(r)
	require.NoError(t, err)
	require.Empty(t, seen)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "checkpoints", "cut off.new"), nil, 0o600))

	forged := newRig(t)
	forged.fill(1, 9)
	_, err = look(forged)
	require.ErrorIs(t, err, translog.ErrRewritten)
	files, err := os.ReadDir(filepath.Join(dir, "checkpoints"))
	require.NoError(t, err)
	require.Len(t, files, 4, "the checkpoint that contradicts is kept as proof")
	r.fill(4, 12)
	_, err = look(r)
	require.ErrorIs(t, err, translog.ErrRewritten, "who has two histories is not believed again")
}

func TestAWatcherRefusesWhatIsNoEntry(t *testing.T) {
	r := newRig(t)
	r.addLeaf([]byte("anything"))
	r.fill(0, 0)
	k := keeper(t, t.TempDir())
	log, key, err := k.Open(t.Context(), r.files, r.key)
	require.NoError(t, err)
	_, err = k.Watch(t.Context(), log, key, func(int64, translog.Entry) error { return nil })
	require.ErrorIs(t, err, translog.ErrEntry)
}

func TestAKeeperStaysWithTheKeyItBeganWith(t *testing.T) {
	r := newRig(t)
	r.fill(0, 1)
	other := newRig(t)
	var err error
	other.signer, err = keys.FromSeed(make([]byte, 32))
	require.NoError(t, err)
	other.key, err = translog.NewKey(origin, other.signer.Public())
	require.NoError(t, err)
	other.fill(0, 1)

	k := keeper(t, t.TempDir())
	_, _, err = k.Open(t.Context(), r.files, other.key)
	require.ErrorIs(t, err, translog.ErrSignature)
	_, key, err := k.Open(t.Context(), r.files, translog.Key{})
	require.NoError(t, err)
	require.Equal(t, r.key.String(), key.String())
	_, _, err = k.Open(t.Context(), other.files, translog.Key{})
	require.ErrorIs(t, err, translog.ErrSignature)
	_, _, err = k.Open(t.Context(), r.files, other.key)
	require.ErrorIs(t, err, translog.ErrSignature)
}
