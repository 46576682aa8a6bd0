// Package policy reads the access policies and answers what they permit.
//
// The policies are Cedar files beside the access options (tandem/access/policies):
// a state can read them, compare two versions and sign them off. This package
// parses them once, and asks them for one principal at a time: somebody signed
// in, a person in one of their roles, or a machine. What is acted on is a node of
// the organization tree. A request looks only at the policies that can apply to
// its action; a test holds that to the same answer as looking at all of them.
//
// It knows the API's roles and nothing of requests: package access of the
// services puts together what a caller with several roles may do, and the
// generators of the OpenAPI document and the role table ask the same questions.
package policy

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"

	proto "github.com/tandem-badges/tandem/proto"
)

// The entity types of the schema.
const (
	typeAction  = types.EntityType("Action")
	typeNode    = types.EntityType("Node")
	typePerson  = types.EntityType("Person")
	typeRole    = types.EntityType("Role")
	typeHolder  = types.EntityType("Holder")
	typeScope   = types.EntityType("Scope")
	typeMachine = types.EntityType("Machine")
)

// The files of the policies beside *.cedar.
const (
	schemaFile = "tandem.cedarschema"
	rolesFile  = "roles.json"
)

// Policy is one rule, with what is known of it for people.
type Policy struct {
	ID   string // stable name, its @id
	Doc  string // what it says in one plain line, its @doc
	File string // where it stands
	Line int
	Text string // as written
	// Forbids tells whether it takes a right instead of giving it; such a policy
	// wins over all others.
	Forbids bool
	// Deidentified: who reads by this policy alone is shown no personal data.
	Deidentified bool
	// Identified: who reads by this policy is shown people by name on purpose.
	Identified bool

	compiled *cedar.Policy
}

// Set is policies, parsed and indexed, with the words they are written in. It is
// safe for concurrent use.
type Set struct {
	words    *words
	policies []*Policy
	byID     map[types.PolicyID]*Policy
	byAction map[string]cedar.PolicyMap
}

// Load returns the policies of the platform, read once.
func Load() (*Set, error) { return load() }

var load = sync.OnceValues(func() (*Set, error) {
	files, err := proto.Policies()
	if err != nil {
		return nil, err
	}
	return Read(files)
})

// Read parses policies, schema and roles from files.
func Read(files fs.FS) (*Set, error) {
	words, err := readWords(files)
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(files, "*.cedar")
	if err != nil || len(names) == 0 {
		return nil, fmt.Errorf("no policies (*.cedar): %w", err)
	}
	set := &Set{words: words}
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		parsed, err := parse(name, string(text))
		if err != nil {
			return nil, err
		}
		set.policies = append(set.policies, parsed...)
	}
	return set, set.index()
}

// Only returns a set in the same words that holds just the policies of text.
func (s *Set) Only(file, text string) (*Set, error) {
	parsed, err := parse(file, text)
	if err != nil {
		return nil, err
	}
	set := &Set{words: s.words, policies: parsed}
	return set, set.index()
}

// Without returns the set less one policy: how tests learn that it mattered.
func (s *Set) Without(id string) (*Set, error) {
	set := &Set{words: s.words, policies: slices.DeleteFunc(slices.Clone(s.policies), func(p *Policy) bool { return p.ID == id })}
	return set, set.index()
}

// With returns the set and more policies.
func (s *Set) With(file, text string) (*Set, error) {
	parsed, err := parse(file, text)
	if err != nil {
		return nil, err
	}
	set := &Set{words: s.words, policies: slices.Concat(s.policies, parsed)}
	return set, set.index()
}

// All returns the policies in the order of their files. They must not be changed.
func (s *Set) All() []*Policy { return s.policies }

// parse reads the policies of one file.
func parse(file, text string) ([]*Policy, error) {
	list, err := cedar.NewPolicyListFromBytes(file, []byte(text))
	if err != nil {
		return nil, fmt.Errorf("policies of %s: %w", file, err)
	}
	out := make([]*Policy, len(list))
	for i, one := range list {
		end := len(text)
		if i+1 < len(list) {
			end = list[i+1].Position().Offset
		}
		notes := one.Annotations()
		out[i] = &Policy{
			ID: string(notes["id"]), Doc: string(notes["doc"]), File: file, Line: one.Position().Line,
			Text:    strings.TrimSpace(text[one.Position().Offset:end]),
			Forbids: one.Effect() == cedar.Forbid, compiled: one,
			Deidentified: notes["reads"] == "deidentified", Identified: notes["reads"] == "identified",
		}
	}
	return out, nil
}

// index checks the ids and lists for each action the policies that can apply.
func (s *Set) index() error {
	s.byID = make(map[types.PolicyID]*Policy, len(s.policies))
	s.byAction = make(map[string]cedar.PolicyMap, len(s.words.actions))
	for _, p := range s.policies {
		id := types.PolicyID(p.ID)
		if p.ID == "" || s.byID[id] != nil {
			return fmt.Errorf("%s:%d: a policy needs an @id of its own, this has %q", p.File, p.Line, p.ID)
		}
		s.byID[id] = p
	}
	for _, action := range s.words.actions {
		applying := cedar.PolicyMap{}
		for _, p := range s.policies {
			if s.words.applies(p, action.Name) {
				applying[types.PolicyID(p.ID)] = p.compiled
			}
		}
		s.byAction[action.Name] = applying
	}
	return nil
}
