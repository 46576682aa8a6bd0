package work

import (
	"errors"

	"github.com/tandem-badges/tandem/services/kit/measure"

	"github.com/tandem-badges/tandem/services/assessments/internal/mail"
)

// What came of a mail, as metrics call it.
const (
	mailSent        = "sent"
	mailPutOff      = "put_off"
	mailRefused     = "refused"
	mailUnclear     = "unclear"
	mailUnavailable = "unavailable"
)

func newMailResults() *measure.Counter {
	return measure.NewCounter("tandem.mails", "Mails of surveys, by what came of them.",
		"result", []string{mailSent, mailPutOff, mailRefused, mailUnclear, mailUnavailable})
}

func mailResult(err error) string {
	switch {
	case err == nil:
		return mailSent
	case errors.Is(err, mail.ErrPutOff):
		return mailPutOff
	case errors.Is(err, mail.ErrRefused):
		return mailRefused
	case errors.Is(err, mail.ErrUnclear):
		return mailUnclear
	default:
		return mailUnavailable
	}
}
