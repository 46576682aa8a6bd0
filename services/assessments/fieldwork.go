package assessments

import (
	"context"

	"github.com/tandem-badges/tandem/services/kit/run"

	"github.com/tandem-badges/tandem/services/assessments/internal/api"
	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
	"github.com/tandem-badges/tandem/services/assessments/internal/mail"
	"github.com/tandem-badges/tandem/services/assessments/internal/peers"
	"github.com/tandem-badges/tandem/services/assessments/internal/policy"
	"github.com/tandem-badges/tandem/services/assessments/internal/recipient"
	"github.com/tandem-badges/tandem/services/assessments/internal/store"
	"github.com/tandem-badges/tandem/services/assessments/internal/work"
)

// fieldWork adds to the domain who is asked by name, and returns what runs beside
// the calls: mailings, and the windows of campaigns.
func fieldWork(d run.Deps, domain *api.Domain, campaigns *store.Campaigns, instruments instrument.Source, schools *peers.Schools, rules *policy.Service) ([]run.Task, error) {
	server, err := mail.Open(mail.Settings{URL: d.MailURL, From: d.MailFrom, Dev: d.Dev})
	if err != nil {
		return nil, err
	}
	minutes := func(ctx context.Context, version, language string) (int, error) {
		v, err := instrument.Published(ctx, instruments, version)
		if err != nil {
			return 0, err
		}
		return v.Body.Minutes(language), nil
	}
	domain.Policy = rules
	domain.Recipients = recipient.NewService(store.NewRecipients(d.DB, d.Clock), rules, schools, d.Clock)
	postman := recipient.NewPostman(domain.Recipients, minutes, d.PublicURL)
	mailings := work.NewMailings(d.DB, campaigns, postman, server, d.Clock)
	domain.Mailer, domain.Printer = mailings, recipient.NewPrinter(postman, domain.Campaigns)
	schedule := campaign.NewSchedule(domain.Campaigns, campaigns, d.Log)
	return []run.Task{
		{Name: "mail", Run: func(ctx context.Context) error { return mailings.Run(ctx, d.Log) }},
		{Name: "windows", Run: func(ctx context.Context) error { return work.RunSchedule(ctx, d.DB, schedule, d.Log) }},
	}, nil
}
