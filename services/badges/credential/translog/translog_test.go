package translog_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/credential/translog"
)

const (
	origin = "badges.example.org/log"
	issuer = "did:web:badges.example.org:issuers:state"
)

func begin() time.Time { return time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC) }

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func issued(id string) translog.Entry {
	return translog.Entry{Kind: translog.Issued, Issuer: issuer, Subject: id, Digest: digest(id), Time: begin()}
}

// rig builds logs in memory, the plain way: every tile of every size.
type rig struct {
	t      testing.TB
	signer *keys.Local
	key    translog.Key
	leaves [][]byte
	hashes map[int64]tlog.Hash
	files  memory
}

type memory map[string][]byte

func (m memory) Read(_ context.Context, path string) ([]byte, error) {
	raw, ok := m[path]
	if !ok {
		return nil, fmt.Errorf("%w: %s", translog.ErrNoFile, path)
	}
	return raw, nil
}

func newRig(t testing.TB) *rig {
	signer, err := keys.FromSeed([]byte(strings.Repeat("k", 32)))
	require.NoError(t, err)
	key, err := translog.NewKey(origin, signer.Public())
	require.NoError(t, err)
	return &rig{t: t, signer: signer, key: key, hashes: map[int64]tlog.Hash{}, files: memory{}}
}

func (r *rig) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		out[i] = r.hashes[index]
	}
	return out, nil
}

func (r *rig) add(entries ...translog.Entry) {
	for _, e := range entries {
		leaf, err := e.Marshal()
		require.NoError(r.t, err)
		r.addLeaf(leaf)
	}
	r.publish()
}

func (r *rig) addLeaf(leaf []byte) {
	n := int64(len(r.leaves))
	hashes, err := tlog.StoredHashes(n, leaf, r)
	require.NoError(r.t, err)
	for i, h := range hashes {
		r.hashes[tlog.StoredHashIndex(0, n)+int64(i)] = h
	}
	r.leaves = append(r.leaves, leaf)
}

func (r *rig) checkpoint() translog.Checkpoint {
	root, err := tlog.TreeHash(int64(len(r.leaves)), r)
	require.NoError(r.t, err)
	return translog.Checkpoint{Origin: origin, Size: int64(len(r.leaves)), Root: root}
}

func (r *rig) publish() {
	size := int64(len(r.leaves))
	for first := int64(0); first < size; first += translog.Width {
		bundle, err := translog.Bundle(r.leaves[first:min(first+translog.Width, size)])
		require.NoError(r.t, err)
		r.files[translog.TilePath(translog.EntriesTile(first, size))] = bundle
	}
	for _, tile := range tlog.NewTiles(translog.Height, 0, size) {
		data, err := tlog.ReadTileData(tile, r)
		require.NoError(r.t, err)
		r.files[translog.TilePath(tile)] = data
	}
	signed, err := translog.Sign(r.t.Context(), r.checkpoint(), r.signer, r.key)
	require.NoError(r.t, err)
	r.files[translog.CheckpointPath] = signed
}

func (r *rig) open() *translog.Log {
	log, err := translog.Open(r.t.Context(), r.files, r.key)
	require.NoError(r.t, err)
	return log
}

func TestAnEntryHasOneForm(t *testing.T) {
	e := issued("https://badges.example.org/v1/credentials/a&b<é>")
	leaf, err := e.Marshal()
	require.NoError(t, err)
	require.Equal(t, `{"digest":"`+e.Digest+`","issuer":"`+issuer+`","kind":"issued",`+
		`"subject":"https://badges.example.org/v1/credentials/a&b<é>","time":"2026-03-02T09:00:00.000Z"}`, string(leaf))
	back, err := translog.ParseEntry(leaf)
	require.NoError(t, err)
	require.Equal(t, e, back)
	for name, change := range map[string][2]string{
		"space":           {`","kind`, `", "kind`},
		"unknown member":  {`{"digest"`, `{"a":1,"digest"`},
		"member twice":    {`{"digest"`, `{"digest":"","digest"`},
		"other order":     {`"kind":"issued",`, ``},
		"other time form": {`00.000Z`, `00Z`},
		"escape":          {`é`, `\u00e9`},
		"something after": {`Z"}`, `Z"} `},
		"other case":      {`"kind"`, `"Kind"`},
	} {
		text := strings.Replace(string(leaf), change[0], change[1], 1)
		require.NotEqual(t, string(leaf), text, name)
		_, err := translog.ParseEntry([]byte(text))
		require.ErrorIs(t, err, translog.ErrEntry, name)
	}
}

