package signin

import (
	"errors"
	"net/http"
	"net/url"

	"golang.org/x/oauth2"

	"github.com/tandem-badges/tandem/gateway/internal/provider"
	"github.com/tandem-badges/tandem/gateway/internal/session"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// callback takes the browser back from the issuer.
func (h *Handler) callback(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	attempt, refusal := h.take(r)
	if refusal != nil {
		h.refuse(w, r, "", refusal)
		return
	}
	login, refusal := h.complete(r, attempt)
	if refusal != nil {
		h.refuse(w, r, attempt.Provider, refusal)
		return
	}
	if err := h.opts.Sessions.Begin(w, r, login); err != nil {
		if problem.Is(err, problem.KindPrecondition) {
			h.refuse(w, r, attempt.Provider, refused(unknownProvider))
			return
		}
		h.refuse(w, r, attempt.Provider, failed(err))
		return
	}
	http.Redirect(w, r, attempt.ReturnTo, http.StatusSeeOther)
}

// take finds the attempt that the answer belongs to. It is gone afterwards,
// whatever comes of it.
func (h *Handler) take(r *http.Request) (Attempt, *refusal) {
	state, ok := only(r.URL.Query(), "state")
	if !ok {
		return Attempt{}, refused(stale)
	}
	attempt, found, err := h.opts.Store.TakeAttempt(r.Context(), hash(state))
	switch {
	case err != nil:
		return Attempt{}, failed(err)
	case !found || !h.opts.Clock.Now().Before(attempt.Expires):
		return Attempt{}, refused(stale)
	case !same(attempt.BrowserHash, hash(h.browserSecret(r))):
		return Attempt{}, refused(otherBrowser)
	case attempt.Provider != provider.Collection+r.PathValue("provider"):
		return Attempt{}, refused(mixedUp)
	}
	return attempt, nil
}

// complete turns the answer of the issuer into a login.
func (h *Handler) complete(r *http.Request, attempt Attempt) (session.Login, *refusal) {
	ctx, q := r.Context(), r.URL.Query()
	p, err := h.find(ctx, r.PathValue("provider"))
	if problem.Is(err, problem.KindNotFound) || err == nil && p.Disabled {
		return session.Login{}, refused(unknownProvider)
	}
	if err != nil {
		return session.Login{}, failed(err)
	}
	found, err := h.opts.Issuers.get(ctx, p.Issuer)
	if err != nil {
		return session.Login{}, issuerAway(err)
	}
	if iss, ok := only(q, "iss"); q.Has("iss") && (!ok || iss != p.Issuer) || !q.Has("iss") && found.SendsIssuer {
		return session.Login{}, refused(mixedUp)
	}
	if q.Has("error") {
		return session.Login{}, notGranted(q.Get("error"))
	}
	code, ok := only(q, "code")
	if !ok {
		return session.Login{}, refused(badAnswer)
	}
	state, browser := q.Get("state"), h.browserSecret(r)
	answer, refusal := h.redeem(ctx, p, found, code, derive(browser, "verifier", state))
	if refusal != nil {
		return session.Login{}, refusal
	}
	account, refusal := h.verify(ctx, p, found, answer, derive(browser, "nonce", state))
	if refusal != nil {
		return session.Login{}, refusal
	}
	person, refusal := h.person(ctx, p, account)
	if refusal != nil {
		return session.Login{}, refusal
	}
	idToken, _ := answer.Extra("id_token").(string)
	return session.Login{Subject: person, Provider: p.Name, IDToken: idToken, EndSession: webAddress(found.EndSession)}, nil
}

// only returns the parameter that must be there exactly once.
func only(q url.Values, name string) (string, bool) {
	values := q[name]
	const longest = 4096
	if len(values) != 1 || values[0] == "" || len(values[0]) > longest {
		return "", false
	}
	return values[0], true
}

// webAddress is an address that a browser may be sent to, or "".
func webAddress(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return ""
	}
	return address
}

// errorCode is what an issuer said in the one word that the standard gives it.
func errorCode(err error) string {
	var retrieve *oauth2.RetrieveError
	if errors.As(err, &retrieve) {
		return plainWord(retrieve.ErrorCode)
	}
	return ""
}
