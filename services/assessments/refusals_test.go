package assessments_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	typev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/type/v1"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

func mask(paths ...string) *fieldmaskpb.FieldMask { return &fieldmaskpb.FieldMask{Paths: paths} }

func TestABadCampaignIsRefusedWithAllItsFaults(t *testing.T) {
	w := start(t)
	_, err := w.campaigns.CreateCampaign(w.coordinator(), &assessmentsv1.CreateCampaignRequest{
		Parent: "districts/d1", Campaign: &assessmentsv1.Campaign{
			Title: " ", InstrumentVersion: "instruments/none/versions/1", Cycle: "cycles/1999", Mode: assessmentsv1.CampaignMode_CAMPAIGN_MODE_UNSPECIFIED,
			Schools: []string{"districts/d1/schools/oak", "districts/d1/schools/oak", "districts/d2/schools/fir", "districts/d1/schools/ash"},
		},
	})
	refused(t, err, codes.InvalidArgument, problem.ReasonFieldInvalid,
		"campaign.title required", "campaign.wave wave_from_one", "campaign.mode known_mode",
		"campaign.instrument_version published_instrument_version", "campaign.cycle cycle_exists",
		"campaign.schools[1] school_once", "campaign.schools[2] school_of_district", "campaign.schools[3] school_of_district")
	list, err := w.campaigns.ListCampaigns(w.coordinator(), &assessmentsv1.ListCampaignsRequest{Parent: "districts/d1"})
	require.NoError(t, err)
	require.Empty(t, list.GetCampaigns(), "a refused campaign leaves nothing")
}

func TestAWaveAsksTheFamiliesOfASchoolOnce(t *testing.T) {
	w := start(t)
	oak := func(c *assessmentsv1.Campaign) { c.Schools = []string{"districts/d1/schools/oak"} }
	w.draft("oak", oak)
	elm := w.draft("elm", func(c *assessmentsv1.Campaign) { c.Schools = []string{"districts/d1/schools/elm"} })
	w.draft("oak-again", func(c *assessmentsv1.Campaign) { oak(c); c.Wave = 2 })
	w.draft("oak-staff", func(c *assessmentsv1.Campaign) { oak(c); c.InstrumentVersion = "instruments/staff-survey/versions/1" })
	_, err := w.campaigns.CreateCampaign(w.coordinator(), &assessmentsv1.CreateCampaignRequest{Parent: "districts/d1", Campaign: &assessmentsv1.Campaign{
		Title: "All", InstrumentVersion: survey, Cycle: cycle, Wave: 1, Mode: assessmentsv1.CampaignMode_CAMPAIGN_MODE_TOKEN,
	}})
	refused(t, err, codes.InvalidArgument, problem.ReasonFieldInvalid, "campaign.wave wave_unique")
	elm.Schools = []string{"districts/d1/schools/oak"}
	_, err = w.campaigns.UpdateCampaign(w.coordinator(), &assessmentsv1.UpdateCampaignRequest{Campaign: elm, UpdateMask: mask("schools")})
	refused(t, err, codes.InvalidArgument, problem.ReasonFieldInvalid, "campaign.wave wave_unique")
}

