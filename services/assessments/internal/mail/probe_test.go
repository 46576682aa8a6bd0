package mail_test

import (
	"crypto/tls"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/assessments/internal/mail"
	"github.com/tandem-badges/tandem/services/assessments/internal/mail/mailtest"
)

func TestAProbeSignsInAndSendsNothing(t *testing.T) {
	s := mailtest.Start(t, mailtest.Options{TLS: true, Auth: true})
	probe := func(user string) error {
		server, err := mail.Open(mail.Settings{
			URL: "smtp://" + user + s.Addr, From: "surveys@example.org", TLS: &tls.Config{RootCAs: s.Roots, MinVersion: tls.VersionTLS12},
		})
		require.NoError(t, err)
		return server.Probe(t.Context())
	}
	require.NoError(t, probe(account()))
	require.Empty(t, s.Mails())
	err := probe("tandem:not-this-one@")
	require.ErrorContains(t, err, "wrong password", "the server's own words")
	require.NotContains(t, err.Error(), "not-this-one")

	plain := mailtest.Start(t, mailtest.Options{})
	server, err := mail.Open(mail.Settings{URL: "smtp://" + plain.Addr, From: "surveys@example.org"})
	require.NoError(t, err)
	require.ErrorContains(t, server.Probe(t.Context()), "STARTTLS")
}
