package policy

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/cedar-policy/cedar-go/types"
	"github.com/cedar-policy/cedar-go/x/exp/ast"
	"github.com/cedar-policy/cedar-go/x/exp/schema/validate"
)

// Validate holds every policy to the schema: known types, attributes and actions,
// and conditions that can hold.
func (s *Set) Validate() error {
	validator := validate.New(s.words.schema)
	var errs []error
	for _, p := range s.policies {
		if err := validator.Policy(p.ID, (*ast.Policy)(p.compiled.AST())); err != nil {
			errs = append(errs, fmt.Errorf("%s:%d %s: %w", p.File, p.Line, p.ID, err))
		}
	}
	return errors.Join(errs...)
}

// named finds the roles and scopes in the text of a policy.
var named = regexp.MustCompile(`(Role|Scope)::"([^"]*)"`)

// Unknown lists the roles of a policy that are in no list of roles, and scopes that
// other policies do not make: what a schema cannot tell from a slip of the pen.
func (s *Set) Unknown(p *Policy) []string {
	var unknown []string
	for _, match := range named.FindAllStringSubmatch(p.Text, -1) {
		_, role := s.words.entities[types.NewEntityUID(typeRole, types.String(match[2]))]
		scope := slices.ContainsFunc(s.Scopes(), func(scope Scope) bool { return scope.Name == match[2] })
		if match[1] == string(typeRole) && !role || match[1] == string(typeScope) && !scope {
			unknown = append(unknown, match[0])
		}
	}
	return unknown
}
