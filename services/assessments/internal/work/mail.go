package work

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	"go.einride.tech/aip/resourcename"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	"github.com/tandem-badges/tandem/services/kit/audit"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/measure"
	"github.com/tandem-badges/tandem/services/kit/operations"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/mail"
	"github.com/tandem-badges/tandem/services/assessments/internal/recipient"
)

// firstPause and longestPause are between tries to reach a mail server that is away.
const (
	firstPause   = 2 * time.Second
	longestPause = 2 * time.Minute
)

// MailMemory remembers which operation mails for a campaign.
type MailMemory interface {
	MailOperation(ctx context.Context, district, campaign string) (string, error)
	SetMailOperation(ctx context.Context, district, campaign, operation string) error
}

// Mailings mails as operations, beside the worker that publishes.
type Mailings struct {
	db      *sqldb.DB
	memory  MailMemory
	postman *recipient.Postman
	server  *mail.Server // nil: there is none
	clock   clock.Clock
	results *measure.Counter

	pause time.Duration // of a server that is away; only the worker touches it
	until time.Time
}

// NewMailings returns who mails; server may be nil.
func NewMailings(db *sqldb.DB, m MailMemory, postman *recipient.Postman, server *mail.Server, c clock.Clock) *Mailings {
	return &Mailings{db: db, memory: m, postman: postman, server: server, clock: c, results: newMailResults()}
}

// Start begins to mail. While the same mailing is under way its operation is
// returned again; another one of the campaign has to wait.
func (m *Mailings) Start(ctx context.Context, what recipient.Mailing) (*longrunningpb.Operation, error) {
	name := campaign.Name(what.District, what.Campaign)
	if m.server == nil {
		return nil, problem.Precondition(problem.ReasonNotEligible, problem.Violation{
			Field: name, Rule: "mail_server", Fix: "Ask the operator to name a mail server (TANDEM_SMTP_URL, TANDEM_MAIL_FROM), or send letters.",
		})
	}
	var op *longrunningpb.Operation
	err := m.db.Tx(ctx, func(ctx context.Context) error {
		plan, err := m.postman.Plan(ctx, what)
		if err != nil {
			return err
		}
		if op, err = m.underWay(ctx, what); err != nil || op != nil {
			return err
		}
		metadata := encodeProgress(plan)
		metadata.StartTime = timestamppb.New(m.clock.Now())
		if op, err = operations.Start(ctx, m.db, name+"/operations/"+ids.New(), metadata); err != nil {
			return err
		}
		if err := m.memory.SetMailOperation(ctx, what.District, what.Campaign, op.GetName()); err != nil {
			return err
		}
		return audit.Record(ctx, m.db, audit.Change{Resource: name, After: map[string]any{
			"mailing": op.GetName(), "kind": what.Kind, "school": what.School, "recipients": plan.Total,
		}})
	})
	return op, err
}

// underWay is the operation that mails this now, or nil.
func (m *Mailings) underWay(ctx context.Context, what recipient.Mailing) (*longrunningpb.Operation, error) {
	name, err := m.memory.MailOperation(ctx, what.District, what.Campaign)
	if err != nil || name == "" {
		return nil, err
	}
	op, err := operations.Get(ctx, m.db, name)
	if err != nil || op.GetDone() {
		return nil, err
	}
	var state assessmentsv1.SendProgress
	if err := op.GetMetadata().UnmarshalTo(&state); err != nil {
		return nil, err
	}
	if campaign.MessageKind(state.GetKind()) == what.Kind && state.GetSchool() == schoolName(what) {
		return op, nil
	}
	return nil, problem.Precondition(problem.ReasonStateWrong, problem.Violation{
		Field: name, Rule: "one_mailing", Fix: "Wait until the mailing that is under way is done: another one would write to the same people at once.",
	})
}

// Run works until ctx ends.
func (m *Mailings) Run(ctx context.Context, log *slog.Logger) error {
	w := operations.NewWorker(m.db, log).Beside("mail")
	w.On(&assessmentsv1.SendProgress{}, m.mail)
	return w.Run(ctx)
}