func TestUpdateOfACampaign(t *testing.T) {
	w := start(t)
	c := w.draft("fall", nil)
	patch := &assessmentsv1.Campaign{Name: c.GetName(), Title: "Autumn", Wave: 3}
	got, err := w.campaigns.UpdateCampaign(w.coordinator(), &assessmentsv1.UpdateCampaignRequest{Campaign: patch})
	require.NoError(t, err)
	require.Equal(t, "Autumn", got.GetTitle())
	require.EqualValues(t, 3, got.GetWave())
	require.Equal(t, cycle, got.GetCycle(), "what is not set stays")

	patch.Etag = c.GetEtag()
	_, err = w.campaigns.UpdateCampaign(w.coordinator(), &assessmentsv1.UpdateCampaignRequest{Campaign: patch})
	refused(t, err, codes.Aborted, problem.ReasonEtagStale)
	_, err = w.campaigns.OpenCampaign(w.coordinator(), &assessmentsv1.OpenCampaignRequest{Name: c.GetName(), Etag: c.GetEtag()})
	refused(t, err, codes.Aborted, problem.ReasonEtagStale)
	patch.Etag = ""
	_, err = w.campaigns.UpdateCampaign(w.coordinator(), &assessmentsv1.UpdateCampaignRequest{Campaign: patch, UpdateMask: mask("state", "colour")})
	refused(t, err, codes.InvalidArgument, problem.ReasonFieldInvalid, "update_mask writable_path", "update_mask known_path")

	opened, err := w.campaigns.OpenCampaign(w.coordinator(), &assessmentsv1.OpenCampaignRequest{Name: c.GetName(), Etag: got.GetEtag()})
	require.NoError(t, err)
	opened.Title, opened.Etag = "Fall again", ""
	got, err = w.campaigns.UpdateCampaign(w.coordinator(), &assessmentsv1.UpdateCampaignRequest{Campaign: opened, UpdateMask: mask("title", "schools")})
	require.NoError(t, err, "the same schools are no change")
	require.Equal(t, "Fall again", got.GetTitle())
	_, err = w.campaigns.UpdateCampaign(w.coordinator(), &assessmentsv1.UpdateCampaignRequest{
		Campaign: &assessmentsv1.Campaign{Name: c.GetName(), Wave: 4}, UpdateMask: mask("wave"),
	})
	refused(t, err, codes.FailedPrecondition, problem.ReasonStateWrong, c.GetName()+" frozen_at_opening")
	w.collect(c.GetName(), "oak", 1) // titles and schools are still there
}

func TestStatesOfACampaignThatRefuse(t *testing.T) {
	w := start(t)
	name := w.draft("fall", nil).GetName()
	ctx := w.coordinator()
	submit := func(id string) error {
		_, err := w.responses.BatchSubmitResponses(ctx, &assessmentsv1.BatchSubmitResponsesRequest{
			Parent: name, School: "districts/d1/schools/oak", Responses: []*assessmentsv1.PaperResponse{{ResponseId: id, Answers: answers(1)}},
		})
		return err
	}
	open := func() error {
		_, err := w.campaigns.OpenCampaign(ctx, &assessmentsv1.OpenCampaignRequest{Name: name})
		return err
	}
	closeIt := func() error {
		_, err := w.campaigns.CloseCampaign(ctx, &assessmentsv1.CloseCampaignRequest{Name: name})
		return err
	}
	publish := func() error {
		_, err := w.campaigns.PublishCampaign(ctx, &assessmentsv1.PublishCampaignRequest{Name: name})
		return err
	}
	refused(t, closeIt(), codes.FailedPrecondition, problem.ReasonStateWrong, name+" close_from_open")
	refused(t, publish(), codes.FailedPrecondition, problem.ReasonStateWrong, name+" publish_from_closed")
	require.NoError(t, open())
	refused(t, open(), codes.FailedPrecondition, problem.ReasonStateWrong, name+" open_from_draft")
	refused(t, publish(), codes.FailedPrecondition, problem.ReasonStateWrong, name+" publish_from_closed")
	require.NoError(t, submit("response-1"))
	w.published(name)
	require.NoError(t, submit("response-1"), "what is stored is stored")
	require.NoError(t, submit("response-2"), "paper may come late")
	refused(t, publish(), codes.FailedPrecondition, problem.ReasonStateWrong, name+" round_size")
	_, err := w.campaigns.CreateLink(ctx, &assessmentsv1.CreateLinkRequest{Parent: name, Link: &assessmentsv1.Link{School: "districts/d1/schools/oak"}})
	refused(t, err, codes.FailedPrecondition, problem.ReasonStateWrong, name+" not_closed")
	_, err = w.campaigns.BatchCreateInvitations(ctx, &assessmentsv1.BatchCreateInvitationsRequest{Parent: name, School: "districts/d1/schools/oak", Count: 1})
	refused(t, err, codes.FailedPrecondition, problem.ReasonStateWrong, name+" mode_of_campaign", name+" not_closed")
	_, err = w.campaigns.CreateLink(ctx, &assessmentsv1.CreateLinkRequest{Parent: name, Link: &assessmentsv1.Link{School: "districts/d2/schools/fir"}})
	refused(t, err, codes.InvalidArgument, problem.ReasonFieldInvalid, "link.school school_of_campaign")
}

