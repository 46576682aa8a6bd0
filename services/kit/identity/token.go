package identity

import (
	"fmt"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4/jwt"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/services/kit/access"
)

// The kinds of tokens, as their header names them.
const (
	accessToken  = "at+jwt" // RFC 9068
	subjectToken = "tandem-subject+jwt"
	proofToken   = "tandem-service+jwt"
)

// Audiences of tokens; that of a proof is the service called.
const (
	apiAudience      = "tandem-api"
	servicesAudience = "tandem-services"
)

type grantClaim struct {
	Role  string    `json:"role"`
	Node  string    `json:"node"`
	Start time.Time `json:"start,omitzero"`
	End   time.Time `json:"end,omitzero"`
}

type claims struct {
	jwt.Claims
	Grants     []grantClaim `json:"grants,omitempty"`
	Scope      string       `json:"scope,omitempty"`
	Credential string       `json:"sid,omitempty"`
}

func grantClaims(grants []access.Grant) []grantClaim {
	var all []grantClaim
	for _, g := range grants {
		all = append(all, grantClaim{Role: g.Role.String(), Node: g.Node, Start: g.Start, End: g.End})
	}
	return all
}

func (c claims) grants() ([]access.Grant, error) {
	var grants []access.Grant
	for _, g := range c.Grants {
		role, known := accessv1.Role_value[g.Role]
		if !known || role == int32(accessv1.Role_ROLE_UNSPECIFIED) {
			return nil, fmt.Errorf("token with unknown role %q", g.Role)
		}
		grants = append(grants, access.Grant{Role: accessv1.Role(role), Node: g.Node, Start: g.Start, End: g.End})
	}
	return grants, nil
}

func (c claims) identity() (access.Identity, error) {
	grants, err := c.grants()
	return access.Identity{Subject: c.Subject, Grants: grants, Scopes: splitScopes(c.Scope), Session: c.Credential}, err
}

func joinScopes(scopes []string) string { return strings.Join(scopes, " ") }

func splitScopes(scope string) []string {
	if scope == "" {
		return nil
	}
	return strings.Split(scope, " ")
}
