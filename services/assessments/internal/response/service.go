package response

import (
	"context"
	"sync"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/measure"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/tenant"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/check"
	"github.com/tandem-badges/tandem/services/assessments/internal/code"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
)

// Runs at the same time. More than one makes smaller batches, and more of them, out
// of the same answers: it was measured, and slower.
const (
	lookRuns = 1
	takeRuns = 1
)

// Service takes answers.
type Service struct {
	store       Store
	instruments instrument.Source
	clock       clock.Clock
	look        *gather[string, lead]
	take        *gather[Record, bool]
	floods      *floods
	results     *measure.Counter

	// published instrument versions by name: they never change.
	published sync.Map
}

// lead is where a code leads, if anywhere.
type lead struct {
	door  Door
	found bool
}

// NewService returns the service that takes answers.
func NewService(store Store, instruments instrument.Source, c clock.Clock) *Service {
	s := &Service{store: store, instruments: instruments, clock: c, floods: newFloods(), results: newResults()}
	s.look = newGather("looks at codes", lookRuns, s.leads)
	s.take = newGather("answers that wait to be stored", takeRuns, store.Take)
	return s
}

// Submission is what a respondent sends.
type Submission struct {
	Code       string
	ResponseID string // chosen by the client
	Language   string
	Answers    []Answer
	ResumeKey  string // of unfinished answers that end with it
	Client     string // stands for the address it came from; empty where nobody knows
}

// Form reads the questionnaire behind a code in the language asked for, or the
// nearest there is.
func (s *Service) Form(ctx context.Context, codeGiven, language, client string) (Form, error) {
	ctx, d, err := s.enter(ctx, codeGiven, client)
	if err != nil {
		return Form{}, err
	}
	body, err := s.instrument(ctx, d.InstrumentVersion)
	if err != nil {
		return Form{}, err
	}
	return Form{Door: d, Language: body.Language(language), Body: body}, nil
}

// Submit stores an answer. The same response id with the same code gets the same
// receipt, whenever it comes again.
func (s *Service) Submit(ctx context.Context, a Submission) (r Receipt, err error) {
	defer func() { s.refused(ctx, err, 1) }()
	ctx, d, err := s.enter(ctx, a.Code, a.Client)
	if err != nil {
		return Receipt{}, err
	}
	body, err := s.instrument(ctx, d.InstrumentVersion)
	if err != nil {
		return Receipt{}, err
	}
	return s.submit(ctx, d, body, a)
}

// submit stores the answer of somebody who is in.
func (s *Service) submit(ctx context.Context, d Door, body instrument.Body, a Submission) (Receipt, error) {
	r := s.record(d, code.Digest(a.ResponseID, a.Code), body, a.Language, a.Answers)
	r.Mode = d.mode()
	if d.Invitation {
		r.Invitation = code.Digest(a.Code)
	}
	if a.ResumeKey != "" {
		r.Draft = draftKey(a.ResumeKey, a.Code)
	}
	return s.settle(ctx, r, s.refusal(d, body, a), func(ctx context.Context) (Door, error) {
		l, err := s.look.do(ctx, a.Code)
		return l.door, err
	})
}

// refusal says why an answer is not taken, if anything is known against it.
func (s *Service) refusal(d Door, body instrument.Body, a Submission) error {
	if err := mayAnswer(d); err != nil {
		return err
	}
	var bad check.List
	body.Validate(&bad, "", a.Answers)
	if err := bad.Err(); err != nil {
		return err
	}
	if d.Single() {
		return nil
	}
	return s.floods.admit(a.Code, a.Client)
}

// settle stores the answer unless it is refused. An answer that was stored before
// has its receipt, whatever is against it now. Where the store does not take what
// nothing was known against, its token was used or its campaign closed meanwhile:
// again looks why.
func (s *Service) settle(ctx context.Context, r Record, refused error, again func(context.Context) (Door, error)) (Receipt, error) {
	if refused == nil {
		taken, err := s.take.do(ctx, r)
		if err != nil {
			return Receipt{}, err
		}
		if taken {
			s.results.Add(ctx, accepted, 1)
			return Receipt{Code: r.Receipt, Day: r.Day}, nil
		}
	}
	found, err := s.store.Receipts(ctx, r.District, r.Campaign, []string{r.ReceiptKey})
	if err != nil {
		return Receipt{}, err
	}
	if before, ok := found[r.ReceiptKey]; ok {
		return before, nil
	}
	if refused != nil {
		return Receipt{}, refused
	}
	d, err := again(ctx)
	if err == nil {
		err = mayAnswer(d)
	}
	if err == nil { // the other one that used the token was undone in the end
		err = problem.Conflict(campaign.Name(r.District, r.Campaign))
	}
	return Receipt{}, err
}

// enter finds the way in. From there on the work is its district's, whoever calls.
func (s *Service) enter(ctx context.Context, codeGiven, client string) (context.Context, Door, error) {
	if err := s.floods.maySearch(client); err != nil {
		return ctx, Door{}, err
	}
	l, err := s.look.do(ctx, codeGiven)
	if err != nil {
		return ctx, Door{}, err
	}
	if !l.found {
		s.floods.missed(client)
		return ctx, Door{}, problem.NotFound("forms/" + codeGiven)
	}
	return tenant.With(ctx, l.door.District), l.door, nil
}

// leads looks at many codes at once.
func (s *Service) leads(ctx context.Context, codes []string) ([]lead, error) {
	doors, err := s.store.Doors(ctx, codes)
	if err != nil {
		return nil, err
	}
	out := make([]lead, len(codes))
	for i, c := range codes {
		out[i].door, out[i].found = doors[c]
	}
	return out, nil
}

// record is an answer ready to be stored. What the skip logic does not ask is left
// out of it.
func (s *Service) record(d Door, key string, body instrument.Body, language string, answers []Answer) Record {
	answers = body.Relevant(answers)
	return Record{
		ID: code.New(), District: d.District, Campaign: d.Campaign, School: d.School, Language: body.Language(language),
		Day: day(s.clock.Now()), Groups: d.Groups, Answers: answers, ReceiptKey: key, Receipt: code.New(),
		Recipient: d.unit, Partial: d.Recipient && partial(body, answers),
	}
}

// instrument reads the questionnaire of a campaign, once per process.
func (s *Service) instrument(ctx context.Context, name string) (instrument.Body, error) {
	if known, ok := s.published.Load(name); ok {
		return known.(instrument.Body), nil //nolint:forcetypeassert // stored below, nowhere else
	}
	v, err := instrument.Published(ctx, s.instruments, name)
	if err != nil {
		return instrument.Body{}, err
	}
	body := v.Body.Prepared()
	s.published.Store(name, body)
	return body, nil
}

// mayAnswer refuses a used token and a campaign that is not open.
func mayAnswer(d Door) error {
	if d.Burned {
		return usedUp()
	}
	if d.State == campaign.Open {
		return nil
	}
	return notOpen(d.District, d.Campaign)
}

func notOpen(district, id string) error {
	return problem.Precondition(problem.ReasonWindowClosed, problem.Violation{
		Field: campaign.Name(district, id), Rule: "campaign_open", Fix: "Answers are taken only while the survey is open. Ask the school when it is.",
	})
}

func usedUp() error {
	return problem.Precondition(problem.ReasonStateWrong, problem.Violation{
		Field: "code", Rule: "token_unused", Fix: "This code has been used for an answer. Ask the school for a new one if it was not yours.",
	})
}
