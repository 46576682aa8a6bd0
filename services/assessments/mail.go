package assessments

import (
	"context"

	"github.com/tandem-badges/tandem/services/assessments/internal/mail"
)

// CheckMail proves that the mail server of the settings takes mails from this
// program, without sending one.
func CheckMail(ctx context.Context, url, from string, dev bool) error {
	server, err := mail.Open(mail.Settings{URL: url, From: from, Dev: dev})
	if err != nil || server == nil {
		return err
	}
	return server.Probe(ctx)
}
