package doctor_test

import (
	"database/sql"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/bus"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tlsfiles/tlsfilestest"
	"github.com/tandem-badges/tandem/services/tandem/internal/app"
	"github.com/tandem-badges/tandem/services/tandem/internal/doctor"
)

// natsServer runs a NATS server that other processes could reach.
func natsServer(t *testing.T) string {
	t.Helper()
	server, err := bus.StartEmbedded(t.TempDir(), nil, bus.Listen("127.0.0.1:0"))
	require.NoError(t, err)
	t.Cleanup(func() { server.Shutdown(); server.WaitForShutdown() })
	return server.ClientURL()
}

// migrated returns settings of a PostgreSQL database with the schema of schools.
func migrated(t *testing.T) app.ServeSettings {
	t.Helper()
	s := settings(t, t.TempDir())
	s.DB = kittest.Postgres(t)
	db, err := app.NewStorage(s.StorageSettings, kittest.Log(t)).Migrated(t.Context(), app.Schools)
	require.NoError(t, err)
	require.NoError(t, db.Close())
	return s
}

func asOwner(t *testing.T, s app.ServeSettings, statement string) {
	t.Helper()
	pool, err := sql.Open("pgx", s.DB)
	require.NoError(t, err)
	defer func() { _ = pool.Close() }()
	_, err = pool.ExecContext(t.Context(), statement)
	require.NoError(t, err)
}

func TestAPostgreSQLDatabaseIsLookedAt(t *testing.T) {
	s := migrated(t)
	results := doctor.Run(t.Context(), doctor.Options{Settings: s, Services: []string{app.Schools}, Patience: time.Minute}, "database")
	for _, check := range []string{"owner", "schools", "schools/schema", "schools/policies", "clock"} {
		require.Equal(t, doctor.OK, find(t, results, "database "+check).Status, check)
	}
	require.Contains(t, find(t, results, "database connections").Found, "may open")
	require.Contains(t, find(t, results, "database schools").Found, "as tandem_schools, who owns nothing")

	for name, c := range map[string]broken{
		"a server that is away": {
			func(t *testing.T, o *doctor.Options) {
				o.Settings.SchoolsDB = "postgres://tandem_schools@" + freeAddress(t) + "/tandem"
			},
			"schools", doctor.Fail, "refused", "TANDEM_SCHOOLS_DB",
		},
		"an owner that is away": {
			func(t *testing.T, o *doctor.Options) {
				o.Settings.DB = "postgres://owner@" + freeAddress(t) + "/tandem"
			},
			"owner", doctor.Fail, "refused", "TANDEM_DB",
		},
		"a superuser": {
			func(_ *testing.T, o *doctor.Options) { o.Settings.SchoolsDB = o.Settings.DB },
			"schools", doctor.Fail, "superuser", "tandem_schools",
		},
		"a role that is missing": {
			func(t *testing.T, o *doctor.Options) { o.Settings.SchoolsDB = user(t, o.Settings.DB, "nobody") },
			"schools", doctor.Fail, "nobody", "tandem migrate",
		},
		"a database that is missing": {func(_ *testing.T, o *doctor.Options) {
			o.Settings.SchoolsDB = strings.Replace(user(t, o.Settings.DB, "tandem_schools"), "/t_", "/missing_", 1)
		}, "schools", doctor.Fail, "does not exist", "Make the database"},
		"a schema nobody migrated": {
			func(_ *testing.T, o *doctor.Options) { o.Services = []string{app.Evidence} },
			"evidence/schema", doctor.Fail, "this program needs", "tandem migrate",
		},
		"a table without its wall": {func(t *testing.T, o *doctor.Options) {
			asOwner(t, o.Settings, `ALTER TABLE schools.teams NO FORCE ROW LEVEL SECURITY`)
		}, "schools/policies", doctor.Fail, "teams", "tandem migrate"},
		"a role that owns tables": {func(t *testing.T, o *doctor.Options) {
			asOwner(t, o.Settings, `ALTER TABLE schools.teams OWNER TO tandem_schools`)
		}, "schools", doctor.Warn, "could take their policies away", "owns nothing"},
		"too few connections": {func(t *testing.T, o *doctor.Options) {
			asOwner(t, o.Settings, `ALTER DATABASE `+database(t, o.Settings.DB)+` CONNECTION LIMIT 3`)
		}, "connections", doctor.Fail, "lets it have 3", "max_connections"},
	} {
		t.Run(name, func(t *testing.T) {
			o := doctor.Options{Settings: s, Services: []string{app.Schools}}
			c.breaks(t, &o)
			got := find(t, doctor.Run(t.Context(), o, "database"), "database "+c.check)
			require.Equal(t, c.status, got.Status, got.Found)
			require.Contains(t, got.Found, c.found)
			require.Contains(t, got.Fix, c.fix)
			_, err := sqldb.Provision(t.Context(), s.DB, app.DatabaseNames())
			require.NoError(t, err)
		})
	}
}

