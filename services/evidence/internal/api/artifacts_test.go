package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	evidencev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/evidence/v1"
	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"
	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/evidence"
	et "github.com/tandem-badges/tandem/services/evidence/internal/evidencetest"
)

func TestEvidenceIsDescribedAndReadBack(t *testing.T) {
	w := world(t)
	created := w.Create(t, "evening", func(a *evidencev1.Artifact) { a.FileName, a.Caption = "evening.png", "  Families meet " })
	want := et.Evidence()
	want.Name, want.FileName, want.Caption = et.School+"/artifacts/evening", "evening.png", "Families meet"
	want.State, want.Uploader, want.Etag = evidencev1.Artifact_STATE_AWAITING_CONTENT, "people/ana", `"1"`
	want.CreateTime, want.UpdateTime = timestamppb.New(kittest.Start()), timestamppb.New(kittest.Start())
	require.Empty(t, cmp.Diff(want, created, protocmp.Transform()))

	got, err := w.Artifacts.GetArtifact(et.Member(t), &evidencev1.GetArtifactRequest{Name: created.GetName()})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(created, got, protocmp.Transform()))
	require.True(t, ids.Valid(strings.TrimPrefix(w.Create(t, "", nil).GetName(), et.School+"/artifacts/")), "an id is chosen where none is given")
}

func TestAllThatIsWrongWithADescriptionIsSaidAtOnce(t *testing.T) {
	w := world(t)
	cases := map[string]struct {
		change func(*evidencev1.Artifact)
		rules  []string
	}{
		"nothing is given": {func(a *evidencev1.Artifact) { proto.Reset(a) }, []string{
			"artifact.caption: required", "artifact.groups: required", "artifact.indicator: required", "artifact.journey: journey_of_school",
			"artifact.occur_date: required", "artifact.step: step_of_journey",
		}},
		"a journey that does not exist": {func(a *evidencev1.Artifact) {
			a.Journey, a.Step, a.Caption = et.Journey+"x", et.Journey+"x/steps/open-evening", " "
		}, []string{"artifact.caption: required", "artifact.journey: known_journey"}},
		"a journey of another school": {func(a *evidencev1.Artifact) { a.Journey, a.Step = et.FarJourney, et.FarStep }, []string{"artifact.journey: journey_of_school"}},
		"a journey by wildcard":       {func(a *evidencev1.Artifact) { a.Journey = et.School + "/teams/-/journeys/-" }, []string{"artifact.journey: journey_of_school", "artifact.step: step_of_journey"}},
		"a step of another journey":   {func(a *evidencev1.Artifact) { a.Step = et.Other + "/steps/one" }, []string{"artifact.step: step_of_journey"}},
		"a step and an indicator that the plan has not": {func(a *evidencev1.Artifact) { a.Step, a.Indicator = et.Journey+"/steps/none", "power-9" }, []string{
			"artifact.indicator: indicator_of_goal", "artifact.step: known_step",
		}},
		"tomorrow":             {func(a *evidencev1.Artifact) { a.OccurDate = "2026-09-02" }, []string{"artifact.occur_date: not_in_future"}},
		"no day of a calendar": {func(a *evidencev1.Artifact) { a.OccurDate = "2026-02-30" }, []string{"artifact.occur_date: date"}},
		"an unknown group":     {func(a *evidencev1.Artifact) { a.Groups = append(a.Groups, 9) }, []string{"artifact.groups: known_group"}},
		"a file in a folder":   {func(a *evidencev1.Artifact) { a.FileName = "../etc/passwd" }, []string{"artifact.file_name: file_name"}},
		"a file name that reads backwards": {func(a *evidencev1.Artifact) { a.FileName = "evening\u202egnp.exe" }, []string{
			"artifact.file_name: file_name",
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			a := et.Evidence()
			c.change(a)
			_, err := w.Artifacts.CreateArtifact(et.Member(t), &evidencev1.CreateArtifactRequest{Parent: et.School, Artifact: a, ArtifactId: "bad"})
			refused(t, err, problem.ReasonFieldInvalid, c.rules...)
		})
	}
	_, err := w.Artifacts.GetArtifact(et.Member(t), &evidencev1.GetArtifactRequest{Name: et.School + "/artifacts/bad"})
	require.Equal(t, codes.NotFound, et.Code(err), "nothing was kept")
}

func TestEveryIndicatorOfTheJourneysGoalsWillDo(t *testing.T) {
	w := world(t)
	w.Create(t, "one", func(a *evidencev1.Artifact) { a.Indicator = et.Indicator })
	w.Create(t, "two", func(a *evidencev1.Artifact) { a.Indicator = et.Indicator2 })
}

