package api

import (
	"cmp"
	"context"
	"strings"

	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/timestamppb"

	gatewayv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/gateway/v1"

	"github.com/tandem-badges/tandem/gateway/internal/session"
	"github.com/tandem-badges/tandem/gateway/internal/signin"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/page"
)

type sessions struct {
	gatewayv1.UnimplementedSessionsServiceServer
	sessions *session.Manager
	people   signin.People
}

// GetWhoAmI says who is calling and what they hold.
func (s *sessions) GetWhoAmI(ctx context.Context, _ *gatewayv1.GetWhoAmIRequest) (*gatewayv1.WhoAmI, error) {
	id, _ := access.FromContext(ctx)
	answer := &gatewayv1.WhoAmI{Subject: id.Subject, DisplayName: id.Subject, Scopes: id.Scopes}
	if isPerson(id.Subject) {
		person, _, err := s.people.Person(ctx, id.Subject)
		if err != nil {
			return nil, err
		}
		answer.DisplayName = cmp.Or(person.DisplayName, id.Subject)
		if id.Session != "" { // of a machine it is the secret it came with
			answer.Session = session.Collection + id.Session
		}
	}
	for _, g := range id.Grants {
		held := &gatewayv1.HeldRole{Role: g.Role, Node: g.Node}
		if !g.End.IsZero() {
			held.EndTime = timestamppb.New(g.End)
		}
		answer.Roles = append(answer.Roles, held)
	}
	return answer, nil
}

// ListSessions lists where the caller is signed in.
func (s *sessions) ListSessions(ctx context.Context, req *gatewayv1.ListSessionsRequest) (*gatewayv1.ListSessionsResponse, error) {
	id, _ := access.FromContext(ctx)
	p, err := page.Parse(req, defaultPage, maxPage)
	if err != nil {
		return nil, err
	}
	after := ""
	if len(p.After) == 1 {
		after = p.After[0]
	}
	found, err := s.sessions.List(ctx, id.Subject, after, p.Size+1)
	if err != nil {
		return nil, err
	}
	answer := &gatewayv1.ListSessionsResponse{}
	if len(found) > p.Size {
		found = found[:p.Size]
		answer.NextPageToken = p.Next(found[p.Size-1].ID)
	}
	for _, one := range found {
		answer.Sessions = append(answer.Sessions, sessionOut(one, id.Session))
	}
	return answer, nil
}

// EndSession signs the caller out somewhere.
func (s *sessions) EndSession(ctx context.Context, req *gatewayv1.EndSessionRequest) (*emptypb.Empty, error) {
	id, _ := access.FromContext(ctx)
	if err := checkName("name", req.GetName(), session.Collection); err != nil {
		return nil, err
	}
	if err := s.sessions.End(ctx, id.Subject, req.GetName()[len(session.Collection):]); err != nil {
		return nil, err
	}
	return &emptypb.Empty{}, nil
}

// EndAllSessions signs the caller out everywhere else, or everywhere.
func (s *sessions) EndAllSessions(ctx context.Context, req *gatewayv1.EndAllSessionsRequest) (*gatewayv1.EndAllSessionsResponse, error) {
	id, _ := access.FromContext(ctx)
	keep := id.Session
	if req.GetIncludeCurrent() {
		keep = ""
	}
	ended, err := s.sessions.EndAll(ctx, id.Subject, keep)
	if err != nil {
		return nil, err
	}
	return &gatewayv1.EndAllSessionsResponse{Ended: int32(ended)}, nil //nolint:gosec // bounded by the sessions of one person
}

func sessionOut(s session.Session, current string) *gatewayv1.Session {
	return &gatewayv1.Session{
		Name: session.Collection + s.ID, IdentityProvider: s.Provider, Device: s.Device,
		CreateTime: timestamppb.New(s.Created), LastUseTime: timestamppb.New(s.Used), ExpireTime: timestamppb.New(s.Expires),
		Current: s.ID == current,
	}
}

// isPerson tells whether a subject is a person and not a machine.
func isPerson(subject string) bool {
	parts := strings.Split(subject, "/")
	return len(parts) >= 2 && parts[len(parts)-2] == "people"
}
