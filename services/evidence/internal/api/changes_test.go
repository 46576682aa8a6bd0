package api_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	evidencev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/evidence/v1"
	typev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/type/v1"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"

	et "github.com/tandem-badges/tandem/services/evidence/internal/evidencetest"
)

func TestUpdateChangesWhatTheMaskNames(t *testing.T) {
	w := world(t)
	a := w.Create(t, "a", func(a *evidencev1.Artifact) { a.FileName = "x.png" })
	w.Clock.Advance(time.Hour)
	patch := &evidencev1.Artifact{
		Name: a.GetName(), Etag: a.GetEtag(), Caption: "New", Indicator: et.Indicator2, Step: et.Step2, OccurDate: "2026-08-01", FileName: "ignored.png",
		Groups: []typev1.StakeholderGroup{typev1.StakeholderGroup_STAKEHOLDER_GROUP_STUDENT},
	}
	got, err := w.Artifacts.UpdateArtifact(et.Member(t), &evidencev1.UpdateArtifactRequest{
		Artifact: patch, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"caption", "indicator", "step", "occur_date", "groups"}},
	})
	require.NoError(t, err)
	want := proto.CloneOf(a)
	want.Caption, want.Indicator, want.Step, want.OccurDate, want.Groups = "New", et.Indicator2, et.Step2, "2026-08-01", patch.Groups
	want.UpdateTime, want.Etag = timestamppb.New(kittest.Start().Add(time.Hour)), `"2"`
	require.Empty(t, cmp.Diff(want, got, protocmp.Transform()))

	same, err := w.Artifacts.UpdateArtifact(et.Member(t), &evidencev1.UpdateArtifactRequest{Artifact: &evidencev1.Artifact{Name: a.GetName(), Caption: "New"}})
	require.NoError(t, err)
	require.Equal(t, got.GetEtag(), same.GetEtag(), "nothing changed")
	cleared, err := w.Artifacts.UpdateArtifact(et.Member(t), &evidencev1.UpdateArtifactRequest{
		Artifact: &evidencev1.Artifact{Name: a.GetName()}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"file_name"}},
	})
	require.NoError(t, err)
	require.Empty(t, cleared.GetFileName())
}

// TestWhatIsMadePublicIsSaidInTheManifest follows a summary for the public from the artifact into what
// an application freezes, and out again when the school takes it back.
func TestWhatIsMadePublicIsSaidInTheManifest(t *testing.T) {
	w := world(t)
	w.Accepted(t, "a", et.PNG(1))
	w.Accepted(t, "b", et.PNG(2))
	summaries := func() (out []string) {
		m, err := w.Portfolios.FreezePortfolio(et.Lead(t), &evidencev1.FreezePortfolioRequest{Name: et.Journey + "/portfolio"})
		require.NoError(t, err)
		for _, e := range m.GetEntries() {
			out = append(out, e.GetPublicSummary())
		}
		return out
	}
	say := func(text string) {
		a, err := w.Artifacts.UpdateArtifact(et.Member(t), &evidencev1.UpdateArtifactRequest{
			Artifact:   &evidencev1.Artifact{Name: et.School + "/artifacts/b", PublicSummary: text},
			UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"public_summary"}},
		})
		require.NoError(t, err)
		require.Equal(t, strings.TrimSpace(text), a.GetPublicSummary())
	}
	require.Equal(t, []string{"", ""}, summaries(), "nothing is public unless the school says so")
	say(" An evening for 80 families. ")
	require.Equal(t, []string{"", "An evening for 80 families."}, summaries())
	say("")
	require.Equal(t, []string{"", ""}, summaries())
}

