package assessments_test

import (
	"bytes"
	"io"
	"mime/quotedprintable"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"
	"github.com/tandem-badges/tandem/services/kit/audit"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/run"

	assessments "github.com/tandem-badges/tandem/services/assessments"
	"github.com/tandem-badges/tandem/services/assessments/internal/mail/mailtest"
)

// office is the service with a mail server, and who calls it.
type office struct {
	*world
	recipients assessmentsv1.RecipientsServiceClient
	mails      *mailtest.Server
}

func newOffice(t *testing.T) *office {
	t.Helper()
	signer := kittest.Signer(t)
	deps := kittest.Deps(t, assessments.Name, assessments.Migrations)
	server := mailtest.Start(t, mailtest.Options{})
	// A server on this machine may go without encryption in development.
	deps.Dev, deps.MailURL, deps.MailFrom, deps.PublicURL = true, "smtp://"+server.Addr+"?rate=60000", "Surveys <surveys@example.org>", "https://surveys.example.org"
	deps.Peers = map[string]grpc.ClientConnInterface{"schools": kittest.Serve(t, run.Service{
		Name: "schools",
		Register: func(s grpc.ServiceRegistrar) {
			schoolsv1.RegisterOrganizationsServiceServer(s, directory{})
			schoolsv1.RegisterTeamsServiceServer(s, directory{})
			schoolsv1.RegisterCyclesServiceServer(s, directory{})
		},
	}, kittest.ServeOptions{Signer: signer})}
	svc, err := assessments.New(deps)
	require.NoError(t, err)
	conn := kittest.Serve(t, svc, kittest.ServeOptions{DB: deps.DB, Signer: signer})
	return &office{
		world: &world{
			t: t, conn: conn, deps: deps, clock: deps.Clock.(*clock.Fake), campaigns: assessmentsv1.NewCampaignsServiceClient(conn),
			responses: assessmentsv1.NewResponsesServiceClient(conn),
		},
		recipients: assessmentsv1.NewRecipientsServiceClient(conn), mails: server,
	}
}

func confidential(c *assessmentsv1.Campaign) {
	c.Mode, c.Schools = assessmentsv1.CampaignMode_CAMPAIGN_MODE_CONFIDENTIAL, []string{"districts/d1/schools/oak"}
	c.EndLocal, c.TimeZone, c.GroupVariables = "2030-10-23T21:59", "America/Denver", []string{"grade_band"}
}

func (o *office) roster(c *assessmentsv1.Campaign, rows ...string) {
	o.t.Helper()
	csv := "school,unit_key,addressee,email,language,grade_band\n" + strings.Join(rows, "\n") + "\n"
	_, err := o.recipients.ImportRecipients(o.coordinator(), &assessmentsv1.ImportRecipientsRequest{Parent: c.GetName(), Csv: []byte(csv)})
	require.NoError(o.t, err)
}

// done waits for a mailing.
func (o *office) done(op *longrunningpb.Operation, err error) *assessmentsv1.SendOutcome {
	o.t.Helper()
	require.NoError(o.t, err)
	var out assessmentsv1.SendOutcome
	kittest.Eventually(o.t, func() bool {
		op, err = o.campaigns.GetOperation(o.coordinator(), &assessmentsv1.GetOperationRequest{Name: op.GetName()})
		require.NoError(o.t, err)
		return op.GetDone()
	}, "mailing is done")
	require.NoError(o.t, op.GetResponse().UnmarshalTo(&out))
	return &out
}

// codeIn finds the code of the link in a mail.
func codeIn(t *testing.T, m mailtest.Mail) string {
	t.Helper()
	text, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(m.Data)))
	require.NoError(t, err)
	found := regexp.MustCompile(`https://surveys\.example\.org/s/([a-z2-7]{26})`).FindSubmatch(text)
	require.NotNil(t, found, string(text))
	return string(found[1])
}

