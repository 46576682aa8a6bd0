package assessments_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	"github.com/tandem-badges/tandem/services/kit/problem"

	assessments "github.com/tandem-badges/tandem/services/assessments"
)

func TestTheBuiltInFramework(t *testing.T) {
	w := start(t)
	v, err := w.frameworks.GetFrameworkVersion(w.lead(), &assessmentsv1.GetFrameworkVersionRequest{Name: standards})
	require.NoError(t, err)
	require.Equal(t, assessmentsv1.PublishState_PUBLISH_STATE_PUBLISHED, v.GetState())
	counts := map[string][]int{}
	var order []string
	for _, s := range v.GetStandards() {
		order = append(order, s.GetId())
		for _, g := range s.GetGoals() {
			counts[s.GetId()] = append(counts[s.GetId()], len(g.GetIndicators()))
			for _, i := range g.GetIndicators() {
				require.Len(t, i.GetLevels(), 4, i.GetId())
			}
		}
	}
	require.Equal(t, []string{
		"welcome-all-families", "communicate-effectively", "support-student-success", "speak-up-for-every-child", "share-power", "collaborate-with-community",
	}, order)
	require.Equal(t, map[string][]int{
		"welcome-all-families": {5, 4}, "communicate-effectively": {6, 3}, "support-student-success": {4, 4},
		"speak-up-for-every-child": {5, 3}, "share-power": {5, 3}, "collaborate-with-community": {3, 4},
	}, counts)
}

func TestTheBuiltInSurveysAreParallel(t *testing.T) {
	w := start(t)
	read := func(name string) *assessmentsv1.InstrumentVersion {
		v, err := w.instruments.GetInstrumentVersion(w.lead(), &assessmentsv1.GetInstrumentVersionRequest{Name: name})
		require.NoError(t, err)
		require.Equal(t, assessmentsv1.PublishState_PUBLISH_STATE_PUBLISHED, v.GetState())
		require.Equal(t, []string{"en", "es"}, v.GetLanguages())
		require.Len(t, v.GetItems(), 19)
		return v
	}
	family, staff := read(survey), read("instruments/staff-survey/versions/1")
	for i, item := range family.GetItems()[:18] {
		other := staff.GetItems()[i]
		require.Equal(t, []string{item.GetId(), item.GetStandard(), item.GetIndicator()}, []string{other.GetId(), other.GetStandard(), other.GetIndicator()})
		require.Contains(t, item.GetText()["en"], "?", "a question, not a statement")
		require.Contains(t, item.GetText()["es"], "¿")
		require.Len(t, item.GetOptions(), 6)
		for n, o := range item.GetOptions() {
			require.Equal(t, n == 3 || n == 4, o.GetFavorable())
			require.Equal(t, n == 5, o.GetNotApplicable())
		}
	}
}

func TestBuiltInDataIsLoadedOnce(t *testing.T) {
	w := start(t)
	before := w.events()
	_, err := assessments.New(w.deps)
	require.NoError(t, err)
	require.Equal(t, before, w.events())
	require.Equal(t, 1, before["FrameworkPublished"])
	require.Equal(t, 8, before["InstrumentPublished"])
}

func TestAPublishedVersionNeverChanges(t *testing.T) {
	w := start(t)
	f, err := w.frameworks.CreateFramework(w.state(), &assessmentsv1.CreateFrameworkRequest{FrameworkId: "ours", Framework: &assessmentsv1.Framework{Title: "Ours"}})
	require.NoError(t, err)
	_, err = w.frameworks.CreateFramework(w.state(), &assessmentsv1.CreateFrameworkRequest{FrameworkId: "ours", Framework: &assessmentsv1.Framework{Title: "Ours"}})
	refused(t, err, codes.AlreadyExists, problem.ReasonResourceExists)
	_, err = w.frameworks.CreateFramework(w.coordinator(), &assessmentsv1.CreateFrameworkRequest{Framework: &assessmentsv1.Framework{Title: "Mine"}})
	refused(t, err, codes.PermissionDenied, problem.ReasonRoleInsufficient)

	v, err := w.frameworks.CreateFrameworkVersion(w.state(), &assessmentsv1.CreateFrameworkVersionRequest{
		Parent: f.GetName(), FrameworkVersionId: "1", FrameworkVersion: &assessmentsv1.FrameworkVersion{Title: "First"},
	})
	require.NoError(t, err)
	_, err = w.frameworks.PublishFrameworkVersion(w.state(), &assessmentsv1.PublishFrameworkVersionRequest{Name: v.GetName()})
	refused(t, err, codes.InvalidArgument, problem.ReasonFieldInvalid, "framework_version.standards required")

	copied, err := w.frameworks.GetFrameworkVersion(w.state(), &assessmentsv1.GetFrameworkVersionRequest{Name: standards})
	require.NoError(t, err)
	updated, err := w.frameworks.UpdateFrameworkVersion(w.state(), &assessmentsv1.UpdateFrameworkVersionRequest{
		FrameworkVersion: &assessmentsv1.FrameworkVersion{Name: v.GetName(), Standards: copied.GetStandards(), Etag: v.GetEtag()},
	})
	require.NoError(t, err)
	require.Equal(t, "First", updated.GetTitle())
	_, err = w.frameworks.PublishFrameworkVersion(w.state(), &assessmentsv1.PublishFrameworkVersionRequest{Name: v.GetName(), Etag: v.GetEtag()})
	refused(t, err, codes.Aborted, problem.ReasonEtagStale)
	published, err := w.frameworks.PublishFrameworkVersion(w.state(), &assessmentsv1.PublishFrameworkVersionRequest{Name: v.GetName(), Etag: updated.GetEtag()})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(copied.GetStandards(), published.GetStandards(), protocmp.Transform()))
	require.Equal(t, 2, w.events()["FrameworkPublished"])

	for name, call := range map[string]func() error{
		"update": func() error {
			_, err := w.frameworks.UpdateFrameworkVersion(w.state(), &assessmentsv1.UpdateFrameworkVersionRequest{
				FrameworkVersion: &assessmentsv1.FrameworkVersion{Name: v.GetName(), Title: "Second"},
			})
			return err
		},
		"publish": func() error {
			_, err := w.frameworks.PublishFrameworkVersion(w.state(), &assessmentsv1.PublishFrameworkVersionRequest{Name: v.GetName()})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, call(), codes.FailedPrecondition, problem.ReasonStateWrong, v.GetName()+" published_is_final")
		})
	}
	list, err := w.frameworks.ListFrameworks(w.lead(), &assessmentsv1.ListFrameworksRequest{PageSize: 1})
	require.NoError(t, err)
	require.Equal(t, "frameworks/national-standards", list.GetFrameworks()[0].GetName())
	list, err = w.frameworks.ListFrameworks(w.lead(), &assessmentsv1.ListFrameworksRequest{PageSize: 1, PageToken: list.GetNextPageToken()})
	require.NoError(t, err)
	require.Equal(t, "frameworks/ours", list.GetFrameworks()[0].GetName())
	require.Empty(t, list.GetNextPageToken())
	versions, err := w.frameworks.ListFrameworkVersions(w.lead(), &assessmentsv1.ListFrameworkVersionsRequest{Parent: f.GetName()})
	require.NoError(t, err)
	require.Len(t, versions.GetFrameworkVersions(), 1)
	_, err = w.frameworks.ListFrameworkVersions(w.lead(), &assessmentsv1.ListFrameworkVersionsRequest{Parent: "frameworks/none"})
	refused(t, err, codes.NotFound, problem.ReasonResourceNotFound)
}

