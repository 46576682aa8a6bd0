package doctor_test

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/tandem/internal/app"
	"github.com/tandem-badges/tandem/services/tandem/internal/doctor"
)

func TestAHealthyInstallationIsAllOK(t *testing.T) {
	s := installed(t)
	start(t, s)
	s.PublicURL = "https://badges.example.org"
	o := doctor.Options{Settings: s, Version: "v1.2.3", Client: front(t, s.HTTPAddr), Patience: time.Minute}
	results := doctor.Run(t.Context(), o)
	seen := map[string]bool{}
	for _, r := range results {
		require.Equal(t, doctor.OK, r.Status, "%s %s: %s", r.Group, r.Check, r.Found)
		require.Empty(t, r.Fix)
		seen[r.Group] = true
	}
	require.Len(t, seen, len(doctor.Groups()), "each group says something")
	require.False(t, doctor.Failed(results))
	require.Contains(t, find(t, results, "peers schools").Found, "v1.2.3")
	require.Contains(t, find(t, results, "keeper keeper").Found, "keys that sign")
}

func TestAStoppedInstallationHasNothingBroken(t *testing.T) {
	s := installed(t)
	results := doctor.Run(t.Context(), doctor.Options{Settings: s, Patience: time.Minute})
	require.False(t, doctor.Failed(results), "%v", results)
	require.Contains(t, find(t, results, "peers services").Found, "does not run now")
	require.Contains(t, find(t, results, "bus TANDEM_SCHOOLS").Found, "events")
	require.Equal(t, doctor.OK, find(t, results, "bus clock").Status)
	require.Equal(t, doctor.Warn, find(t, results, "public address").Status, "only this machine reaches it")
}

func TestANewInstallationHasNothingBrokenAndStaysNew(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	results := doctor.Run(t.Context(), doctor.Options{Settings: settings(t, dir)})
	require.False(t, doctor.Failed(results), "%v", results)
	require.NoDirExists(t, dir, "looking makes nothing")
	for _, r := range results {
		require.Equal(t, r.Status == doctor.OK, r.Fix == "", "%v", r)
	}
}

// broken is something wrong with an installation of one process, and what is said.
type broken struct {
	breaks func(t *testing.T, o *doctor.Options)
	check  string
	status doctor.Status
	found  string
	fix    string
}

func TestWhatIsBrokenIsFoundAndHowItIsMended(t *testing.T) {
	for name, c := range map[string]broken{
		"a setting that cannot be": {
			func(_ *testing.T, o *doctor.Options) { o.Settings.TraceRatio = 2 },
			"settings --trace-ratio", doctor.Fail, "from 0 (none) to 1", "Change the setting",
		},
		"a service that is none": {
			func(_ *testing.T, o *doctor.Options) { o.Services = []string{"school"} },
			"settings settings", doctor.Fail, `unknown service "school"`, "Change the setting",
		},
		"a variable with a typing error": {func(_ *testing.T, o *doctor.Options) {
			o.Environment, o.Known = []string{"HOME", "TANDEM_DATA", "TANDEM_PUBLC_URL", "TANDEM_SCHOOLS_PORT_9000_TCP"}, []string{"TANDEM_DATA"}
		}, "settings TANDEM_PUBLC_URL", doctor.Warn, "no effect", "typing error"},
		"development mode": {
			func(_ *testing.T, o *doctor.Options) { o.Settings.Dev = true },
			"settings --dev", doctor.Warn, "anybody", "TANDEM_DEV",
		},
		"a data folder that is a file": {
			func(t *testing.T, o *doctor.Options) { o.Settings.Data = file(t, "") },
			"data folder", doctor.Fail, "is no folder", "--data",
		},
		"a data folder for everybody": {
			func(t *testing.T, o *doctor.Options) { chmod(t, o.Settings.Data, 0o755) },
			"data folder", doctor.Warn, "mode 755", "chmod o= ",
		},
		"a database for everybody": {
			func(t *testing.T, o *doctor.Options) { chmod(t, filepath.Join(o.Settings.Data, "badges.db"), 0o644) },
			"data badges.db", doctor.Fail, "mode 644", "chmod 600",
		},
		"a key for everybody": {
			func(t *testing.T, o *doctor.Options) { chmod(t, keyOf(t, o, "schools"), 0o644) },
			"keys folder", doctor.Fail, "open to everybody", "chmod",
		},
		"a missing key": {
			func(t *testing.T, o *doctor.Options) { require.NoError(t, os.Remove(keyOf(t, o, "schools"))) },
			"keys schools", doctor.Fail, "no private one", "tandem keys manifest",
		},
		"a part without any key": {
			func(t *testing.T, o *doctor.Options) { remove(t, o, "keys/evidence") },
			"keys evidence", doctor.Fail, "has no key here", "tandem keys manifest",
		},
		"a gateway without its secret": {
			func(t *testing.T, o *doctor.Options) { remove(t, o, "keys/gateway/secret") },
			"keys gateway/secret", doctor.Fail, "no such file", "entered again",
		},
		"a lost keeper": {
			func(t *testing.T, o *doctor.Options) { remove(t, o, "keys/issuer-keeper.key") },
			"keeper keeper", doctor.Fail, "is not there", "from its copy",
		},
		"another keeper": {func(t *testing.T, o *doctor.Options) {
			o.Settings.IssuerKeeper = []string{file(t, "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\n")}
		}, "keeper keeper", doctor.Fail, "is not the one that encrypted it", "from its copy"},
		"a keeper for everybody": {func(t *testing.T, o *doctor.Options) {
			chmod(t, filepath.Join(o.Settings.Data, "keys", "issuer-keeper.key"), 0o644)
		}, "keeper keeper", doctor.Fail, "mode 644", "mode 600"},
		"an older schema": {func(t *testing.T, o *doctor.Options) {
			change(t, o, "badges", `DELETE FROM goose_badges WHERE version_id = (SELECT max(version_id) FROM goose_badges)`)
		}, "database badges/schema", doctor.Fail, "this program needs", "tandem migrate"},
		"a newer schema": {func(t *testing.T, o *doctor.Options) {
			change(t, o, "badges", `INSERT INTO goose_badges (version_id, is_applied) VALUES (99999, 1)`)
		}, "database badges/schema", doctor.Warn, "ahead of this program", "newer version"},
		"a file that is no database": {func(t *testing.T, o *doctor.Options) {
			require.NoError(t, os.WriteFile(filepath.Join(o.Settings.Data, "schools.db"), []byte(strings.Repeat("x", 9000)), 0o600))
		}, "database schools", doctor.Fail, "not a database", "TANDEM_SCHOOLS_DB"},
		"a bus that is away": {
			func(t *testing.T, o *doctor.Options) { o.Settings.NATS = "nats://u:geheim@" + freeAddress(t) },
			"bus server", doctor.Fail, "connect to the bus", "TANDEM_NATS",
		},
		"blobs that cannot be written": {
			func(t *testing.T, o *doctor.Options) {
				o.Settings.Blobs = "s3://nobody?region=us-west-2&endpoint=http://" + freeAddress(t) + "&hostname_immutable=true"
			},
			"blobs store", doctor.Fail, "", "TANDEM_BLOBS",
		},
		"an address that leads elsewhere": {func(t *testing.T, o *doctor.Options) {
			o.Settings.PublicURL = elsewhere(t)
		}, "public answer", doctor.Fail, "404", "Ingress"},
		"a public address in the open": {
			func(_ *testing.T, o *doctor.Options) { o.Settings.PublicURL = "http://badges.invalid" },
			"public address", doctor.Warn, "not encrypted", "TLS",
		},
		"a mail server that is away": {func(t *testing.T, o *doctor.Options) {
			o.Settings.SMTPURL, o.Settings.MailFrom = "smtps://u:geheim@"+freeAddress(t), "surveys@example.org"
		}, "mail server", doctor.Fail, "refused", "TANDEM_SMTP_URL"},
		"a collector that is away": {
			func(t *testing.T, o *doctor.Options) { o.Settings.OTLPEndpoint = "http://" + freeAddress(t) },
			"traces collector", doctor.Warn, "refused", "collector",
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := doctor.Options{Settings: installed(t)}
			c.breaks(t, &o)
			group, _, _ := strings.Cut(c.check, " ")
			results := doctor.Run(t.Context(), o, group)
			got := find(t, results, c.check)
			require.Equal(t, c.status, got.Status, got.Found)
			require.Contains(t, got.Found, c.found)
			require.Contains(t, got.Fix, c.fix)
			require.Equal(t, c.status == doctor.Fail, doctor.Failed(results))
			require.NotContains(t, got.Found+got.Fix, "geheim")
		})
	}
}

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	require.NoError(t, os.Chmod(path, mode))
}