func TestJourneyTakesEvidenceFromActingOnThePlanOn(t *testing.T) {
	w := world(t)
	takes := map[schoolsv1.Phase]bool{
		schoolsv1.Phase_PHASE_UNDERWAY: true, schoolsv1.Phase_PHASE_PRESENTED: true, schoolsv1.Phase_PHASE_APPLIED: true,
		schoolsv1.Phase_PHASE_AWARDED: true, schoolsv1.Phase_PHASE_SUSTAINING: true,
	}
	for number, name := range schoolsv1.Phase_name {
		t.Run(name, func(t *testing.T) {
			w.Schools.SetPhase(et.Journey, schoolsv1.Phase(number))
			_, err := w.Artifacts.CreateArtifact(et.Member(t), &evidencev1.CreateArtifactRequest{Parent: et.School, Artifact: et.Evidence()})
			if takes[schoolsv1.Phase(number)] {
				require.NoError(t, err)
				return
			}
			refused(t, err, problem.ReasonStateWrong, et.Journey+": journey_takes_evidence")
		})
	}
}

func TestJourneyHasALimitOfArtifacts(t *testing.T) {
	c := evidence.DefaultConfig()
	c.MaxArtifacts = 2
	w := et.New(t, c, nil)
	first := w.Create(t, "a", nil)
	w.Create(t, "b", nil)
	_, err := w.Artifacts.CreateArtifact(et.Member(t), &evidencev1.CreateArtifactRequest{Parent: et.School, Artifact: et.Evidence()})
	refused(t, err, problem.ReasonLimitExceeded, et.Journey+": artifacts_max")
	_, err = w.Artifacts.DeleteArtifact(et.Member(t), &evidencev1.DeleteArtifactRequest{Name: first.GetName()})
	require.NoError(t, err)
	w.Create(t, "c", nil)
}

func TestSchoolsAwayMeansUnavailableAndNothingKept(t *testing.T) {
	w := world(t)
	w.Schools.SetAway(problem.Unavailable("database"))
	_, err := w.Artifacts.CreateArtifact(et.Member(t), &evidencev1.CreateArtifactRequest{Parent: et.School, ArtifactId: "a", Artifact: et.Evidence()})
	require.Equal(t, codes.Unavailable, et.Code(err))
	w.Schools.SetAway(nil)
	w.Create(t, "a", nil)
}

func TestCreatingTwiceIsRefusedUnlessItIsTheSameRequest(t *testing.T) {
	w := world(t)
	req := &evidencev1.CreateArtifactRequest{Parent: et.School, ArtifactId: "a", Artifact: et.Evidence(), RequestId: "r1"}
	first, err := w.Artifacts.CreateArtifact(et.Member(t), req)
	require.NoError(t, err)
	again, err := w.Artifacts.CreateArtifact(et.Member(t), req)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(first, again, protocmp.Transform()))

	req.RequestId = "r2"
	_, err = w.Artifacts.CreateArtifact(et.Member(t), req)
	require.Equal(t, codes.AlreadyExists, et.Code(err))
	req.RequestId, req.Artifact.Caption = "r1", "Another"
	_, err = w.Artifacts.CreateArtifact(et.Member(t), req)
	refused(t, err, problem.ReasonRequestIDReused, "request_id: reused")
}