func TestAnInstrumentOfTheStatesOwn(t *testing.T) {
	w := start(t)
	i, err := w.instruments.CreateInstrument(w.state(), &assessmentsv1.CreateInstrumentRequest{Instrument: &assessmentsv1.Instrument{Title: "Ours"}})
	require.NoError(t, err)
	builtIn, err := w.instruments.GetInstrumentVersion(w.state(), &assessmentsv1.GetInstrumentVersionRequest{Name: survey})
	require.NoError(t, err)
	builtIn.Items[0].Standard, builtIn.Items[0].Indicator = "none", ""
	delete(builtIn.Items[1].Text, "en")
	v, err := w.instruments.CreateInstrumentVersion(w.state(), &assessmentsv1.CreateInstrumentVersionRequest{
		Parent: i.GetName(), InstrumentVersionId: "1", InstrumentVersion: builtIn,
	})
	require.NoError(t, err)
	require.Equal(t, assessmentsv1.PublishState_PUBLISH_STATE_DRAFT, v.GetState())
	_, err = w.instruments.PublishInstrumentVersion(w.state(), &assessmentsv1.PublishInstrumentVersionRequest{Name: v.GetName()})
	refused(t, err, codes.InvalidArgument, problem.ReasonFieldInvalid,
		"instrument_version.items[0].standard standard_of_framework", "instrument_version.items[1].text first_language")
	_, err = w.campaigns.CreateCampaign(w.coordinator(), &assessmentsv1.CreateCampaignRequest{Parent: "districts/d1", Campaign: &assessmentsv1.Campaign{
		Title: "Draft", InstrumentVersion: v.GetName(), Cycle: cycle, Wave: 1, Mode: assessmentsv1.CampaignMode_CAMPAIGN_MODE_TOKEN,
	}})
	refused(t, err, codes.InvalidArgument, problem.ReasonFieldInvalid, "campaign.instrument_version published_instrument_version")

	v.Items[0].Standard, v.Items[1].Text["en"] = "share-power", "And?"
	_, err = w.instruments.UpdateInstrumentVersion(w.state(), &assessmentsv1.UpdateInstrumentVersionRequest{InstrumentVersion: v, UpdateMask: mask("items")})
	require.NoError(t, err)
	v, err = w.instruments.PublishInstrumentVersion(w.state(), &assessmentsv1.PublishInstrumentVersionRequest{Name: v.GetName()})
	require.NoError(t, err)
	require.Equal(t, "And?", v.GetItems()[1].GetText()["en"])
	read, err := w.instruments.GetInstrument(w.lead(), &assessmentsv1.GetInstrumentRequest{Name: i.GetName()})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(i, read, protocmp.Transform()))
	list, err := w.instruments.ListInstruments(w.lead(), &assessmentsv1.ListInstrumentsRequest{})
	require.NoError(t, err)
	require.Len(t, list.GetInstruments(), 7)
	versions, err := w.instruments.ListInstrumentVersions(w.lead(), &assessmentsv1.ListInstrumentVersionsRequest{Parent: i.GetName()})
	require.NoError(t, err)
	require.Len(t, versions.GetInstrumentVersions(), 1)
}