func (m *Mailings) mail(ctx context.Context, op operations.Operation) (proto.Message, error) {
	var state assessmentsv1.SendProgress
	if err := op.Metadata(&state); err != nil {
		return nil, err
	}
	at, err := decodeProgress(&state)
	if err != nil {
		return nil, err
	}
	save := func(ctx context.Context, at recipient.Progress) error {
		now := encodeProgress(at)
		now.StartTime = state.GetStartTime()
		return operations.Progress(ctx, m.db, op.Name, now)
	}
	to := &connected{mailings: m}
	defer to.close()
	ctx = audit.Work(ctx, "recipients.mail", op.Name)
	if err := m.postman.Work(ctx, &at, to, save); err != nil {
		if errors.Is(err, recipient.ErrLater) {
			return nil, operations.ErrLater
		}
		return nil, err
	}
	return &assessmentsv1.SendOutcome{
		Sent: count(at.Sent), SkippedNoAddress: count(at.WithoutAddress), SkippedFatigue: count(at.Fatigued), SkippedOptOut: count(at.OptedOut),
		Failed: count(at.Failed), Unclear: count(at.Unclear),
	}, nil
}

// connected sends over a connection that it opens when there is a first mail.
type connected struct {
	mailings *Mailings
	open     *mail.Connection
}

// Send hands a message over. A server that cannot be reached is left alone for a
// while, longer each time.
func (c *connected) Send(ctx context.Context, msg mail.Message) error {
	m := c.mailings
	if time.Now().Before(m.until) {
		return mail.ErrUnavailable
	}
	if c.open == nil {
		open, err := m.server.Connect(ctx)
		if err != nil {
			m.rest()
			m.results.Add(ctx, mailResult(err), 1)
			return mail.ErrUnavailable
		}
		c.open = open
	}
	err := c.open.Send(ctx, msg)
	m.results.Add(ctx, mailResult(err), 1)
	if errors.Is(err, mail.ErrUnavailable) || errors.Is(err, mail.ErrUnclear) {
		c.close()
	}
	if errors.Is(err, mail.ErrUnavailable) {
		m.rest()
	} else {
		m.pause = 0
	}
	return err
}

func (c *connected) close() {
	if c.open != nil {
		c.open.Close()
		c.open = nil
	}
}

func (m *Mailings) rest() {
	m.pause = min(max(2*m.pause, firstPause), longestPause)
	m.until = time.Now().Add(m.pause)
}

func schoolName(m recipient.Mailing) string {
	if m.School == "" {
		return ""
	}
	return campaign.SchoolName(m.District, m.School)
}

func encodeProgress(at recipient.Progress) *assessmentsv1.SendProgress {
	return &assessmentsv1.SendProgress{
		Campaign: campaign.Name(at.District, at.Campaign), Kind: assessmentsv1.MessageKind(at.Kind), School: schoolName(at.Mailing), //nolint:gosec // at most 2
		Total: count(at.Total), Done: count(at.Done), Sent: count(at.Sent), Last: at.Last, SkippedFatigue: count(at.Fatigued), SkippedOptOut: count(at.OptedOut),
		Failed: count(at.Failed), SkippedNoAddress: count(at.WithoutAddress), Unclear: count(at.Unclear), Waiting: count(at.Waiting),
	}
}

func count(n int) int32 { return int32(n) } //nolint:gosec // at most some millions

func decodeProgress(m *assessmentsv1.SendProgress) (recipient.Progress, error) {
	at := recipient.Progress{
		Mailing: recipient.Mailing{Kind: campaign.MessageKind(m.GetKind()), Last: m.GetLast()},
		Total:   int(m.GetTotal()), Done: int(m.GetDone()), Sent: int(m.GetSent()), Fatigued: int(m.GetSkippedFatigue()), OptedOut: int(m.GetSkippedOptOut()),
		Failed: int(m.GetFailed()), Unclear: int(m.GetUnclear()), WithoutAddress: int(m.GetSkippedNoAddress()), Waiting: int(m.GetWaiting()),
	}
	err := resourcename.Sscan(m.GetCampaign(), "districts/{district}/campaigns/{campaign}", &at.District, &at.Campaign)
	if err == nil && m.GetSchool() != "" {
		var district string
		err = resourcename.Sscan(m.GetSchool(), "districts/{district}/schools/{school}", &district, &at.School)
	}
	return at, err
}
