package assessments_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
)

// TestOtherDistrictsFindNothingOfASurvey calls for what there is as the coordinator
// of another district, and for what there never was: the answers are the same.
func TestOtherDistrictsFindNothingOfASurvey(t *testing.T) {
	w := start(t)
	release := w.surveyed().GetName()
	const campaign = "districts/d1/campaigns/fall"
	comments, exports := assessmentsv1.NewCommentsServiceClient(w.conn), assessmentsv1.NewExportsServiceClient(w.conn)
	tables, recipients := assessmentsv1.NewRollUpsServiceClient(w.conn), assessmentsv1.NewRecipientsServiceClient(w.conn)
	listed, err := comments.ListComments(w.coordinator(), &assessmentsv1.ListCommentsRequest{Parent: campaign})
	require.NoError(t, err)
	theme, err := comments.CreateTheme(w.coordinator(), &assessmentsv1.CreateThemeRequest{Parent: campaign, Theme: &assessmentsv1.Theme{Title: "Thanks"}})
	require.NoError(t, err)
	op, err := exports.CreateExport(w.coordinator(), &assessmentsv1.CreateExportRequest{Parent: release, Export: &assessmentsv1.Export{Format: 1}})
	require.NoError(t, err)
	file := w.exported(exports, op.GetName())
	pages, err := tables.ListResultTables(w.coordinator(), &assessmentsv1.ListResultTablesRequest{Parent: release})
	require.NoError(t, err)
	w.opened("named", func(c *assessmentsv1.Campaign) {
		c.Wave, c.Mode = 2, assessmentsv1.CampaignMode_CAMPAIGN_MODE_CONFIDENTIAL
	})
	_, err = recipients.BatchCreateRecipients(w.coordinator(), &assessmentsv1.BatchCreateRecipientsRequest{
		Parent: "districts/d1/campaigns/named", Recipients: []*assessmentsv1.Recipient{{School: "districts/d1/schools/oak", UnitKey: "1", Addressee: "Family of A. Example"}},
	})
	require.NoError(t, err)
	asked, err := recipients.ListRecipients(w.coordinator(), &assessmentsv1.ListRecipientsRequest{Parent: "districts/d1/campaigns/named"})
	require.NoError(t, err)

	stranger := w.as("people/other", accessv1.Role_ROLE_DISTRICT_COORDINATOR, "districts/d2")
	for what, c := range map[string]struct {
		real, never string
		call        func(ctx context.Context, name string) error
	}{
		"a comment": {listed.GetComments()[0].GetName(), campaign + "/comments/none", func(ctx context.Context, name string) error {
			_, err := comments.UpdateComment(ctx, &assessmentsv1.UpdateCommentRequest{Comment: &assessmentsv1.Comment{Name: name}})
			return err
		}},
		"a theme": {theme.GetName(), campaign + "/themes/none", func(ctx context.Context, name string) error {
			_, err := comments.DeleteTheme(ctx, &assessmentsv1.DeleteThemeRequest{Name: name})
			return err
		}},
		"a file": {file.GetName(), release + "/exports/none", func(ctx context.Context, name string) error {
			_, err := exports.ReadExport(ctx, &assessmentsv1.ReadExportRequest{Name: name})
			return err
		}},
		"an operation": {op.GetName(), release + "/operations/none", func(ctx context.Context, name string) error {
			_, err := exports.GetExportOperation(ctx, &assessmentsv1.GetExportOperationRequest{Name: name})
			return err
		}},
		"a table": {pages.GetTables()[0].GetTable(), release + "/tables/none", func(ctx context.Context, name string) error {
			_, err := tables.GetResultTable(ctx, &assessmentsv1.GetResultTableRequest{Name: name})
			return err
		}},
		"a chart": {pages.GetTables()[0].GetTable(), release + "/tables/none", func(ctx context.Context, name string) error {
			_, err := tables.RenderChart(ctx, &assessmentsv1.RenderChartRequest{Name: name})
			return err
		}},
		"a recipient": {asked.GetRecipients()[0].GetName(), "districts/d1/campaigns/named/recipients/none", func(ctx context.Context, name string) error {
			_, err := recipients.GetRecipient(ctx, &assessmentsv1.GetRecipientRequest{Name: name})
			return err
		}},
	} {
		require.Equal(t, codes.NotFound, status.Code(c.call(stranger, c.real)), what)
		require.Equal(t, status.Code(c.call(stranger, c.never)), status.Code(c.call(stranger, c.real)), what)
	}
	_, err = comments.ListComments(w.coordinator(), &assessmentsv1.ListCommentsRequest{Parent: campaign})
	require.NoError(t, err, "nothing was changed by asking")
}
