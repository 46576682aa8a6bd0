package badges_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	typev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/type/v1"
	"github.com/tandem-badges/tandem/services/badges"
	bt "github.com/tandem-badges/tandem/services/badges/internal/badgestest"
	"github.com/tandem-badges/tandem/services/kit/kittest"
)

func TestSixBadgesAreBuiltInAndLoadedOnce(t *testing.T) {
	both(t, func(t *testing.T, w *bt.World) {
		_, err := badges.New(w.Deps)
		require.NoError(t, err, "a second start changes nothing")
		list, err := w.Definitions.ListBadgeDefinitions(w.As(bt.Stranger), &badgesv1.ListBadgeDefinitionsRequest{PageSize: 6})
		require.NoError(t, err)
		require.Empty(t, list.GetNextPageToken())
		var got []string
		for _, d := range list.GetBadgeDefinitions() {
			got = append(got, d.GetStandard())
			require.Equal(t, "badgeDefinitions/"+d.GetStandard()+"/versions/1", d.GetCurrentVersion())
			v, err := w.Definitions.GetBadgeDefinitionVersion(w.As(bt.Lead), &badgesv1.GetBadgeDefinitionVersionRequest{Name: d.GetCurrentVersion()})
			require.NoError(t, err)
			require.Len(t, v.GetEligibilityRules(), 6)
			require.Equal(t, int32(2), v.GetReviewersRequired())
		}
		require.ElementsMatch(t, standards(), got)
		rubric, err := w.Definitions.GetRubricVersion(w.As(bt.Lead), &badgesv1.GetRubricVersionRequest{Name: "rubrics/partnership-badge/versions/1"})
		require.NoError(t, err)
		require.Len(t, rubric.GetCriteria(), 5)
		family, err := w.Definitions.GetRubric(w.As(bt.Lead), &badgesv1.GetRubricRequest{Name: "rubrics/partnership-badge"})
		require.NoError(t, err)
		require.NotEmpty(t, family.GetTitle())
		for _, c := range rubric.GetCriteria() {
			require.Len(t, c.GetLevels(), 4)
		}
		var events int
		require.NoError(t, w.DB.Conn(kittest.All(t)).QueryRowContext(kittest.All(t), "SELECT count(*) FROM outbox").Scan(&events))
		require.Equal(t, 6, events)
	})
}

func edition() *badgesv1.BadgeDefinitionVersion {
	return &badgesv1.BadgeDefinitionVersion{
		Description: "Stands for something.", Criteria: "Do something.", FrameworkVersion: bt.FrameworkVersion,
		RubricVersion: "rubrics/partnership-badge/versions/1", DecisionRule: "mean >= 1.0",
		EligibilityRules: []*typev1.EligibilityRule{{
			Id: "a-step", Title: "A step", Expression: "journey.steps > 0", Reason: `string(journey.steps) + " steps"`, Fix: "Add a step.",
		}},
	}
}

func TestAnEditionIsDraftedChangedAndPublishedForGood(t *testing.T) {
	w := start(t)
	admin := w.As(bt.Admin)
	draft := func(m *badgesv1.BadgeDefinitionVersion) (*badgesv1.BadgeDefinitionVersion, error) {
		return w.Definitions.CreateBadgeDefinitionVersion(admin, &badgesv1.CreateBadgeDefinitionVersionRequest{
			Parent: bt.Badge, BadgeDefinitionVersion: m, BadgeDefinitionVersionId: "2",
		})
	}
	bad := edition()
	bad.Description, bad.DecisionRule, bad.RubricVersion = "", "mean +", "nope"
	bad.EligibilityRules = append(bad.EligibilityRules, proto.Clone(bad.EligibilityRules[0]).(*typev1.EligibilityRule))
	bad.EligibilityRules[1].Expression, bad.EligibilityRules[1].Reason = "1", "true"
	_, err := draft(bad)
	const at = "badge_definition_version."
	invalid(t, err, broken{at + "description", "required"}, broken{at + "decision_rule", "cel"}, broken{at + "rubric_version", "resource_name"},
		broken{at + "eligibility_rules[1].id", "unique"}, broken{at + "eligibility_rules[1].expression", "cel"},
		broken{at + "eligibility_rules[1].reason", "cel"})
	v, err := draft(edition())
	require.NoError(t, err)
	require.Equal(t, int32(36), v.GetValidMonths())
	v, err = w.Definitions.UpdateBadgeDefinitionVersion(admin, &badgesv1.UpdateBadgeDefinitionVersionRequest{
		BadgeDefinitionVersion: &badgesv1.BadgeDefinitionVersion{Name: v.GetName(), ReviewersRequired: 3, Etag: v.GetEtag()},
		UpdateMask:             &fieldmaskpb.FieldMask{Paths: []string{"reviewers_required"}},
	})
	require.NoError(t, err)
	require.Equal(t, int32(3), v.GetReviewersRequired())
	require.Equal(t, "mean >= 1.0", v.GetDecisionRule())
	_, err = w.Definitions.UpdateBadgeDefinitionVersion(admin, &badgesv1.UpdateBadgeDefinitionVersionRequest{
		BadgeDefinitionVersion: v, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"state"}},
	})
	invalid(t, err, broken{"update_mask", "known_path"})

	publish := func(etag string) error {
		_, err := w.Definitions.PublishBadgeDefinitionVersion(admin, &badgesv1.PublishBadgeDefinitionVersionRequest{Name: v.GetName(), Etag: etag})
		return err
	}
	stale(t, publish(`"1"`))
	require.NoError(t, publish(v.GetEtag()))
	wrongState(t, publish(""), "published_never_changes")
	_, err = w.Definitions.UpdateBadgeDefinitionVersion(admin, &badgesv1.UpdateBadgeDefinitionVersionRequest{BadgeDefinitionVersion: v})
	stale(t, err)
	v.Etag = ""
	_, err = w.Definitions.UpdateBadgeDefinitionVersion(admin, &badgesv1.UpdateBadgeDefinitionVersionRequest{BadgeDefinitionVersion: v})
	wrongState(t, err, "published_never_changes")
	d, err := w.Definitions.GetBadgeDefinition(admin, &badgesv1.GetBadgeDefinitionRequest{Name: bt.Badge})
	require.NoError(t, err)
	require.Equal(t, v.GetName(), d.GetCurrentVersion())
	list, err := w.Definitions.ListBadgeDefinitionVersions(admin, &badgesv1.ListBadgeDefinitionVersionsRequest{Parent: bt.Badge})
	require.NoError(t, err)
	require.Len(t, list.GetBadgeDefinitionVersions(), 2)
}