func TestABatchIsStoredWholeOrNotAtAll(t *testing.T) {
	w := start(t)
	c := w.opened("fall", nil)
	good := &assessmentsv1.PaperResponse{ResponseId: "response-1", Answers: answers(1)}
	bad := &assessmentsv1.PaperResponse{ResponseId: "response-1", Answers: append(answers(1)[2:], &assessmentsv1.Answer{Item: "share-q1", Option: "9"}, &assessmentsv1.Answer{Item: "welcome-q2", Option: "7"})}
	req := &assessmentsv1.BatchSubmitResponsesRequest{Parent: c.GetName(), School: "districts/d1/schools/oak", Responses: []*assessmentsv1.PaperResponse{good, bad}}
	_, err := w.responses.BatchSubmitResponses(w.coordinator(), req)
	refused(t, err, codes.InvalidArgument, problem.ReasonFieldInvalid, "responses[1].response_id response_id_unique",
		"responses[1].answers[16].item item_once", "responses[1].answers required_item", "responses[1].answers[17].option option_of_item")
	require.Zero(t, w.events()["ResponseCounted"])
	req.School, req.Responses = "districts/d1/schools/ash", req.Responses[:1]
	_, err = w.responses.BatchSubmitResponses(w.coordinator(), req)
	refused(t, err, codes.InvalidArgument, problem.ReasonFieldInvalid, "school school_of_campaign")

	req.School, req.Responses = "districts/d1/schools/oak", []*assessmentsv1.PaperResponse{good, {ResponseId: "response-2", Answers: answers(2)}}
	resp, err := w.responses.BatchSubmitResponses(w.coordinator(), req)
	require.NoError(t, err)
	require.EqualValues(t, 2, resp.GetStored())
	req.Responses = append(req.Responses, &assessmentsv1.PaperResponse{ResponseId: "response-3", Answers: answers(3)})
	resp, err = w.responses.BatchSubmitResponses(w.coordinator(), req)
	require.NoError(t, err)
	require.Equal(t, []int32{1, 2}, []int32{resp.GetStored(), resp.GetRepeatedIds()})
	require.Equal(t, 3, w.events()["ResponseCounted"])
}

func TestPeopleOfASchoolSeeItsCampaignsOnly(t *testing.T) {
	w := start(t)
	w.draft("all", nil)
	elm := w.opened("elm", func(c *assessmentsv1.Campaign) { c.Wave, c.Schools = 2, []string{"districts/d1/schools/elm"} })
	list, err := w.campaigns.ListCampaigns(w.lead(), &assessmentsv1.ListCampaignsRequest{Parent: "districts/d1"})
	require.NoError(t, err)
	require.Len(t, list.GetCampaigns(), 1)
	_, foreign := w.campaigns.GetCampaign(w.lead(), &assessmentsv1.GetCampaignRequest{Name: elm.GetName()})
	refused(t, foreign, codes.NotFound, problem.ReasonResourceNotFound)
	_, never := w.campaigns.GetCampaign(w.lead(), &assessmentsv1.GetCampaignRequest{Name: "districts/d1/campaigns/never"})
	require.Equal(t, strings.ReplaceAll(status.Convert(never).Message(), "never", "elm"), status.Convert(foreign).Message())

	release := w.published(elm.GetName())
	_, err = w.results.GetRelease(w.lead(), &assessmentsv1.GetReleaseRequest{Name: release.GetName()})
	refused(t, err, codes.NotFound, problem.ReasonResourceNotFound)
	releases, err := w.results.ListReleases(w.lead(), &assessmentsv1.ListReleasesRequest{Parent: "districts/d1"})
	require.NoError(t, err)
	require.Empty(t, releases.GetReleases())
	got, err := w.results.GetRelease(w.coordinator(), &assessmentsv1.GetReleaseRequest{Name: release.GetName()})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(release, got, protocmp.Transform()))
	_, err = w.results.ListResults(w.lead(), &assessmentsv1.ListResultsRequest{Parent: "districts/d1/schools/elm"})
	refused(t, err, codes.NotFound, problem.ReasonResourceNotFound)
	_, err = w.campaigns.OpenCampaign(w.lead(), &assessmentsv1.OpenCampaignRequest{Name: "districts/d1/campaigns/all"})
	refused(t, err, codes.PermissionDenied, problem.ReasonRoleInsufficient)
}

