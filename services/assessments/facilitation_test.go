package assessments_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"io"
	"testing"

	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	typev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/type/v1"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

func TestADistrictsYearInTheInventory(t *testing.T) {
	w := start(t)
	s := assessmentsv1.NewInventoriesServiceClient(w.conn)
	catalog, err := s.ListInventoryActivities(w.member(), &assessmentsv1.ListInventoryActivitiesRequest{Language: "es", PageSize: 4})
	require.NoError(t, err)
	require.Len(t, catalog.GetStrategies(), 4)
	rest, err := s.ListInventoryActivities(w.member(), &assessmentsv1.ListInventoryActivitiesRequest{Language: "es", PageSize: 4, PageToken: catalog.GetNextPageToken()})
	require.NoError(t, err)
	require.Empty(t, rest.GetNextPageToken())
	activities := 0
	for _, strategy := range append(catalog.GetStrategies(), rest.GetStrategies()...) {
		activities += len(strategy.GetActivities())
		for _, a := range strategy.GetActivities() {
			require.Equal(t, a.GetTitles()["es"], a.GetTitle())
			require.NotContains(t, a.GetTitle(), "{", "the state's words stand in it")
		}
	}
	require.Equal(t, 48, activities)

	_, err = s.CreateInventory(w.coordinator(), &assessmentsv1.CreateInventoryRequest{Parent: "districts/d1", Inventory: &assessmentsv1.Inventory{
		Cycle: "cycles/none", Marks: []*assessmentsv1.InventoryMark{{Activity: "z1"}},
	}})
	refused(t, err, codes.InvalidArgument, problem.ReasonFieldInvalid, "inventory.cycle cycle_exists", "inventory.marks[0].activity activity_of_catalog")
	i, err := s.CreateInventory(w.coordinator(), &assessmentsv1.CreateInventoryRequest{Parent: "districts/d1", InventoryId: "ours", Inventory: &assessmentsv1.Inventory{Cycle: cycle}})
	require.NoError(t, err)
	i, err = s.UpdateInventory(w.coordinator(), &assessmentsv1.UpdateInventoryRequest{
		Inventory: &assessmentsv1.Inventory{
			Name: i.GetName(), Etag: i.GetEtag(), Marks: []*assessmentsv1.InventoryMark{{Activity: "a1", DoingNow: true}, {Activity: "b2", WantToStart: true, Note: "With the board"}},
			OwnLines: []*assessmentsv1.InventoryOwnLine{{Strategy: "c", Text: "A reading night", WantToStart: true}},
		}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"marks", "own_lines"}},
	})
	require.NoError(t, err)
	require.Len(t, i.GetMarks(), 2)
	_, err = s.SubmitInventory(w.coordinator(), &assessmentsv1.SubmitInventoryRequest{Name: i.GetName(), Etag: i.GetEtag()})
	require.NoError(t, err)
	require.Equal(t, 1, w.events()["InventorySubmitted"])

	plan, err := s.DraftLeadershipPlan(w.coordinator(), &assessmentsv1.DraftLeadershipPlanRequest{Name: i.GetName()})
	require.NoError(t, err)
	require.Len(t, plan.GetLines(), 2)
	require.Equal(t, "A reading night", plan.GetLines()[1].GetTitle())
	_, err = s.CompareInventories(w.coordinator(), &assessmentsv1.CompareInventoriesRequest{Name: i.GetName()})
	refused(t, err, codes.FailedPrecondition, problem.ReasonNotEligible, i.GetName()+" earlier_inventory")
	all, err := s.RollUpInventories(w.state(), &assessmentsv1.RollUpInventoriesRequest{Cycle: cycle})
	require.NoError(t, err)
	require.EqualValues(t, 1, all.GetSubmitted())
	require.EqualValues(t, 1, all.GetActivities()[0].GetDoing())

	elsewhere := w.as("people/other", accessv1.Role_ROLE_DISTRICT_COORDINATOR, "districts/d2")
	_, err = s.GetInventory(elsewhere, &assessmentsv1.GetInventoryRequest{Name: i.GetName()})
	require.Equal(t, codes.NotFound, status.Code(err))
	_, err = s.RollUpInventories(elsewhere, &assessmentsv1.RollUpInventoriesRequest{Cycle: cycle})
	require.Equal(t, codes.PermissionDenied, status.Code(err))
	list, err := s.ListInventories(w.coordinator(), &assessmentsv1.ListInventoriesRequest{Parent: "districts/d1"})
	require.NoError(t, err)
	require.Len(t, list.GetInventories(), 1)
}

