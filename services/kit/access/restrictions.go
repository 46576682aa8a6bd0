package access

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/tandem-badges/tandem/proto/policy"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/scope"
)

// Restrictions are those of all districts, as they stand now. It is safe for
// concurrent use; nil holds none.
type Restrictions struct {
	districts atomic.Pointer[map[string]restricting]
	awaited   atomic.Bool
}

// AwaitedRestrictions are restrictions of which nothing is known yet: nothing in a
// district is decided before Arrived is called.
func AwaitedRestrictions() *Restrictions {
	r := &Restrictions{}
	r.awaited.Store(true)
	return r
}

// Arrived says that the restrictions of all districts have been set.
func (r *Restrictions) Arrived() { r.awaited.Store(false) }

// Ready returns an error as long as the restrictions are awaited.
func (r *Restrictions) Ready() error {
	if r != nil && r.awaited.Load() {
		return problem.Unavailable("restrictions of the districts")
	}
	return nil
}

// restricting is the restrictions of one district, ready to be asked.
type restricting struct {
	set    *policy.Set
	byName map[string]Restriction
}

// Set replaces the restrictions of one district. Where one of them cannot be
// read, the former ones stay and it is told.
func (r *Restrictions) Set(district string, list []Restriction) error {
	compiled, err := compile(district, list)
	if err != nil {
		return err
	}
	for {
		old := r.districts.Load()
		next := map[string]restricting{district: compiled}
		if old != nil {
			for id, one := range *old {
				if id != district {
					next[id] = one
				}
			}
		}
		if len(list) == 0 {
			delete(next, district)
		}
		if r.districts.CompareAndSwap(old, &next) {
			return nil
		}
	}
}

// compile reads restrictions as policies: forbids inside the district, whatever
// they hold. Actions that this version of the program does not have cannot be done
// here and are passed over.
func compile(district string, list []Restriction) (restricting, error) {
	platform, err := policy.Load()
	if err != nil {
		return restricting{}, err
	}
	byName := make(map[string]Restriction, len(list))
	var texts []string
	for _, r := range list {
		if r.District != district {
			return restricting{}, fmt.Errorf("restriction %s is not of district %s", r.Name, district)
		}
		if actions, _ := r.named(platform); len(actions) > 0 {
			texts = append(texts, r.text(actions))
		}
		byName[r.Name] = r
	}
	set, err := platform.Only("restrictions of district "+district, strings.Join(texts, "\n\n"))
	return restricting{set, byName}, err
}

// forbidding are the restrictions that stop a principal from doing an action.
func (r *Restrictions) forbidding(who policy.Principal, action, node string) []Restriction {
	if r == nil {
		return nil
	}
	districts := r.districts.Load()
	if districts == nil {
		return nil
	}
	own, ok := (*districts)[scope.District(node)]
	if !ok {
		return nil
	}
	var taken []Restriction
	for _, p := range own.set.Ask(who, action, node).Forbids {
		taken = append(taken, own.byName[p.ID])
	}
	return taken
}

// restricted lists the districts with restrictions, by id.
func (r *Restrictions) restricted() []string {
	if r == nil {
		return nil
	}
	districts := r.districts.Load()
	if districts == nil {
		return nil
	}
	ids := make([]string, 0, len(*districts))
	for id := range *districts {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

type restrictionsKey struct{}

// WithRestrictions returns a context whose decisions heed the restrictions.
func WithRestrictions(ctx context.Context, r *Restrictions) context.Context {
	return context.WithValue(ctx, restrictionsKey{}, r)
}

func restrictionsOf(ctx context.Context) *Restrictions {
	r, _ := ctx.Value(restrictionsKey{}).(*Restrictions)
	return r
}