func user(t *testing.T, address, name string) string {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	u.User = url.User(name)
	return u.String()
}

func database(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	return strings.Trim(u.Path, "/")
}

func TestABusIsLookedAt(t *testing.T) {
	s := settings(t, t.TempDir())
	s.NATS = natsServer(t)
	look := func(check string) doctor.Result {
		return find(t, doctor.Run(t.Context(), doctor.Options{Settings: s}, "bus"), "bus "+check)
	}
	require.Equal(t, doctor.OK, look("server").Status)
	require.Equal(t, doctor.Warn, look("streams").Status, "a new installation")

	conn, err := nats.Connect(s.NATS)
	require.NoError(t, err)
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	require.NoError(t, err)
	stream, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: bus.StreamName("schools"), Subjects: []string{"tandem.schools.>"}})
	require.NoError(t, err)
	require.Equal(t, doctor.OK, look("TANDEM_SCHOOLS").Status)
	require.Equal(t, doctor.OK, look("clock").Status)
	gone := look("TANDEM_BADGES")
	require.Equal(t, doctor.Fail, gone.Status)
	require.Contains(t, gone.Fix, "tandem events replay")

	_, err = stream.CreateConsumer(t.Context(), jetstream.ConsumerConfig{Durable: "badges"})
	require.NoError(t, err)
	for range 1001 {
		_, err = js.PublishAsync("tandem.schools.x", nil)
		require.NoError(t, err)
	}
	<-js.PublishAsyncComplete()
	late := look("TANDEM_SCHOOLS")
	require.Equal(t, doctor.Warn, late.Status)
	require.Contains(t, late.Found, "badges by 1001")
	s.NATSReplicas = 3
	require.Contains(t, look("TANDEM_SCHOOLS").Fix, "--replicas 3")
}

// A service in another process, reached with certificates, is asked for its version.
func TestPeersAreAskedHowTheyAreAndWhatTheyRun(t *testing.T) {
	s := migrated(t)
	s.NATS = natsServer(t)
	authority := tlsfilestest.NewAuthority(t, time.Now())
	s.TLSDir = authority.Sign(t, tlsfilestest.Certificate{Names: []string{"127.0.0.1"}}).Folder(t)
	process, err := app.New(t.Context(), s, []string{app.Schools}, "v1.2.3", quiet())
	require.NoError(t, err)
	kittest.Go(t, process.Run)

	look := func(o doctor.Options, check string) doctor.Result {
		o.Services = []string{app.Gateway}
		return find(t, doctor.Run(t.Context(), o, "peers", "tls"), check)
	}
	at := func(version string) doctor.Options { return doctor.Options{Settings: s, Version: version} }
	kittest.Eventually(t, func() bool { return look(at("v1.2.3"), "peers schools").Status == doctor.OK }, "schools answers over TLS")
	require.Equal(t, doctor.OK, look(at("v1.2.9"), "peers schools").Status)
	require.Equal(t, doctor.Warn, look(at("v1.3.0"), "peers schools").Status, "an upgrade may be under way")
	require.Equal(t, doctor.Fail, look(at("v1.4.0"), "peers schools").Status)
	require.Equal(t, doctor.Fail, look(at("v2.2.3"), "peers schools").Status)
	require.Equal(t, doctor.Warn, look(at("dev"), "peers schools").Status, "nobody knows")
	away := look(at("v1.2.3"), "peers evidence")
	require.Equal(t, doctor.Fail, away.Status)
	require.Contains(t, away.Fix, "TANDEM_EVIDENCE_ADDR")

	plain := at("v1.2.3")
	plain.Settings.TLSDir = ""
	refused := look(plain, "peers schools")
	require.Equal(t, doctor.Fail, refused.Status, "without a certificate nobody is let in")
	require.Contains(t, refused.Fix, "TANDEM_TLS_DIR")
	require.Equal(t, doctor.Warn, look(plain, "tls certificate").Status)
	stranger := at("v1.2.3")
	stranger.Settings.TLSDir = tlsfilestest.NewAuthority(t, time.Now()).Sign(t, tlsfilestest.Certificate{Names: []string{"127.0.0.1"}}).Folder(t)
	require.Equal(t, doctor.Fail, look(stranger, "peers schools").Status)
}