// surveyed is a published campaign in which the families of oak answered, also in words.
func (w *world) surveyed() *assessmentsv1.Release {
	w.t.Helper()
	c := w.opened("fall", nil)
	var sheets []*assessmentsv1.PaperResponse
	for i := range 60 {
		given := answers(i)
		if i < 30 {
			given = append(given, &assessmentsv1.Answer{Item: "in-your-words", Text: "Thanks to A. Example"})
		}
		sheets = append(sheets, &assessmentsv1.PaperResponse{ResponseId: "paper-oak-" + hex.EncodeToString([]byte{byte(i)}) + "-x", Answers: given})
	}
	_, err := w.responses.BatchSubmitResponses(w.coordinator(), &assessmentsv1.BatchSubmitResponsesRequest{Parent: c.GetName(), School: "districts/d1/schools/oak", Responses: sheets})
	require.NoError(w.t, err)
	w.collect(c.GetName(), "elm", 8)
	return w.published(c.GetName())
}

func TestCommentsAreForFewAndThemesForTheOffice(t *testing.T) {
	w := start(t)
	w.surveyed()
	s := assessmentsv1.NewCommentsServiceClient(w.conn)
	const campaign, oak = "districts/d1/campaigns/fall", "districts/d1/schools/oak"
	principal := w.as("people/principal", accessv1.Role_ROLE_PRINCIPAL, oak)
	list, err := s.ListComments(principal, &assessmentsv1.ListCommentsRequest{Parent: campaign, School: oak, PageSize: 20})
	require.NoError(t, err)
	require.Len(t, list.GetComments(), 20)
	rest, err := s.ListComments(principal, &assessmentsv1.ListCommentsRequest{Parent: campaign, School: oak, PageSize: 20, PageToken: list.GetNextPageToken()})
	require.NoError(t, err)
	require.Len(t, rest.GetComments(), 10)
	require.Empty(t, rest.GetNextPageToken())

	_, err = s.ListComments(w.coordinator(), &assessmentsv1.ListCommentsRequest{Parent: campaign, School: "districts/d1/schools/elm"})
	refused(t, err, codes.FailedPrecondition, problem.ReasonNotEligible, "districts/d1/schools/elm enough_families")
	_, err = s.ListComments(w.lead(), &assessmentsv1.ListCommentsRequest{Parent: campaign, School: oak})
	require.Equal(t, codes.PermissionDenied, status.Code(err), "a team works with numbers")
	_, err = s.ListComments(principal, &assessmentsv1.ListCommentsRequest{Parent: campaign, School: "districts/d1/schools/elm"})
	require.Equal(t, codes.NotFound, status.Code(err))

	theme, err := s.CreateTheme(w.coordinator(), &assessmentsv1.CreateThemeRequest{Parent: campaign, ThemeId: "thanks", Theme: &assessmentsv1.Theme{Title: "Thanks", Standard: "welcome-all-families"}})
	require.NoError(t, err)
	first := list.GetComments()[0]
	changed, err := s.UpdateComment(w.coordinator(), &assessmentsv1.UpdateCommentRequest{
		Comment:    &assessmentsv1.Comment{Name: first.GetName(), Text: "Thanks to [removed]", Themes: []string{"thanks"}, Etag: first.GetEtag()},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"text", "themes"}},
	})
	require.NoError(t, err)
	require.True(t, changed.GetRedacted())
	with, err := s.ListComments(principal, &assessmentsv1.ListCommentsRequest{Parent: campaign, School: oak, Theme: "thanks"})
	require.NoError(t, err)
	require.Len(t, with.GetComments(), 1)
	require.Equal(t, "Thanks to [removed]", with.GetComments()[0].GetText())
	themes, err := s.ListThemes(w.coordinator(), &assessmentsv1.ListThemesRequest{Parent: campaign})
	require.NoError(t, err)
	require.False(t, themes.GetThemes()[0].GetComments().GetShown(), "one comment is few")
	_, err = s.DeleteTheme(w.coordinator(), &assessmentsv1.DeleteThemeRequest{Name: theme.GetName()})
	require.NoError(t, err)
}

