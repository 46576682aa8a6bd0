package tlsfiles_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/tlsfiles"
	"github.com/tandem-badges/tandem/services/kit/tlsfiles/tlsfilestest"
)

func TestMetricsTellWhenTheCertificateInUseEnds(t *testing.T) {
	const name, day = "tandem_tls_certificate_not_after_seconds", 24 * time.Hour
	metrics, now := kittest.Metrics(t), realClock()
	authority, begin := tlsfilestest.NewAuthority(t, now.Now()), now.Now()
	sign := func(left time.Duration) tlsfilestest.Files {
		return authority.Sign(t, tlsfilestest.Certificate{Names: []string{"tandem-schools"}, From: begin, To: begin.Add(left)})
	}
	ends := func(left time.Duration) float64 { return float64(begin.Add(left).Unix()) }
	dir := sign(3 * day).Folder(t)
	folder := open(t, dir, tlsfiles.Options{Now: now.Now})
	require.NotContains(t, metrics(), name, "nobody watches")

	stop := kittest.Go(t, folder.Watch)
	kittest.Eventually(t, func() bool { return metrics()[name] == ends(3*day) }, "it ends in three days")
	sign(90*day).Write(t, dir)
	now.Advance(time.Minute)
	require.InDelta(t, ends(90*day), metrics()[name], 0, "the new one is in use")
	stop()
	require.NotContains(t, metrics(), name)
}
