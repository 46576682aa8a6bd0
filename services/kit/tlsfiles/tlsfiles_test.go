package tlsfiles_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/tlsfiles"
	"github.com/tandem-badges/tandem/services/kit/tlsfiles/tlsfilestest"
)

// journal is a log that tests read.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(b)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

func (j *journal) options(c *clock.Fake) tlsfiles.Options {
	return tlsfiles.Options{Log: slog.New(slog.NewTextHandler(j, nil)), Now: c.Now}
}

func open(t *testing.T, dir string, o tlsfiles.Options) *tlsfiles.Folder {
	t.Helper()
	folder, err := tlsfiles.Open(dir, o)
	require.NoError(t, err)
	return folder
}

// serve runs a gRPC server with the folder's files and returns where.
func serve(t *testing.T, folder *tlsfiles.Folder) string {
	t.Helper()
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer()
	healthv1.RegisterHealthServer(server, health.NewServer())
	go func() { _ = server.Serve(folder.Listen(plain)) }()
	t.Cleanup(server.Stop)
	return plain.Addr().String()
}

// call makes one call over a connection of its own.
func call(t *testing.T, target string, creds credentials.TransportCredentials) error {
	t.Helper()
	conn, err := grpc.NewClient(target, grpc.WithTransportCredentials(creds))
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	_, err = healthv1.NewHealthClient(conn).Check(t.Context(), &healthv1.HealthCheckRequest{})
	return err
}

func realClock() *clock.Fake { return clock.NewFake(time.Now()) }

func TestBothEndsProveThemselves(t *testing.T) {
	authority, other := tlsfilestest.NewAuthority(t, time.Now()), tlsfilestest.NewAuthority(t, time.Now())
	names := tlsfilestest.Certificate{Names: []string{"localhost"}}
	var log journal
	target := serve(t, open(t, authority.Sign(t, names).Folder(t), log.options(realClock())))
	_, port, err := net.SplitHostPort(target)
	require.NoError(t, err)
	host := "localhost:" + port

	var clients journal
	client := open(t, authority.Sign(t, tlsfilestest.Certificate{Names: []string{"tandem-gateway"}}).Folder(t), clients.options(realClock()))
	require.NoError(t, call(t, host, client.Transport()), "the same authority and the right name")
	require.Empty(t, log.String())

	require.ErrorContains(t, call(t, target, client.Transport()), "127.0.0.1", "the certificate is for another name")
	require.Contains(t, clients.String(), "TLS to a service failed")

	stranger := open(t, other.Sign(t, names).Folder(t), tlsfiles.Options{})
	require.ErrorContains(t, call(t, host, stranger.Transport()), "unknown authority", "the client does not know the server's authority")

	for name, config := range map[string]*tls.Config{
		"no certificate":                     {},
		"a certificate of another authority": {Certificates: []tls.Certificate{pair(t, other.Sign(t, names))}},
		"an older protocol":                  {Certificates: []tls.Certificate{pair(t, authority.Sign(t, names))}, MaxVersion: tls.VersionTLS12},
	} {
		config.RootCAs = pool(t, authority.Sign(t, names).Authority)
		before := len(log.String())
		require.Error(t, call(t, host, credentials.NewTLS(config)), name)
		kittest.Eventually(t, func() bool { return len(log.String()) > before }, "%s: the log tells of it", name)
		require.Contains(t, log.String()[before:], "TLS client refused", name)
	}
	require.Error(t, call(t, host, insecure.NewCredentials()), "a plain client")
}

func pair(t *testing.T, f tlsfilestest.Files) tls.Certificate {
	t.Helper()
	pair, err := tls.X509KeyPair(f.Certificate, f.Key)
	require.NoError(t, err)
	return pair
}

func pool(t *testing.T, authority []byte) *x509.CertPool {
	t.Helper()
	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(authority))
	return pool
}

func TestAProbeThatOpensThePortIsNoNews(t *testing.T) {
	authority := tlsfilestest.NewAuthority(t, time.Now())
	files := authority.Sign(t, tlsfilestest.Certificate{Names: []string{"127.0.0.1"}})
	var log journal
	folder := open(t, files.Folder(t), log.options(realClock()))
	target := serve(t, folder)
	conn, err := net.Dial("tcp", target)
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	require.NoError(t, call(t, target, folder.Transport()))
	require.NotContains(t, log.String(), "refused")
}

