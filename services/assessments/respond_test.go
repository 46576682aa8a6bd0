package assessments_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/testing/protocmp"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/requestid"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/assessments/internal/code"

	assessments "github.com/tandem-badges/tandem/services/assessments"
)

// link opens a campaign with a link for oak and returns both.
func (w *world) link(id string) (campaign, given string) {
	w.t.Helper()
	c := w.opened(id, nil)
	l, err := w.campaigns.CreateLink(w.coordinator(), &assessmentsv1.CreateLinkRequest{
		Parent: c.GetName(), LinkId: "oak", Link: &assessmentsv1.Link{School: "districts/d1/schools/oak"},
	})
	require.NoError(w.t, err)
	return c.GetName(), l.GetCode()
}

// tokens opens a campaign with single-use tokens for oak.
func (w *world) tokens(id string, n int32) (campaign string, given []string) {
	w.t.Helper()
	c := w.opened(id, func(c *assessmentsv1.Campaign) { c.Mode = assessmentsv1.CampaignMode_CAMPAIGN_MODE_TOKEN })
	invited, err := w.campaigns.BatchCreateInvitations(w.coordinator(), &assessmentsv1.BatchCreateInvitationsRequest{
		Parent: c.GetName(), School: "districts/d1/schools/oak", Count: n,
	})
	require.NoError(w.t, err)
	return c.GetName(), invited.GetCodes()
}

// asked puts somebody of oak on the roster of a campaign and returns the code.
func (w *world) asked(campaign, id string) (given string) {
	w.t.Helper()
	given = code.New()
	_, err := w.deps.DB.Exec(kittest.All(w.t), `INSERT INTO recipients (district_id, campaign_id, recipient_id, school_id, unit_key, addressee, email, language, groups,
		disposition, code_hash, created_at, updated_at, version) VALUES ('d1', $1, $2, 'oak', $2, 'Family of A. Example', '', 'en', '{"grade":"K-5"}', 1, $3, 0, 0, 1)`,
		campaign[len("districts/d1/campaigns/"):], id, code.Digest(given))
	require.NoError(w.t, err)
	return given
}

func (w *world) one(query string, into ...any) {
	w.t.Helper()
	require.NoError(w.t, w.deps.DB.Conn(kittest.All(w.t)).QueryRowContext(kittest.All(w.t), query).Scan(into...))
}

// onBoth plays a story on SQLite and on PostgreSQL.
func onBoth(t *testing.T, story func(t *testing.T, w *world)) {
	t.Helper()
	kittest.Databases(t, assessments.Name, assessments.Migrations, func(t *testing.T, db *sqldb.DB) { story(t, start(t, db)) })
}

