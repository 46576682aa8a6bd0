package rest

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	evidencev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/evidence/v1"
	gatewayv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/gateway/v1"
	recordsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/records/v1"
	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"

	"github.com/tandem-badges/tandem/gateway/internal/edge"
	"github.com/tandem-badges/tandem/gateway/internal/problems"
)

// Services are the names of the services behind the gateway.
func Services() []string { return []string{"schools", "assessments", "evidence", "badges"} }

// own is the name under which the gateway reaches its own gRPC services.
const own = "gateway"

// newMux returns grpc-gateway's mux with all services. It tries what was
// registered last first: a service whose verbs stand on resources of another
// (assessments ranks the needs of a school) comes after that one.
func newMux(ctx context.Context, o Options) (*runtime.ServeMux, error) {
	nothing := func(string) (string, bool) { return "", false }
	mux := runtime.NewServeMux(
		runtime.WithMarshalerOption(runtime.MIMEWildcard, newCodec()),
		runtime.WithIncomingHeaderMatcher(nothing),
		runtime.WithOutgoingHeaderMatcher(nothing),
		runtime.WithOutgoingTrailerMatcher(nothing),
		runtime.WithDisableHTTPMethodOverride(),
		runtime.WithDisablePathLengthFallback(),
		runtime.WithErrorHandler(refuse),
		runtime.WithRoutingErrorHandler(func(_ context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, r *http.Request, _ int) {
			edge.Unknown(w, r)
		}),
	)
	for _, service := range append(Services(), own) {
		conn, ok := o.Conns[service]
		if !ok {
			return nil, fmt.Errorf("gateway has no connection to %s", service)
		}
		for _, add := range registrations(service) {
			if err := add(ctx, mux, Upstream(conn)); err != nil {
				return nil, fmt.Errorf("routes of %s: %w", service, err)
			}
		}
	}
	return mux, nil
}

type registration func(context.Context, *runtime.ServeMux, grpc.ClientConnInterface) error

// of joins the two generated functions of a service. They are typed per service,
// hence the type parameter.
func of[C any](register func(context.Context, *runtime.ServeMux, C) error, client func(grpc.ClientConnInterface) C) registration {
	return func(ctx context.Context, mux *runtime.ServeMux, conn grpc.ClientConnInterface) error {
		return register(ctx, mux, client(conn))
	}
}

