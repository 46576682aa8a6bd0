// Package tlsfiles encrypts the calls between services with mutual TLS, by the
// files of a folder: tls.crt, tls.key and ca.crt, as a secret of cert-manager has
// them.
//
// Both ends use one certificate, which must be signed by the authority in ca.crt
// and name what others call this service. A server takes no client whom that
// authority did not sign, and a client no server of another name. Who calls is
// still proved with every call (package identity): TLS keeps strangers and
// listeners out, it gives nobody a right.
//
// Files that change are taken up by the next connection and without a restart,
// also when the folder is a mounted secret, which changes by a symbolic link. Files
// that are broken change nothing: what was read before stays in use, and the log
// says what is wrong, as it does before a certificate runs out, which is also a
// metric (Watch).
//
// Neighbours: package grpcserver dials with Transport, package app listens with
// Listen and runs Watch; `tandem doctor` shows the Facts.
package tlsfiles

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Names of the files.
const (
	CertificateFile = "tls.crt"
	KeyFile         = "tls.key"
	AuthorityFile   = "ca.crt"
)

const (
	// lookPause is how old what was read may be when a connection begins.
	lookPause = time.Second
	// sayBroken is the time between two lines about files that stay broken.
	sayBroken = time.Minute
)

// Options of Open. The zero value is usable.
type Options struct {
	Log *slog.Logger
	Now func() time.Time // replaces real time in tests
}

// Folder is a folder with the three files. It is safe for concurrent use.
type Folder struct {
	dir string
	log *slog.Logger
	now func() time.Time

	mu     sync.Mutex
	used   material
	looked time.Time
	told   time.Time // when the log was last told that the files are broken
	stamps stamps    // of the files that are in use; broken ones are read again with each look
}

// material is what the files hold.
type material struct {
	certificate tls.Certificate
	authority   *x509.CertPool
}

// stamps tell whether files changed: whether another file lies there, or another
// text in it.
type stamps [3]os.FileInfo

// Open reads the folder, and says what is wrong with it in words that help.
func Open(dir string, o Options) (*Folder, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	f := &Folder{dir: dir, log: o.Log, now: o.Now}
	var err error
	if f.stamps, err = f.stat(); err != nil {
		return nil, err
	}
	if f.used, err = f.read(); err != nil {
		return nil, err
	}
	f.looked = f.now()
	return f, nil
}

// current returns what is to be used, after a look at the files.
func (f *Folder) current() material {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	if age := now.Sub(f.looked); age >= 0 && age < lookPause {
		return f.used
	}
	f.looked = now
	f.look()
	return f.used
}

// look reads the files again when they changed. The caller holds mu.
func (f *Folder) look() {
	found, err := f.stat()
	if err == nil && found.same(f.stamps) {
		return
	}
	var fresh material
	if err == nil {
		fresh, err = f.read()
	}
	if err != nil {
		if now := f.now(); now.Sub(f.told) >= sayBroken {
			f.told = now
			f.log.Error("the TLS files cannot be used; those read before stay in use", "error", err)
		}
		return
	}
	f.told = time.Time{}
	f.used, f.stamps = fresh, found
	f.log.Info("the TLS files have changed and are in use", "serial", fresh.leaf().SerialNumber.Text(16), "not_after", fresh.leaf().NotAfter)
}

func (f *Folder) path(name string) string { return filepath.Join(f.dir, name) }

func (f *Folder) stat() (found stamps, err error) {
	for i, name := range []string{CertificateFile, KeyFile, AuthorityFile} {
		if found[i], err = os.Stat(f.path(name)); err != nil {
			return found, fmt.Errorf("--tls-dir: %w; it wants %s, %s and %s", err, CertificateFile, KeyFile, AuthorityFile)
		}
	}
	if mode := found[1].Mode().Perm(); mode&0o007 != 0 {
		return found, fmt.Errorf("--tls-dir: %s is open to everybody (mode %o): set it to 600, or 440 for a mounted secret", f.path(KeyFile), mode)
	}
	return found, nil
}

func (s stamps) same(other stamps) bool {
	for i := range s {
		if !os.SameFile(s[i], other[i]) || s[i].Size() != other[i].Size() || !s[i].ModTime().Equal(other[i].ModTime()) {
			return false
		}
	}
	return true
}

// read reads the three files and proves that they belong together. A certificate
// that has run out is taken: the log says so, and the other end refuses it.
func (f *Folder) read() (material, error) {
	pair, err := tls.LoadX509KeyPair(f.path(CertificateFile), f.path(KeyFile))
	if err != nil {
		return material{}, fmt.Errorf("--tls-dir: %s and %s: %w; want a certificate and its private key, both PEM", f.path(CertificateFile), KeyFile, err)
	}
	text, err := os.ReadFile(f.path(AuthorityFile))
	if err != nil {
		return material{}, fmt.Errorf("--tls-dir: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return material{}, fmt.Errorf("--tls-dir: %s holds no PEM certificate of an authority", f.path(AuthorityFile))
	}
	m := material{certificate: pair, authority: pool}
	if err := m.fits(f.now()); err != nil {
		return material{}, fmt.Errorf("--tls-dir: %s: %w", f.path(CertificateFile), err)
	}
	return m, nil
}

func (m material) leaf() *x509.Certificate { return m.certificate.Leaf }

// fits proves that others who trust the same authority will take the certificate
// from a server and from a client, at a time at which it is good itself.
func (m material) fits(now time.Time) error {
	switch leaf := m.leaf(); {
	case now.After(leaf.NotAfter):
		now = leaf.NotAfter
	case now.Before(leaf.NotBefore):
		now = leaf.NotBefore
	}
	between := x509.NewCertPool()
	for _, der := range m.certificate.Certificate[1:] {
		if cert, err := x509.ParseCertificate(der); err == nil {
			between.AddCert(cert)
		}
	}
	for usage, name := range map[x509.ExtKeyUsage]string{
		x509.ExtKeyUsageServerAuth: "server auth", x509.ExtKeyUsageClientAuth: "client auth",
	} {
		_, err := m.leaf().Verify(x509.VerifyOptions{
			Roots: m.authority, Intermediates: between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{usage},
		})
		var invalid x509.CertificateInvalidError
		switch {
		case errors.As(err, &invalid) && invalid.Reason == x509.IncompatibleUsage:
			return fmt.Errorf("the certificate may not be used for %q: ask for both server auth and client auth", name)
		case err != nil:
			return fmt.Errorf("%w: it must be signed by the authority in %s", err, AuthorityFile)
		}
	}
	if len(m.leaf().DNSNames)+len(m.leaf().IPAddresses) == 0 {
		return errors.New("the certificate names no host: it needs the names by which others call this service, such as tandem-schools")
	}
	return nil
}
