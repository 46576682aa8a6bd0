package grant

import (
	"context"
	"slices"
	"time"

	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/schools/internal/record"
)

// Holders lists who holds, will hold or waits for a role on a node or above it,
// and with below set on nodes below it too.
func (s Service) Holders(ctx context.Context, node string, below bool, r record.Range) ([]Holder, error) {
	if found, err := s.Store.HasNode(ctx, node); err != nil || !found {
		return nil, notThere(err, node)
	}
	found, err := s.Store.ListHolders(ctx, HolderQuery{At: s.Clock.Now(), Nodes: nodes(node), Below: node, Deep: below}, r)
	if err != nil {
		return nil, err
	}
	l := s.looker()
	for i, h := range found {
		if found[i].View, err = l.view(ctx, h.Grant); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// nodes are a node and those above it.
func nodes(node string) []string {
	all := []string{node}
	if school := record.School(node); school != "" {
		all = append(all, record.Parent(school))
	}
	if node != "" {
		all = append(all, "")
	}
	return all
}

func (s Service) view(ctx context.Context, g Grant) (View, error) {
	return s.looker().view(ctx, g)
}

// MayTakeAll refuses an actor who could not take away all that a person holds or
// will: who decides how that person signs in decides over those rights.
func (s Service) MayTakeAll(ctx context.Context, by Actor, person, field string) (open []Grant, err error) {
	now := s.Clock.Now()
	if open, err = s.Store.OpenGrants(ctx, person, now); err != nil || len(open) == 0 {
		return open, err
	}
	held, err := s.rights(ctx, by)
	if err != nil {
		return nil, err
	}
	for _, g := range open {
		if !mayTake(held, g.Role, g.Node, now) {
			return nil, problem.Precondition(problem.ReasonRoleInsufficient, exceeds(field, g.Held, nil, now))
		}
	}
	return open, nil
}

// Dangerous tells whether the grant is one that needs a second person.
func (g Grant) Dangerous() bool { return dangerous(g.Role, g.Node) }

// looker views grants and asks once for each grantor.
type looker struct {
	s    Service
	now  time.Time
	held map[string][]Held
}

func (s Service) looker() *looker {
	return &looker{s: s, now: s.Clock.Now(), held: map[string][]Held{}}
}

func (l *looker) view(ctx context.Context, g Grant) (View, error) {
	v := View{Grant: g, State: g.State(l.now)}
	if !v.State.Open() || Root(g.Grantor) {
		return v, nil
	}
	held, known := l.held[g.Grantor]
	if !known && g.Grantor != "" {
		var err error
		if held, err = l.s.Store.HeldBy(ctx, g.Grantor, l.now); err != nil {
			return v, err
		}
		l.held[g.Grantor] = held
	}
	v.Unsupported = !slices.ContainsFunc(held, func(h Held) bool { return h.At(l.now) && h.reaches(g.Role, g.Node) })
	return v, nil
}
