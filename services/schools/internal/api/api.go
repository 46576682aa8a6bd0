// Package api answers the gRPC calls of the schools service.
//
// A handler parses names, calls one function of the domain and maps the answer;
// rules live in the nouns, rights in the rule of each RPC, which the chain has
// checked before a handler runs. helpers.go holds what all handlers share, the
// other files one resource each.
package api

import (
	"context"

	"google.golang.org/grpc"

	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"
	"github.com/tandem-badges/tandem/services/kit/access"

	"github.com/tandem-badges/tandem/services/schools/internal/account"
	"github.com/tandem-badges/tandem/services/schools/internal/cycle"
	"github.com/tandem-badges/tandem/services/schools/internal/district"
	"github.com/tandem-badges/tandem/services/schools/internal/grant"
	"github.com/tandem-badges/tandem/services/schools/internal/journey"
	"github.com/tandem-badges/tandem/services/schools/internal/person"
	"github.com/tandem-badges/tandem/services/schools/internal/restriction"
	"github.com/tandem-badges/tandem/services/schools/internal/team"
	"github.com/tandem-badges/tandem/services/schools/internal/wire"
)

// Nouns are the domain services behind the API.
type Nouns struct {
	Districts    district.Service
	People       person.Service
	Grants       grant.Service
	Accounts     account.Service
	Restrictions restriction.Service
	Cycles       cycle.Service
	Teams        team.Service
	Journeys     journey.Service
}

// Register puts all gRPC services of this service on a server.
func Register(to grpc.ServiceRegistrar, n Nouns) {
	schoolsv1.RegisterOrganizationsServiceServer(to, &organizations{tree: n.Districts})
	schoolsv1.RegisterPeopleServiceServer(to, &people{people: n.People})
	schoolsv1.RegisterGrantsServiceServer(to, &grants{grants: n.Grants})
	schoolsv1.RegisterSubjectsServiceServer(to, &subjects{accounts: n.Accounts, grants: n.Grants})
	schoolsv1.RegisterRestrictionsServiceServer(to, &restrictions{restrictions: n.Restrictions})
	schoolsv1.RegisterCyclesServiceServer(to, &cycles{cycles: n.Cycles})
	schoolsv1.RegisterTeamsServiceServer(to, &teams{teams: n.Teams})
	schoolsv1.RegisterJourneysServiceServer(to, &journeys{journeys: n.Journeys})
	schoolsv1.RegisterPlansServiceServer(to, &plans{journeys: n.Journeys})
}

// actor is the caller in words of the domain.
func actor(ctx context.Context) grant.Actor {
	id, _ := access.FromContext(ctx)
	by := grant.Actor{Subject: id.Subject}
	for _, g := range id.Grants {
		by.Grants = append(by.Grants, grant.Held{Role: wire.ToRole(g.Role), Node: g.Node, Start: g.Start, End: g.End})
	}
	return by
}
