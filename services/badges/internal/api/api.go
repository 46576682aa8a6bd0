// Package api is the gRPC face of the badges service: each handler takes a request apart, calls
// one function of the domain and maps the answer back. Who may call at all is decided before
// (kit/access); what a caller may see of something is the domain's rule, told by Caller and
// Scope, which this package derives from the grants of the caller.
package api

import (
	"context"

	"go.einride.tech/aip/resourcename"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	"github.com/tandem-badges/tandem/services/badges/internal/application"
	"github.com/tandem-badges/tandem/services/badges/internal/award"
	"github.com/tandem-badges/tandem/services/badges/internal/caller"
	"github.com/tandem-badges/tandem/services/badges/internal/decision"
	"github.com/tandem-badges/tandem/services/badges/internal/definition"
	"github.com/tandem-badges/tandem/services/badges/internal/issuer"
	"github.com/tandem-badges/tandem/services/badges/internal/issuing"
	"github.com/tandem-badges/tandem/services/badges/internal/logbook"
	"github.com/tandem-badges/tandem/services/badges/internal/rendering"
	"github.com/tandem-badges/tandem/services/badges/internal/review"
	"github.com/tandem-badges/tandem/services/badges/internal/status"
	"github.com/tandem-badges/tandem/services/badges/internal/trail"
	"github.com/tandem-badges/tandem/services/badges/internal/vcapi"
	"github.com/tandem-badges/tandem/services/badges/internal/work"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/page"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// The shapes of names.
const (
	definitionPattern  = "badgeDefinitions/{badge_definition}"
	editionPattern     = "badgeDefinitions/{badge_definition}/versions/{version}"
	rubricPattern      = "rubrics/{rubric}"
	guidePattern       = "rubrics/{rubric}/versions/{version}"
	schoolPattern      = "districts/{district}/schools/{school}"
	applicationPattern = schoolPattern + "/applications/{application}"
	snapshotPattern    = applicationPattern + "/snapshots/{snapshot}"
	reviewPattern      = applicationPattern + "/reviews/{review}"
	decisionPattern    = applicationPattern + "/decisions/{decision}"
	awardPattern       = schoolPattern + "/awards/{award}"
	statusPattern      = schoolPattern + "/partnershipStatus"
	credentialPattern  = "credentials/{credential}"
)

const (
	defaultPage = 50
	largestPage = 1000
)

// Domain is what the handlers call.
type Domain struct {
	Catalog  *definition.Catalog
	Desk     *application.Desk
	Panel    *review.Panel
	Board    *decision.Board
	Registry *award.Registry
	Trails   *trail.Reader
	Issuer   *issuing.Issuer
	Book     *logbook.Book
	Office   *issuer.Office
	Statuses *status.Book
	Reissuer *work.Reissuer
	Checker  *issuing.Checker
	Renderer *rendering.Renderer
	VCAPI    *vcapi.Service // nil when it is turned off
}

// Register puts all handlers on a server.
func Register(r grpc.ServiceRegistrar, d Domain) {
	badgesv1.RegisterDefinitionsServiceServer(r, &definitionsServer{catalog: d.Catalog, renderer: d.Renderer})
	badgesv1.RegisterApplicationsServiceServer(r, &applicationsServer{desk: d.Desk, panel: d.Panel})
	badgesv1.RegisterReviewsServiceServer(r, &reviewsServer{panel: d.Panel})
	badgesv1.RegisterDecisionsServiceServer(r, &decisionsServer{board: d.Board})
	badgesv1.RegisterAwardsServiceServer(r, &awardsServer{registry: d.Registry, trails: d.Trails, issuer: d.Issuer})
	badgesv1.RegisterTransparencyServiceServer(r, &transparencyServer{book: d.Book})
	badgesv1.RegisterCredentialsServiceServer(r, &credentialsServer{
		issuer: d.Issuer, checker: d.Checker, office: d.Office, registry: d.Registry, reissuer: d.Reissuer, renderer: d.Renderer,
	})
	badgesv1.RegisterIssuersServiceServer(r, &issuersServer{office: d.Office})
	badgesv1.RegisterStatusListsServiceServer(r, &statusServer{book: d.Statuses})
	if d.VCAPI != nil {
		badgesv1.RegisterVcApiServiceServer(r, &vcAPIServer{service: d.VCAPI})
	}
}

// named refuses a name that cannot be one of the pattern: nothing has such a name.
func named(pattern, name string) error {
	if resourcename.ContainsWildcard(name) || !resourcename.Match(pattern, name) {
		return problem.NotFound(name)
	}
	return nil
}

// parent is named for parents in which "-" stands for any id.
func parent(pattern, name string) error {
	if !resourcename.Match(pattern, name) {
		return problem.NotFound(name)
	}
	return nil
}

// What the policies say about seeing more than what one was assigned to review.
const (
	everyApplication = "applications.readAll"
	everyReview      = "reviews.readAll"
	reviewing        = "reviews.update"
)

// callerOf tells the domain who asks about a resource.
func callerOf(ctx context.Context, name string) caller.Caller {
	id, _ := access.FromContext(ctx)
	return caller.Caller{
		Person: id.Subject, Staff: access.May(ctx, everyReview, name), Reader: access.May(ctx, everyApplication, name),
	}
}

// scopeOf tells the domain what a list may show to who may do the action everywhere in it.
func scopeOf(ctx context.Context, parent, action string) caller.Scope {
	id, _ := access.FromContext(ctx)
	return caller.Scope{
		Person: id.Subject, Parent: parent,
		Readable:  access.ScopeOf(ctx, action),
		Staff:     access.ScopeOf(ctx, everyReview),
		Reviewing: access.ScopeOf(ctx, reviewing),
	}
}

// paged reads one page: one row more than asked for tells whether there is another.
func paged[T any](req proto.Message, key func(T) []string, read func(after []string, limit int) ([]T, error)) ([]T, string, error) {
	p, err := page.Parse(req, defaultPage, largestPage)
	if err != nil {
		return nil, "", err
	}
	rows, err := read(p.After, p.Size+1)
	if err != nil || len(rows) <= p.Size {
		return rows, "", err
	}
	rows = rows[:p.Size]
	return rows, p.Next(key(rows[p.Size-1])...), nil
}

// first is the only key of lists that are ordered by name.
func first(after []string) string {
	if len(after) == 0 {
		return ""
	}
	return after[0]
}

func each[T, U any](in []T, f func(T) U) []U {
	out := make([]U, len(in))
	for i, v := range in {
		out[i] = f(v)
	}
	return out
}

// answer maps the result of a domain function when there is one.
func answer[T, U any](v T, err error, f func(T) U) (U, error) {
	if err != nil {
		var none U
		return none, err
	}
	return f(v), nil
}
