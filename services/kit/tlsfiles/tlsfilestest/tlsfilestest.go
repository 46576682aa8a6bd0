// Package tlsfilestest makes folders of certificates for tests: of an authority
// that lives as long as the test.
package tlsfilestest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/tlsfiles"
)

const day = 24 * time.Hour

// Authority signs certificates.
type Authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// NewAuthority makes an authority whose certificate is good for years around now.
func NewAuthority(t testing.TB, now time.Time) *Authority {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{
		SerialNumber: serial(t), Subject: pkix.Name{CommonName: "Authority of a test"},
		NotBefore: now.Add(-365 * day), NotAfter: now.Add(3650 * day),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return &Authority{cert: cert, key: key}
}

// Certificate says what is to be signed. Without a time it is good for ninety
// days from yesterday, without usages for server and client.
type Certificate struct {
	Names    []string
	From, To time.Time
	Usages   []x509.ExtKeyUsage
}

// Files are the texts of the three files.
type Files struct{ Certificate, Key, Authority []byte }

// Sign makes a key and a certificate for it.
func (a *Authority) Sign(t testing.TB, c Certificate) Files {
	t.Helper()
	if c.From.IsZero() {
		c.From = time.Now().Add(-day)
		c.To = c.From.Add(90 * day)
	}
	if c.Usages == nil {
		c.Usages = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	}
	template := &x509.Certificate{
		SerialNumber: serial(t), NotBefore: c.From, NotAfter: c.To,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: c.Usages,
	}
	for _, name := range c.Names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	key := newKey(t)
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	require.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	return Files{
		Certificate: block("CERTIFICATE", der), Key: block("PRIVATE KEY", private), Authority: block("CERTIFICATE", a.cert.Raw),
	}
}

// Folder writes files into a folder of the test's own and returns it.
func (f Files) Folder(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	f.Write(t, dir)
	return dir
}

// Write puts the files into a folder as Kubernetes does: into a new one, to which a
// link then points.
func (f Files) Write(t testing.TB, dir string) {
	t.Helper()
	fresh, err := os.MkdirTemp(dir, "..data-")
	require.NoError(t, err)
	for name, text := range map[string][]byte{
		tlsfiles.CertificateFile: f.Certificate, tlsfiles.KeyFile: f.Key, tlsfiles.AuthorityFile: f.Authority,
	} {
		require.NoError(t, os.WriteFile(filepath.Join(fresh, name), text, 0o600))
		if err := os.Symlink(filepath.Join("..data", name), filepath.Join(dir, name)); !os.IsExist(err) {
			require.NoError(t, err)
		}
	}
	require.NoError(t, os.Symlink(filepath.Base(fresh), filepath.Join(dir, "..new")))
	require.NoError(t, os.Rename(filepath.Join(dir, "..new"), filepath.Join(dir, "..data")))
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return key
}

func serial(t testing.TB) *big.Int {
	t.Helper()
	n, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	require.NoError(t, err)
	return n
}

func block(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
