package assessments_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	typev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/type/v1"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// TestASurveyFromDraftToNeeds plays the whole flow of one wave.
func TestASurveyFromDraftToNeeds(t *testing.T) {
	w := start(t)
	c := w.opened("fall", nil)
	require.Equal(t, assessmentsv1.Campaign_STATE_OPEN, c.GetState())
	require.Equal(t, []string{"districts/d1/schools/elm", "districts/d1/schools/oak"}, c.GetSchools())

	link, err := w.campaigns.CreateLink(w.coordinator(), &assessmentsv1.CreateLinkRequest{
		Parent: c.GetName(), LinkId: "oak", Link: &assessmentsv1.Link{School: "districts/d1/schools/oak"},
	})
	require.NoError(t, err)
	require.Len(t, link.GetCode(), 26)

	form, err := w.responses.GetForm(t.Context(), &assessmentsv1.GetFormRequest{Code: link.GetCode(), Language: "es-MX"})
	require.NoError(t, err)
	require.Equal(t, "Oak School", form.GetSchoolTitle())
	require.Equal(t, "es", form.GetLanguage())
	require.Len(t, form.GetItems(), 19)
	require.True(t, form.GetOpen())

	for i := range 3 {
		_, err = w.responses.SubmitResponse(t.Context(), &assessmentsv1.SubmitResponseRequest{
			Code: link.GetCode(), ResponseId: fmt.Sprintf("response-%d", i), Language: "es",
			Answers: append(answers(117+i), &assessmentsv1.Answer{Item: "in-your-words", Text: "Gracias"}),
		})
		require.NoError(t, err)
	}
	w.collect(c.GetName(), "oak", 117)
	w.collect(c.GetName(), "elm", 9)

	release := w.published(c.GetName())
	require.EqualValues(t, 2, release.GetSchools())
	require.Len(t, release.GetDigest(), 64)

	oak, err := w.results.ListResults(w.lead(), &assessmentsv1.ListResultsRequest{Parent: "districts/d1/schools/oak"})
	require.NoError(t, err)
	require.Len(t, oak.GetResults(), 1)
	result := oak.GetResults()[0]
	require.EqualValues(t, 120, result.GetResponses().GetValue())
	require.False(t, result.GetUnitProven())
	require.Len(t, result.GetStandards(), 6)
	require.Len(t, result.GetItems(), 18)
	require.InDelta(t, 0.4, result.GetStandards()[0].GetFavorableShare().GetValue(), 1e-9)
	require.InDelta(t, 3, result.GetStandards()[0].GetMeanScore().GetValue(), 1e-9)
	require.EqualValues(t, 20, result.GetItems()[0].GetOptions()[0].GetCount().GetValue())
	again, err := w.results.GetResult(w.lead(), &assessmentsv1.GetResultRequest{Name: result.GetName()})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(result, again, protocmp.Transform()))

	elm, err := w.results.ListResults(w.coordinator(), &assessmentsv1.ListResultsRequest{Parent: "districts/d1/schools/elm"})
	require.NoError(t, err)
	require.False(t, elm.GetResults()[0].GetResponses().GetShown())
	require.Zero(t, elm.GetResults()[0].GetResponses().GetValue())

	settled := settle(t, w, "first")
	ranking, err := w.results.RankNeeds(w.lead(), &assessmentsv1.RankNeedsRequest{Name: "districts/d1/schools/oak", Team: team})
	require.NoError(t, err)
	require.Equal(t, result.GetName(), ranking.GetSurveyResult())
	require.Equal(t, settled.GetName(), ranking.GetSelfAssessment())
	require.Equal(t, "share-power", ranking.GetNeeds()[0].GetStandard())
	require.InDelta(t, 0.5*0.6+0.5*1, ranking.GetNeeds()[0].GetNeed().GetValue(), 1e-9)
	require.Equal(t, "Survey: 1 − favorable share 0.40 = 0.60. Self-assessment: 1 − level 0 of 3 = 1.00. "+
		"Notes: none. No note speaks to one standard alone. Need: (0.4 × 0.60 + 0.4 × 1.00) / 0.8 = 0.80.",
		ranking.GetNeeds()[0].GetExplanation())
	require.Equal(t, settled.GetSettleTime().AsTime(), ranking.GetAsOf().AsTime())

	require.Equal(t, map[string]int{
		"FrameworkPublished": 1, "InstrumentPublished": 8, "CampaignOpened": 1, "CampaignClosed": 1, "ResponseCounted": 129,
		"ResultsReleased": 2, "SelfAssessmentSettled": 1,
	}, w.events())
}