func registrations(service string) []registration {
	switch service {
	case "schools":
		return []registration{
			of(schoolsv1.RegisterOrganizationsServiceHandlerClient, schoolsv1.NewOrganizationsServiceClient),
			of(schoolsv1.RegisterPeopleServiceHandlerClient, schoolsv1.NewPeopleServiceClient),
			of(schoolsv1.RegisterGrantsServiceHandlerClient, schoolsv1.NewGrantsServiceClient),
			of(schoolsv1.RegisterRestrictionsServiceHandlerClient, schoolsv1.NewRestrictionsServiceClient),
			of(schoolsv1.RegisterCyclesServiceHandlerClient, schoolsv1.NewCyclesServiceClient),
			of(schoolsv1.RegisterTeamsServiceHandlerClient, schoolsv1.NewTeamsServiceClient),
			of(schoolsv1.RegisterJourneysServiceHandlerClient, schoolsv1.NewJourneysServiceClient),
			of(schoolsv1.RegisterPlansServiceHandlerClient, schoolsv1.NewPlansServiceClient),
		}
	case "assessments":
		return []registration{
			of(assessmentsv1.RegisterFrameworksServiceHandlerClient, assessmentsv1.NewFrameworksServiceClient),
			of(assessmentsv1.RegisterInstrumentsServiceHandlerClient, assessmentsv1.NewInstrumentsServiceClient),
			of(assessmentsv1.RegisterCampaignsServiceHandlerClient, assessmentsv1.NewCampaignsServiceClient),
			of(assessmentsv1.RegisterResponsesServiceHandlerClient, assessmentsv1.NewResponsesServiceClient),
			of(assessmentsv1.RegisterResultsServiceHandlerClient, assessmentsv1.NewResultsServiceClient),
			of(assessmentsv1.RegisterSelfAssessmentsServiceHandlerClient, assessmentsv1.NewSelfAssessmentsServiceClient),
			of(assessmentsv1.RegisterRecipientsServiceHandlerClient, assessmentsv1.NewRecipientsServiceClient),
			of(assessmentsv1.RegisterRollUpsServiceHandlerClient, assessmentsv1.NewRollUpsServiceClient),
			of(assessmentsv1.RegisterCommentsServiceHandlerClient, assessmentsv1.NewCommentsServiceClient),
			of(assessmentsv1.RegisterExportsServiceHandlerClient, assessmentsv1.NewExportsServiceClient),
			of(assessmentsv1.RegisterInventoriesServiceHandlerClient, assessmentsv1.NewInventoriesServiceClient),
		}
	case "evidence":
		return []registration{
			of(evidencev1.RegisterArtifactsServiceHandlerClient, evidencev1.NewArtifactsServiceClient),
			of(evidencev1.RegisterPortfoliosServiceHandlerClient, evidencev1.NewPortfoliosServiceClient),
		}
	case own:
		return []registration{
			of(gatewayv1.RegisterIdentityProvidersServiceHandlerClient, gatewayv1.NewIdentityProvidersServiceClient),
			of(gatewayv1.RegisterSessionsServiceHandlerClient, gatewayv1.NewSessionsServiceClient),
			of(gatewayv1.RegisterApiClientsServiceHandlerClient, gatewayv1.NewApiClientsServiceClient),
			of(gatewayv1.RegisterWebhooksServiceHandlerClient, gatewayv1.NewWebhooksServiceClient),
			of(gatewayv1.RegisterAccessServiceHandlerClient, gatewayv1.NewAccessServiceClient),
			of(recordsv1.RegisterRecordsServiceHandlerClient, recordsv1.NewRecordsServiceClient),
		}
	default:
		return []registration{
			of(badgesv1.RegisterDefinitionsServiceHandlerClient, badgesv1.NewDefinitionsServiceClient),
			of(badgesv1.RegisterApplicationsServiceHandlerClient, badgesv1.NewApplicationsServiceClient),
			of(badgesv1.RegisterReviewsServiceHandlerClient, badgesv1.NewReviewsServiceClient),
			of(badgesv1.RegisterDecisionsServiceHandlerClient, badgesv1.NewDecisionsServiceClient),
			of(badgesv1.RegisterAwardsServiceHandlerClient, badgesv1.NewAwardsServiceClient),
			of(badgesv1.RegisterCredentialsServiceHandlerClient, badgesv1.NewCredentialsServiceClient),
			of(badgesv1.RegisterTransparencyServiceHandlerClient, badgesv1.NewTransparencyServiceClient),
			of(badgesv1.RegisterIssuersServiceHandlerClient, badgesv1.NewIssuersServiceClient),
			of(badgesv1.RegisterTransparencyServiceHandlerClient, badgesv1.NewTransparencyServiceClient),
			of(badgesv1.RegisterVcApiServiceHandlerClient, badgesv1.NewVcApiServiceClient),
			of(badgesv1.RegisterStatusListsServiceHandlerClient, badgesv1.NewStatusListsServiceClient),
		}
	}
}

// refuse answers an error: of the service as it is, of reading the request with
// what is wrong in it.
func refuse(ctx context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, r *http.Request, err error) {
	s, isStatus := status.FromError(err)
	if !isStatus || len(s.Details()) > 0 || s.Code() != codes.InvalidArgument {
		problems.Error(w, r, err)
		return
	}
	// A status without details is grpc-gateway's own: it could not read the request.
	prefix := ""
	if route, ok := ctx.Value(callKey{}).(*Route); ok && route.Body != "*" {
		prefix = route.Body
	}
	violations, err := unreadable(s.Message(), prefix)
	if err != nil {
		violations = []problems.Violation{{Field: "request", Rule: "unreadable", Fix: "Send the request as the API document describes it."}}
	}
	problems.Write(w, r, problems.Invalid(violations...))
}

var errForeign = errors.New("not a message of the codec")
