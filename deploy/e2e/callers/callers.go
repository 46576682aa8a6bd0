// Package callers tries who is let in where calls between services are encrypted, and by which
// certificates servers prove themselves. It speaks as little of the protocols as that takes, past
// the program's own client.
package callers

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

// patience with a server that says nothing.
const patience = 10 * time.Second

// Options of Try.
type Options struct {
	Authority string // file with the certificate of who signed the server's
	Server    string // name that the server must prove
	Callers   []Caller
}

// Caller is somebody who calls.
type Caller struct {
	What             string
	TLS              bool
	Certificate, Key []byte // PEM; empty: shows none
	Welcome          bool   // should be served
}

// Try calls a gRPC server as each of the callers; the error names who was treated wrongly.
func Try(ctx context.Context, address string, o Options) error {
	authority, err := os.ReadFile(o.Authority)
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(authority) {
		return fmt.Errorf("%s holds no certificate", o.Authority)
	}
	var wrong []error
	for _, c := range o.Callers {
		var config *tls.Config
		if c.TLS {
			config = &tls.Config{MinVersion: tls.VersionTLS13, RootCAs: pool, ServerName: o.Server, NextProtos: []string{"h2"}}
		}
		if c.Certificate != nil {
			pair, err := tls.X509KeyPair(c.Certificate, c.Key)
			if err != nil {
				return err
			}
			config.Certificates = []tls.Certificate{pair}
		}
		switch err := served(ctx, address, config); {
		case c.Welcome && err != nil:
			wrong = append(wrong, fmt.Errorf("a caller %s is not served: %w", c.What, err))
		case !c.Welcome && err == nil:
			wrong = append(wrong, fmt.Errorf("a caller %s is served", c.What))
		}
	}
	return errors.Join(wrong...)
}

// hello begins HTTP/2: RFC 9113, section 3.4, and an empty frame of settings.
const hello = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + "\x00\x00\x00\x04\x00\x00\x00\x00\x00"

// settings is the type of the frame by which a server that lets a caller in begins.
const settings = 4

// served is nil if the server begins to speak HTTP/2. With TLS 1.3 a refused client learns of it
// when it reads.
func served(ctx context.Context, address string, config *tls.Config) error {
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if config != nil {
		conn = tls.Client(conn, config)
	}
	if _, err := io.WriteString(conn, hello); err != nil {
		return err
	}
	var frame [9]byte
	if _, err := io.ReadFull(conn, frame[:]); err != nil {
		return err
	}
	if frame[3] != settings {
		return fmt.Errorf("the server answers %q, which is no HTTP/2", frame)
	}
	return nil
}

// Round is the serial number in the subject of the certificate that a server shows. A NATS server
// says a line before it encrypts.
func Round(ctx context.Context, address string, nats bool) (string, error) {
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return "", err
	}
	if nats {
		if _, err := bufio.NewReaderSize(conn, 1<<16).ReadString('\n'); err != nil {
			return "", err
		}
	}
	round := ""
	client := tls.Client(conn, &tls.Config{
		MinVersion: tls.VersionTLS13, NextProtos: []string{"h2"},
		InsecureSkipVerify: true, //nolint:gosec // what it shows is all that is asked
		VerifyConnection: func(state tls.ConnectionState) error {
			round = state.PeerCertificates[0].Subject.SerialNumber
			return nil
		},
	})
	// A server that wants a certificate refuses afterwards, which is no matter here.
	_ = client.HandshakeContext(ctx)
	if round == "" {
		return "", fmt.Errorf("%s shows no certificate", address)
	}
	return round, nil
}