// levels give share-power 0 and every other standard 2.
func levels() []*assessmentsv1.StandardLevel {
	var out []*assessmentsv1.StandardLevel
	for _, s := range []string{
		"welcome-all-families", "communicate-effectively", "support-student-success", "speak-up-for-every-child", "share-power", "collaborate-with-community",
	} {
		level := int32(2)
		if s == "share-power" {
			level = 0
		}
		out = append(out, &assessmentsv1.StandardLevel{Standard: s, Level: level})
	}
	return out
}

// settle plays a self-assessment of the team of oak.
func settle(t *testing.T, w *world, id string) *assessmentsv1.SelfAssessment {
	t.Helper()
	a, err := w.selfs.CreateSelfAssessment(w.lead(), &assessmentsv1.CreateSelfAssessmentRequest{
		Parent: team, SelfAssessmentId: id, SelfAssessment: &assessmentsv1.SelfAssessment{Cycle: cycle, FrameworkVersion: standards},
	})
	require.NoError(t, err)
	for _, who := range []string{"people/lead", "people/member"} {
		_, err = w.selfs.CreateRating(w.as(who, accessv1.Role_ROLE_TEAM_MEMBER, "districts/d1/schools/oak"), &assessmentsv1.CreateRatingRequest{
			Parent: a.GetName(), Rating: &assessmentsv1.Rating{Levels: levels(), Group: typev1.StakeholderGroup_STAKEHOLDER_GROUP_FAMILY},
		})
		require.NoError(t, err)
	}
	a, err = w.selfs.SettleSelfAssessment(w.lead(), &assessmentsv1.SettleSelfAssessmentRequest{Name: a.GetName(), Consensus: levels(), Notes: "We agree."})
	require.NoError(t, err)
	require.Equal(t, assessmentsv1.SelfAssessment_STATE_SETTLED, a.GetState())
	require.EqualValues(t, 2, a.GetRatings())
	return a
}

func TestATokenTakesOneAnswer(t *testing.T) {
	w := start(t)
	c := w.opened("tokens", func(c *assessmentsv1.Campaign) {
		c.Mode = assessmentsv1.CampaignMode_CAMPAIGN_MODE_TOKEN
		c.Schools = []string{"districts/d1/schools/oak"}
	})
	invited, err := w.campaigns.BatchCreateInvitations(w.coordinator(), &assessmentsv1.BatchCreateInvitationsRequest{
		Parent: c.GetName(), School: "districts/d1/schools/oak", Count: 12,
	})
	require.NoError(t, err)
	require.Len(t, invited.GetCodes(), 12)

	submit := func(code, id string) (*assessmentsv1.SubmitResponseResponse, error) {
		return w.responses.SubmitResponse(t.Context(), &assessmentsv1.SubmitResponseRequest{Code: code, ResponseId: id, Answers: answers(0)})
	}
	first, err := submit(invited.GetCodes()[0], "response-a")
	require.NoError(t, err)
	require.Equal(t, "2026-09-01T00:00:00Z", first.GetSubmitTime().AsTime().Format("2006-01-02T15:04:05Z07:00"), "the day, not the time")
	again, err := submit(invited.GetCodes()[0], "response-a")
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(first, again, protocmp.Transform()))
	_, err = submit(invited.GetCodes()[0], "response-b")
	refused(t, err, codes.FailedPrecondition, problem.ReasonStateWrong, "code token_unused")
	form, err := w.responses.GetForm(t.Context(), &assessmentsv1.GetFormRequest{Code: invited.GetCodes()[0]})
	require.NoError(t, err)
	require.False(t, form.GetOpen())
	_, err = submit("abcdefghijklmnopqrstuvwxyz", "response-a")
	refused(t, err, codes.NotFound, problem.ReasonResourceNotFound)

	for _, code := range invited.GetCodes()[1:] {
		_, err = submit(code, "response-a")
		require.NoError(t, err, "an id is used up with its own code only")
	}
	w.published(c.GetName())
	again, err = submit(invited.GetCodes()[0], "response-a")
	require.NoError(t, err, "the receipt stays when the survey is over")
	require.Equal(t, first.GetReceipt(), again.GetReceipt())

	oak, err := w.results.ListResults(w.lead(), &assessmentsv1.ListResultsRequest{Parent: "districts/d1/schools/oak"})
	require.NoError(t, err)
	require.EqualValues(t, 12, oak.GetResults()[0].GetResponses().GetValue())
	require.True(t, oak.GetResults()[0].GetUnitProven())
}