func TestWrongEntriesAreRefused(t *testing.T) {
	for name, change := range map[string]func(*translog.Entry){
		"kind":              func(e *translog.Entry) { e.Kind = "given" },
		"issuer":            func(e *translog.Entry) { e.Issuer = "https://example.org" },
		"no subject":        func(e *translog.Entry) { e.Subject = "" },
		"line break":        func(e *translog.Entry) { e.Subject = "a\nb" },
		"broken text":       func(e *translog.Entry) { e.Subject = "a\xff" },
		"long subject":      func(e *translog.Entry) { e.Subject = strings.Repeat("a", 2001) },
		"no digest":         func(e *translog.Entry) { e.Digest = "" },
		"upper-case digest": func(e *translog.Entry) { e.Digest = strings.ToUpper(e.Digest) },
		"digest of a key":   func(e *translog.Entry) { e.Kind = translog.KeyAdded },
		"no time":           func(e *translog.Entry) { e.Time = time.Time{} },
		"digest of status":  func(e *translog.Entry) { e.Kind, e.Digest = translog.Revoked, "00" },
	} {
		e := issued("urn:a")
		change(&e)
		_, err := e.Marshal()
		require.ErrorIs(t, err, translog.ErrEntry, name)
	}
	for _, kind := range []string{translog.Suspended, translog.Reinstated, translog.Revoked, translog.KeyAdded, translog.KeyRetired, translog.KeyCompromised} {
		e := issued("urn:a")
		e.Kind, e.Digest = kind, ""
		_, err := e.Marshal()
		require.NoError(t, err, kind)
	}
}

func TestACheckpointIsANoteSignedWithTheKeyOfItsLog(t *testing.T) {
	r := newRig(t)
	r.add(issued("urn:a"), issued("urn:b"))
	signed := r.files[translog.CheckpointPath]
	c, err := r.key.Open(signed)
	require.NoError(t, err)
	require.Equal(t, r.checkpoint(), c)
	require.True(t, strings.HasPrefix(string(signed), origin+"\n2\n"), string(signed))

	again, err := translog.ParseKey(r.key.String())
	require.NoError(t, err)
	_, err = again.Open(signed)
	require.NoError(t, err)

	stranger, err := keys.FromSeed(make([]byte, 32))
	require.NoError(t, err)
	other, err := translog.NewKey(origin, stranger.Public())
	require.NoError(t, err)
	_, err = other.Open(signed)
	require.ErrorIs(t, err, translog.ErrSignature)
	_, err = translog.Sign(t.Context(), c, stranger, r.key)
	require.ErrorIs(t, err, translog.ErrSignature, "a signer that is not the key's")
	_, err = r.key.Open([]byte(strings.Replace(string(signed), "\n2\n", "\n3\n", 1)))
	require.ErrorIs(t, err, translog.ErrSignature)
	_, err = r.key.Open([]byte("nothing"))
	require.ErrorIs(t, err, translog.ErrCheckpoint)

	foreign := translog.Checkpoint{Origin: "other.example.org/log", Size: 1, Root: c.Root}
	_, err = translog.Sign(t.Context(), foreign, r.signer, r.key)
	require.ErrorIs(t, err, translog.ErrCheckpoint)
	skey, vkey, err := note.GenerateKey(nil, origin)
	require.NoError(t, err)
	signer, err := note.NewSigner(skey)
	require.NoError(t, err)
	text, err := note.Sign(&note.Note{Text: foreign.Text()}, signer)
	require.NoError(t, err)
	key, err := translog.ParseKey(vkey)
	require.NoError(t, err)
	_, err = key.Open(text)
	require.ErrorIs(t, err, translog.ErrCheckpoint, "the key signs for one log")
}

func TestTextsThatAreNoCheckpointAreRefused(t *testing.T) {
	root := tlog.Hash{}.String()
	for _, text := range []string{
		"", "a", "a\n1\n" + root, "\n1\n" + root + "\n", "a\n01\n" + root + "\n", "a\n-1\n" + root + "\n", "a\n+1\n" + root + "\n",
		"a\n1\nAAAA\n", "a\n99999999999999999999\n" + root + "\n",
	} {
		_, err := translog.ParseCheckpoint(text)
		require.ErrorIs(t, err, translog.ErrCheckpoint, "%q", text)
	}
	c, err := translog.ParseCheckpoint("a\n1\n" + root + "\nextension\n")
	require.NoError(t, err)
	require.EqualValues(t, 1, c.Size)
	for _, text := range []string{"", "a", "a+b+c", "a+00000000+AA=="} {
		_, err := translog.ParseKey(text)
		require.Error(t, err, text)
	}
}

