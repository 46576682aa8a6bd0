package caller

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"

	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/identity"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// patience is how long the answer about a person may take.
const patience = 5 * time.Second

// People says what people may.
type People interface {
	// Grants returns the grants of a person that hold or will soon. Somebody who is
	// not known, or may not sign in any more, is an unauthenticated error.
	Grants(ctx context.Context, person string) ([]access.Grant, error)
}

// NewPeople returns the people of the schools service, asked over a connection
// that proves the gateway.
func NewPeople(schools grpc.ClientConnInterface) People {
	return people{schoolsv1.NewSubjectsServiceClient(schools)}
}

type people struct {
	subjects schoolsv1.SubjectsServiceClient
}

// Grants implements People.
func (p people) Grants(ctx context.Context, person string) ([]access.Grant, error) {
	// The gateway asks for itself; a token that the context may carry from before
	// could have ended since.
	asking, cancel := context.WithTimeout(identity.WithToken(ctx, ""), patience)
	defer cancel()
	s, err := p.subjects.ResolveSubject(asking, &schoolsv1.ResolveSubjectRequest{Name: person})
	switch code := status.Code(err); {
	case code == codes.NotFound || code == codes.InvalidArgument:
		return nil, problem.WithCause(invalid(), err)
	case err != nil && ctx.Err() != nil: // nobody waits for the answer any more
		return nil, ctx.Err()
	case err != nil: // also a refusal: it is the gateway that was refused, not the caller
		return nil, problem.WithCause(problem.Unavailable("schools"), err)
	case s.GetDisabled():
		return nil, invalid()
	}
	return grantsOf(s), nil
}

func grantsOf(s *schoolsv1.Subject) []access.Grant {
	var grants []access.Grant
	for _, g := range s.GetGrants() {
		if g.GetState() == schoolsv1.Grant_STATE_PENDING || g.GetState() == schoolsv1.Grant_STATE_ENDED {
			continue
		}
		grants = append(grants, access.Grant{
			Role: g.GetRole(), Node: g.GetNode(), Start: timeOf(g.GetStartTime()), End: timeOf(g.GetEndTime()),
		})
	}
	return grants
}

func timeOf(t *timestamppb.Timestamp) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.AsTime()
}
