package provider

import (
	"net/url"
	"slices"
	"strings"

	"go.einride.tech/aip/resourcename"

	"github.com/tandem-badges/tandem/services/kit/problem"
)

const districtForm = "districts/{district}"

// shared are hosts of issuers that serve many organizations under one issuer URL.
var shared = []string{"accounts.google.com", "clever.com", "launchpad.classlink.com"}

// reserved claims say who somebody is, not where they belong.
var reserved = []string{"sub", "email", "email_verified", "nonce", "aud", "exp", "iat", "azp"}

// check applies the rules of a provider.
func (s Service) check(f Fields) error {
	var wrong []problem.Violation
	add := func(field, rule, fix string) {
		wrong = append(wrong, problem.Violation{Field: "identity_provider." + field, Rule: rule, Fix: fix})
	}
	if strings.TrimSpace(f.Title) == "" {
		add("title", "required", "Say what the sign-in button reads, such as the name of the district.")
	}
	if rule, fix := s.checkIssuer(f.Issuer); rule != "" {
		add("issuer", rule, fix)
	}
	if f.ClientID == "" {
		add("client_id", "required", "Give the client id that the issuer assigned.")
	}
	if f.Tenant != "" && (!resourcename.Match(districtForm, f.Tenant) || strings.HasSuffix(f.Tenant, "/-")) {
		add("tenant", "name_form", "Use a name of the form "+districtForm+", or leave it empty for the state office.")
	}
	switch {
	case (f.TenantClaim == "") != (f.TenantValue == ""):
		add("tenant_claim", "pair", "Give the claim and the value it must have, or neither.")
	case slices.Contains(reserved, f.TenantClaim):
		add("tenant_claim", "tenant_claim", "Name a claim that says which organization the account belongs to, such as hd or tid.")
	case f.TenantClaim == "" && sharedIssuer(f.Issuer):
		add("tenant_claim", "shared_issuer", "This issuer serves many organizations: name the claim and the value that are this tenant's.")
	}
	for _, scope := range f.Scopes {
		if scope == "" || strings.ContainsAny(scope, " \"\\") {
			add("scopes", "scope_form", "Give each scope as one word.")
			break
		}
	}
	if len(wrong) > 0 {
		return problem.Invalid(wrong...)
	}
	return nil
}

// checkIssuer returns the broken rule and the fix, or "".
func (s Service) checkIssuer(issuer string) (rule, fix string) {
	u, err := url.Parse(issuer)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || (u.Scheme != "https" && u.Scheme != "http") {
		return "issuer_url", "Give the https address of the issuer, without query or fragment."
	}
	if err := s.Reachable(issuer); err != nil {
		return "public_address", "Give an https address that is reached over the public network."
	}
	for _, part := range strings.Split(strings.Trim(u.Path, "/"), "/") {
		if u.Host == "login.microsoftonline.com" && (part == "common" || part == "organizations" || part == "consumers") {
			return "shared_issuer", "Give the issuer of the one organization: https://login.microsoftonline.com/TENANT-ID/v2.0."
		}
	}
	return "", ""
}

func sharedIssuer(issuer string) bool {
	u, err := url.Parse(issuer)
	return err == nil && slices.Contains(shared, strings.ToLower(u.Hostname()))
}

// fixed refuses changes to what accounts are linked by.
func fixed(before, after Fields) error {
	var wrong []problem.Violation
	for field, same := range map[string]bool{"issuer": before.Issuer == after.Issuer, "tenant": before.Tenant == after.Tenant} {
		if !same {
			wrong = append(wrong, problem.Violation{
				Field: "identity_provider." + field, Rule: "immutable",
				Fix: "Leave it as it is; register another identity provider instead.",
			})
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	slices.SortFunc(wrong, func(a, b problem.Violation) int { return strings.Compare(a.Field, b.Field) })
	return problem.Invalid(wrong...)
}