// TestAForeignDistrictIsAnsweredLikeOneThatNeverExisted compares the statuses of
// every kind of name.
func TestAForeignDistrictIsAnsweredLikeOneThatNeverExisted(t *testing.T) {
	w := start(t)
	w.opened("fall", nil)
	stranger := w.as("people/x", accessv1.Role_ROLE_DISTRICT_COORDINATOR, "districts/d2")
	calls := map[string]func(district string) error{
		"get campaign": func(d string) error {
			_, err := w.campaigns.GetCampaign(stranger, &assessmentsv1.GetCampaignRequest{Name: "districts/" + d + "/campaigns/fall"})
			return err
		},
		"create campaign": func(d string) error {
			_, err := w.campaigns.CreateCampaign(stranger, &assessmentsv1.CreateCampaignRequest{Parent: "districts/" + d, Campaign: &assessmentsv1.Campaign{}})
			return err
		},
		"list results": func(d string) error {
			_, err := w.results.ListResults(stranger, &assessmentsv1.ListResultsRequest{Parent: "districts/" + d + "/schools/oak"})
			return err
		},
		"rank needs": func(d string) error {
			_, err := w.results.RankNeeds(stranger, &assessmentsv1.RankNeedsRequest{Name: "districts/" + d + "/schools/oak"})
			return err
		},
		"get operation": func(d string) error {
			_, err := w.campaigns.GetOperation(stranger, &assessmentsv1.GetOperationRequest{Name: "districts/" + d + "/campaigns/fall/operations/x"})
			return err
		},
		"list ratings": func(d string) error {
			_, err := w.selfs.ListRatings(stranger, &assessmentsv1.ListRatingsRequest{Parent: "districts/" + d + "/schools/oak/teams/core/selfAssessments/a"})
			return err
		},
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			foreign, never := call("d1"), call("d9")
			refused(t, foreign, codes.NotFound, problem.ReasonResourceNotFound)
			require.Equal(t, strings.ReplaceAll(status.Convert(never).Message(), "d9", "d1"), status.Convert(foreign).Message())
		})
	}
}

func TestTheSameRequestIDGetsTheSameAnswer(t *testing.T) {
	w := start(t)
	req := &assessmentsv1.CreateCampaignRequest{Parent: "districts/d1", RequestId: "r-1", Campaign: &assessmentsv1.Campaign{
		Title: "Fall", InstrumentVersion: survey, Cycle: cycle, Wave: 1, Mode: assessmentsv1.CampaignMode_CAMPAIGN_MODE_TOKEN,
	}}
	first, err := w.campaigns.CreateCampaign(w.coordinator(), req)
	require.NoError(t, err)
	again, err := w.campaigns.CreateCampaign(w.coordinator(), req)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(first, again, protocmp.Transform()))
	other := proto.Clone(req).(*assessmentsv1.CreateCampaignRequest)
	other.Campaign.Wave = 2
	_, err = w.campaigns.CreateCampaign(w.coordinator(), other)
	refused(t, err, codes.InvalidArgument, problem.ReasonRequestIDReused)
}

