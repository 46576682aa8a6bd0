package assessments_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

const familySurvey = "instruments/family-survey/versions/2"

func TestThePreviewOfASurveyInThreeLanguages(t *testing.T) {
	w := start(t)
	for language, direction := range map[string]string{"": "ltr", "es": "ltr", "ar": "rtl"} {
		p, err := w.instruments.PreviewInstrumentVersion(w.lead(), &assessmentsv1.PreviewInstrumentVersionRequest{Name: familySurvey, Language: language})
		require.NoError(t, err)
		require.Equal(t, direction, p.GetForm().GetDirection())
		require.Equal(t, []string{"en", "es", "ar"}, p.GetForm().GetLanguages())
		require.Len(t, p.GetForm().GetSections(), 7)
		require.Positive(t, p.GetForm().GetEstimatedMinutes())
		require.Equal(t, familySurvey, p.GetForm().GetInstrumentVersion())
		require.EqualValues(t, 5, p.GetForm().GetItems()[0].GetOptions()[4].GetScore(), "a preview shows scores")
		require.Len(t, p.GetReadingLevels(), 2)
	}
	p, err := w.instruments.PreviewInstrumentVersion(w.lead(), &assessmentsv1.PreviewInstrumentVersionRequest{Name: familySurvey, Language: "es"})
	require.NoError(t, err)
	items := map[string]*assessmentsv1.FormItem{}
	for _, i := range p.GetForm().GetItems() {
		items[i.GetId()] = i
	}
	require.Equal(t, `size(answers["contact"]) >= 2`, items["contact-best"].GetRelevant())
	require.Equal(t, []string{"contact"}, items["contact-best"].GetRelevantItems())
	require.Len(t, items["barriers"].GetRows(), 5)
	_, err = w.instruments.PreviewInstrumentVersion(w.lead(), &assessmentsv1.PreviewInstrumentVersionRequest{Name: "instruments/none/versions/1"})
	refused(t, err, codes.NotFound, problem.ReasonResourceNotFound)
}

// TestAnInstrumentLeavesAndComesBack as our JSON and as an XLSForm, as a draft that can be published.
func TestAnInstrumentLeavesAndComesBack(t *testing.T) {
	w := start(t)
	_, err := w.instruments.CreateInstrument(w.state(), &assessmentsv1.CreateInstrumentRequest{InstrumentId: "ours", Instrument: &assessmentsv1.Instrument{Title: "Ours"}})
	require.NoError(t, err)
	before, err := w.instruments.GetInstrumentVersion(w.lead(), &assessmentsv1.GetInstrumentVersionRequest{Name: familySurvey})
	require.NoError(t, err)
	for id, format := range map[string]assessmentsv1.InstrumentFormat{
		"json": assessmentsv1.InstrumentFormat_INSTRUMENT_FORMAT_JSON, "xlsform": assessmentsv1.InstrumentFormat_INSTRUMENT_FORMAT_XLSFORM,
	} {
		file, err := w.instruments.ExportInstrumentVersion(w.lead(), &assessmentsv1.ExportInstrumentVersionRequest{Name: familySurvey, Format: format})
		require.NoError(t, err)
		in, err := w.instruments.ImportInstrumentVersion(w.state(), &assessmentsv1.ImportInstrumentVersionRequest{
			Parent: "instruments/ours", Format: format, Content: file.GetData(), InstrumentVersionId: id,
		})
		require.NoError(t, err)
		require.Empty(t, in.GetNotes())
		got := in.GetInstrumentVersion()
		require.Equal(t, assessmentsv1.PublishState_PUBLISH_STATE_DRAFT, got.GetState())
		require.Empty(t, cmp.Diff(before, got, protocmp.Transform(), protocmp.IgnoreFields(before, "name", "state", "etag", "create_time", "update_time", "publish_time")))
		_, err = w.instruments.PublishInstrumentVersion(w.state(), &assessmentsv1.PublishInstrumentVersionRequest{Name: got.GetName()})
		require.NoError(t, err)
	}
	codebook, err := w.instruments.ExportInstrumentVersion(w.lead(), &assessmentsv1.ExportInstrumentVersionRequest{Name: familySurvey, Format: assessmentsv1.InstrumentFormat_INSTRUMENT_FORMAT_CODEBOOK})
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(codebook.GetContentType(), "text/csv"))
	require.Contains(t, string(codebook.GetData()), "barriers/travel")
}

func TestAFileThatIsNoneIsRefused(t *testing.T) {
	w := start(t)
	_, err := w.instruments.CreateInstrument(w.state(), &assessmentsv1.CreateInstrumentRequest{InstrumentId: "ours", Instrument: &assessmentsv1.Instrument{Title: "Ours"}})
	require.NoError(t, err)
	read := func(format assessmentsv1.InstrumentFormat, content string) error {
		_, err := w.instruments.ImportInstrumentVersion(w.state(), &assessmentsv1.ImportInstrumentVersionRequest{Parent: "instruments/ours", Format: format, Content: []byte(content)})
		return err
	}
	refused(t, read(assessmentsv1.InstrumentFormat_INSTRUMENT_FORMAT_JSON, "{}{}"), codes.InvalidArgument, problem.ReasonFieldInvalid, "content json")
	refused(t, read(assessmentsv1.InstrumentFormat_INSTRUMENT_FORMAT_XLSFORM, "PK no workbook"), codes.InvalidArgument, problem.ReasonFieldInvalid, "content xlsform")
	refused(t, read(assessmentsv1.InstrumentFormat_INSTRUMENT_FORMAT_CODEBOOK, "a,b"), codes.InvalidArgument, problem.ReasonFieldInvalid, "format readable_format")
	in, err := w.instruments.ImportInstrumentVersion(w.state(), &assessmentsv1.ImportInstrumentVersionRequest{
		Parent: "instruments/ours", Format: assessmentsv1.InstrumentFormat_INSTRUMENT_FORMAT_JSON, FrameworkVersion: standards,
		Content: []byte(`{"format":"tandem-instrument","format_version":1,"title":"","instrument":{"framework_version":"","languages":["en"],"items":[]}}`),
	})
	require.NoError(t, err)
	require.Equal(t, standards, in.GetInstrumentVersion().GetFrameworkVersion())
	require.Equal(t, "title_assumed", in.GetNotes()[0].GetRule())
}
