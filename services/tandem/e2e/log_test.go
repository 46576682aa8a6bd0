package e2e

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"database/sql"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/jsonld"
	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/tandem/internal/restclient"
	"github.com/tandem-badges/tandem/services/tandem/internal/walkthrough"
)

// logged is a running instance whose log somebody watches from outside.
type logged struct {
	*instance
	t      *testing.T
	dir    string // what that somebody keeps
	badge  []byte
	stolen *keys.Local // the issuer's key
}

// TestHistoryCannotBeRewrittenUnnoticed keeps one checkpoint of a real instance, and then has a
// thief of the issuer's key and the operator of the instance try what they can.
func TestHistoryCannotBeRewrittenUnnoticed(t *testing.T) {
	l := &logged{instance: newInstance(t), t: t, dir: t.TempDir()}
	l.stolen = l.plantKey()
	running := l.serve()
	result, out, err := l.play(t.Context(), walkthrough.Options{})
	require.NoError(t, err, out)
	l.badge = fetch(t, l.url+"/v1/"+result.Credential)
	require.Contains(t, string(l.badge), l.stolen.VerificationMethod())
	l.write("badge.json", l.badge)
	at := time.Now().UTC()
	await(t, "the badge to be in the log", func() bool {
		l.save()
		return l.verify("badge.json", l.url+"/log") == ""
	})
	require.Empty(t, l.verify("badge.json", ""), "where the checkpoint says")
	l.watch(0)
	l.run(0, "log", "mirror", l.path("mirror"), "--log", l.url+"/log")
	require.Empty(t, l.verify("badge.json", l.path("mirror")), "without a network")

	await(t, "a second after that of the badge", func() bool { return time.Now().Truncate(time.Second).After(at) })
	l.compromise()
	l.write("forged.json", l.forge(at.Add(-time.Hour)))
	require.Equal(t, "log_key_compromised", l.verify("forged.json", l.url+"/log"), "a proof back-dated with a compromised key")
	require.Empty(t, l.verify("badge.json", l.url+"/log"), "what the key signed in good hands stays good")
	require.Equal(t, "log_missing", l.verify("forged.json", l.path("mirror")), "a mirror of before knows no badge of that kind")
	l.watch(0)

	require.Zero(t, running.stop(syscall.SIGTERM))
	l.rewrite()
	l.serve()
	require.Equal(t, "log_rewritten", l.verify("badge.json", l.url+"/log"), "one entry of the log was changed")
	l.watch(1)
	require.Empty(t, l.verify("badge.json", l.path("mirror")), "the copy is what it was")
}

