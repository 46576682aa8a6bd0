package command

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/tandem-badges/tandem/services/kit/identity"
	"github.com/tandem-badges/tandem/services/kit/keystore"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/tandem/internal/app"
)

// manifest prints the objects and reads them again, as kubectl would.
func manifest(t *testing.T, m KeysManifest) map[string]object {
	t.Helper()
	from, err := m.material(time.Now())
	require.NoError(t, err)
	objects, err := m.objects(from)
	require.NoError(t, err)
	var text bytes.Buffer
	require.NoError(t, writeManifest(&text, objects))
	found := map[string]object{}
	decoder := yaml.NewDecoder(&text)
	decoder.KnownFields(true)
	for {
		var one object
		err := decoder.Decode(&one)
		if errors.Is(err, io.EOF) {
			return found
		}
		require.NoError(t, err)
		require.Equal(t, "v1", one.APIVersion)
		found[one.Kind+" "+one.Metadata.Name] = one
	}
}

// entries of an object, decoded.
func (o object) entries(t *testing.T) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for name, text := range o.Data {
		out[name] = []byte(text)
		if o.Kind == "Secret" {
			decoded, err := base64.StdEncoding.DecodeString(text)
			require.NoError(t, err)
			out[name] = decoded
		}
	}
	return out
}

// mount lays an object into a folder as Kubernetes does: the files behind two
// links, and nothing of it can be written.
func mount(t *testing.T, dir string, o object, mode os.FileMode) {
	t.Helper()
	real := filepath.Join(dir, "..2026_09_01_15_00_00.1")
	require.NoError(t, os.MkdirAll(real, 0o700))
	require.NoError(t, os.Symlink(filepath.Base(real), filepath.Join(dir, "..data")))
	for name, text := range o.entries(t) {
		require.NoError(t, os.WriteFile(filepath.Join(real, name), text, mode))
		require.NoError(t, os.Symlink(filepath.Join("..data", name), filepath.Join(dir, name)))
	}
	for _, folder := range []string{real, dir} {
		require.NoError(t, os.Chmod(folder, 0o550))
		t.Cleanup(func() { _ = os.Chmod(folder, 0o700) })
	}
}

// pods mounts what each owner's pods get and opens it as they do.
func pods(t *testing.T, objects map[string]object) map[string]*keystore.File {
	t.Helper()
	opened := map[string]*keystore.File{}
	for _, pod := range app.DatabaseNames() {
		data := t.TempDir()
		for _, owner := range app.DatabaseNames() {
			kind, mode := "ConfigMap", os.FileMode(0o444)
			if owner == pod {
				kind, mode = "Secret", 0o440
			}
			mount(t, filepath.Join(data, "keys", owner), objects[kind+" tandem-keys-"+owner], mode)
		}
		keys, err := app.OpenKeys(data, kittest.Log(t))
		require.NoError(t, err)
		opened[pod] = keys
	}
	return opened
}

func TestPodsThatMountTheManifestProveThemselvesToEachOther(t *testing.T) {
	opened := pods(t, manifest(t, KeysManifest{keyData: keyData{t.TempDir()}, Name: "tandem"}))
	for caller, keys := range opened {
		proof, err := identity.NewSigner(keys, caller).Prove("schools")
		require.NoError(t, err, caller)
		for callee, theirs := range opened {
			_, err = identity.NewVerifier(theirs).Service(proof, "schools")
			require.NoError(t, err, "%s believes %s", callee, caller)
			if callee != caller {
				_, err = theirs.Signing(caller)
				require.ErrorIs(t, err, keystore.ErrNoKey, "%s has no private key of %s", callee, caller)
			}
		}
	}
	_, err := opened[identity.Gateway].Secret(identity.Gateway)
	require.NoError(t, err)
}

