// Package review answers who can see a school, a district or the state, and why
// (ReviewAccess), and whether somebody may do something (ExplainAccess).
//
// People and their grants are asked of the schools service: a review with the
// rights of who asks, so that nobody learns more by reviewing than by looking;
// machines come from the gateway's own store. What a role or scope allows is said
// by the policies (kit/access), in their words. A subject who has nothing to do
// with what the caller sees is answered like one that does not exist.
package review

import (
	"context"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	gatewayv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/gateway/v1"
	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"

	"github.com/tandem-badges/tandem/gateway/internal/machine"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/page"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

const (
	defaultPage = 50
	maxPage     = 1000

	// The parts of a review, in their order; the first key of a page token.
	peoplePart   = "people"
	machinesPart = "machines"
)

// Machines are the machines of all districts.
type Machines interface {
	Client(ctx context.Context, name string) (machine.Client, error)
	// EveryClient lists machines without their secrets, by district and id: of one
	// district, or of all where none is given.
	EveryClient(ctx context.Context, district, afterDistrict, afterID string, limit int) ([]machine.Client, error)
}

// Options of New.
type Options struct {
	Subjects schoolsv1.SubjectsServiceClient
	Machines Machines
	Scopes   []machine.Scope
	Clock    clock.Clock // the product's, by which grants hold
}

type server struct {
	gatewayv1.UnimplementedAccessServiceServer
	opts Options
}

// New returns the service.
func New(o Options) gatewayv1.AccessServiceServer { return &server{opts: o} }

// ReviewAccess lists people first, then machines.
func (s *server) ReviewAccess(ctx context.Context, req *gatewayv1.ReviewAccessRequest) (*gatewayv1.ReviewAccessResponse, error) {
	if !isNode(req.GetName()) {
		return nil, problem.Invalid(problem.Violation{
			Field: "name", Rule: "name_form",
			Fix: "Use districts/{district}, districts/{district}/schools/{school}, or leave it out for the state.",
		})
	}
	p, err := page.Parse(req, defaultPage, maxPage)
	if err != nil {
		return nil, err
	}
	answer := &gatewayv1.ReviewAccessResponse{}
	words := newWords(req.GetName())
	after := append(p.After, peoplePart, "", "") // a page token has one to three keys
	if len(p.After) == 0 || p.After[0] == peoplePart {
		token := ""
		if len(p.After) > 1 {
			token = after[1]
		}
		next, err := s.people(ctx, req, answer, words, p.Size, token)
		if err != nil {
			return nil, err
		}
		if next != "" {
			answer.NextPageToken = p.Next(peoplePart, next)
			return answer, nil
		}
		after = []string{machinesPart, "", ""}
	}
	last, err := s.machines(ctx, req, answer, words, after[1], after[2], p.Size-len(answer.GetHolders()))
	if err != nil {
		return nil, err
	}
	if last != nil {
		answer.NextPageToken = p.Next(append([]string{machinesPart}, last...)...)
	}
	return answer, nil
}

// people adds one page of people and returns the token of the next.
func (s *server) people(ctx context.Context, req *gatewayv1.ReviewAccessRequest, answer *gatewayv1.ReviewAccessResponse, w *words, size int, token string) (string, error) {
	found, err := s.opts.Subjects.ListNodeGrants(ctx, &schoolsv1.ListNodeGrantsRequest{
		Node: req.GetName(), Below: req.GetBelow(), PageSize: int32(size), //nolint:gosec // at most maxPage
		PageToken: token,
	})
	if err != nil {
		return "", err
	}
	for _, h := range found.GetHolders() {
		g := h.GetGrant()
		actions, deidentified := w.ofRole(g.GetRole(), g.GetNode())
		answer.Holders = append(answer.Holders, &gatewayv1.AccessHolder{
			Subject: h.GetPerson(), DisplayName: h.GetDisplayName(), Role: g.GetRole(), Node: g.GetNode(),
			Grant: g.GetName(), Grantor: g.GetGrantor(), Approver: g.GetApprover(), Reason: g.GetReason(),
			StartTime: g.GetStartTime(), EndTime: g.GetEndTime(), Actions: actions, Deidentified: deidentified,
		})
	}
	return found.GetNextPageToken(), nil
}

// machines adds up to size machines after a place and returns the place of the
// last one when there are more. Of the state as a whole no machine sees anything;
// a machine sees its whole district.
func (s *server) machines(ctx context.Context, req *gatewayv1.ReviewAccessRequest, answer *gatewayv1.ReviewAccessResponse, w *words, district, id string, size int) ([]string, error) {
	if req.GetName() == access.State && !req.GetBelow() {
		return nil, nil
	}
	of := districtOf(req.GetName())
	found, err := s.opts.Machines.EveryClient(ctx, of, district, id, size+1)
	if err != nil {
		return nil, err
	}
	more := len(found) > size
	if more {
		found = found[:size]
	}
	now := s.opts.Clock.Now()
	for i := range found {
		if holder := s.machineHolder(&found[i], w, now); holder != nil {
			answer.Holders = append(answer.Holders, holder)
		}
	}
	switch {
	case !more:
		return nil, nil
	case len(found) == 0: // the page is full of people
		return []string{district, id}, nil
	}
	last := found[len(found)-1].Name
	_, lastID, _ := strings.Cut(last, "/apiClients/")
	return []string{idOf(machine.DistrictOf(last)), lastID}, nil
}

// machineHolder is a machine as a row, nil when it sees nothing now.
func (s *server) machineHolder(c *machine.Client, w *words, now time.Time) *gatewayv1.AccessHolder {
	scopes := c.Effective(s.opts.Scopes)
	if c.Ended(now) || len(scopes) == 0 {
		return nil
	}
	actions, deidentified := w.ofScopes(scopes)
	return &gatewayv1.AccessHolder{
		Subject: c.Name, DisplayName: c.Title, Role: accessv1.Role_ROLE_INTEGRATION, Node: machine.DistrictOf(c.Name),
		Scopes: scopes, Grant: c.Name, Grantor: c.Creator, Approver: c.Approver,
		StartTime: stamp(c.Created), EndTime: stamp(c.End), Actions: actions, Deidentified: deidentified,
	}
}

// isNode tells whether a name is of the state, a district or a school.
func isNode(name string) bool {
	if name == access.State {
		return true
	}
	parts := strings.Split(name, "/")
	if len(parts)%2 != 0 || len(parts) > 4 || parts[0] != "districts" || len(parts) == 4 && parts[2] != "schools" {
		return false
	}
	for i := 1; i < len(parts); i += 2 {
		if !ids.ValidUser(parts[i]) {
			return false
		}
	}
	return true
}

// districtOf is the id of the district a node lies in, empty for the state.
func districtOf(node string) string {
	id, _, _ := strings.Cut(strings.TrimPrefix(node, "districts/"), "/")
	return id
}

func idOf(district string) string { return strings.TrimPrefix(district, "districts/") }

func stamp(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}
