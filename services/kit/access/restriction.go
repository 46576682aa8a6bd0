package access

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/proto/policy"
)

// Restriction is what a district forbids beyond the platform's policies.
type Restriction struct {
	Name     string // districts/d/restrictions/r
	District string // id of the district; it has no effect outside of it
	// Actions are names of actions, or "notes.*" for all of a resource.
	Actions []string
	// Roles it is forbidden to; empty for everybody but district coordinators and
	// state administrators.
	Roles  []accessv1.Role
	Reason string // shown to whom it stops
}

// Policy returns the restriction as a policy of the platform's language. It is a
// forbid that ends at the district's border, whatever the fields hold.
func (r Restriction) Policy() (string, error) {
	set, err := policy.Load()
	if err != nil {
		return "", err
	}
	actions, err := r.named(set)
	if err != nil {
		return "", err
	}
	for i, action := range actions {
		actions[i] = "    Action::" + quoted(action)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "@id(%s)\n@doc(%s)\nforbid (\n  principal,\n", quoted(r.Name), quoted(r.Reason))
	fmt.Fprintf(&b, "  action in [\n%s\n  ],\n", strings.Join(actions, ",\n"))
	fmt.Fprintf(&b, "  resource in Node::%s\n) %s;", quoted("districts/"+r.District), r.whom())
	return b.String(), nil
}

// whom is the clause that says to whom it is forbidden.
func (r Restriction) whom() string {
	roles, word, join := r.Roles, "when", " || "
	if len(roles) == 0 {
		roles = []accessv1.Role{accessv1.Role_ROLE_DISTRICT_COORDINATOR, accessv1.Role_ROLE_STATE_ADMIN}
		word = "unless"
	}
	is := make([]string, len(roles))
	for i, role := range roles {
		if role == accessv1.Role_ROLE_INTEGRATION {
			is[i] = "principal is Machine"
			continue
		}
		is[i] = "principal in Role::" + quoted(policy.RoleName(role))
	}
	return word + " { " + strings.Join(is, join) + " }"
}

// named are the actions that the restriction means.
func (r Restriction) named(set *policy.Set) ([]string, error) {
	var found []string
	for _, wanted := range r.Actions {
		before := len(found)
		resource, all := strings.CutSuffix(wanted, ".*")
		for _, action := range set.Actions() {
			if action.Name == wanted || all && strings.HasPrefix(action.Name, resource+".") {
				found = append(found, action.Name)
			}
		}
		if len(found) == before {
			return nil, fmt.Errorf("restriction %s: no action is called %q", r.Name, wanted)
		}
	}
	slices.Sort(found)
	return slices.Compact(found), nil
}

// quoted writes text as a Cedar string, in which nothing ends it early.
func quoted(text string) string {
	var b strings.Builder
	for _, c := range text {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			b.WriteString(`\u{` + strconv.FormatInt(int64(c), 16) + `}`)
			continue
		}
		b.WriteRune(c)
	}
	return `"` + b.String() + `"`
}

// Restrictions are those of all districts, as they stand now. It is safe for
// concurrent use; nil holds none.
type Restrictions struct {
	districts atomic.Pointer[map[string]restricting]
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

// compile reads restrictions as policies. Whatever they hold, they are forbids
// inside the district, or they are refused.
func compile(district string, list []Restriction) (restricting, error) {
	platform, err := policy.Load()
	if err != nil {
		return restricting{}, err
	}
	byName := make(map[string]Restriction, len(list))
	texts := make([]string, len(list))
	for i, r := range list {
		if r.District != district {
			return restricting{}, fmt.Errorf("restriction %s is not of district %s", r.Name, district)
		}
		if texts[i], err = r.Policy(); err != nil {
			return restricting{}, err
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
	own, ok := (*districts)[districtOf(node)]
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
