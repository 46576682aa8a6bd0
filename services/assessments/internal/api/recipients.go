package api

import (
	"context"

	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	"google.golang.org/genproto/googleapis/api/httpbody"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	"github.com/tandem-badges/tandem/services/kit/etag"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/policy"
	"github.com/tandem-badges/tandem/services/assessments/internal/recipient"
	"github.com/tandem-badges/tandem/services/assessments/internal/wording"
)

const recipientPattern = campaignPattern + "/recipients/{recipient}"

// Mailer begins mailings.
type Mailer interface {
	Start(ctx context.Context, m recipient.Mailing) (*longrunningpb.Operation, error)
}

// Printer prints letters.
type Printer interface {
	Letters(ctx context.Context, order recipient.Order) ([]byte, error)
}

type recipients struct {
	assessmentsv1.UnimplementedRecipientsServiceServer
	domain  *recipient.Service
	policy  *policy.Service
	mailer  Mailer
	printer Printer
}

// BatchCreateRecipients adds recipients, all or none.
func (s *recipients) BatchCreateRecipients(ctx context.Context, req *assessmentsv1.BatchCreateRecipientsRequest) (*assessmentsv1.BatchCreateRecipientsResponse, error) {
	var district, id string
	if err := parse("parent", req.GetParent(), campaignPattern, &district, &id); err != nil {
		return nil, err
	}
	created, changed, err := s.domain.Add(ctx, district, id, encodeAll(req.GetRecipients(), func(m *assessmentsv1.Recipient) recipient.Recipient {
		r := recipient.Recipient{District: district, Campaign: id}
		decodeRecipient(m, &r)
		return r
	}))
	if err != nil {
		return nil, err
	}
	return &assessmentsv1.BatchCreateRecipientsResponse{Created: int32(created), Changed: int32(changed)}, nil //nolint:gosec // at most 1000
}

// ImportRecipients reads recipients from CSV.
func (s *recipients) ImportRecipients(ctx context.Context, req *assessmentsv1.ImportRecipientsRequest) (*assessmentsv1.ImportRecipientsResponse, error) {
	var district, id string
	if err := parse("parent", req.GetParent(), campaignPattern, &district, &id); err != nil {
		return nil, err
	}
	created, changed, err := s.domain.Import(ctx, district, id, req.GetCsv())
	if err != nil {
		return nil, err
	}
	return &assessmentsv1.ImportRecipientsResponse{Created: int32(created), Changed: int32(changed)}, nil //nolint:gosec // at most 50000
}

// GetRecipient reads one recipient.
func (s *recipients) GetRecipient(ctx context.Context, req *assessmentsv1.GetRecipientRequest) (*assessmentsv1.Recipient, error) {
	var district, campaignID, id string
	if err := parse("name", req.GetName(), recipientPattern, &district, &campaignID, &id); err != nil {
		return nil, err
	}
	r, err := s.domain.Get(ctx, district, campaignID, id)
	if err != nil {
		return nil, err
	}
	return encodeRecipient(r), nil
}

// ListRecipients lists the recipients of a campaign.
func (s *recipients) ListRecipients(ctx context.Context, req *assessmentsv1.ListRecipientsRequest) (*assessmentsv1.ListRecipientsResponse, error) {
	var district, id string
	if err := parse("parent", req.GetParent(), campaignPattern, &district, &id); err != nil {
		return nil, err
	}
	filter := recipient.Filter{School: schoolIn(district, req.GetSchool()), Disposition: recipient.Disposition(req.GetDisposition())}
	list, next, err := pageOf(req, func(after []string, limit int) ([]recipient.Recipient, error) {
		return s.domain.List(ctx, district, id, filter, first(after), limit)
	}, func(r recipient.Recipient) []string { return []string{r.ID} }, encodeRecipient)
	if err != nil {
		return nil, err
	}
	return &assessmentsv1.ListRecipientsResponse{Recipients: list, NextPageToken: next}, nil
}

