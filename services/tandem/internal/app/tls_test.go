package app

import (
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/bus"
	"github.com/tandem-badges/tandem/services/kit/config"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/run"
	"github.com/tandem-badges/tandem/services/kit/tlsfiles/tlsfilestest"
)

// process puts one service of an installation together, with certificates or without.
func process(t *testing.T, base ServeSettings, certificates, name string) *App {
	t.Helper()
	base.TLSDir, base.OpsAddr, base.HTTPAddr = certificates, "127.0.0.1:0", "127.0.0.1:0"
	a, err := New(t.Context(), base, []string{name}, "test", Log{Logger: slog.New(slog.DiscardHandler), Level: &slog.LevelVar{}})
	require.NoError(t, err)
	return a
}

func TestProcessesReachEachOtherOnlyWithCertificates(t *testing.T) {
	server, err := bus.StartEmbedded(t.TempDir(), nil, bus.Listen("127.0.0.1:0"))
	require.NoError(t, err)
	t.Cleanup(func() { server.Shutdown(); server.WaitForShutdown() })
	var cli struct {
		Serve struct{ ServeSettings } `cmd:""`
	}
	_, err = config.Parse(&cli, "tandem", "", []string{"serve", "--data", t.TempDir(), "--nats", server.ClientURL()})
	require.NoError(t, err)
	settings := cli.Serve.ServeSettings
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, free.Close())
	settings.SchoolsAddr = free.Addr().String()

	authority := tlsfilestest.NewAuthority(t, time.Now())
	folder := func(of *tlsfilestest.Authority, names ...string) string {
		return of.Sign(t, tlsfilestest.Certificate{Names: names}).Folder(t)
	}
	kittest.Go(t, process(t, settings, folder(authority, "127.0.0.1"), Schools).Run)

	reaches := func(certificates string) func() bool {
		gateway := process(t, settings, certificates, Gateway)
		t.Cleanup(func() { _ = gateway.group.Abort(t.Context()) })
		return func() bool {
			for _, check := range gateway.group.Readiness().Report(t.Context()).Checks {
				if check.Name == "gateway/schools" {
					return check.Result == run.ResultOK
				}
			}
			require.Fail(t, "the gateway does not ask for schools")
			return false
		}
	}
	kittest.Eventually(t, reaches(folder(authority, "tandem-gateway")), "schools answers")
	require.False(t, reaches("")(), "without a certificate")
	require.False(t, reaches(folder(tlsfilestest.NewAuthority(t, time.Now()), "tandem-gateway"))(), "with one of somebody else")
}

func TestAFolderOfCertificatesThatCannotWorkIsRefusedAtTheStart(t *testing.T) {
	var cli struct {
		Serve struct{ ServeSettings } `cmd:""`
	}
	_, err := config.Parse(&cli, "tandem", "", []string{"serve", "--data", t.TempDir(), "--ops-addr", "127.0.0.1:0", "--tls-dir", t.TempDir()})
	require.NoError(t, err)
	_, err = New(t.Context(), cli.Serve.ServeSettings, nil, "test", Log{Logger: slog.New(slog.DiscardHandler), Level: &slog.LevelVar{}})
	require.ErrorContains(t, err, "it wants tls.crt, tls.key and ca.crt")
}