func TestAConfidentialSurveyFromRosterToReport(t *testing.T) {
	o := newOffice(t)
	c := o.opened("fall", confidential)
	o.roster(c, "oak,1,Family One,one@example.org,es,K-5", "oak,2,Family Two,two@example.org,ar,6-8", "oak,3,Family Three,,,K-5")
	name := c.GetName()
	sent := o.done(o.recipients.InviteRecipients(o.coordinator(), &assessmentsv1.InviteRecipientsRequest{Name: name, RequestId: "invite-once"}))
	require.Equal(t, [2]int32{2, 1}, [2]int32{sent.GetSent(), sent.GetSkippedNoAddress()})
	o.done(o.recipients.InviteRecipients(o.coordinator(), &assessmentsv1.InviteRecipientsRequest{Name: name}))
	mails := o.mails.Mails()
	require.Len(t, mails, 2, "nobody twice")

	first := mails[0]
	if first.To != "one@example.org" {
		first = mails[1]
	}
	require.Contains(t, first.Data, "Content-Language: es")
	_, err := o.responses.SubmitResponse(t.Context(), &assessmentsv1.SubmitResponseRequest{Code: codeIn(t, first), ResponseId: "response-of-one", Language: "es", Answers: answers(1)})
	require.NoError(t, err)
	o.clock.Advance(4 * 24 * time.Hour)
	sent = o.done(o.recipients.RemindRecipients(o.coordinator(), &assessmentsv1.RemindRecipientsRequest{Name: name}))
	require.EqualValues(t, 1, sent.GetSent())
	require.Equal(t, "two@example.org", o.mails.Mails()[2].To, "who has answered is left alone")

	list, err := o.recipients.ListRecipients(o.coordinator(), &assessmentsv1.ListRecipientsRequest{Parent: name})
	require.NoError(t, err)
	outcomes := map[string]assessmentsv1.Disposition{}
	for _, r := range list.GetRecipients() {
		outcomes[r.GetUnitKey()] = r.GetDisposition()
	}
	require.Equal(t, assessmentsv1.Disposition_DISPOSITION_COMPLETE, outcomes["1"])
	require.Equal(t, assessmentsv1.Disposition_DISPOSITION_PENDING, outcomes["2"])

	report, err := o.recipients.GetFieldReport(o.coordinator(), &assessmentsv1.GetFieldReportRequest{Name: name})
	require.NoError(t, err)
	require.Equal(t, [4]int32{3, 1, 2, 2}, [4]int32{
		report.GetTotal().GetRecipients(), report.GetTotal().GetComplete(), report.GetTotal().GetPending(), report.GetTotal().GetInvited(),
	})
	require.InDelta(t, 1.0/3, report.GetTotal().GetRr1(), 1e-12)
	require.Equal(t, "Oak School", report.GetSchools()[0].GetTitle())
	got, err := o.campaigns.GetCampaign(o.coordinator(), &assessmentsv1.GetCampaignRequest{Name: name})
	require.NoError(t, err)
	require.Equal(t, [2]int32{2, 1}, [2]int32{got.GetInvitationsSent(), got.GetRemindersSent()})
}

func TestLettersInAllModes(t *testing.T) {
	o := newOffice(t)
	letters := func(c *assessmentsv1.Campaign, count int32, request string) ([]byte, error) {
		body, err := o.recipients.CreateLetters(o.coordinator(), &assessmentsv1.CreateLettersRequest{
			Name: c.GetName(), School: "districts/d1/schools/oak", Count: count, RequestId: request,
		})
		return body.GetData(), err
	}
	named := o.opened("named", confidential)
	_, err := letters(named, 0, "")
	require.Equal(t, codes.FailedPrecondition, status.Code(err), "there is nobody to write to")
	o.roster(named, "oak,1,Family One,one@example.org,es,K-5", "oak,2,Family Two,,ar,6-8")
	pdf, err := letters(named, 0, "print-1")
	require.NoError(t, err)
	require.True(t, bytes.HasPrefix(pdf, []byte("%PDF-")))
	require.Equal(t, 2, bytes.Count(pdf, []byte("/Type /Page\n")))
	_, err = letters(named, 0, "print-1")
	require.Equal(t, codes.FailedPrecondition, status.Code(err), "a file is given once")
	list, err := o.recipients.ListRecipients(o.coordinator(), &assessmentsv1.ListRecipientsRequest{Parent: named.GetName()})
	require.NoError(t, err)
	require.NotNil(t, list.GetRecipients()[0].GetLetterTime())

	tokens := o.opened("tokens", func(c *assessmentsv1.Campaign) {
		c.Mode, c.Wave = assessmentsv1.CampaignMode_CAMPAIGN_MODE_TOKEN, 2
	})
	_, err = letters(tokens, 0, "")
	require.Equal(t, codes.InvalidArgument, status.Code(err))
	pdf, err = letters(tokens, 3, "")
	require.NoError(t, err)
	require.Equal(t, 3, bytes.Count(pdf, []byte("/Type /Page\n")))
	report, err := o.recipients.GetFieldReport(o.coordinator(), &assessmentsv1.GetFieldReportRequest{Name: tokens.GetName()})
	require.NoError(t, err)
	require.EqualValues(t, 3, report.GetTotal().GetTokens())

	open := o.opened("open", func(c *assessmentsv1.Campaign) { c.Wave = 3 })
	_, err = letters(open, 0, "")
	require.Equal(t, codes.FailedPrecondition, status.Code(err), "there is no link yet")
	_, err = o.campaigns.CreateLink(o.coordinator(), &assessmentsv1.CreateLinkRequest{Parent: open.GetName(), Link: &assessmentsv1.Link{School: "districts/d1/schools/oak"}})
	require.NoError(t, err)
	pdf, err = letters(open, 0, "")
	require.NoError(t, err)
	require.Equal(t, 1, bytes.Count(pdf, []byte("/Type /Page\n")))
}