func TestUnfinishedAnswersWaitForWhoHasTheKey(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		_, given := w.tokens("fall", 2)
		number := 3.0
		some := append(answers(1)[:3:3], &assessmentsv1.Answer{Item: "size", Number: &number, Rows: map[string]string{"a": "b"}, Options: []string{"x"}, Date: "2026-09-01"})
		save := func(key string) string {
			saved, err := w.responses.SaveResponse(t.Context(), &assessmentsv1.SaveResponseRequest{
				Code: given[0], ResponseId: "response-1", Language: "es", Answers: some, ResumeKey: key,
			})
			require.NoError(t, err)
			require.Len(t, saved.GetResumeKey(), 26)
			return saved.GetResumeKey()
		}
		key := save("")
		some = some[1:]
		w.clock.Advance(time.Hour)
		require.Equal(t, key, save(key), "saved again under the same key")
		resumed, err := w.responses.ResumeResponse(t.Context(), &assessmentsv1.ResumeResponseRequest{Code: given[0], ResumeKey: key})
		require.NoError(t, err)
		require.Equal(t, "response-1", resumed.GetResponseId())
		require.Equal(t, "es", resumed.GetLanguage())
		require.Empty(t, cmp.Diff(some, resumed.GetAnswers(), protocmp.Transform()))
		require.Equal(t, w.clock.Now(), resumed.GetSaveTime().AsTime())

		for name, ask := range map[string]*assessmentsv1.ResumeResponseRequest{
			"another key": {Code: given[0], ResumeKey: code.New()}, "another code": {Code: given[1], ResumeKey: key}, "no code": {Code: code.New(), ResumeKey: key},
		} {
			_, err := w.responses.ResumeResponse(t.Context(), ask)
			refused(t, err, codes.NotFound, problem.ReasonResourceNotFound)
			require.NotContains(t, err.Error(), key, name)
		}
		_, err = w.responses.SaveResponse(t.Context(), &assessmentsv1.SaveResponseRequest{Code: given[0], ResponseId: "response-1", ResumeKey: "my-own-key"})
		refused(t, err, codes.NotFound, problem.ReasonResourceNotFound)
		var sealed []byte
		w.one(`SELECT sealed FROM drafts`, &sealed)
		require.NotContains(t, string(sealed), some[0].GetItem())

		_, err = w.responses.SubmitResponse(t.Context(), &assessmentsv1.SubmitResponseRequest{Code: given[0], ResponseId: "response-1", Answers: answers(1), ResumeKey: key})
		require.NoError(t, err, "a draft burns no token")
		var left int
		w.one(`SELECT count(*) FROM drafts`, &left)
		require.Zero(t, left)
		_, err = w.responses.ResumeResponse(t.Context(), &assessmentsv1.ResumeResponseRequest{Code: given[0], ResumeKey: key})
		require.Error(t, err)
	})
}

func TestAnswersThatWaitedOnADeviceAreTakenEachByItself(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		name, given := w.link("fall")
		_, err := w.deps.DB.Exec(kittest.All(t), `UPDATE links SET kind = 2`)
		require.NoError(t, err)
		queue := []*assessmentsv1.QueuedResponse{
			{ResponseId: "response-1", Answers: answers(1)},
			{ResponseId: "response-2", Answers: []*assessmentsv1.Answer{{Item: "no-such-item", Option: "1"}}},
			{ResponseId: "response-3", Answers: answers(2)},
			{ResponseId: "response-1", Answers: answers(1)},
		}
		first, err := w.responses.SubmitQueuedResponses(t.Context(), &assessmentsv1.SubmitQueuedResponsesRequest{Code: given, Responses: queue})
		require.NoError(t, err)
		out := first.GetOutcomes()
		require.Len(t, out, 4)
		require.NotEmpty(t, out[0].GetReceipt())
		require.Empty(t, out[1].GetReceipt())
		require.Contains(t, out[1].GetProblem(), "no-such-item")
		require.False(t, out[1].GetRetry())
		require.Equal(t, "response-3", out[2].GetResponseId())
		require.Equal(t, out[0].GetReceipt(), out[3].GetReceipt(), "the same answer, the same receipt")

		_, err = w.campaigns.CloseCampaign(w.coordinator(), &assessmentsv1.CloseCampaignRequest{Name: name})
		require.NoError(t, err)
		again, err := w.responses.SubmitQueuedResponses(t.Context(), &assessmentsv1.SubmitQueuedResponsesRequest{
			Code: given, Responses: append(queue[:1:1], &assessmentsv1.QueuedResponse{ResponseId: "response-9", Answers: answers(1)}),
		})
		require.NoError(t, err)
		require.Equal(t, out[0].GetReceipt(), again.GetOutcomes()[0].GetReceipt(), "what was stored stays known")
		require.False(t, again.GetOutcomes()[1].GetRetry())
		require.Contains(t, again.GetOutcomes()[1].GetProblem(), "open")
		var kiosk int
		w.one(`SELECT count(*) FROM responses WHERE mode = 'kiosk'`, &kiosk)
		require.Equal(t, 2, kiosk)
	})
}

