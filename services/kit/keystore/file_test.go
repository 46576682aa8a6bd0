package keystore

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func openFolder(t *testing.T, dir string, now func() time.Time) *File {
	t.Helper()
	f, err := OpenFile(dir, Options{Keep: func(string) time.Duration { return time.Hour }, Now: now})
	require.NoError(t, err)
	return f
}

func files(t *testing.T, dir, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, pattern))
	require.NoError(t, err)
	return found
}

func TestFirstKeyIsForItsOwnerOnlyAndStays(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	first, err := openFolder(t, dir, nil).Signing("schools")
	require.NoError(t, err)
	again, err := openFolder(t, dir, nil).Signing("schools")
	require.NoError(t, err)
	require.Equal(t, first.ID, again.ID)
	for _, file := range append(files(t, dir, "schools/*.key"), files(t, dir, "schools/*.pub")...) {
		info, err := os.Stat(file)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), file)
	}
	require.Len(t, files(t, dir, "schools/*.key"), 1)
	require.Empty(t, files(t, dir, "schools/.new-*"), "no temporary file is left")
	_, err = openFolder(t, dir, nil).Signing("../schools")
	require.ErrorContains(t, err, "no owner of keys")
}

func TestAllWhoStartTogetherAgreeOnOneKeyAndSecret(t *testing.T) {
	dir := t.TempDir()
	ids, secrets, errs := make([]string, 16), make([][]byte, 16), make([]error, 16)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			f, err := OpenFile(dir, Options{})
			if err != nil {
				errs[i] = err
				return
			}
			key, err := f.Signing("gateway")
			if err == nil {
				ids[i] = key.ID
				secrets[i], err = f.Secret("gateway")
			}
			errs[i] = err
		})
	}
	wg.Wait()
	for i := range ids {
		require.NoError(t, errs[i])
		require.Equal(t, ids[0], ids[i])
		require.Equal(t, secrets[0], secrets[i])
	}
}

func TestAKeyThatAnotherProcessMadeIsFoundAtOnce(t *testing.T) {
	dir := t.TempDir()
	here, there := openFolder(t, dir, nil), openFolder(t, dir, nil)
	key, err := there.Signing("gateway")
	require.NoError(t, err)
	_, ok := here.Find("gateway", key.ID)
	require.True(t, ok)
	made, err := there.Rotate("gateway", time.Now())
	require.NoError(t, err)
	_, ok = here.Find("gateway", made.ID)
	require.True(t, ok)
	_, ok = here.Find("gateway", key.ID)
	require.True(t, ok)
}

func TestNamesThatAreNoKeysCauseNoLookAtTheFolder(t *testing.T) {
	f := openFolder(t, t.TempDir(), nil)
	before := f.picture.Load()
	for _, id := range []string{"", "x", "../../etc/passwd", strings.Repeat("a", 1000)} {
		_, ok := f.Find("gateway", id)
		require.False(t, ok)
	}
	require.Same(t, before, f.picture.Load())
}

func TestStrangersShareOneLookAtTheFolder(t *testing.T) {
	f := openFolder(t, t.TempDir(), nil)
	var mu sync.Mutex
	looks := map[*picture]bool{}
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() {
			_, ok := f.Find("gateway", "20260901T080000.000Z-00112233aabbccdd")
			mu.Lock()
			defer mu.Unlock()
			looks[f.picture.Load()] = !ok
		})
	}
	wg.Wait()
	require.Less(t, len(looks), 100, "not one each")
}

func TestTheKeyBeforeGoesWhenItsTimeIsOver(t *testing.T) {
	dir := t.TempDir()
	now := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	f := openFolder(t, dir, func() time.Time { return now })
	first, err := f.Signing("gateway")
	require.NoError(t, err)
	now = now.Add(time.Hour)
	_, err = f.Rotate("gateway", now)
	require.NoError(t, err)
	now = now.Add(time.Hour - time.Millisecond)
	_, ok := f.Find("gateway", first.ID)
	require.True(t, ok, "something it signed may be under way")
	now = now.Add(time.Millisecond)
	_, ok = f.Find("gateway", first.ID)
	require.False(t, ok)
	_, err = f.Rotate("gateway", now)
	require.NoError(t, err)
	require.Empty(t, files(t, dir, "gateway/"+first.ID+"*"), "its files go with the next rotation")
	require.Len(t, files(t, dir, "gateway/*.key"), 2)
}

func TestAKeyMaySignLater(t *testing.T) {
	now := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	f := openFolder(t, t.TempDir(), func() time.Time { return now })
	first, err := f.Signing("gateway")
	require.NoError(t, err)
	later, err := f.Rotate("gateway", now.Add(time.Hour))
	require.NoError(t, err)
	signing := func() string {
		key, err := f.Signing("gateway")
		require.NoError(t, err)
		return key.ID
	}
	require.Equal(t, first.ID, signing())
	_, ok := f.Find("gateway", later.ID)
	require.True(t, ok, "others may learn of it before it signs")
	now = now.Add(time.Hour)
	require.Equal(t, later.ID, signing())
}

func TestAKeyWhoseMakingWasCutOffSucceedsNobody(t *testing.T) {
	dir := t.TempDir()
	now := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	f := openFolder(t, dir, func() time.Time { return now })
	first, err := f.Signing("gateway")
	require.NoError(t, err)
	cut, err := f.Rotate("gateway", now)
	require.NoError(t, err)
	require.NoError(t, os.Remove(filepath.Join(dir, "gateway", cut.ID+".key")))
	now = now.Add(1000 * time.Hour)
	again := openFolder(t, dir, func() time.Time { return now })
	key, err := again.Signing("gateway")
	require.NoError(t, err)
	require.Equal(t, first.ID, key.ID)
	_, ok := again.Find("gateway", first.ID)
	require.True(t, ok)
}

