package signin

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/tandem-badges/tandem/gateway/internal/provider"
)

const (
	// skew is how far an issuer's clock may be from ours.
	skew = time.Minute
	// oldest is how long ago an identity token may have been made.
	oldest = attemptTTL
)

// algorithms are the signatures we take: none with a shared secret, and not none.
func algorithms() []string {
	return []string{
		oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512,
		oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA,
	}
}

// redeem gives the code back to the issuer, once.
func (h *Handler) redeem(ctx context.Context, p provider.Provider, found discovered, code, verifier string) (*oauth2.Token, *refusal) {
	conf, err := h.client(p, found)
	if err != nil {
		return nil, failed(err)
	}
	answer, err := conf.Exchange(oidc.ClientContext(ctx, found.client), code, oauth2.VerifierOption(verifier))
	if err == nil {
		return answer, nil
	}
	var retrieve *oauth2.RetrieveError
	if errors.As(err, &retrieve) {
		return nil, refused(codeRefused).because("issuer_error", errorCode(err))
	}
	return nil, issuerAway(err)
}

// claims are what we read of an identity token beside what go-oidc does.
type claims struct {
	AuthorizedParty string   `json:"azp"`
	Email           string   `json:"email"`
	EmailVerified   wideBool `json:"email_verified"`
	OwnerVerified   wideBool `json:"xms_edov"` // Microsoft Entra: the owner of the domain was verified
	Name            string   `json:"name"`

	all map[string]json.RawMessage
}

// wideBool is a truth as issuers write it: true, "true", 1 or "1".
type wideBool bool

// UnmarshalJSON implements json.Unmarshaler.
func (b *wideBool) UnmarshalJSON(text []byte) error {
	*b = wideBool(slices.Contains([]string{"true", `"true"`, "1", `"1"`}, string(text)))
	return nil
}

// verify checks the identity token and the tenant, and returns whose account it is.
func (h *Handler) verify(ctx context.Context, p provider.Provider, found discovered, answer *oauth2.Token, nonce string) (Account, *refusal) {
	raw, _ := answer.Extra("id_token").(string)
	ctx = oidc.ClientContext(ctx, found.client)
	now := h.opts.Clock.Now()
	verifier := oidc.NewVerifier(p.Issuer, oidc.NewRemoteKeySet(ctx, found.Keys), &oidc.Config{
		ClientID: p.ClientID, SupportedSigningAlgs: algorithms(), Now: func() time.Time { return now.Add(-skew) },
	})
	token, err := verifier.Verify(ctx, raw)
	if err != nil {
		return Account{}, refused(tokenRefused).because("cause", err.Error())
	}
	var c claims
	if err := errors.Join(token.Claims(&c), token.Claims(&c.all)); err != nil {
		return Account{}, refused(tokenRefused).because("cause", "claims cannot be read")
	}
	if rule := broken(c, token, nonce, p.ClientID, now); rule != "" {
		return Account{}, refused(tokenRefused).because("cause", rule)
	}
	if token.AccessTokenHash != "" && token.VerifyAccessToken(answer.AccessToken) != nil {
		return Account{}, refused(tokenRefused).because("cause", "at_hash is of another access token")
	}
	if !pinned(p, c) {
		return Account{}, refused(wrongTenant)
	}
	account := Account{
		Issuer: p.Issuer, Subject: token.Subject, Parent: p.Tenant, Create: p.CreatePeople,
		Email: c.Email, EmailVerified: bool(c.EmailVerified || c.OwnerVerified), DisplayName: c.Name,
	}
	if account.Email == "" && found.provider.UserInfoEndpoint() != "" {
		return complement(ctx, found, answer, account)
	}
	return account, nil
}

// broken is the rule for identity tokens that this one breaks, or "". Signature,
// issuer, audience and end were checked before.
func broken(c claims, token *oidc.IDToken, nonce, clientID string, now time.Time) string {
	switch {
	case token.Subject == "":
		return "sub is missing"
	case !same(token.Nonce, nonce):
		return "nonce is of another sign-in"
	case len(token.Audience) > 1 && c.AuthorizedParty == "":
		return "azp is missing beside several audiences"
	case c.AuthorizedParty != "" && c.AuthorizedParty != clientID:
		return "azp is another client"
	case token.IssuedAt.After(now.Add(skew)):
		return "iat is in the future"
	case token.IssuedAt.Before(now.Add(-oldest - skew)):
		return "iat is missing or long ago"
	}
	return ""
}

// pinned tells whether the token is of the tenant that the provider is pinned to.
func pinned(p provider.Provider, c claims) bool {
	if p.TenantClaim == "" {
		return true
	}
	claim := c.all[p.TenantClaim]
	var value string
	var number json.Number // some issuers count their tenants
	switch {
	case json.Unmarshal(claim, &value) == nil:
		return value == p.TenantValue
	case json.Unmarshal(claim, &number) == nil:
		return number.String() == p.TenantValue
	}
	return false
}

// complement asks the issuer for the mail address where the token has none.
func complement(ctx context.Context, found discovered, answer *oauth2.Token, a Account) (Account, *refusal) {
	info, err := found.provider.UserInfo(ctx, oauth2.StaticTokenSource(answer))
	if err != nil { // its text may hold what the issuer answered, about somebody
		return Account{}, issuerAway(errors.New("userinfo could not be read"))
	}
	if info.Subject != a.Subject {
		return Account{}, refused(tokenRefused).because("cause", "userinfo is of another account")
	}
	var more struct {
		Name string `json:"name"`
	}
	if err := info.Claims(&more); err == nil && a.DisplayName == "" {
		a.DisplayName = more.Name
	}
	a.Email, a.EmailVerified = info.Email, info.EmailVerified
	return a, nil
}
