package api

import (
	"context"

	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"
	"github.com/tandem-badges/tandem/services/kit/tenant"

	"github.com/tandem-badges/tandem/services/schools/internal/account"
	"github.com/tandem-badges/tandem/services/schools/internal/grant"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
	"github.com/tandem-badges/tandem/services/schools/internal/wire"
)

type subjects struct {
	schoolsv1.UnimplementedSubjectsServiceServer
	accounts account.Service
	grants   grant.Service
}

// ResolveSubject reads a person with the grants that hold or soon will. There is
// no caller yet: the person's own tenant is all that is looked at.
func (s *subjects) ResolveSubject(ctx context.Context, req *schoolsv1.ResolveSubjectRequest) (*schoolsv1.Subject, error) {
	if err := checkName("name", req.GetName(), personForm, officeForm); err != nil {
		return nil, err
	}
	found, err := s.accounts.Resolve(tenant.With(ctx, record.District(req.GetName())), req.GetName())
	return answer(found, err, subjectOut)
}

// SignInAccount finds the person behind an account, in the tenant that the
// issuer is pinned to.
func (s *subjects) SignInAccount(ctx context.Context, req *schoolsv1.SignInAccountRequest) (*schoolsv1.SignInAccountResponse, error) {
	if req.GetParent() != "" {
		if err := checkName("parent", req.GetParent(), districtForm); err != nil {
			return nil, err
		}
	}
	name, refusal, err := s.accounts.SignIn(tenant.With(ctx, record.District(req.GetParent())), account.Visitor{
		Account: account.Account{Tenant: req.GetParent(), Issuer: req.GetIssuer(), Subject: req.GetSubject()},
		Email:   req.GetEmail(), EmailVerified: req.GetEmailVerified(), DisplayName: req.GetDisplayName(),
	}, req.GetCreate())
	if err != nil {
		return nil, err
	}
	return &schoolsv1.SignInAccountResponse{Person: name, Refusal: wire.Refusal(refusal)}, nil
}

// ListNodeGrants lists who holds a role on a node, above it or below it.
func (s *subjects) ListNodeGrants(ctx context.Context, req *schoolsv1.ListNodeGrantsRequest) (*schoolsv1.ListNodeGrantsResponse, error) {
	if req.GetNode() != "" {
		if err := checkName("node", req.GetNode(), districtForm, schoolForm); err != nil {
			return nil, err
		}
	}
	rows, next, err := list(req, func(r record.Range) ([]grant.Holder, error) {
		return s.grants.Holders(ctx, req.GetNode(), req.GetBelow(), r)
	}, func(h grant.Holder) []string { return []string{h.Person(), idOf(h.Name)} }, holderOut)
	return &schoolsv1.ListNodeGrantsResponse{Holders: rows, NextPageToken: next}, err
}

func subjectOut(s account.Subject) *schoolsv1.Subject {
	out := &schoolsv1.Subject{Name: s.Name, DisplayName: s.DisplayName, Demo: s.Demo, Disabled: s.Disabled}
	for _, g := range s.Grants {
		out.Grants = append(out.Grants, &schoolsv1.Grant{
			Name: g.Name, Role: wire.Role(g.Role), Node: g.Node, StartTime: stamp(g.Start), EndTime: stamp(g.End),
		})
	}
	return out
}

func holderOut(h grant.Holder) *schoolsv1.Holder {
	return &schoolsv1.Holder{Person: h.Person(), DisplayName: h.DisplayName, Grant: grantOut(h.View)}
}
