// Package api is the gRPC face of the service: one file per resource, in which a
// handler parses names, calls one function of the domain and maps the answer.
//
// Who may call is decided before by the access rule of the method; handlers only
// narrow what a school's people see of their district (viewer). Errors of the
// domain pass unchanged: the chain maps them once.
package api

import (
	"context"

	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	"google.golang.org/grpc"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/comment"
	"github.com/tandem-badges/tandem/services/assessments/internal/export"
	"github.com/tandem-badges/tandem/services/assessments/internal/framework"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
	"github.com/tandem-badges/tandem/services/assessments/internal/inventory"
	"github.com/tandem-badges/tandem/services/assessments/internal/policy"
	"github.com/tandem-badges/tandem/services/assessments/internal/recipient"
	"github.com/tandem-badges/tandem/services/assessments/internal/response"
	"github.com/tandem-badges/tandem/services/assessments/internal/result"
	"github.com/tandem-badges/tandem/services/assessments/internal/rollup"
	"github.com/tandem-badges/tandem/services/assessments/internal/selfassessment"
)

// Publisher begins and follows the publishing of campaigns and of the state.
type Publisher interface {
	Start(ctx context.Context, district, campaign, etag string) (*longrunningpb.Operation, error)
	StartStatewide(ctx context.Context, w rollup.Wave) (*longrunningpb.Operation, error)
	Get(ctx context.Context, name string) (*longrunningpb.Operation, error)
}

// Domain is what the handlers call.
type Domain struct {
	Frameworks      *framework.Service
	Instruments     *instrument.Service
	Campaigns       *campaign.Service
	Responses       *response.Service
	Results         *result.Service
	RollUps         *rollup.Service
	SelfAssessments *selfassessment.Service
	Inventories     *inventory.Service
	Comments        *comment.Service
	Exports         *export.Service
	Exporter        Exporter

	// InstrumentSource and FrameworkSource have the texts of charts.
	InstrumentSource instrument.Source
	FrameworkSource  framework.Source
	Publisher        Publisher
	Recipients       *recipient.Service
	Policy           *policy.Service
	Mailer           Mailer
	Printer          Printer
}

// Register puts all services of the API on a server.
func (d Domain) Register(s grpc.ServiceRegistrar) {
	assessmentsv1.RegisterFrameworksServiceServer(s, &frameworks{domain: d.Frameworks})
	assessmentsv1.RegisterInstrumentsServiceServer(s, &instruments{domain: d.Instruments})
	assessmentsv1.RegisterCampaignsServiceServer(s, &campaigns{domain: d.Campaigns, publisher: d.Publisher})
	assessmentsv1.RegisterRecipientsServiceServer(s, &recipients{domain: d.Recipients, policy: d.Policy, mailer: d.Mailer, printer: d.Printer})
	assessmentsv1.RegisterResponsesServiceServer(s, &responses{domain: d.Responses})
	assessmentsv1.RegisterResultsServiceServer(s, &results{domain: d.Results})
	assessmentsv1.RegisterRollUpsServiceServer(s, &rollUps{
		domain: d.RollUps, results: d.Results, publisher: d.Publisher, labels: labels{instruments: d.InstrumentSource, frameworks: d.FrameworkSource},
	})
	assessmentsv1.RegisterSelfAssessmentsServiceServer(s, &selfAssessments{domain: d.SelfAssessments})
	assessmentsv1.RegisterInventoriesServiceServer(s, &inventories{domain: d.Inventories})
	assessmentsv1.RegisterCommentsServiceServer(s, &comments{domain: d.Comments})
	assessmentsv1.RegisterExportsServiceServer(s, &exports{domain: d.Exports, exporter: d.Exporter})
}