func remove(t *testing.T, o *doctor.Options, path string) {
	t.Helper()
	require.NoError(t, os.RemoveAll(filepath.Join(o.Settings.Data, path)))
}

func keyOf(t *testing.T, o *doctor.Options, owner string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(o.Settings.Data, "keys", owner, "*.key"))
	require.NoError(t, err)
	require.Len(t, found, 1)
	return found[0]
}

func change(t *testing.T, o *doctor.Options, service, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(o.Settings.Data, service+".db"))
	require.NoError(t, err)
	defer func() { _ = db.Close() }()
	_, err = db.ExecContext(t.Context(), statement)
	require.NoError(t, err)
}

func elsewhere(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	return server.URL
}

func TestFindingsHoldNoSecrets(t *testing.T) {
	s := settings(t, t.TempDir())
	s.DB = "postgres://owner:geheim%2F1@" + freeAddress(t) + "/tandem?connect_timeout=1"
	s.EvidenceDB = "postgres://geheim:geheim-2@%zz/"
	s.NATS, s.OpsToken = "nats://geheim-3@"+freeAddress(t), "geheim-4"
	s.SMTPURL, s.MailFrom = "smtps://u:geheim-5@"+freeAddress(t), "surveys@example.org"
	s.PublicURL = "http://u:geheim-6@" + freeAddress(t)
	results := doctor.Run(t.Context(), doctor.Options{Settings: s})
	require.True(t, doctor.Failed(results))
	var text bytes.Buffer
	require.NoError(t, doctor.Print(&text, results))
	require.NoError(t, doctor.PrintJSON(&text, results))
	require.NotContains(t, text.String(), "geheim")
	for _, service := range app.DatabaseNames() {
		find(t, results, "database "+service)
	}
}

func TestFindingsForProgramsAndForPeople(t *testing.T) {
	results := []doctor.Result{
		{Group: "keys", Check: "schools", Status: doctor.OK, Found: "signs"},
		{Group: "keys", Check: "gateway/secret", Status: doctor.Fail, Found: "<none>", Fix: "Bring it."},
	}
	var text bytes.Buffer
	require.NoError(t, doctor.Print(&text, results))
	require.Equal(t, `keys
  ok    schools         signs
  FAIL  gateway/secret  <none>
                        -> Bring it.

1 ok, 0 to look at, 1 failed
`, text.String())
	text.Reset()
	require.NoError(t, doctor.PrintJSON(&text, results))
	var read struct {
		Failed  bool
		Results []doctor.Result
	}
	require.NoError(t, json.Unmarshal(text.Bytes(), &read))
	require.True(t, read.Failed)
	require.Equal(t, results, read.Results)
}