func TestOptingOutWithoutAnAccount(t *testing.T) {
	o := newOffice(t)
	c := o.opened("fall", confidential)
	o.roster(c, "oak,1,Family One,one@example.org,es,K-5")
	o.done(o.recipients.InviteRecipients(o.coordinator(), &assessmentsv1.InviteRecipientsRequest{Name: c.GetName()}))
	out, err := o.recipients.OptOut(t.Context(), &assessmentsv1.OptOutRequest{Code: codeIn(t, o.mails.Mails()[0]), AllSurveys: true})
	require.NoError(t, err)
	require.Contains(t, out.GetMessage(), "ninguna encuesta")
	_, err = o.recipients.OptOut(t.Context(), &assessmentsv1.OptOutRequest{Code: "unknown"})
	require.Equal(t, codes.NotFound, status.Code(err))
	o.clock.Advance(10 * 24 * time.Hour)
	sent := o.done(o.recipients.RemindRecipients(o.coordinator(), &assessmentsv1.RemindRecipientsRequest{Name: c.GetName()}))
	require.Equal(t, [2]int32{0, 1}, [2]int32{sent.GetSent(), sent.GetSkippedOptOut()})
}

func TestWithoutAMailServerNothingIsMailed(t *testing.T) {
	w := start(t)
	c := w.opened("fall", confidential)
	_, err := assessmentsv1.NewRecipientsServiceClient(w.conn).InviteRecipients(w.coordinator(), &assessmentsv1.InviteRecipientsRequest{Name: c.GetName()})
	require.Equal(t, codes.FailedPrecondition, status.Code(err))
}

func TestAWindowOpensAndClosesBesideTheCalls(t *testing.T) {
	o := newOffice(t)
	now := o.clock.Now()
	local := func(d time.Duration) string { return now.Add(d).UTC().Format("2006-01-02T15:04") }
	c := o.draft("timed", func(c *assessmentsv1.Campaign) {
		c.StartLocal, c.EndLocal, c.TimeZone = local(time.Hour), local(48*time.Hour), "UTC"
	})
	require.Len(t, c.GetSchools(), 2, "they are named when it is planned")
	state := func(want assessmentsv1.Campaign_State) func() bool {
		return func() bool {
			got, err := o.campaigns.GetCampaign(o.coordinator(), &assessmentsv1.GetCampaignRequest{Name: c.GetName()})
			require.NoError(t, err)
			return got.GetState() == want
		}
	}
	o.clock.Advance(2 * time.Hour)
	kittest.Eventually(t, state(assessmentsv1.Campaign_STATE_OPEN), "it opens")
	o.clock.Advance(48 * time.Hour)
	kittest.Eventually(t, state(assessmentsv1.Campaign_STATE_CLOSED), "it closes")
	var actions []string
	rows, err := o.deps.DB.Conn(kittest.All(t)).QueryContext(kittest.All(t), `SELECT actor || ' ' || action FROM (
		SELECT actor, action, resource FROM audit_pending UNION ALL SELECT actor, action, resource FROM audit_entries) AS log WHERE resource = $1`, c.GetName())
	require.NoError(t, err)
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var action string
		require.NoError(t, rows.Scan(&action))
		actions = append(actions, action)
	}
	require.NoError(t, rows.Err())
	require.Contains(t, actions, "services/assessments campaigns.open")
	require.Contains(t, actions, "services/assessments campaigns.close")
	require.NotEmpty(t, audit.DistrictOf(c.GetName()))
}