func TestABadgeNeedsAPublishedRubricAndARule(t *testing.T) {
	w := start(t)
	admin := w.As(bt.Admin)
	_, err := w.Definitions.CreateBadgeDefinition(admin, &badgesv1.CreateBadgeDefinitionRequest{BadgeDefinition: &badgesv1.BadgeDefinition{}})
	invalid(t, err, broken{"badge_definition.title", "required"}, broken{"badge_definition.framework", "required"}, broken{"badge_definition.standard", "required"})
	_, err = w.Definitions.CreateBadgeDefinition(w.As(bt.Coordinator), &badgesv1.CreateBadgeDefinitionRequest{
		BadgeDefinition: &badgesv1.BadgeDefinition{Title: "x", Framework: "frameworks/f", Standard: "s"},
	})
	denied(t, err)
	d, err := w.Definitions.CreateBadgeDefinition(admin, &badgesv1.CreateBadgeDefinitionRequest{
		BadgeDefinition: &badgesv1.BadgeDefinition{Title: "Own", Framework: "frameworks/own", Standard: "own"}, BadgeDefinitionId: "own",
	})
	require.NoError(t, err)
	rubric, err := w.Definitions.CreateRubric(admin, &badgesv1.CreateRubricRequest{Rubric: &badgesv1.Rubric{Title: "Own"}, RubricId: "own"})
	require.NoError(t, err)
	_, err = w.Definitions.CreateRubricVersion(admin, &badgesv1.CreateRubricVersionRequest{Parent: rubric.GetName(), RubricVersion: &badgesv1.RubricVersion{
		Criteria: []*badgesv1.Criterion{{Id: "A b", Levels: []*badgesv1.CriterionLevel{{Points: 2, Title: "x"}, {Points: 1}}}},
	}})
	const at = "rubric_version.criteria[0]."
	invalid(t, err, broken{at + "id", "kebab_case"}, broken{at + "title", "required"}, broken{at + "levels[1].title", "required"}, broken{at + "levels[1].points", "rising"})
	guide, err := w.Definitions.CreateRubricVersion(admin, &badgesv1.CreateRubricVersionRequest{
		Parent: rubric.GetName(), RubricVersionId: "1", RubricVersion: &badgesv1.RubricVersion{Criteria: []*badgesv1.Criterion{{
			Id: "depth", Title: "Depth", Levels: []*badgesv1.CriterionLevel{{Points: 0, Title: "No"}, {Points: 1, Title: "Yes"}},
		}}},
	})
	require.NoError(t, err)
	m := edition()
	m.RubricVersion, m.EligibilityRules = guide.GetName(), nil
	v, err := w.Definitions.CreateBadgeDefinitionVersion(admin, &badgesv1.CreateBadgeDefinitionVersionRequest{Parent: d.GetName(), BadgeDefinitionVersion: m})
	require.NoError(t, err)
	_, err = w.Definitions.PublishBadgeDefinitionVersion(admin, &badgesv1.PublishBadgeDefinitionVersionRequest{Name: v.GetName()})
	invalid(t, err, broken{"badge_definition_version.eligibility_rules", "required"}, broken{"badge_definition_version.rubric_version", "published"})

	guide.Criteria[0].Question = "How deep?"
	guide, err = w.Definitions.UpdateRubricVersion(admin, &badgesv1.UpdateRubricVersionRequest{RubricVersion: guide})
	require.NoError(t, err)
	guide, err = w.Definitions.PublishRubricVersion(admin, &badgesv1.PublishRubricVersionRequest{Name: guide.GetName()})
	require.NoError(t, err)
	require.Equal(t, badgesv1.PublishState_PUBLISH_STATE_PUBLISHED, guide.GetState())
	_, err = w.Definitions.PublishRubricVersion(admin, &badgesv1.PublishRubricVersionRequest{Name: guide.GetName()})
	wrongState(t, err, "published_never_changes")
	rubrics, err := w.Definitions.ListRubrics(admin, &badgesv1.ListRubricsRequest{PageSize: 1})
	require.NoError(t, err)
	require.NotEmpty(t, rubrics.GetNextPageToken())
	versions, err := w.Definitions.ListRubricVersions(admin, &badgesv1.ListRubricVersionsRequest{Parent: rubric.GetName()})
	require.NoError(t, err)
	require.Equal(t, "How deep?", versions.GetRubricVersions()[0].GetCriteria()[0].GetQuestion())
}