func TestAManifestOfTheSameFolderIsTheSame(t *testing.T) {
	m := KeysManifest{keyData: keyData{t.TempDir()}, Name: "tandem", Namespace: "schools-of-the-state", DB: "postgres://owner:long@db.example.org/tandem"}
	for _, owner := range app.DatabaseNames() {
		require.NoError(t, (&KeysRotate{keyData: m.keyData, Owner: owner}).Run())
	}
	first := manifest(t, m)
	require.Equal(t, first, manifest(t, m))
	require.Equal(t, "schools-of-the-state", first["Secret tandem-nats"].Metadata.Namespace)

	require.NoError(t, (&KeysRotate{keyData: m.keyData, Owner: "schools", In: time.Hour}).Run())
	second := manifest(t, m)
	require.Len(t, second["ConfigMap tandem-keys-schools"].Data, 2, "the old key and the new one")
	require.Len(t, second["Secret tandem-keys-schools"].Data, 4)
	for name, one := range first {
		if one.Metadata.Name != "tandem-keys-schools" {
			require.Equal(t, one, second[name])
		}
	}
	for pod, keys := range pods(t, second) {
		public, err := keys.Public("schools")
		require.NoError(t, err)
		require.Len(t, public, 2, pod)
	}
}

func TestWithoutAFolderEachManifestHasKeysOfItsOwn(t *testing.T) {
	m := KeysManifest{keyData: keyData{filepath.Join(t.TempDir(), "none")}, Name: "tandem"}
	first, second := manifest(t, m), manifest(t, m)
	require.NoDirExists(t, m.Data, "they are kept nowhere")
	require.Len(t, first, 2*len(app.DatabaseNames())+3)
	for name := range first {
		require.NotEqual(t, first[name].Data, second[name].Data, name)
	}
	require.NotContains(t, first, "Secret tandem-database")
}

func TestAManifestHoldsWhatTheChartLooksFor(t *testing.T) {
	m := KeysManifest{keyData: keyData{t.TempDir()}, Name: "state", DB: "postgres://owner:long@db.example.org/tandem?sslmode=verify-full"}
	found := manifest(t, m)
	require.Regexp(t, `^[0-9a-f]{48}$`, string(found["Secret state-nats"].entries(t)["password"]), "it stands in a URL")
	require.Equal(t, "tandem", string(found["Secret state-nats"].entries(t)["user"]))
	require.Regexp(t, `^[0-9a-f]{48}$`, string(found["Secret state-ops"].entries(t)["token"]))
	require.Contains(t, found["Secret state-keys-gateway"].Data, "secret")
	require.NotContains(t, found["ConfigMap state-keys-gateway"].Data, "secret")
	require.Contains(t, string(found["Secret state-keeper"].entries(t)["keeper.key"]), "# Encrypts")
	urls := found["Secret state-database"].entries(t)
	require.Equal(t, m.DB, string(urls["owner"]))
	require.Regexp(t, `^postgres://tandem_badges:[0-9a-f]{64}@db\.example\.org/tandem\?sslmode=verify-full$`, string(urls["badges"]))
	require.Len(t, urls, 6)
}

func TestTheURLsOfAManifestAreThoseThatMigrateMakes(t *testing.T) {
	owner := kittest.Postgres(t)
	said := manifest(t, KeysManifest{keyData: keyData{t.TempDir()}, Name: "tandem", DB: owner})["Secret tandem-database"].entries(t)
	made, err := sqldb.Provision(t.Context(), owner, app.DatabaseNames())
	require.NoError(t, err)
	for service, address := range made {
		require.Equal(t, address, string(said[service]))
	}
}

func TestManifestsThatWouldNotWorkAreRefused(t *testing.T) {
	partly := keyData{t.TempDir()}
	require.NoError(t, (&KeysRotate{keyData: partly, Owner: "schools"}).Run())
	for want, m := range map[string]KeysManifest{
		`--name "Tandem"`:            {Name: "Tandem"},
		`--namespace "a b"`:          {Name: "tandem", Namespace: "a b"},
		"--db: owner's database URL": {Name: "tandem", DB: "sqlite:x", keyData: keyData{t.TempDir()}},
		"tandem keys rotate badges":  {Name: "tandem", keyData: partly},
	} {
		require.ErrorContains(t, m.Run(), want)
	}
}