func TestListPagesByIdAndFilters(t *testing.T) {
	w := world(t)
	for i := range 5 {
		w.Create(t, fmt.Sprintf("a%d", i), func(a *evidencev1.Artifact) {
			if i%2 == 1 {
				a.Indicator, a.Step = et.Indicator2, et.Step2
			}
		})
	}
	_, err := w.Upload(et.Member(t), et.School+"/artifacts/a1", et.PNG(1))
	require.NoError(t, err)
	cases := map[string][]string{
		``:                                {"a0", "a1", "a2", "a3", "a4"},
		`indicator = "welcome-2"`:         {"a1", "a3"},
		`state = ACCEPTED`:                {"a1"},
		`state != STATE_ACCEPTED`:         {"a0", "a2", "a3", "a4"},
		`NOT state = "STATE_ACCEPTED"`:    {"a0", "a2", "a3", "a4"},
		`step = "` + et.Step2 + `"`:       {"a1", "a3"},
		`journey = "` + et.Journey + `x"`: nil,
		`indicator = "welcome-2" AND state = AWAITING_CONTENT`:                   {"a3"},
		`(indicator = "welcome-1" OR state = ACCEPTED) AND indicator != "x' --"`: {"a0", "a1", "a2", "a4"},
	}
	for filter, want := range cases {
		t.Run(filter, func(t *testing.T) {
			var got []string
			req := &evidencev1.ListArtifactsRequest{Parent: et.School, PageSize: 2, Filter: filter}
			for {
				resp, err := w.Artifacts.ListArtifacts(et.Member(t), req)
				require.NoError(t, err)
				require.LessOrEqual(t, len(resp.GetArtifacts()), 2)
				for _, a := range resp.GetArtifacts() {
					got = append(got, strings.TrimPrefix(a.GetName(), et.School+"/artifacts/"))
				}
				if req.PageToken = resp.GetNextPageToken(); req.PageToken == "" {
					break
				}
			}
			require.Equal(t, want, got)
		})
	}
	for _, filter := range []string{`caption = "x"`, `state = FLYING`, `state > ACCEPTED`, `indicator = welcome`, `indicator = "1`, `"x" = indicator`} {
		_, err := w.Artifacts.ListArtifacts(et.Member(t), &evidencev1.ListArtifactsRequest{Parent: et.School, Filter: filter})
		refused(t, err, problem.ReasonFieldInvalid, "filter: filter")
	}
	_, err = w.Artifacts.ListArtifacts(et.Member(t), &evidencev1.ListArtifactsRequest{Parent: et.School, PageToken: "forged"})
	refused(t, err, problem.ReasonFieldInvalid, "page_token: from_previous_page")
}

func TestForeignEvidenceIsAnsweredAsIfItNeverExisted(t *testing.T) {
	w := world(t)
	far := et.As(t, accessv1.Role_ROLE_TEAM_MEMBER, et.FarSchool)
	real, none := w.Accepted(t, "a", et.PNG(1)).GetName(), et.FarSchool+"/artifacts/none"
	calls := map[string]func(name string) error{
		"get": func(name string) error {
			_, err := w.Artifacts.GetArtifact(far, &evidencev1.GetArtifactRequest{Name: name})
			return err
		},
		"update": func(name string) error {
			_, err := w.Artifacts.UpdateArtifact(far, &evidencev1.UpdateArtifactRequest{Artifact: &evidencev1.Artifact{Name: name, Caption: "x"}})
			return err
		},
		"delete": func(name string) error {
			_, err := w.Artifacts.DeleteArtifact(far, &evidencev1.DeleteArtifactRequest{Name: name})
			return err
		},
		"upload": func(name string) error {
			_, err := w.Upload(far, name, et.PNG(1))
			return err
		},
		"download": func(name string) error {
			_, _, err := w.Download(far, name)
			return err
		},
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			foreign, missing := call(real), call(none)
			require.Equal(t, codes.NotFound, et.Code(foreign))
			alike(t, foreign, real, missing, none)
		})
	}
	_, err := w.Artifacts.ListArtifacts(far, &evidencev1.ListArtifactsRequest{Parent: et.School})
	require.Equal(t, codes.NotFound, et.Code(err))
}

func TestRolesAreThoseOfTheRules(t *testing.T) {
	w := world(t)
	a := w.Accepted(t, "a", et.PNG(1))
	coordinator, reviewer := et.As(t, accessv1.Role_ROLE_DISTRICT_COORDINATOR, et.District), et.As(t, accessv1.Role_ROLE_REVIEWER, et.School)
	_, content, err := w.Download(coordinator, a.GetName())
	require.NoError(t, err)
	require.Equal(t, et.PNG(1), content)
	_, err = w.Upload(coordinator, a.GetName(), et.PNG(1))
	refused(t, err, problem.ReasonRoleInsufficient)
	_, err = w.Artifacts.CreateArtifact(coordinator, &evidencev1.CreateArtifactRequest{Parent: et.School, Artifact: et.Evidence()})
	refused(t, err, problem.ReasonRoleInsufficient)
	_, _, err = w.Download(reviewer, a.GetName())
	refused(t, err, problem.ReasonRoleInsufficient)
	_, err = w.Upload(t.Context(), a.GetName(), et.PNG(1))
	require.Equal(t, codes.Unauthenticated, et.Code(err))
	_, err = w.Artifacts.ListArtifacts(coordinator, &evidencev1.ListArtifactsRequest{Parent: et.District + "/schools/-"})
	refused(t, err, problem.ReasonFieldInvalid, "parent: resource_name")
}