// plantKey puts a key where an installation of before there were issuers has it.
func (l *logged) plantKey() *keys.Local {
	seed := bytes.Repeat([]byte{7}, ed25519.SeedSize)
	local, err := keys.FromSeed(seed)
	require.NoError(l.t, err)
	der, err := x509.MarshalPKCS8PrivateKey(ed25519.NewKeyFromSeed(seed))
	require.NoError(l.t, err)
	require.NoError(l.t, os.MkdirAll(filepath.Join(l.data, "keys"), 0o700))
	require.NoError(l.t, os.WriteFile(filepath.Join(l.data, "keys", "issuer.pem"),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
	return local
}

func (l *logged) path(name string) string { return filepath.Join(l.dir, name) }

func (l *logged) write(name string, content []byte) {
	require.NoError(l.t, os.WriteFile(l.path(name), content, 0o600))
}

// run runs the program as somebody outside does, and returns what it prints.
func (l *logged) run(code int, args ...string) string {
	l.t.Helper()
	output, err := exec.CommandContext(l.t.Context(), programs.tandem, args...).CombinedOutput()
	require.Equal(l.t, code, exitCode(err), "%s: %v\n%s", strings.Join(args, " "), err, output)
	return string(output)
}

// save keeps the newest checkpoint.
func (l *logged) save() {
	output, err := exec.CommandContext(l.t.Context(), programs.tandem, "log", "checkpoint", "--log", l.url+"/log").Output()
	require.NoError(l.t, err)
	l.write("checkpoint", output)
}

// verify returns the code of the step about the log, empty when it is passed.
func (l *logged) verify(file, log string) string {
	l.t.Helper()
	args := []string{"verify", "--json", l.path(file), "--checkpoint", l.path("checkpoint")}
	if log != "" { // else where the checkpoint says
		args = append(args, "--log", log)
	}
	output, err := exec.CommandContext(l.t.Context(), programs.tandem, args...).Output()
	var results []struct {
		Valid bool `json:"valid"`
		Steps []struct{ ID, Outcome, Code string }
	}
	if output[0] == '{' {
		output = append(append([]byte("["), output...), ']')
	}
	require.NoError(l.t, json.Unmarshal(output, &results), "%s", output)
	require.Len(l.t, results, 1)
	require.Equal(l.t, results[0].Valid, err == nil)
	for _, step := range results[0].Steps {
		if step.ID == "log" {
			require.Equal(l.t, step.Outcome == "passed", step.Code == "")
			require.Equal(l.t, step.Outcome == "passed", results[0].Valid, "%s", output)
			return step.Code
		}
		require.NotEqual(l.t, "failed", step.Outcome, "nothing but the log tells: %s", output)
	}
	l.t.Fatalf("no step about the log: %s", output)
	return ""
}

// watch looks at the log like a watchdog.
func (l *logged) watch(code int) {
	l.t.Helper()
	said := l.run(code, "log", "monitor", l.path("seen"), "--log", l.url+"/log")
	if code != 0 {
		require.Contains(l.t, said, "log_rewritten")
	}
}

// compromise declares the issuer's key compromised from now on.
func (l *logged) compromise() {
	client := restclient.New(l.url)
	admin := client.As(devToken(l.t, client, "dev-admin"))
	var list struct {
		IssuerKeys []struct{ Name, VerificationMethod string } `json:"issuerKeys"`
	}
	require.NoError(l.t, client.Get(l.t.Context(), "/v1/issuers/state/keys", nil, &list))
	require.Len(l.t, list.IssuerKeys, 1)
	require.NoError(l.t, admin.Post(l.t.Context(), "/v1/"+list.IssuerKeys[0].Name+":compromise", nil, map[string]any{
		"compromise_time": time.Now().UTC().Format(time.RFC3339), "reason": "A laptop was stolen.",
	}, nil))
	await(l.t, "the compromise to be in the log", func() bool {
		said := fetch(l.t, l.url+"/v1/log/entries")
		return bytes.Contains(said, []byte("key_compromised"))
	})
}

// forge makes a badge for another school with the stolen key, as if it were of an earlier time.
func (l *logged) forge(created time.Time) []byte {
	text := strings.ReplaceAll(string(l.badge), "/v1/credentials/", "/v1/credentials/x")
	doc, err := jsonld.Decode([]byte(text))
	require.NoError(l.t, err)
	delete(doc, "proof")
	stamp := created.Format(time.RFC3339)
	doc["validFrom"], doc["awardedDate"] = stamp, stamp
	set, err := contexts.Standard()
	require.NoError(l.t, err)
	signed, err := dataintegrity.New(jsonld.New(set)).Sign(l.t.Context(), doc, l.stolen, dataintegrity.CreateOptions{Created: created})
	require.NoError(l.t, err)
	raw, err := json.Marshal(signed)
	require.NoError(l.t, err)
	return raw
}

// rewrite is what only the operator can do: it takes the log apart and has the program itself make
// and sign it anew, with one entry changed.
func (l *logged) rewrite() {
	db, err := sql.Open("sqlite", filepath.Join(l.data, "badges.db"))
	require.NoError(l.t, err)
	defer func() { require.NoError(l.t, db.Close()) }()
	for _, statement := range []string{
		`DELETE FROM log_pending`,
		`INSERT INTO log_pending (district_id, entered_at, leaf) SELECT district_id, 0,
			CASE position WHEN 0 THEN CAST(replace(CAST(leaf AS TEXT), 'key_added', 'key_retired') AS BLOB) ELSE leaf END
			FROM log_entries ORDER BY position`,
		`DELETE FROM log_entries`, `DELETE FROM log_heads`,
	} {
		_, err := db.ExecContext(l.t.Context(), statement)
		require.NoError(l.t, err, statement)
	}
	require.NoError(l.t, os.RemoveAll(filepath.Join(l.data, "blobs", "_log")))
	require.NoDirExists(l.t, filepath.Join(l.data, "blobs", "_log"))
}

// TestTheLogIsServedToPrograms reads the public files of a fresh instance.
func TestTheLogIsServedToPrograms(t *testing.T) {
	i := newInstance(t)
	i.serve()
	await(t, "the first checkpoint", func() bool {
		resp, err := http.Get(i.url + "/log/checkpoint")
		if err == nil {
			_ = resp.Body.Close()
		}
		return err == nil && resp.StatusCode == http.StatusOK
	})
	require.Contains(t, string(fetch(t, i.url+"/log/checkpoint")), strings.TrimPrefix(i.url, "http://")+"/log\n")
	require.Contains(t, string(fetch(t, i.url+"/log")), "Public log")
}