// UpdateRecipient changes a recipient.
func (s *recipients) UpdateRecipient(ctx context.Context, req *assessmentsv1.UpdateRecipientRequest) (*assessmentsv1.Recipient, error) {
	var district, campaignID, id string
	patch := req.GetRecipient()
	if err := parse("recipient.name", patch.GetName(), recipientPattern, &district, &campaignID, &id); err != nil {
		return nil, err
	}
	r, err := s.domain.Update(ctx, district, campaignID, id, patch.GetEtag(), func(r *recipient.Recipient) error {
		current := encodeRecipient(*r)
		outcome := current.GetDisposition()
		if err := merge(current, patch, req.GetUpdateMask()); err != nil {
			return err
		}
		was := r.Disposition
		decodeRecipient(current, r)
		if current.GetDisposition() == outcome { // as it was read: an answer's outcome is not the staff's
			r.Disposition = was
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return encodeRecipient(r), nil
}

// InviteRecipients begins to mail invitations.
func (s *recipients) InviteRecipients(ctx context.Context, req *assessmentsv1.InviteRecipientsRequest) (*longrunningpb.Operation, error) {
	return s.send(ctx, req.GetName(), req.GetSchool(), campaign.Invitation)
}

// RemindRecipients begins to mail reminders.
func (s *recipients) RemindRecipients(ctx context.Context, req *assessmentsv1.RemindRecipientsRequest) (*longrunningpb.Operation, error) {
	return s.send(ctx, req.GetName(), req.GetSchool(), campaign.Reminder)
}

func (s *recipients) send(ctx context.Context, name, school string, kind campaign.MessageKind) (*longrunningpb.Operation, error) {
	m := recipient.Mailing{Kind: kind}
	if err := parse("name", name, campaignPattern, &m.District, &m.Campaign); err != nil {
		return nil, err
	}
	m.School = schoolIn(m.District, school)
	return s.mailer.Start(ctx, m)
}

// CreateLetters prints letters.
func (s *recipients) CreateLetters(ctx context.Context, req *assessmentsv1.CreateLettersRequest) (*httpbody.HttpBody, error) {
	order := recipient.Order{Language: req.GetLanguage(), Count: int(req.GetCount())}
	if err := parse("name", req.GetName(), campaignPattern, &order.District, &order.Campaign); err != nil {
		return nil, err
	}
	order.School = schoolIn(order.District, req.GetSchool())
	pdf, err := s.printer.Letters(ctx, order)
	if err != nil {
		return nil, err
	}
	return &httpbody.HttpBody{ContentType: "application/pdf", Data: pdf}, nil
}

// GetFieldReport tells how far the field work is.
func (s *recipients) GetFieldReport(ctx context.Context, req *assessmentsv1.GetFieldReportRequest) (*assessmentsv1.FieldReport, error) {
	var district, id string
	if err := parse("name", req.GetName(), campaignPattern, &district, &id); err != nil {
		return nil, err
	}
	r, err := s.domain.Report(ctx, district, id)
	if err != nil {
		return nil, err
	}
	return &assessmentsv1.FieldReport{
		Name: r.Campaign.Name(), Total: encodeCounts(r.Total), AsOf: stamp(r.AsOf), Method: recipient.Method,
		Schools: encodeAll(r.Schools, func(c recipient.Counts) *assessmentsv1.SchoolField {
			return &assessmentsv1.SchoolField{School: campaign.SchoolName(district, c.School.ID), Title: c.School.Title, Counts: encodeCounts(c)}
		}),
	}, nil
}

// OptOut takes whoever has the code off further mails.
func (s *recipients) OptOut(ctx context.Context, req *assessmentsv1.OptOutRequest) (*assessmentsv1.OptOutResponse, error) {
	language, err := s.domain.OptOut(ctx, req.GetCode(), req.GetAllSurveys())
	if err != nil {
		return nil, err
	}
	return &assessmentsv1.OptOutResponse{Message: recipient.OptedOutMessage(wording.Nearest(language), req.GetAllSurveys())}, nil
}

// GetSurveyPolicy reads the state's rules.
func (s *recipients) GetSurveyPolicy(ctx context.Context, _ *assessmentsv1.GetSurveyPolicyRequest) (*assessmentsv1.SurveyPolicy, error) {
	d, err := s.policy.Get(ctx)
	if err != nil {
		return nil, err
	}
	return encodePolicy(d), nil
}

// UpdateSurveyPolicy changes the state's rules.
func (s *recipients) UpdateSurveyPolicy(ctx context.Context, req *assessmentsv1.UpdateSurveyPolicyRequest) (*assessmentsv1.SurveyPolicy, error) {
	patch := req.GetSurveyPolicy()
	d, err := s.policy.Update(ctx, patch.GetEtag(), func(d *policy.Document) error {
		current := encodePolicy(*d)
		if err := merge(current, patch, req.GetUpdateMask()); err != nil {
			return err
		}
		d.Policy = decodePolicy(current)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return encodePolicy(d), nil
}

func encodeRecipient(r recipient.Recipient) *assessmentsv1.Recipient {
	return &assessmentsv1.Recipient{
		Name: r.Name(), School: campaign.SchoolName(r.District, r.School), UnitKey: r.UnitKey, Addressee: r.Addressee, Email: r.Email, Language: r.Language,
		Groups: r.Groups, Disposition: assessmentsv1.Disposition(r.Outcome()), InviteTime: stamp(r.InviteTime), RemindTime: stamp(r.RemindTime), //nolint:gosec // at most 8
		Reminders: int32(r.Reminders), MailFailed: r.MailFailed, MailUnclear: r.MailUnclear, LetterTime: stamp(r.LetterTime), //nolint:gosec // at most 10
		OptedOut: r.NoMail, OptedOutOfAll: r.OptedOutAll, CreateTime: stamp(r.CreateTime), UpdateTime: stamp(r.UpdateTime), Etag: etag.Of(r.Version),
	}
}

// decodeRecipient reads what a caller may set.
func decodeRecipient(m *assessmentsv1.Recipient, r *recipient.Recipient) {
	r.School, r.UnitKey, r.Addressee = schoolIn(r.District, m.GetSchool()), m.GetUnitKey(), m.GetAddressee()
	r.Email, r.Language, r.Groups = m.GetEmail(), m.GetLanguage(), m.GetGroups()
	r.Disposition, r.NoMail, r.OptedOutAll = recipient.Disposition(m.GetDisposition()), m.GetOptedOut(), m.GetOptedOutOfAll()
}

func encodeCounts(c recipient.Counts) *assessmentsv1.FieldCounts {
	n := func(d recipient.Disposition) int32 { return int32(c.Count[d]) } //nolint:gosec // at most some millions
	return &assessmentsv1.FieldCounts{
		Recipients: int32(c.Recipients()), Pending: n(recipient.Pending), Complete: n(recipient.Complete), Partial: n(recipient.Partial), //nolint:gosec // as above
		Refused: n(recipient.Refused), NotReached: n(recipient.NotReached), Other: n(recipient.OtherNonresponse),
		UnknownEligibility: n(recipient.UnknownEligibility), NotEligible: n(recipient.NotEligible),
		Rr1: c.Rates.RR1, Rr2: c.Rates.RR2, Rr3: c.Rates.RR3, Rr4: c.Rates.RR4, EligibleShare: c.Rates.Eligibility,
		Invited: int32(c.Invited), Tokens: int32(c.Tokens.Made), TokensUsed: int32(c.Tokens.Used), //nolint:gosec // as above
	}
}

func encodePolicy(d policy.Document) *assessmentsv1.SurveyPolicy {
	return &assessmentsv1.SurveyPolicy{
		Name: policy.Name, MinimumCell: int32(d.MinimumCell), ProtectZeros: d.ProtectZeros, RoundSize: int32(d.RoundSize), //nolint:gosec // at most 1000
		AsksPerPeriod: int32(d.AsksPerPeriod), PeriodDays: int32(d.PeriodDays), MaxReminders: int32(d.MaxReminders), //nolint:gosec // at most 400
		DaysBetweenMails: int32(d.DaysBetweenMails), EpsilonTotal: d.EpsilonTotal, TopBottomCode: d.TopBottomCode, //nolint:gosec // at most 60
		PracticalDifference: d.PracticalDifference, UpdateTime: stamp(d.UpdateTime), Etag: etag.Of(d.Version),
	}
}

func decodePolicy(m *assessmentsv1.SurveyPolicy) policy.Policy {
	return policy.Policy{
		MinimumCell: int(m.GetMinimumCell()), ProtectZeros: m.GetProtectZeros(), RoundSize: int(m.GetRoundSize()), AsksPerPeriod: int(m.GetAsksPerPeriod()),
		PeriodDays: int(m.GetPeriodDays()), MaxReminders: int(m.GetMaxReminders()), DaysBetweenMails: int(m.GetDaysBetweenMails()),
		EpsilonTotal: m.GetEpsilonTotal(), TopBottomCode: m.GetTopBottomCode(), PracticalDifference: m.GetPracticalDifference(),
	}
}