func TestOfAQueueWithOneTokenTheFirstIsTaken(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		_, given := w.tokens("fall", 1)
		var queue []*assessmentsv1.QueuedResponse
		for i := range 5 {
			queue = append(queue, &assessmentsv1.QueuedResponse{ResponseId: fmt.Sprint("response-", i), Answers: answers(i)})
		}
		got, err := w.responses.SubmitQueuedResponses(t.Context(), &assessmentsv1.SubmitQueuedResponsesRequest{Code: given[0], Responses: queue})
		require.NoError(t, err)
		for i, o := range got.GetOutcomes() {
			require.Equal(t, i == 0, o.GetReceipt() != "", "%d: %s", i, o.GetProblem())
		}
	})
}

func TestASheetIsKeyedInByTwo(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		name, _ := w.link("fall")
		enter := func(who, sheet string, given []*assessmentsv1.Answer, resolve bool) (*assessmentsv1.EnterPaperResponseResponse, error) {
			return w.responses.EnterPaperResponse(w.as("people/"+who, accessv1.Role_ROLE_DISTRICT_COORDINATOR, "districts/d1"), &assessmentsv1.EnterPaperResponseRequest{
				Parent: name, School: "districts/d1/schools/oak", SheetId: sheet, Answers: given, Resolve: resolve, RequestId: code.New(),
			})
		}
		stands := func(want assessmentsv1.PaperState, different []string) func(*assessmentsv1.EnterPaperResponseResponse, error) {
			return func(got *assessmentsv1.EnterPaperResponseResponse, err error) {
				t.Helper()
				require.NoError(t, err)
				require.Equal(t, want, got.GetState())
				require.Equal(t, different, got.GetDifferentItems())
			}
		}
		once, differs, stored := assessmentsv1.PaperState_PAPER_STATE_ENTERED_ONCE, assessmentsv1.PaperState_PAPER_STATE_DIFFERENT, assessmentsv1.PaperState_PAPER_STATE_STORED
		other := answers(1)
		other[4].Option = "1"
		stands(once, nil)(enter("ann", "A-1", answers(1), false))
		stands(once, nil)(enter("ann", "A-1", answers(2), false)) // who keyed it in corrects it
		stands(once, nil)(enter("ann", "A-1", answers(1), false))
		_, err := enter("ben", "A-1", answers(1), true)
		refused(t, err, codes.FailedPrecondition, problem.ReasonStateWrong, "sheet_id entries_differ")
		stands(stored, nil)(enter("ben", "A-1", answers(1), false))
		stands(stored, nil)(enter("cem", "A-1", answers(3), false)) // it is stored, once

		stands(once, nil)(enter("ann", "A-2", answers(1), false))
		stands(differs, []string{other[4].GetItem()})(enter("ben", "A-2", other, false))
		_, err = enter("cem", "A-2", answers(3), false)
		refused(t, err, codes.FailedPrecondition, problem.ReasonStateWrong, "sheet_id entries_differ")
		list, err := w.responses.ListPaperEntries(w.coordinator(), &assessmentsv1.ListPaperEntriesRequest{Parent: name})
		require.NoError(t, err)
		require.Len(t, list.GetPaperEntries(), 1)
		require.Equal(t, "A-2", list.GetPaperEntries()[0].GetSheetId())
		require.Equal(t, differs, list.GetPaperEntries()[0].GetState())
		stands(stored, nil)(enter("cem", "A-2", other, true))

		_, err = w.campaigns.CloseCampaign(w.coordinator(), &assessmentsv1.CloseCampaignRequest{Name: name})
		require.NoError(t, err)
		stands(once, nil)(enter("ann", "A-3", answers(1), false)) // it came late
		stands(stored, nil)(enter("ben", "A-3", answers(1), false))
		w.collect(name, "oak", 2)
		var entries, kept int
		w.one(`SELECT count(*) FROM paper_entries`, &entries)
		w.one(`SELECT count(*) FROM responses WHERE mode = 'paper'`, &kept)
		require.Zero(t, entries, "what was keyed in is gone once it is stored")
		require.Equal(t, 5, kept)
		require.Equal(t, 5, w.events()["ResponseCounted"])

		draft := w.draft("next", func(c *assessmentsv1.Campaign) { c.Wave, c.Schools = 2, []string{"districts/d1/schools/oak"} })
		name = draft.GetName()
		_, err = enter("ann", "A-1", answers(1), false)
		refused(t, err, codes.FailedPrecondition, problem.ReasonWindowClosed)
	})
}

