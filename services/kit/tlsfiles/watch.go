package tlsfiles

import (
	"context"
	"crypto/x509"
	"time"

	"github.com/tandem-badges/tandem/services/kit/measure"
)

const (
	watchPause = time.Minute
	// soonShare is the share of its life that a certificate has left when the log
	// begins to warn: an issuer that works has replaced it by then (cert-manager does
	// at a third).
	soonShare = 5
	// sayAgain is the time between two warnings.
	sayAgain = time.Hour
)

// Facts are what an operator should know of a certificate.
type Facts struct {
	Names               []string // hosts for which it is good
	NotBefore, NotAfter time.Time
	Issuer              string
}

// Left is how long it is still good.
func (f Facts) Left(now time.Time) time.Duration { return f.NotAfter.Sub(now) }

// Soon tells whether it should have been replaced by now.
func (f Facts) Soon(now time.Time) bool {
	return f.Left(now) < f.NotAfter.Sub(f.NotBefore)/soonShare
}

// Facts returns what is to be known of the certificate in use.
func (f *Folder) Facts() Facts { return factsOf(f.current().leaf()) }

// Serves proves that others may call this end by the name of that host.
func (f *Folder) Serves(host string) error { return f.current().leaf().VerifyHostname(host) }

func factsOf(leaf *x509.Certificate) Facts {
	facts := Facts{Names: leaf.DNSNames, NotBefore: leaf.NotBefore, NotAfter: leaf.NotAfter, Issuer: leaf.Issuer.String()}
	for _, ip := range leaf.IPAddresses {
		facts.Names = append(facts.Names, ip.String())
	}
	return facts
}

// ends is told for as long as the folder is watched.
func ends() measure.Reading {
	return measure.Reading{
		Name: "tandem.tls.certificate.not.after", Description: "When the certificate in use between services ends, in seconds since 1970.", Unit: "s",
	}
}

// Watch is a task: it takes up changed files also while nobody connects, tells
// metrics when the certificate in use ends, and warns before that, when it has
// ended, and while it is not yet good.
func (f *Folder) Watch(ctx context.Context) error {
	stop := measure.Read([]measure.Reading{ends()}, func(_ context.Context, tell measure.Tell) {
		tell(ends(), float64(f.Facts().NotAfter.Unix()))
	})
	defer stop()
	ticker := time.NewTicker(watchPause)
	defer ticker.Stop()
	var told time.Time
	for {
		if now := f.now(); now.Sub(told) >= sayAgain && f.warn(ctx, now) {
			told = now
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// warn tells the log what is wrong with the certificate, and whether anything is.
func (f *Folder) warn(ctx context.Context, now time.Time) bool {
	facts := f.Facts()
	switch {
	case now.After(facts.NotAfter):
		f.log.ErrorContext(ctx, "the TLS certificate has expired: other services refuse it; replace the files in --tls-dir", "not_after", facts.NotAfter)
	case now.Before(facts.NotBefore):
		f.log.ErrorContext(ctx, "the TLS certificate is not good yet: is the clock of this machine right?", "not_before", facts.NotBefore)
	case facts.Soon(now):
		f.log.WarnContext(ctx, "the TLS certificate runs out soon and was not replaced", "not_after", facts.NotAfter)
	default:
		return false
	}
	return true
}
