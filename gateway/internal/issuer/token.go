package issuer

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// token gives an identity token for a code.
func (i *Issuer) token(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Pragma", "no-cache")
	r.Body = http.MaxBytesReader(w, r.Body, formLimit)
	if err := r.ParseForm(); err != nil {
		fail(w, http.StatusBadRequest, "invalid_request")
		return
	}
	if !i.client(r) {
		w.Header().Set("WWW-Authenticate", `Basic realm="demonstration"`)
		fail(w, http.StatusUnauthorized, "invalid_client")
		return
	}
	if r.PostFormValue("grant_type") != "authorization_code" {
		fail(w, http.StatusBadRequest, "unsupported_grant_type")
		return
	}
	challenge := challengeOf(r.PostFormValue("code_verifier"))
	g, access, ok := i.grants.redeem(r.PostFormValue("code"), func(g grant) bool {
		return equal(g.challenge, challenge) && g.redirect == r.PostFormValue("redirect_uri")
	})
	if !ok {
		fail(w, http.StatusBadRequest, "invalid_grant")
		return
	}
	idToken, err := i.keys.sign(i.claims(g, access))
	if err != nil {
		fail(w, http.StatusInternalServerError, "server_error")
		return
	}
	answer(w, http.StatusOK, map[string]any{
		"access_token": access, "token_type": "Bearer", "expires_in": int(tokenTTL.Seconds()), "id_token": idToken, "scope": "openid email profile",
	})
}

func (i *Issuer) claims(g grant, access string) map[string]any {
	now := i.opts.Clock.Now()
	half := sha256.Sum256([]byte(access))
	claims := map[string]any{
		"iss": i.url, "aud": i.opts.ClientID, "sub": g.person.Name, "iat": now.Unix(), "exp": now.Add(tokenTTL).Unix(),
		"auth_time": now.Unix(), "at_hash": base64.RawURLEncoding.EncodeToString(half[:len(half)/2]),
		"name": g.person.DisplayName,
	}
	if g.nonce != "" {
		claims["nonce"] = g.nonce
	}
	if g.person.Email != "" {
		claims["email"], claims["email_verified"] = g.person.Email, true
	}
	return claims
}

// userinfo tells the holder of an access token whose it is.
func (i *Issuer) userinfo(w http.ResponseWriter, r *http.Request) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	person, ok := i.grants.whose(strings.TrimSpace(token))
	if !strings.EqualFold(scheme, "bearer") || !ok {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		fail(w, http.StatusUnauthorized, "invalid_token")
		return
	}
	answer(w, http.StatusOK, map[string]any{
		"sub": person.Name, "name": person.DisplayName, "email": person.Email, "email_verified": person.Email != "",
	})
}

// client tells whether the gateway asks, by header or form.
func (i *Issuer) client(r *http.Request) bool {
	id, secret, basic := r.BasicAuth()
	if basic {
		var err1, err2 error
		id, err1 = url.QueryUnescape(id)
		secret, err2 = url.QueryUnescape(secret)
		if err1 != nil || err2 != nil {
			return false
		}
	} else {
		id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	return equal(id, i.opts.ClientID) && equal(secret, i.opts.Secret)
}

func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func splitWords(text string) []string { return strings.Fields(text) }

func fail(w http.ResponseWriter, code int, word string) {
	answer(w, code, map[string]string{"error": word})
}

func answer(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(v) // who has gone needs no answer
}