func TestTilesHaveTheirPublishedPaths(t *testing.T) {
	for path, tile := range map[string]tlog.Tile{
		"tile/0/000":                {H: 8, L: 0, N: 0, W: 256},
		"tile/0/001.p/5":            {H: 8, L: 0, N: 1, W: 5},
		"tile/3/x001/x234/067":      {H: 8, L: 3, N: 1234067, W: 256},
		"tile/entries/000":          {H: 8, L: -1, N: 0, W: 256},
		"tile/entries/x001/067.p/1": {H: 8, L: -1, N: 1067, W: 1},
	} {
		require.Equal(t, path, translog.TilePath(tile))
		back, err := translog.ParseTilePath(path)
		require.NoError(t, err)
		require.Equal(t, tile, back)
	}
	for _, path := range []string{
		"", "tile/", "tile/0", "tile/0/0", "tile/data/000", "tile/8/0/000", "tile/0/000.p/0", "tile/0/000.p/256", "tile/00/000",
		"tile/0/000/", "tile/0/../checkpoint", "tile/0/x000/001", "checkpoint", "tile/-1/000", "/tile/0/000", "tile/0/000.p/05",
	} {
		_, err := translog.ParseTilePath(path)
		require.ErrorIs(t, err, translog.ErrTile, "%q", path)
	}
	_, err := translog.Unbundle([]byte{0, 5, 'a'}, 1)
	require.ErrorIs(t, err, translog.ErrTile)
	_, err = translog.Unbundle([]byte{0}, 1)
	require.ErrorIs(t, err, translog.ErrTile)
	_, err = translog.Bundle([][]byte{make([]byte, 1<<16)})
	require.ErrorIs(t, err, translog.ErrTile)
}

// TestEveryPrefixIsConsistentAndEveryEntryProven is what the log is for, on logs of any size.
func TestEveryPrefixIsConsistentAndEveryEntryProven(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := newRig(t)
		var earlier []translog.Checkpoint
		size := rapid.OneOf(rapid.IntRange(0, 40), rapid.IntRange(250, 260), rapid.IntRange(500, 800)).Draw(rt, "size")
		for i := range size {
			leaf, err := issued(fmt.Sprintf("urn:%d", i)).Marshal()
			require.NoError(rt, err)
			r.addLeaf(leaf)
			if rapid.IntRange(0, 30).Draw(rt, "save") == 0 {
				earlier = append(earlier, r.checkpoint())
			}
		}
		r.publish()
		log := r.open()
		for _, c := range append(earlier, r.checkpoint()) {
			require.NoError(rt, log.Consistent(t.Context(), c))
			c.Root[3] ^= 1
			require.ErrorIs(rt, log.Consistent(t.Context(), c), translog.ErrRewritten)
		}
		if size == 0 {
			return
		}
		index := rapid.Int64Range(0, int64(size)-1).Draw(rt, "index")
		proof, err := log.Prove(t.Context(), index)
		require.NoError(rt, err)
		parsed, err := translog.ParseProof(proof.Marshal())
		require.NoError(rt, err)
		e, head, err := parsed.Verify(r.key)
		require.NoError(rt, err)
		require.Equal(rt, fmt.Sprintf("urn:%d", index), e.Subject)
		require.Equal(rt, log.Head(), head)
	})
}

func TestAProofOfSomethingElseProvesNothing(t *testing.T) {
	r := newRig(t)
	for i := range 20 {
		r.add(issued(fmt.Sprintf("urn:%d", i)))
	}
	good, err := r.open().Prove(t.Context(), 7)
	require.NoError(t, err)
	for name, change := range map[string]func(*translog.Proof){
		"another entry": func(p *translog.Proof) { p.Leaf = r.leaves[8] },
		"another index": func(p *translog.Proof) { p.Index = 8 },
		"after the end": func(p *translog.Proof) { p.Index = 20 },
		"another hash":  func(p *translog.Proof) { p.Hashes[0][0] ^= 1 },
		"a hash less":   func(p *translog.Proof) { p.Hashes = p.Hashes[1:] },
		"a hash more":   func(p *translog.Proof) { p.Hashes = append(p.Hashes, tlog.Hash{}) },
		"no checkpoint": func(p *translog.Proof) { p.Checkpoint = nil },
		"other signature": func(p *translog.Proof) {
			p.Checkpoint = []byte(strings.Replace(string(p.Checkpoint), "\n20\n", "\n21\n", 1))
		},
	} {
		bad, err := translog.ParseProof(good.Marshal())
		require.NoError(t, err)
		change(&bad)
		_, _, err = bad.Verify(r.key)
		require.Error(t, err, name)
	}
	text := string(good.Marshal())
	for _, change := range [][2]string{
		{"tlog-proof@v1", "tlog-proof@v2"},
		{"extra ", "other "},
		{"index 7", "index 07"},
		{"index 7", "index -7"},
		{"index 7\n", ""},
		{"\n\n", "\n"},
		{"index 7\n", "index 7\nxx\n"},
		{"index 7\n", "index 7\n" + strings.Repeat(tlog.Hash{}.String()+"\n", 64)},
	} {
		_, err := translog.ParseProof([]byte(strings.Replace(text, change[0], change[1], 1)))
		require.ErrorIs(t, err, translog.ErrProof, change)
	}
}