func TestAReleaseIsTakenAlongAndDrawn(t *testing.T) {
	w := start(t)
	release := w.surveyed()
	s := assessmentsv1.NewExportsServiceClient(w.conn)
	evaluator := w.as("people/evaluator", accessv1.Role_ROLE_OUTSIDE_EVALUATOR, "districts/d1")
	for format := range assessmentsv1.ExportFormat_name {
		if format == 0 {
			continue
		}
		op, err := s.CreateExport(evaluator, &assessmentsv1.CreateExportRequest{Parent: release.GetName(), Export: &assessmentsv1.Export{Format: assessmentsv1.ExportFormat(format)}})
		require.NoError(t, err)
		file := w.exported(s, op.GetName())
		whole := w.read(s, file)
		sum := sha256.Sum256(whole)
		require.Equal(t, file.GetSha256(), hex.EncodeToString(sum[:]))
		require.EqualValues(t, file.GetSize(), len(whole))
		if file.GetFormat() == assessmentsv1.ExportFormat_EXPORT_FORMAT_CSV {
			lines, err := csv.NewReader(bytes.NewReader(whole)).ReadAll()
			require.NoError(t, err)
			require.EqualValues(t, file.GetRows(), len(lines)-1)
		}
	}
	_, err := s.CreateExport(w.lead(), &assessmentsv1.CreateExportRequest{Parent: release.GetName(), Export: &assessmentsv1.Export{Format: 1}})
	require.Equal(t, codes.PermissionDenied, status.Code(err))
	_, err = s.CreateExport(evaluator, &assessmentsv1.CreateExportRequest{Parent: "districts/d1/releases/none", Export: &assessmentsv1.Export{Format: 1}})
	require.Equal(t, codes.NotFound, status.Code(err))

	charts := assessmentsv1.NewRollUpsServiceClient(w.conn)
	tables, err := charts.ListResultTables(w.coordinator(), &assessmentsv1.ListResultTablesRequest{Parent: release.GetName()})
	require.NoError(t, err)
	require.NotEmpty(t, tables.GetTables())
	for kind := range assessmentsv1.ChartKind_name {
		drawn, err := charts.RenderChart(evaluator, &assessmentsv1.RenderChartRequest{Name: tables.GetTables()[0].GetTable(), Kind: assessmentsv1.ChartKind(kind), Item: "welcome-q1", Language: "es"})
		require.NoError(t, err)
		require.Equal(t, "image/svg+xml", drawn.GetContentType())
		wellFormed(t, drawn.GetData())
	}
}

func wellFormed(t *testing.T, document []byte) {
	t.Helper()
	for d := xml.NewDecoder(bytes.NewReader(document)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			require.NoError(t, err)
		}
	}
}

func (w *world) exported(s assessmentsv1.ExportsServiceClient, operation string) *assessmentsv1.Export {
	w.t.Helper()
	var op *longrunningpb.Operation
	kittest.Eventually(w.t, func() bool {
		var err error
		op, err = s.GetExportOperation(w.coordinator(), &assessmentsv1.GetExportOperationRequest{Name: operation})
		require.NoError(w.t, err)
		return op.GetDone()
	}, "operation %s ends", operation)
	var file assessmentsv1.Export
	require.NotNil(w.t, op.GetResponse(), "error: %v", op.GetError())
	require.NoError(w.t, op.GetResponse().UnmarshalTo(&file))
	return &file
}

