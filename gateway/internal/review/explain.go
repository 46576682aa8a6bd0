package review

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	gatewayv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/gateway/v1"
	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"

	"github.com/tandem-badges/tandem/gateway/internal/machine"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// ExplainAccess answers what a call of the subject would be answered, and by which
// policies.
func (s *server) ExplainAccess(ctx context.Context, req *gatewayv1.ExplainAccessRequest) (*gatewayv1.ExplainAccessResponse, error) {
	id, notes, err := s.subject(ctx, req.GetSubject(), access.NodeOf(req.GetResource()))
	if err != nil {
		return nil, err
	}
	e, err := access.Explain(ctx, id, req.GetAction(), req.GetResource(), s.opts.Clock.Now())
	if err != nil {
		return nil, err
	}
	answer := &gatewayv1.ExplainAccessResponse{
		Decision: decisionOut(e.Decision), Deidentified: e.Deidentified, Reasons: append(notes, e.Reasons...),
	}
	for _, clause := range e.Clauses {
		answer.Policies = append(answer.Policies, &gatewayv1.DecidingPolicy{
			Id: clause.ID, Text: clause.Text, Forbids: clause.Forbids, File: clause.File,
		})
		if clause.Doc != "" {
			answer.Reasons = append(answer.Reasons, clause.Doc)
		}
	}
	return answer, nil
}

// subject is who is asked about, with what bears on the node: what they may
// elsewhere is nobody's business here.
func (s *server) subject(ctx context.Context, name, node string) (access.Identity, []string, error) {
	form, err := formOf(name)
	if err != nil {
		return access.Identity{}, nil, err
	}
	if form == machineForm {
		return s.machine(ctx, name)
	}
	person, err := s.opts.Subjects.ResolveSubject(ctx, &schoolsv1.ResolveSubjectRequest{Name: name})
	if err != nil && status.Code(err) != codes.NotFound {
		return access.Identity{}, nil, err
	}
	id := access.Identity{Subject: name}
	for _, g := range person.GetGrants() {
		if access.Covers(g.GetNode(), node) || access.Covers(node, g.GetNode()) {
			id.Grants = append(id.Grants, access.Grant{
				Role: g.GetRole(), Node: g.GetNode(), Start: timeOf(g.GetStartTime()), End: timeOf(g.GetEndTime()),
			})
		}
	}
	if err != nil || len(id.Grants) == 0 && !access.May(ctx, "people.get", name) {
		return access.Identity{}, nil, problem.NotFound(name)
	}
	if person.GetDisabled() {
		id.Grants = nil
		return id, []string{"They may not sign in any more, so no role of theirs counts."}, nil
	}
	return id, nil, nil
}

func (s *server) machine(ctx context.Context, name string) (access.Identity, []string, error) {
	if !access.May(ctx, "apiClients.get", name) {
		return access.Identity{}, nil, problem.NotFound(name)
	}
	c, err := s.opts.Machines.Client(ctx, name)
	if err != nil {
		return access.Identity{}, nil, err
	}
	id := access.Identity{Subject: name}
	if c.Ended(s.opts.Clock.Now()) {
		return id, []string{"The machine is disabled or has ended, so no scope of its counts."}, nil
	}
	id.Scopes = c.Effective(s.opts.Scopes)
	id.Grants = []access.Grant{{Role: accessv1.Role_ROLE_INTEGRATION, Node: machine.DistrictOf(name), End: c.End}}
	var notes []string
	for _, scope := range c.Scopes {
		if !slices.Contains(id.Scopes, scope) {
			notes = append(notes, fmt.Sprintf("The scope %s does not count: it waits for a second person.", scope))
		}
	}
	return id, notes, nil
}

type subjectForm int

const (
	personForm subjectForm = iota
	machineForm
)

func formOf(name string) (subjectForm, error) {
	parts := strings.Split(name, "/")
	if len(parts) == 2 && parts[0] == "people" && ids.ValidUser(parts[1]) {
		return personForm, nil
	}
	if len(parts) == 4 && parts[0] == "districts" && ids.ValidUser(parts[1]) && ids.ValidUser(parts[3]) {
		switch parts[2] {
		case "people":
			return personForm, nil
		case "apiClients":
			return machineForm, nil
		}
	}
	return 0, problem.Invalid(problem.Violation{
		Field: "subject", Rule: "name_form",
		Fix: "Use the name of a person or a machine: people/{person}, districts/{district}/people/{person}, districts/{district}/apiClients/{api_client}.",
	})
}

func decisionOut(d access.Decision) gatewayv1.ExplainAccessResponse_Decision {
	switch d {
	case access.DecisionAllowed:
		return gatewayv1.ExplainAccessResponse_DECISION_ALLOWED
	case access.DecisionDenied:
		return gatewayv1.ExplainAccessResponse_DECISION_DENIED
	default:
		return gatewayv1.ExplainAccessResponse_DECISION_UNKNOWN
	}
}

func timeOf(t *timestamppb.Timestamp) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.AsTime()
}
