package suite

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/deploy/e2e/callers"
)

const (
	authorityLife   = 24 * time.Hour
	certificateLife = 12 * time.Hour
)

// authority signs certificates as an administrator's would who has no cert-manager.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string // its certificate, PEM
}

// signed is a certificate and its key, PEM.
type signed struct{ cert, key []byte }

func newAuthority(file string) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Authority of a test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(authorityLife),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &authority{cert, key, file}, os.WriteFile(file, block("CERTIFICATE", der), 0o600)
}

func block(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// sign makes a certificate for servers and clients. The round, in its subject, tells it from those before.
func (a *authority) sign(round string, names ...string) (signed, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return signed{}, err
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		return signed{}, err
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: names[0], SerialNumber: round}, DNSNames: names,
		NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(certificateLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, a.cert, key.Public(), a.key)
	if err != nil {
		return signed{}, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	return signed{block("CERTIFICATE", der), block("PRIVATE KEY", private)}, err
}

// callers are three strangers to a server of the authority, and a member.
func (a *authority) callers(server string) (callers.Options, error) {
	other, err := newAuthority(a.file + ".other")
	if err != nil {
		return callers.Options{}, err
	}
	member, err := a.sign("member", "member")
	if err != nil {
		return callers.Options{}, err
	}
	stranger, err := other.sign("stranger", "member")
	return callers.Options{Authority: a.file, Server: server, Callers: []callers.Caller{
		{What: "without encryption"},
		{What: "without a certificate", TLS: true},
		{What: "with another authority's certificate", TLS: true, Certificate: stranger.cert, Key: stranger.key},
		{What: "with a certificate", TLS: true, Certificate: member.cert, Key: member.key, Welcome: true},
	}}, err
}

// certificates writes a secret for each component, with the names that the chart's README asks for.
func (r *Suite) certificates(ctx context.Context, round string) error {
	authority, err := os.ReadFile(r.authority.file)
	if err != nil {
		return err
	}
	var secrets strings.Builder
	for _, component := range append([]string{"nats"}, components...) {
		host := "tandem-" + component
		names := []string{host, host + "." + r.at, host + "." + r.at + ".svc", host + "." + r.at + ".svc.cluster.local"}
		if component == "nats" {
			names = append(names, "*."+host+"-headless")
		}
		s, err := r.authority.sign(round, names...)
		if err != nil {
			return err
		}
		in := base64.StdEncoding.EncodeToString
		_, _ = fmt.Fprintf(&secrets, `---
apiVersion: v1
kind: Secret
metadata: {name: tandem-tls-%s}
type: kubernetes.io/tls
data: {tls.crt: %s, tls.key: %s, ca.crt: %s}
`, component, in(s.cert), in(s.key), in(authority))
	}
	return r.apply(ctx, r.at, secrets.String())
}

// encrypted has the installation use certificates of an authority of its own while something is done.
func (r *Suite) encrypted(do func() error) error {
	var err error
	if r.authority, err = newAuthority(filepath.Join(r.Work, "authority.crt")); err != nil {
		return err
	}
	defer func() { r.authority = nil }()
	return do()
}