func TestPublicKeysAloneVerifyAndNobodySignsWithThem(t *testing.T) {
	dir := t.TempDir()
	key, err := openFolder(t, dir, nil).Signing("schools")
	require.NoError(t, err)
	for _, private := range files(t, dir, "schools/*.key") {
		require.NoError(t, os.Remove(private))
	}
	f := openFolder(t, dir, nil)
	_, ok := f.Find("schools", key.ID)
	require.True(t, ok)
	_, err = f.Signing("schools")
	require.ErrorIs(t, err, ErrNoKey, "a new key would be believed by nobody elsewhere")
	require.Empty(t, files(t, dir, "schools/*.key"))
}

func TestAFolderThatCannotBeWrittenWorks(t *testing.T) {
	dir := t.TempDir()
	f := openFolder(t, dir, nil)
	key, err := f.Signing("gateway")
	require.NoError(t, err)
	secret, err := f.Secret("gateway")
	require.NoError(t, err)
	require.NoError(t, os.Remove(filepath.Join(dir, "gateway", lockFile)))
	require.NoError(t, os.Chmod(filepath.Join(dir, "gateway"), 0o500))
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(dir, "gateway"), 0o700) })

	mounted := openFolder(t, dir, nil)
	same, err := mounted.Signing("gateway")
	require.NoError(t, err)
	require.Equal(t, key.ID, same.ID)
	again, err := mounted.Secret("gateway")
	require.NoError(t, err)
	require.Equal(t, secret, again)
	require.Empty(t, files(t, dir, "gateway/"+lockFile), "nothing was written")
}

// The one key of older versions lay beside the folders.
func TestTheKeyOfOlderVersionsIsTheGatewaysOldest(t *testing.T) {
	dir := t.TempDir()
	made, err := openFolder(t, dir, nil).Signing("schools")
	require.NoError(t, err)
	private, err := os.ReadFile(filepath.Join(dir, "schools", made.ID+".key"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, oldFile), private, 0o600))
	now := time.Now()
	f := openFolder(t, dir, func() time.Time { return now })
	key, err := f.Signing("gateway")
	require.NoError(t, err)
	require.Equal(t, made.Public, key.Public)
	require.Empty(t, files(t, dir, "gateway/*.key"), "no other is made")
	_, err = f.Rotate("gateway", now)
	require.NoError(t, err)
	_, ok := f.Find("gateway", key.ID)
	require.True(t, ok)
	now = now.Add(2 * time.Hour)
	_, err = f.Rotate("gateway", now)
	require.NoError(t, err)
	require.NoFileExists(t, filepath.Join(dir, oldFile), "it ends like every other")
}

func TestUnusableFilesAreRefusedAndKept(t *testing.T) {
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(other)
	require.NoError(t, err)
	spki, err := x509.MarshalPKIXPublicKey(other.Public())
	require.NoError(t, err)
	block := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	const id = "20260901T080000.000Z-00112233aabbccdd"
	maker := openFolder(t, t.TempDir(), nil)
	key, err := maker.Signing("gateway")
	require.NoError(t, err)
	spkiGood, err := x509.MarshalPKIXPublicKey(key.Public)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		file, text string
		mode       os.FileMode
		want       string
	}{
		"a private key open to everybody":     {id + ".key", "x", 0o644, "open to everybody"},
		"a public key everybody may replace":  {id + ".pub", "x", 0o646, "open to everybody"},
		"an empty file":                       {id + ".key", "", 0o600, "not a PEM"},
		"a cut one":                           {id + ".key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", 0o600, "key "},
		"a private key of another kind":       {id + ".key", block("PRIVATE KEY", der), 0o600, "an Ed25519 key is needed"},
		"a public key of another kind":        {id + ".pub", block("PUBLIC KEY", spki), 0o644, "an Ed25519 key is needed"},
		"a key of another PEM type":           {id + ".key", block("EC PRIVATE KEY", der), 0o600, "not a PEM PRIVATE KEY"},
		"a public key under the name of many": {id + ".pub", block("PUBLIC KEY", spkiGood), 0o644, "does not hold the key of its name"},
		"a name without a time":               {"gateway.pub", block("PUBLIC KEY", spkiGood), 0o644, "does not hold the key of its name"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "gateway", c.file)
			require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
			require.NoError(t, os.WriteFile(path, []byte(c.text), 0o600))
			require.NoError(t, os.Chmod(path, c.mode))
			_, err := OpenFile(dir, Options{})
			require.ErrorContains(t, err, c.want)
			kept, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, c.text, string(kept))
		})
	}
}

func TestAFileThatSomebodySpoilsStopsNothingThatRuns(t *testing.T) {
	dir := t.TempDir()
	f := openFolder(t, dir, nil)
	key, err := f.Signing("gateway")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "gateway", "20260901T080000.000Z-00112233aabbccdd.pub"), []byte("x"), 0o600))
	_, ok := f.Find("gateway", "20270901T080000.000Z-00112233aabbccdd")
	require.False(t, ok)
	_, ok = f.Find("gateway", key.ID)
	require.True(t, ok)
}