func TestSelfAssessmentsRefuse(t *testing.T) {
	w := start(t)
	create := func(parent string, a *assessmentsv1.SelfAssessment) (*assessmentsv1.SelfAssessment, error) {
		return w.selfs.CreateSelfAssessment(w.lead(), &assessmentsv1.CreateSelfAssessmentRequest{Parent: parent, SelfAssessment: a})
	}
	good := &assessmentsv1.SelfAssessment{Cycle: cycle, FrameworkVersion: standards}
	_, err := create("districts/d1/schools/oak/teams/none", good)
	refused(t, err, codes.NotFound, problem.ReasonResourceNotFound)
	_, err = create(team, &assessmentsv1.SelfAssessment{Cycle: "cycles/x", FrameworkVersion: "frameworks/x/versions/1"})
	refused(t, err, codes.InvalidArgument, problem.ReasonFieldInvalid, "self_assessment.cycle cycle_exists", "self_assessment.framework_version published_framework_version")
	a, err := create(team, good)
	require.NoError(t, err)
	_, err = create(team, good)
	refused(t, err, codes.FailedPrecondition, problem.ReasonStateWrong, a.GetName()+" one_at_a_time")

	settle := func(levels []*assessmentsv1.StandardLevel) error {
		_, err := w.selfs.SettleSelfAssessment(w.lead(), &assessmentsv1.SettleSelfAssessmentRequest{Name: a.GetName(), Consensus: levels})
		return err
	}
	refused(t, settle(levels()), codes.FailedPrecondition, problem.ReasonNotEligible, a.GetName()+" two_ratings")
	wrong := append(levels()[1:], &assessmentsv1.StandardLevel{Standard: "share-power", Level: 4}, &assessmentsv1.StandardLevel{Standard: "x"})
	refused(t, settle(wrong), codes.InvalidArgument, problem.ReasonFieldInvalid,
		"consensus[5].standard standard_once", "consensus[5].level level_of_rubric", "consensus[6].standard standard_of_framework", "consensus every_standard")

	rating := &assessmentsv1.CreateRatingRequest{Parent: a.GetName(), Rating: &assessmentsv1.Rating{Levels: levels(), Group: typev1.StakeholderGroup_STAKEHOLDER_GROUP_STAFF}}
	mine, err := w.selfs.CreateRating(w.lead(), rating)
	require.NoError(t, err)
	_, err = w.selfs.CreateRating(w.lead(), rating)
	refused(t, err, codes.FailedPrecondition, problem.ReasonStateWrong, a.GetName()+" one_rating_each")
	_, err = w.selfs.CreateRating(w.member(), &assessmentsv1.CreateRatingRequest{Parent: a.GetName(), Rating: &assessmentsv1.Rating{}})
	require.Equal(t, codes.InvalidArgument, status.Code(err))
	require.Contains(t, fmt.Sprint(status.Convert(err).Details()), "every_standard")

	list, err := w.selfs.ListRatings(w.member(), &assessmentsv1.ListRatingsRequest{Parent: a.GetName()})
	require.NoError(t, err)
	require.Empty(t, list.GetRatings(), "hidden until the caller has rated")
	_, err = w.selfs.CreateRating(w.member(), rating)
	require.NoError(t, err)
	list, err = w.selfs.ListRatings(w.member(), &assessmentsv1.ListRatingsRequest{Parent: a.GetName()})
	require.NoError(t, err)
	require.Len(t, list.GetRatings(), 2)
	require.Equal(t, 0, mine.GetCreateTime().AsTime().Hour(), "the day only")

	require.NoError(t, settle(levels()))
	refused(t, settle(levels()), codes.FailedPrecondition, problem.ReasonStateWrong, a.GetName()+" not_settled")
	list, err = w.selfs.ListRatings(w.coordinator(), &assessmentsv1.ListRatingsRequest{Parent: a.GetName()})
	require.NoError(t, err)
	require.Len(t, list.GetRatings(), 2, "settled: all who see it may read them")
}

func TestPagesFollowEachOther(t *testing.T) {
	w := start(t)
	for i := range 5 {
		w.draft(fmt.Sprintf("c%d", i), func(c *assessmentsv1.Campaign) { c.Wave = int32(i + 1) })
	}
	req, got := &assessmentsv1.ListCampaignsRequest{Parent: "districts/d1", PageSize: 2}, 0
	for {
		resp, err := w.campaigns.ListCampaigns(w.coordinator(), req)
		require.NoError(t, err)
		for _, c := range resp.GetCampaigns() {
			require.Equal(t, fmt.Sprintf("districts/d1/campaigns/c%d", got), c.GetName())
			got++
		}
		if req.PageToken = resp.GetNextPageToken(); req.PageToken == "" {
			break
		}
	}
	require.Equal(t, 5, got)
	req.PageToken = "nonsense"
	_, err := w.campaigns.ListCampaigns(w.coordinator(), req)
	refused(t, err, codes.InvalidArgument, problem.ReasonFieldInvalid, "page_token from_previous_page")
}
