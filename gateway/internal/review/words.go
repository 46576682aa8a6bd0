package review

import (
	"fmt"
	"slices"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/proto/policy"

	"github.com/tandem-badges/tandem/services/kit/access"
)

// words says what roles and scopes allow on the node that is reviewed, in the
// words of the policies. It remembers: many people hold the same few roles.
type words struct {
	node  string
	known map[string]said
}

type said struct {
	actions      []string
	deidentified bool
}

func newWords(node string) *words { return &words{node: node, known: map[string]said{}} }

// ofRole says what a role granted on a node allows: on the reviewed node, or where
// it was granted when that lies below.
func (w *words) ofRole(role accessv1.Role, granted string) (actions []string, deidentified bool) {
	at := w.node
	if !access.Covers(granted, at) {
		at = granted
	}
	found := w.say(fmt.Sprint(role, " ", granted == at), func(set *policy.Set, action string) policy.Answer {
		return set.Ask(set.Holder(role, granted), action, at)
	})
	return found.actions, found.deidentified
}

// ofScopes says what scopes allow in the machine's district, beyond what every
// machine may.
func (w *words) ofScopes(scopes []string) (actions []string, deidentified bool) {
	found := w.say(fmt.Sprint(scopes), func(set *policy.Set, action string) policy.Answer {
		if set.Machine("", action).Allowed {
			return policy.Answer{}
		}
		for _, scope := range scopes {
			if answer := set.Machine(scope, action); answer.Allowed && !answer.Deidentified() {
				return answer
			}
		}
		for _, scope := range scopes {
			if answer := set.Machine(scope, action); answer.Allowed {
				return answer
			}
		}
		return policy.Answer{}
	})
	return found.actions, found.deidentified
}

// say collects the groups of the actions that ask allows, in the order of the
// policies, and whether all that it lets read is without people.
func (w *words) say(key string, ask func(set *policy.Set, action string) policy.Answer) said {
	if found, ok := w.known[key]; ok {
		return found
	}
	set, err := policy.Load()
	if err != nil {
		return said{}
	}
	found := said{deidentified: true}
	for _, action := range set.Actions() {
		answer := ask(set, action.Name)
		if !answer.Allowed {
			continue
		}
		found.deidentified = found.deidentified && answer.Deidentified()
		if !slices.Contains(found.actions, action.Group) {
			found.actions = append(found.actions, action.Group)
		}
	}
	found.deidentified = found.deidentified && len(found.actions) > 0
	w.known[key] = found
	return found
}
