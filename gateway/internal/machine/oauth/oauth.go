// Package oauth gives machines their access tokens: the client credentials grant
// of OAuth 2 (RFC 6749, section 4.4) at /oauth/token, and the metadata by which
// client libraries find it (RFC 8414).
//
// A machine shows its secret once in a while and gets a token for a quarter of an
// hour, for the API only and with the scopes it asks for. The token is no more
// than a receipt: package machine looks at the client and the secret again with
// each call that carries it.
//
// Errors are those of OAuth, which client libraries know, not problem documents.
package oauth

import (
	"encoding/json"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/gateway/internal/edge"
	"github.com/tandem-badges/tandem/gateway/internal/machine"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

const (
	// Audience is what the tokens are for.
	Audience = "tandem-api"
	// Lifetime of a token.
	Lifetime = 15 * time.Minute

	tokenPath    = "/oauth/token" //nolint:gosec // a path, no credential
	metadataPath = "/.well-known/oauth-authorization-server"
	grantType    = "client_credentials"
	maxBody      = 16 << 10
)

// Mint makes the access token of a machine.
type Mint func(subject string, scopes []string, secretID string, lifetime time.Duration) (string, error)

// Options of New.
type Options struct {
	Machines  *machine.Service
	Mint      Mint
	PublicURL string // without a slash at the end
	Log       *slog.Logger
}

// Handler serves the token endpoint and its metadata.
type Handler struct{ opts Options }

// New returns the handler.
func New(o Options) *Handler { return &Handler{opts: o} }

// Routes adds the routes.
func (h *Handler) Routes(mux *http.ServeMux) {
	mux.Handle("POST "+tokenPath, edge.Named(tokenPath, http.HandlerFunc(h.token)))
	mux.Handle("GET "+metadataPath, edge.Named(metadataPath, http.HandlerFunc(h.metadata)))
}

// request is what a machine asks for.
type request struct {
	clientID, secret string
	scopes           []string
}

// answer is a token as RFC 6749 section 5.1 has it.
type answer struct {
	Token   string `json:"access_token"`
	Type    string `json:"token_type"`
	Expires int    `json:"expires_in"`
	Scope   string `json:"scope"`
}

func (h *Handler) token(w http.ResponseWriter, r *http.Request) {
	req, refusal := read(w, r)
	if refusal != nil {
		refusal.write(w)
		return
	}
	proven, err := h.opts.Machines.BySecret(r.Context(), req.clientID, req.secret, edge.RemoteAddr(r.Context()))
	switch {
	case problem.Is(err, problem.KindUnauthenticated):
		h.opts.Log.InfoContext(r.Context(), "machine refused", "error", err)
		refuse(http.StatusUnauthorized, "invalid_client", "The client is not known, or its secret is not good, or it may not be used from here.").write(w)
		return
	case err != nil:
		h.fail(w, r, err)
		return
	}
	scopes := proven.Scopes
	if len(req.scopes) > 0 {
		if slices.ContainsFunc(req.scopes, func(scope string) bool { return !slices.Contains(proven.Scopes, scope) }) {
			refuse(http.StatusBadRequest, "invalid_scope", "The client may not ask for one of these scopes.").write(w)
			return
		}
		scopes = req.scopes
	}
	token, err := h.opts.Mint(proven.Name, scopes, proven.SecretID, Lifetime)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	send(w, http.StatusOK, answer{Token: token, Type: "Bearer", Expires: int(Lifetime.Seconds()), Scope: strings.Join(scopes, " ")})
}

func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	h.opts.Log.ErrorContext(r.Context(), "no token for a machine", "error", err)
	refuse(http.StatusServiceUnavailable, "temporarily_unavailable", "Try again in a moment.").write(w)
}

