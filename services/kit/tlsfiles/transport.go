package tlsfiles

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"

	"google.golang.org/grpc/credentials"
)

// protocol is what gRPC speaks; its client insists on it.
const protocol = "h2"

// config is what both ends agree on. Connections are never resumed: each proves
// anew that its certificate is good today.
func config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS13, NextProtos: []string{protocol}, SessionTicketsDisabled: true}
}

func (f *Folder) serverConfig() *tls.Config {
	now, c := f.current(), config()
	c.Certificates, c.ClientCAs, c.ClientAuth, c.Time = []tls.Certificate{now.certificate}, now.authority, tls.RequireAndVerifyClientCert, f.now
	return c
}

func (f *Folder) clientConfig() *tls.Config {
	now, c := f.current(), config()
	c.Certificates, c.RootCAs, c.Time = []tls.Certificate{now.certificate}, now.authority, f.now
	return c
}

// Transport returns credentials for connections to other services. The name that
// the server must prove is the host of the target that was dialled.
func (f *Folder) Transport() credentials.TransportCredentials {
	return &transport{TransportCredentials: credentials.NewTLS(config()), folder: f}
}

// transport makes each handshake with what the files hold by then.
type transport struct {
	credentials.TransportCredentials // tells what kind of credentials these are
	folder                           *Folder
}

// ClientHandshake implements credentials.TransportCredentials.
func (t *transport) ClientHandshake(ctx context.Context, authority string, raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	conn, info, err := credentials.NewTLS(t.folder.clientConfig()).ClientHandshake(ctx, authority, raw)
	if err != nil && ctx.Err() == nil {
		t.folder.log.WarnContext(ctx, "TLS to a service failed", "service", authority, "error", err)
	}
	return conn, info, err
}

// Clone implements credentials.TransportCredentials.
func (t *transport) Clone() credentials.TransportCredentials {
	return &transport{TransportCredentials: t.TransportCredentials.Clone(), folder: t.folder}
}

// Listen returns a listener whose connections are encrypted and come from holders
// of a certificate of the authority.
func (f *Folder) Listen(plain net.Listener) net.Listener {
	return &listener{Listener: plain, folder: f}
}

type listener struct {
	net.Listener
	folder *Folder
}

// Accept returns at once; the handshake is made when the connection is first used,
// so that a slow client keeps nobody waiting.
func (l *listener) Accept() (net.Conn, error) {
	plain, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &secured{Conn: tls.Server(plain, l.folder.serverConfig()), folder: l.folder}, nil
}

// secured is a connection that tells the log when its client was refused, which
// nobody else would.
type secured struct {
	*tls.Conn
	folder *Folder
	once   sync.Once
}

// Read implements net.Conn.
func (s *secured) Read(b []byte) (int, error) {
	s.once.Do(s.handshake)
	return s.Conn.Read(b)
}

// Write implements net.Conn. A server speaks first.
func (s *secured) Write(b []byte) (int, error) {
	s.once.Do(s.handshake)
	return s.Conn.Write(b)
}

// handshake fails for good: what is read or written after it fails by itself.
func (s *secured) handshake() {
	err := s.Handshake()
	if err != nil && !errors.Is(err, io.EOF) { // a probe that only opens the port says nothing
		s.folder.log.Warn("TLS client refused", "from", s.RemoteAddr().String(), "error", err)
	}
}
