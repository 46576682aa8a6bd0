package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"github.com/cedar-policy/cedar-go/types"
	"github.com/cedar-policy/cedar-go/x/exp/ast"
	"github.com/cedar-policy/cedar-go/x/exp/schema"
	"github.com/cedar-policy/cedar-go/x/exp/schema/resolved"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
)

// Action is something that can be done, as the API names it.
type Action struct {
	Name  string // e.g. "journeys.choose"
	Group string // what policies speak of, e.g. "lead the journey"
}

// Group is actions that belong together.
type Group struct {
	Name string
	Doc  string // what they are about, in one plain line
	Area string // heading of the schema they stand under
}

// words are the vocabulary of the policies: schema, actions and roles.
type words struct {
	schema  *resolved.Schema
	actions []Action // in the order of the schema's text
	groups  []Group
	// entities are those that are the same for every request: actions and roles,
	// each with all that is above it.
	entities types.EntityMap
	roles    map[accessv1.Role]types.EntityUIDSet // a role and the groups it is in
}

func readWords(files fs.FS) (*words, error) {
	text, err := fs.ReadFile(files, schemaFile)
	if err != nil {
		return nil, err
	}
	var parsed schema.Schema
	parsed.SetFilename(schemaFile)
	if err := parsed.UnmarshalCedar(text); err != nil {
		return nil, fmt.Errorf("schema of the policies: %w", err)
	}
	resolved, err := parsed.Resolve()
	if err != nil {
		return nil, fmt.Errorf("schema of the policies: %w", err)
	}
	w := &words{schema: resolved, entities: types.EntityMap{}}
	if err := w.readActions(string(text)); err != nil {
		return nil, err
	}
	return w, w.readRoles(files)
}

// readActions lists actions and groups in the order in which the text has them.
func (w *words) readActions(text string) error {
	for uid, action := range w.schema.Actions {
		w.entities[uid] = action.Entity
		name := string(uid.ID)
		if action.AppliesTo == nil {
			w.groups = append(w.groups, Group{Name: name, Doc: string(action.Annotations["doc"])})
			continue
		}
		if action.Entity.Parents.Len() != 1 {
			return fmt.Errorf("action %s must be in exactly one group", name)
		}
		for group := range action.Entity.Parents.All() {
			w.actions = append(w.actions, Action{Name: name, Group: string(group.ID)})
		}
	}
	place := func(name string) int { return strings.Index(text, `"`+name+`"`) }
	slices.SortFunc(w.actions, func(a, b Action) int { return place(a.Name) - place(b.Name) })
	slices.SortFunc(w.groups, func(a, b Group) int { return place(a.Name) - place(b.Name) })
	for i, g := range w.groups {
		w.groups[i].Area = areaOf(text[:place(g.Name)])
	}
	return nil
}

// heading is a comment of the schema that begins an area.
var heading = regexp.MustCompile(`(?m)^// ---- (.*) ----$`)

// areaOf is the last heading of a text.
func areaOf(text string) string {
	found := heading.FindAllStringSubmatch(text, -1)
	if len(found) == 0 {
		return ""
	}
	return found[len(found)-1][1]
}

// readRoles reads the groups of roles and notes for each role all it is in.
func (w *words) readRoles(files fs.FS) error {
	text, err := fs.ReadFile(files, rolesFile)
	if err != nil {
		return err
	}
	var given types.EntityMap
	if err := json.Unmarshal(text, &given); err != nil {
		return fmt.Errorf("%s: %w", rolesFile, err)
	}
	for uid, entity := range given {
		above := ancestors(given, uid)
		w.entities[uid] = types.Entity{UID: uid, Parents: types.NewEntityUIDSet(above...), Attributes: entity.Attributes}
	}
	w.roles = map[accessv1.Role]types.EntityUIDSet{}
	var missing []error
	for _, role := range Roles() {
		uid := types.NewEntityUID(typeRole, types.String(RoleName(role)))
		if _, ok := given[uid]; !ok {
			missing = append(missing, fmt.Errorf("%s lacks the role %q", rolesFile, RoleName(role)))
		}
		w.roles[role] = types.NewEntityUIDSet(append(ancestors(given, uid), uid)...)
	}
	return errors.Join(missing...)
}

// ancestors are all entities above one.
func ancestors(all types.EntityMap, of types.EntityUID) []types.EntityUID {
	var found []types.EntityUID
	for parent := range all[of].Parents.All() {
		found = append(found, parent)
		found = append(found, ancestors(all, parent)...)
	}
	return found
}

// applies tells whether a policy can say anything about an action.
func (w *words) applies(p *Policy, action string) bool {
	uid := types.NewEntityUID(typeAction, types.String(action))
	under := func(named types.EntityUID) bool { return named == uid || w.entities[uid].Parents.Contains(named) }
	switch scope := p.compiled.AST().Action.(type) {
	case ast.ScopeTypeEq:
		return scope.Entity == uid
	case ast.ScopeTypeIn:
		return under(scope.Entity)
	case ast.ScopeTypeInSet:
		return slices.ContainsFunc(scope.Entities, under)
	default:
		return true
	}
}

// Actions lists every action, in the order of the schema.
func (s *Set) Actions() []Action { return s.words.actions }

// Groups lists the groups of actions, in the order of the schema.
func (s *Set) Groups() []Group { return s.words.groups }

// Roles lists the roles of the API in the order of their numbers.
func Roles() []accessv1.Role {
	var roles []accessv1.Role
	for number := range accessv1.Role_name {
		if number != 0 {
			roles = append(roles, accessv1.Role(number))
		}
	}
	slices.Sort(roles)
	return roles
}

// RoleName is a role as policies name it: ROLE_TEAM_LEAD is "team lead".
func RoleName(role accessv1.Role) string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(role.String(), "ROLE_"), "_", " "))
}