func TestFilesAreReplacedWhileCallsRun(t *testing.T) {
	now := realClock()
	authority := tlsfilestest.NewAuthority(t, now.Now())
	names := tlsfilestest.Certificate{Names: []string{"127.0.0.1"}}
	dir := authority.Sign(t, names).Folder(t)
	var log journal
	folder := open(t, dir, log.options(now))
	target := serve(t, folder)

	var calls, failed atomic.Int64
	stop := kittest.Go(t, func(ctx context.Context) error {
		for ctx.Err() == nil {
			if err := call(t, target, folder.Transport()); err != nil && ctx.Err() == nil {
				failed.Add(1)
				t.Log(err)
			}
			calls.Add(1)
		}
		return nil
	})
	some := func() {
		after := calls.Load() + 20
		kittest.Eventually(t, func() bool { return calls.Load() > after }, "calls go on")
	}
	some()
	first := folder.Facts()
	replaced := authority.Sign(t, tlsfilestest.Certificate{Names: []string{"127.0.0.1", "tandem-schools"}})
	replaced.Write(t, dir)
	now.Advance(time.Minute)
	some()
	require.NotEqual(t, first, folder.Facts())
	require.Contains(t, folder.Facts().Names, "tandem-schools")
	require.Contains(t, log.String(), "have changed and are in use")

	tlsfilestest.Files{Certificate: []byte("rubbish"), Key: replaced.Key, Authority: replaced.Authority}.Write(t, dir)
	now.Advance(time.Minute)
	some()
	require.Contains(t, folder.Facts().Names, "tandem-schools", "what was read before stays in use")
	require.Contains(t, log.String(), "cannot be used; those read before stay in use")

	// Another authority, in the order that docs/operators.md asks for: a connection
	// whose two ends read their files on either side of a change goes on.
	other := tlsfilestest.NewAuthority(t, now.Now()).Sign(t, names)
	both := slices.Concat(replaced.Authority, other.Authority)
	for _, files := range []tlsfilestest.Files{
		{Certificate: replaced.Certificate, Key: replaced.Key, Authority: both},
		{Certificate: other.Certificate, Key: other.Key, Authority: both},
		other,
	} {
		files.Write(t, dir)
		now.Advance(time.Minute)
		some()
	}
	stop()
	require.Zero(t, failed.Load())
	require.Error(t, call(t, target, open(t, replaced.Folder(t), tlsfiles.Options{}).Transport()), "whoever has only the old authority is out")
}

func TestFilesThatStayBrokenAreSaidOnceAMinute(t *testing.T) {
	now := realClock()
	authority := tlsfilestest.NewAuthority(t, now.Now())
	dir := authority.Sign(t, tlsfilestest.Certificate{Names: []string{"a.example.org"}}).Folder(t)
	var log journal
	folder := open(t, dir, log.options(now))
	require.NoError(t, os.Remove(filepath.Join(dir, "ca.crt")))
	for range 30 {
		now.Advance(2 * time.Second)
		folder.Facts()
	}
	require.Equal(t, 1, bytes.Count([]byte(log.String()), []byte("\n")))
}

func TestAnExpiredCertificateIsRefusedAndTheLogSaysWhy(t *testing.T) {
	now := realClock()
	authority := tlsfilestest.NewAuthority(t, now.Now())
	sign := func(from, to time.Duration) string {
		return authority.Sign(t, tlsfilestest.Certificate{Names: []string{"127.0.0.1"}, From: now.Now().Add(from), To: now.Now().Add(to)}).Folder(t)
	}
	const day = 24 * time.Hour
	for says, dir := range map[string]string{
		"has expired":     sign(-90*day, -day),
		"is not good yet": sign(day, 90*day),
		"runs out soon":   sign(-80*day, 10*day),
		"":                sign(-day, 89*day),
	} {
		var log journal
		folder := open(t, dir, log.options(now))
		stop := kittest.Go(t, folder.Watch)
		if says != "" {
			kittest.Eventually(t, func() bool { return bytes.Contains([]byte(log.String()), []byte(says)) }, "%s", says)
		}
		stop()
		if says == "" {
			require.Empty(t, log.String())
		}
	}
	server := serve(t, open(t, sign(-90*day, -day), tlsfiles.Options{}))
	client := open(t, sign(-day, 89*day), tlsfiles.Options{})
	require.ErrorContains(t, call(t, server, client.Transport()), "expired")
}

func TestFilesThatCannotWorkAreRefusedWithHelp(t *testing.T) {
	authority := tlsfilestest.NewAuthority(t, time.Now())
	names := tlsfilestest.Certificate{Names: []string{"tandem-schools"}}
	good, another := authority.Sign(t, names), authority.Sign(t, names)
	change := func(f func(*tlsfilestest.Files)) string {
		files := good
		f(&files)
		return files.Folder(t)
	}
	open := change(func(*tlsfilestest.Files) {})
	require.NoError(t, os.Chmod(filepath.Join(open, "tls.key"), 0o644))
	missing := change(func(*tlsfilestest.Files) {})
	require.NoError(t, os.Remove(filepath.Join(missing, "ca.crt")))
	onlyServer := names
	onlyServer.Usages = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	for name, c := range map[string]struct{ dir, says string }{
		"a folder that is not there": {filepath.Join(t.TempDir(), "none"), "it wants tls.crt, tls.key and ca.crt"},
		"a file that is missing":     {missing, "ca.crt"},
		"a key that everybody reads": {open, "set it to 600"},
		"a certificate that is none": {change(func(f *tlsfilestest.Files) { f.Certificate = []byte("none") }), "both PEM"},
		"the key of another":         {change(func(f *tlsfilestest.Files) { f.Key = another.Key }), "private key does not match"},
		"an authority that is none":  {change(func(f *tlsfilestest.Files) { f.Authority = f.Key }), "holds no PEM certificate of an authority"},
		"another authority's": {change(func(f *tlsfilestest.Files) {
			f.Authority = tlsfilestest.NewAuthority(t, time.Now()).Sign(t, names).Authority
		}), "must be signed by the authority in ca.crt"},
		"one for servers only":         {authority.Sign(t, onlyServer).Folder(t), `may not be used for "client auth"`},
		"one without the name of host": {authority.Sign(t, tlsfilestest.Certificate{}).Folder(t), "names no host"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := tlsfiles.Open(c.dir, tlsfiles.Options{})
			require.ErrorContains(t, err, "--tls-dir")
			require.ErrorContains(t, err, c.says)
		})
	}
}