func TestCertificatesAreLookedAt(t *testing.T) {
	authority := tlsfilestest.NewAuthority(t, time.Now())
	ago := func(days int) time.Time { return time.Now().Add(time.Duration(-days) * 24 * time.Hour) }
	for name, c := range map[string]struct {
		certificate tlsfilestest.Certificate
		check       string
		status      doctor.Status
		found       string
	}{
		"good for long":   {tlsfilestest.Certificate{Names: []string{"tandem-schools"}}, "certificate", doctor.OK, "for tandem-schools"},
		"nearly over":     {tlsfilestest.Certificate{Names: []string{"tandem-schools"}, From: ago(80), To: ago(-10)}, "certificate", doctor.Warn, "should have been replaced"},
		"over":            {tlsfilestest.Certificate{Names: []string{"tandem-schools"}, From: ago(90), To: ago(1)}, "certificate", doctor.Fail, "has expired"},
		"not yet good":    {tlsfilestest.Certificate{Names: []string{"tandem-schools"}, From: ago(-1), To: ago(-90)}, "certificate", doctor.Fail, "is not good before"},
		"of another name": {tlsfilestest.Certificate{Names: []string{"tandem-badges"}}, "schools", doctor.Fail, "others call it tandem-schools"},
	} {
		t.Run(name, func(t *testing.T) {
			s := settings(t, t.TempDir())
			s.NATS, s.SchoolsAddr = "nats://nats.example.org", "dns:///tandem-schools:9000"
			s.TLSDir = authority.Sign(t, c.certificate).Folder(t)
			got := find(t, doctor.Run(t.Context(), doctor.Options{Settings: s, Services: []string{app.Schools}}, "tls"), "tls "+c.check)
			require.Equal(t, c.status, got.Status, got.Found)
			require.Contains(t, got.Found, c.found)
		})
	}
	s := settings(t, t.TempDir())
	s.TLSDir = t.TempDir()
	got := find(t, doctor.Run(t.Context(), doctor.Options{Settings: s}, "tls"), "tls certificate")
	require.Equal(t, doctor.Fail, got.Status)
	require.Contains(t, got.Found, "it wants tls.crt, tls.key and ca.crt")
}

// A pod knows the names of the services that it calls, and not its own.
func TestAPodIsLookedAt(t *testing.T) {
	s := settings(t, t.TempDir())
	s.NATS, s.DB, s.GRPCAddr = "nats://nats.example.org", "postgres://db.example.org/tandem", ":9000"
	s.TLSDir = tlsfilestest.NewAuthority(t, time.Now()).Sign(t, tlsfilestest.Certificate{Names: []string{"tandem-schools"}}).Folder(t)
	require.NoError(t, os.Chmod(s.Data, 0o777)) // as an emptyDir of Kubernetes is
	for _, r := range doctor.Run(t.Context(), doctor.Options{Settings: s, Services: []string{app.Schools}}, "settings", "data", "tls", "peers") {
		if r.Group == "peers" {
			require.NotEqual(t, app.Schools, r.Check, "its probes ask it")
			continue
		}
		require.Equal(t, doctor.OK, r.Status, "%s %s: %s", r.Group, r.Check, r.Found)
	}
	s.SchoolsAddr = "dns:///elsewhere:9000"
	require.Equal(t, doctor.Fail, find(t, doctor.Run(t.Context(), doctor.Options{Settings: s, Services: []string{app.Schools}}, "tls"), "tls schools").Status)
}