func TestFilesThatDoNotFitTheCheckpointAreNoticed(t *testing.T) {
	r := newRig(t)
	for i := range 300 {
		leaf, err := issued(fmt.Sprintf("urn:%d", i)).Marshal()
		require.NoError(t, err)
		r.addLeaf(leaf)
	}
	r.publish()
	whole := maps.Clone(r.files)
	read := func() error {
		return r.open().Entries(t.Context(), 0, 300, func(int64, []byte) error { return nil })
	}
	require.NoError(t, read())
	delete(whole, "tile/0/000") // a full one is not needed for reading all
	for path := range whole {
		if path == translog.CheckpointPath {
			continue
		}
		changed := []byte(strings.Clone(string(whole[path])))
		changed[len(changed)/2] ^= 1
		r.files[path] = changed
		require.ErrorIs(t, read(), translog.ErrDamaged, path)
		r.files[path] = whole[path][:len(whole[path])-1]
		require.ErrorIs(t, read(), translog.ErrDamaged, path)
		delete(r.files, path)
		require.ErrorIs(t, read(), translog.ErrNoFile, path)
		r.files[path] = whole[path]
	}
	require.ErrorIs(t, r.open().Entries(t.Context(), 0, 301, nil), translog.ErrTile)
	_, err := r.open().Prove(t.Context(), 300)
	require.ErrorIs(t, err, translog.ErrTile)
	r.files["tile/0/000"][70] ^= 1
	_, err = r.open().Prove(t.Context(), 3)
	require.ErrorIs(t, err, translog.ErrDamaged)
}

func TestAServerThatAsksForPatienceIsAskedAgain(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		if asked == 1 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		_, _ = w.Write([]byte("content"))
	}))
	defer server.Close()
	raw, err := translog.HTTP{Base: server.URL, Client: server.Client()}.Read(t.Context(), "checkpoint")
	require.NoError(t, err)
	require.Equal(t, "content", string(raw))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = translog.HTTP{Base: server.URL, Client: server.Client()}.Read(ctx, "checkpoint")
	require.ErrorIs(t, err, context.Canceled)
}

func TestAFullTileStandsForAPartialOne(t *testing.T) {
	r := newRig(t)
	r.add(issued("urn:a"))
	old := r.files[translog.CheckpointPath]
	for i := range 255 {
		leaf, err := issued(fmt.Sprintf("urn:%d", i)).Marshal()
		require.NoError(t, err)
		r.addLeaf(leaf)
	}
	r.publish()
	delete(r.files, "tile/0/000.p/1")
	delete(r.files, "tile/entries/000.p/1")
	log, err := translog.At(r.files, old, r.key)
	require.NoError(t, err)
	_, err = log.Prove(t.Context(), 0)
	require.NoError(t, err)
}

func TestALogIsReadFromAServerAndFromAFolder(t *testing.T) {
	r := newRig(t)
	r.add(issued("urn:a"))
	folder := fstest.MapFS{}
	for path, content := range r.files {
		folder[path] = &fstest.MapFile{Data: content}
	}
	server := httptest.NewServer(http.StripPrefix("/log/", http.FileServerFS(folder)))
	defer server.Close()
	for name, files := range map[string]translog.Files{
		"server": translog.HTTP{Base: server.URL + "/log/", Client: server.Client()},
		"folder": translog.FS{Root: folder},
	} {
		log, err := translog.Open(t.Context(), files, r.key)
		require.NoError(t, err, name)
		_, err = log.Prove(t.Context(), 0)
		require.NoError(t, err, name)
		_, err = files.Read(t.Context(), "tile/0/009")
		require.ErrorIs(t, err, translog.ErrNoFile, name)
	}
	folder["big"] = &fstest.MapFile{Data: make([]byte, 5<<20)}
	_, err := translog.FS{Root: folder}.Read(t.Context(), "big")
	require.ErrorIs(t, err, translog.ErrTile)
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }))
	defer broken.Close()
	_, err = translog.Open(t.Context(), translog.HTTP{Base: broken.URL, Client: broken.Client()}, r.key)
	require.Error(t, err)
	_, known := translog.Fault(err)
	require.False(t, known, "a server that does not answer says nothing of the log")
	require.False(t, errors.Is(err, translog.ErrNoFile))
}