func TestUpdateThatBreaksARuleChangesNothing(t *testing.T) {
	w := world(t)
	a := w.Create(t, "a", nil)
	cases := map[string]struct {
		patch *evidencev1.Artifact
		mask  []string
		rules []string
	}{
		"all fields at once": {
			&evidencev1.Artifact{Step: et.Other + "/steps/one", Indicator: "none", OccurDate: "2027-01-01", FileName: "a/b", PublicSummary: "seen \u202e unseen"},
			[]string{"step", "indicator", "occur_date", "file_name", "caption", "groups", "public_summary"},
			[]string{
				"artifact.caption: required", "artifact.file_name: file_name", "artifact.groups: required", "artifact.indicator: indicator_of_goal",
				"artifact.occur_date: not_in_future", "artifact.public_summary: plain_text", "artifact.step: step_of_journey",
			},
		},
		"the journey, with a mask":        {&evidencev1.Artifact{Journey: et.Other}, []string{"journey"}, []string{"artifact.journey: immutable"}},
		"the journey, without one":        {&evidencev1.Artifact{Journey: et.Other}, nil, []string{"artifact.journey: immutable"}},
		"what only the server sets":       {&evidencev1.Artifact{}, []string{"state", "sha256", "name"}, []string{"update_mask: writable_path", "update_mask: writable_path", "update_mask: writable_path"}},
		"what the resource does not have": {&evidencev1.Artifact{}, []string{"color", "caption.x"}, []string{"update_mask: known_path", "update_mask: known_path"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			c.patch.Name = a.GetName()
			req := &evidencev1.UpdateArtifactRequest{Artifact: c.patch}
			if c.mask != nil {
				req.UpdateMask = &fieldmaskpb.FieldMask{Paths: c.mask}
			}
			_, err := w.Artifacts.UpdateArtifact(et.Member(t), req)
			refused(t, err, problem.ReasonFieldInvalid, c.rules...)
		})
	}
	got, err := w.Artifacts.GetArtifact(et.Member(t), &evidencev1.GetArtifactRequest{Name: a.GetName()})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(a, got, protocmp.Transform()))
}

func TestStaleEtagChangesNothing(t *testing.T) {
	w := world(t)
	a := w.Accepted(t, "a", et.PNG(1))
	_, err := w.Artifacts.UpdateArtifact(et.Member(t), &evidencev1.UpdateArtifactRequest{Artifact: &evidencev1.Artifact{Name: a.GetName(), Caption: "x", Etag: `"1"`}})
	refused(t, err, problem.ReasonEtagStale)
	_, err = w.Artifacts.DeleteArtifact(et.Member(t), &evidencev1.DeleteArtifactRequest{Name: a.GetName(), Etag: `"1"`})
	refused(t, err, problem.ReasonEtagStale)
	_, err = w.Artifacts.DeleteArtifact(et.Member(t), &evidencev1.DeleteArtifactRequest{Name: a.GetName(), Etag: a.GetEtag()})
	require.NoError(t, err)
}

func TestWithdrawnEvidenceStaysSeenButUntouchable(t *testing.T) {
	w := world(t)
	a := w.Accepted(t, "a", et.PNG(1))
	_, err := w.Artifacts.DeleteArtifact(et.Member(t), &evidencev1.DeleteArtifactRequest{Name: a.GetName()})
	require.NoError(t, err)
	got, err := w.Artifacts.GetArtifact(et.Member(t), &evidencev1.GetArtifactRequest{Name: a.GetName()})
	require.NoError(t, err)
	require.Equal(t, evidencev1.Artifact_STATE_WITHDRAWN, got.GetState())

	rule := a.GetName() + ": not_withdrawn"
	_, err = w.Artifacts.DeleteArtifact(et.Member(t), &evidencev1.DeleteArtifactRequest{Name: a.GetName()})
	refused(t, err, problem.ReasonStateWrong, rule)
	_, err = w.Artifacts.UpdateArtifact(et.Member(t), &evidencev1.UpdateArtifactRequest{Artifact: &evidencev1.Artifact{Name: a.GetName(), Caption: "x"}})
	refused(t, err, problem.ReasonStateWrong, rule)
	_, err = w.Upload(et.Member(t), a.GetName(), et.PNG(1))
	refused(t, err, problem.ReasonStateWrong, rule)
	_, _, err = w.Download(et.Member(t), a.GetName())
	refused(t, err, problem.ReasonStateWrong, rule)
}