func TestTheStatesRulesOfAsking(t *testing.T) {
	o := newOffice(t)
	got, err := o.recipients.GetSurveyPolicy(o.coordinator(), &assessmentsv1.GetSurveyPolicyRequest{})
	require.NoError(t, err)
	require.Zero(t, got.GetMinimumCell())
	set := func(p *assessmentsv1.SurveyPolicy, paths ...string) error {
		got, err = o.recipients.UpdateSurveyPolicy(o.state(), &assessmentsv1.UpdateSurveyPolicyRequest{SurveyPolicy: p, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths}})
		return err
	}
	require.NoError(t, set(&assessmentsv1.SurveyPolicy{MinimumCell: 12, AsksPerPeriod: 1}, "minimum_cell", "asks_per_period"))
	require.EqualValues(t, 12, got.GetMinimumCell())
	first := got.GetEtag()
	require.NoError(t, set(&assessmentsv1.SurveyPolicy{MinimumCell: 15, Etag: first}, "minimum_cell"))
	require.EqualValues(t, 1, got.GetAsksPerPeriod())
	require.Equal(t, codes.Aborted, status.Code(set(&assessmentsv1.SurveyPolicy{MinimumCell: 20, Etag: first}, "minimum_cell")))
	require.Equal(t, codes.InvalidArgument, status.Code(set(&assessmentsv1.SurveyPolicy{MinimumCell: 3}, "minimum_cell")))
	require.Equal(t, codes.InvalidArgument, status.Code(set(&assessmentsv1.SurveyPolicy{RoundSize: 6}, "round_size")), "smaller than the minimum cell")
	_, err = o.recipients.UpdateSurveyPolicy(o.coordinator(), &assessmentsv1.UpdateSurveyPolicyRequest{SurveyPolicy: &assessmentsv1.SurveyPolicy{MinimumCell: 10}})
	require.Error(t, err)

	for i, id := range []string{"first", "second"} {
		c := o.opened(id, func(c *assessmentsv1.Campaign) { confidential(c); c.Wave = int32(i + 1) })
		o.roster(c, "oak,1,Family One,one@example.org,es,K-5")
		sent := o.done(o.recipients.InviteRecipients(o.coordinator(), &assessmentsv1.InviteRecipientsRequest{Name: c.GetName()}))
		require.Equal(t, [2]int32{int32(1 - i), int32(i)}, [2]int32{sent.GetSent(), sent.GetSkippedFatigue()})
	}
}

// What is secret or names somebody is in no event and in no row of operations or requests.
func TestNothingOfFieldWorkLeavesItsTables(t *testing.T) {
	o := newOffice(t)
	c := o.opened("fall", confidential)
	o.roster(c, "oak,1,Family Oneofakind,oneofakind@example.org,es,K-5")
	o.done(o.recipients.InviteRecipients(o.coordinator(), &assessmentsv1.InviteRecipientsRequest{Name: c.GetName(), RequestId: "r1"}))
	given := codeIn(t, o.mails.Mails()[0])
	for _, table := range []string{"operations", "requests", "outbox", "audit_pending", "contacts", "opt_outs"} {
		rows, err := o.deps.DB.Conn(kittest.All(t)).QueryContext(kittest.All(t), `SELECT * FROM `+table)
		require.NoError(t, err)
		columns, err := rows.Columns()
		require.NoError(t, err)
		for rows.Next() {
			values, into := make([]any, len(columns)), make([]any, len(columns))
			for i := range values {
				into[i] = &values[i]
			}
			require.NoError(t, rows.Scan(into...))
			for i, v := range values {
				raw, _ := v.([]byte)
				text, _ := v.(string)
				for _, secret := range []string{given, "oneofakind", "Oneofakind", url.QueryEscape("oneofakind@example.org")} {
					require.False(t, strings.Contains(text, secret) || bytes.Contains(raw, []byte(secret)), "%s.%s holds %s", table, columns[i], secret)
				}
			}
		}
		require.NoError(t, rows.Err())
		require.NoError(t, rows.Close())
	}
}