// read reads a file in small pieces, as over a bad connection.
func (w *world) read(s assessmentsv1.ExportsServiceClient, file *assessmentsv1.Export) (whole []byte) {
	w.t.Helper()
	for {
		piece, err := s.ReadExport(w.coordinator(), &assessmentsv1.ReadExportRequest{Name: file.GetName(), Offset: int64(len(whole)), Limit: 5000})
		require.NoError(w.t, err)
		require.Equal(w.t, file.GetMediaType(), piece.GetContentType())
		if len(piece.GetData()) == 0 {
			return whole
		}
		whole = append(whole, piece.GetData()...)
	}
}

func TestATeamSetsItselfBesideItsFamilies(t *testing.T) {
	w := start(t)
	w.surveyed()
	a, err := w.selfs.CreateSelfAssessment(w.lead(), &assessmentsv1.CreateSelfAssessmentRequest{
		Parent: team, SelfAssessmentId: "fall", SelfAssessment: &assessmentsv1.SelfAssessment{Cycle: cycle, FrameworkVersion: standards},
	})
	require.NoError(t, err)
	levels := func(level int32) (out []*assessmentsv1.StandardLevel) {
		for _, id := range []string{"welcome-all-families", "communicate-effectively", "support-student-success", "speak-up-for-every-child", "share-power", "collaborate-with-community"} {
			out = append(out, &assessmentsv1.StandardLevel{Standard: id, Level: level})
		}
		return out
	}
	_, err = w.selfs.CreateRating(w.lead(), &assessmentsv1.CreateRatingRequest{Parent: a.GetName(), Rating: &assessmentsv1.Rating{Levels: levels(3), Group: typev1.StakeholderGroup_STAKEHOLDER_GROUP_STAFF}})
	require.NoError(t, err)
	quiet, err := w.selfs.GetRatingSummary(w.member(), &assessmentsv1.GetRatingSummaryRequest{Name: a.GetName()})
	require.NoError(t, err)
	require.Empty(t, quiet.GetStandards(), "nobody is swayed")
	_, err = w.selfs.CreateRating(w.member(), &assessmentsv1.CreateRatingRequest{Parent: a.GetName(), Rating: &assessmentsv1.Rating{Levels: levels(1), Group: typev1.StakeholderGroup_STAKEHOLDER_GROUP_FAMILY}})
	require.NoError(t, err)
	summary, err := w.selfs.GetRatingSummary(w.member(), &assessmentsv1.GetRatingSummaryRequest{Name: a.GetName()})
	require.NoError(t, err)
	require.True(t, summary.GetStandards()[0].GetTalk())
	require.EqualValues(t, 2, summary.GetRatings())

	_, err = w.selfs.CompareWithSurvey(w.lead(), &assessmentsv1.CompareWithSurveyRequest{Name: a.GetName()})
	refused(t, err, codes.FailedPrecondition, problem.ReasonStateWrong, a.GetName()+" settled_first")
	consensus := levels(2)
	consensus[0].Artifacts = []string{"districts/d1/schools/oak/artifacts/photo"}
	consensus[0].Indicators = []*assessmentsv1.IndicatorLevel{{Indicator: "welcome-1", Level: 2}}
	settled, err := w.selfs.SettleSelfAssessment(w.lead(), &assessmentsv1.SettleSelfAssessmentRequest{Name: a.GetName(), Consensus: consensus})
	require.NoError(t, err)
	require.Equal(t, consensus[0].GetArtifacts(), settled.GetConsensus()[0].GetArtifacts())
	beside, err := w.selfs.CompareWithSurvey(w.lead(), &assessmentsv1.CompareWithSurveyRequest{Name: a.GetName()})
	require.NoError(t, err)
	require.NotEmpty(t, beside.GetFamilyResult())
	require.Empty(t, beside.GetStaffResult())
	require.True(t, beside.GetStandards()[0].GetGap().GetShown(), "%v", beside.GetStandards()[0])
	require.NotEmpty(t, beside.GetStandards()[0].GetStaff().GetReason())
}