// read takes the request apart. Nothing is taken from the URL: what stands there
// ends up in logs.
func read(w http.ResponseWriter, r *http.Request) (request, *refusal) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/x-www-form-urlencoded" || r.URL.RawQuery != "" {
		return request{}, invalid("Send the parameters in the body, as application/x-www-form-urlencoded.")
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		return request{}, invalid("The body cannot be read.")
	}
	for name, values := range r.PostForm {
		if len(values) > 1 {
			return request{}, invalid("A parameter stands there more than once.")
		}
		if values[0] == "" { // RFC 6749, section 3.2: as if it were not there
			delete(r.PostForm, name)
		}
	}
	req, refusal := credentials(r)
	if refusal != nil {
		return request{}, refusal
	}
	switch grant := r.PostForm.Get("grant_type"); {
	case grant == "":
		return request{}, invalid("Say grant_type=" + grantType + ".")
	case grant != grantType:
		return request{}, refuse(http.StatusBadRequest, "unsupported_grant_type", "The only grant is "+grantType+".")
	}
	for _, target := range []string{"audience", "resource"} {
		if r.PostForm.Has(target) && r.PostForm.Get(target) != Audience {
			return request{}, refuse(http.StatusBadRequest, "invalid_target", "Tokens are for "+Audience+" only.")
		}
	}
	req.scopes = unique(strings.Fields(r.PostForm.Get("scope")))
	return req, nil
}

// credentials come in the Authorization header or in the body, not in both.
func credentials(r *http.Request) (request, *refusal) {
	posted := r.PostForm.Has("client_id") || r.PostForm.Has("client_secret")
	if len(r.Header.Values("Authorization")) == 0 {
		req := request{clientID: r.PostForm.Get("client_id"), secret: r.PostForm.Get("client_secret")}
		if req.clientID == "" || req.secret == "" {
			return request{}, refuse(http.StatusUnauthorized, "invalid_client", "Send the client id and secret, by HTTP Basic or in the body.")
		}
		return req, nil
	}
	user, password, ok := r.BasicAuth()
	if len(r.Header.Values("Authorization")) > 1 || posted && r.PostForm.Get("client_id") != user || r.PostForm.Has("client_secret") {
		return request{}, invalid("Send the client id and secret in one way only.")
	}
	id, err := url.QueryUnescape(user) // RFC 6749, section 2.3.1
	secret, err2 := url.QueryUnescape(password)
	if !ok || err != nil || err2 != nil {
		return request{}, refuse(http.StatusUnauthorized, "invalid_client", "Send the client id and secret by HTTP Basic.")
	}
	return request{clientID: id, secret: secret}, nil
}

func unique(scopes []string) []string {
	slices.Sort(scopes)
	return slices.Compact(scopes)
}

// refusal is an error as RFC 6749 section 5.2 has it.
type refusal struct {
	status      int
	Code        string `json:"error"`
	Description string `json:"error_description"`
}

func refuse(status int, code, description string) *refusal {
	return &refusal{status: status, Code: code, Description: description}
}

func invalid(description string) *refusal {
	return refuse(http.StatusBadRequest, "invalid_request", description)
}

func (f *refusal) write(w http.ResponseWriter) {
	if f.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="tandem", charset="UTF-8"`)
	}
	send(w, f.status, f)
}

func send(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Pragma", "no-cache")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // who has gone needs no answer
}

// metadata tells client libraries what there is.
func (h *Handler) metadata(w http.ResponseWriter, _ *http.Request) {
	scopes := make([]string, len(h.opts.Machines.Scopes))
	for i, scope := range h.opts.Machines.Scopes {
		scopes[i] = scope.Name
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "public, max-age=3600")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"issuer":                                h.opts.PublicURL,
		"token_endpoint":                        h.opts.PublicURL + tokenPath,
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post"},
		"grant_types_supported":                 []string{grantType},
		"response_types_supported":              []string{},
		"scopes_supported":                      scopes,
		"service_documentation":                 h.opts.PublicURL + "/docs",
	})
}