func TestAnInterviewBurnsTheTokenAndIsNotLinkedToIt(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		name, _ := w.tokens("fall", 1)
		given := w.asked(name, "smith")
		interview := func(id string, given []*assessmentsv1.Answer) (*assessmentsv1.SubmitResponseResponse, error) {
			return w.responses.SubmitInterview(w.coordinator(), &assessmentsv1.SubmitInterviewRequest{Name: name + "/recipients/smith", ResponseId: id, Answers: given})
		}
		_, err := interview("interview-1", []*assessmentsv1.Answer{{Item: "none", Option: "1"}})
		require.Error(t, err)
		first, err := interview("interview-1", answers(1))
		require.NoError(t, err)
		again, err := interview("interview-1", answers(2))
		require.NoError(t, err)
		require.Equal(t, first.GetReceipt(), again.GetReceipt())
		_, err = interview("interview-2", answers(1))
		refused(t, err, codes.FailedPrecondition, problem.ReasonStateWrong, "code token_unused")
		_, err = w.responses.SubmitResponse(t.Context(), &assessmentsv1.SubmitResponseRequest{Code: given, ResponseId: "response-1", Answers: answers(1)})
		refused(t, err, codes.FailedPrecondition, problem.ReasonStateWrong, "code token_unused")
		form, err := w.responses.GetForm(t.Context(), &assessmentsv1.GetFormRequest{Code: given})
		require.NoError(t, err)
		require.True(t, form.GetAnswered())
		require.False(t, form.GetOpen())
		require.Contains(t, form.GetAnonymity(), "not connected")
		var mode, groups string
		w.one(`SELECT mode, groups FROM responses`, &mode, &groups)
		require.Equal(t, "phone", mode)
		require.JSONEq(t, `{"grade": "K-5"}`, groups)
		_, err = w.responses.SubmitInterview(w.coordinator(), &assessmentsv1.SubmitInterviewRequest{Name: name + "/recipients/nobody", ResponseId: "interview-9", Answers: answers(1)})
		refused(t, err, codes.NotFound, problem.ReasonResourceNotFound)
	})
}

// From one address so many answers come through a link, and so many wrong codes.
func TestAFloodFromOneAddressIsHeldBack(t *testing.T) {
	w := start(t)
	_, given := w.link("fall")
	from := func(client string) *assessmentsv1.SubmitResponseRequest {
		return &assessmentsv1.SubmitResponseRequest{Code: given, ResponseId: "r-" + code.New(), Answers: answers(len(client))}
	}
	ctx := metadata.AppendToOutgoingContext(t.Context(), requestid.ClientKey, "one")
	var last error
	stored := 0
	for range 200 {
		if _, last = w.responses.SubmitResponse(ctx, from("one")); last != nil {
			break
		}
		stored++
	}
	require.GreaterOrEqual(t, stored, 60)
	refused(t, last, codes.ResourceExhausted, problem.ReasonLimitExceeded)
	_, err := w.responses.SubmitResponse(metadata.AppendToOutgoingContext(t.Context(), requestid.ClientKey, "two"), from("two"))
	require.NoError(t, err)
	_, err = w.responses.SaveResponse(ctx, &assessmentsv1.SaveResponseRequest{Code: given, ResponseId: "response-1"})
	refused(t, err, codes.ResourceExhausted, problem.ReasonLimitExceeded)

	for range 61 {
		_, err = w.responses.GetForm(ctx, &assessmentsv1.GetFormRequest{Code: code.New()})
	}
	refused(t, err, codes.ResourceExhausted, problem.ReasonLimitExceeded)
}
