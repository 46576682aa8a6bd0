package suite

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/deploy/e2e/callers"
)

// serveTLS runs a server of the authority and returns its address.
func serveTLS(t *testing.T, a *authority, wants tls.ClientAuthType) string {
	t.Helper()
	its, err := a.sign("first", "tandem-schools")
	require.NoError(t, err)
	pair, err := tls.X509KeyPair(its.cert, its.key)
	require.NoError(t, err)
	members := x509.NewCertPool()
	members.AddCert(a.cert)
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.EnableHTTP2 = true
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{pair}, ClientCAs: members, ClientAuth: wants}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

func TestAServerThatServesStrangersIsFound(t *testing.T) {
	a, err := newAuthority(filepath.Join(t.TempDir(), "ca.crt"))
	require.NoError(t, err)
	who, err := a.callers("tandem-schools")
	require.NoError(t, err)
	require.NoError(t, callers.Try(t.Context(), serveTLS(t, a, tls.RequireAndVerifyClientCert), who))

	lax := serveTLS(t, a, tls.RequireAnyClientCert)
	require.EqualError(t, callers.Try(t.Context(), lax, who), "a caller with another authority's certificate is served")
	open := serveTLS(t, a, tls.NoClientCert)
	require.ErrorContains(t, callers.Try(t.Context(), open, who), "a caller without a certificate is served")

	plain := httptest.NewUnstartedServer(http.NotFoundHandler())
	plain.Config.Protocols = new(http.Protocols)
	plain.Config.Protocols.SetUnencryptedHTTP2(true)
	plain.Start()
	t.Cleanup(plain.Close)
	err = callers.Try(t.Context(), plain.Listener.Addr().String(), who)
	require.ErrorContains(t, err, "a caller without encryption is served")
	require.ErrorContains(t, err, "a caller with a certificate is not served")

	other, err := newAuthority(filepath.Join(t.TempDir(), "ca.crt"))
	require.NoError(t, err)
	require.ErrorContains(t, callers.Try(t.Context(), serveTLS(t, other, tls.NoClientCert), who), "with a certificate is not served")
}

func TestTheRoundOfACertificateIsRead(t *testing.T) {
	a, err := newAuthority(filepath.Join(t.TempDir(), "ca.crt"))
	require.NoError(t, err)
	address := serveTLS(t, a, tls.RequireAndVerifyClientCert)
	round, err := callers.Round(t.Context(), address, false)
	require.NoError(t, err)
	require.Equal(t, "first", round)

	// NATS says a line first.
	talker, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = talker.Close() })
	its, err := a.sign("second", "tandem-nats")
	require.NoError(t, err)
	pair, err := tls.X509KeyPair(its.cert, its.key)
	require.NoError(t, err)
	go func() {
		conn, err := talker.Accept()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		_, _ = conn.Write([]byte("INFO {}\r\n"))
		_ = tls.Server(conn, &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{pair}}).Handshake()
	}()
	round, err = callers.Round(t.Context(), talker.Addr().String(), true)
	require.NoError(t, err)
	require.Equal(t, "second", round)
	_ = talker.Close()
	_, err = callers.Round(t.Context(), talker.Addr().String(), true)
	require.Error(t, err)
}
