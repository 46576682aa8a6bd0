package connect

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of what a program may say about itself.
const (
	maxMetadata  = 16 << 10
	maxName      = 100
	maxAddress   = 500
	maxRedirects = 10
)

// metadata is what RFC 7591 section 2 lets a program say about itself, as far as we
// keep it. People whom one could contact are not asked for.
type metadata struct {
	Name            string   `json:"client_name"`
	URI             string   `json:"client_uri,omitempty"`
	LogoURI         string   `json:"logo_uri,omitempty"`
	TermsURI        string   `json:"tos_uri,omitempty"`
	PolicyURI       string   `json:"policy_uri,omitempty"`
	SoftwareID      string   `json:"software_id,omitempty"`
	SoftwareVersion string   `json:"software_version,omitempty"`
	RedirectURIs    []string `json:"redirect_uris"`
	AuthMethod      string   `json:"token_endpoint_auth_method"`
	GrantTypes      []string `json:"grant_types"`
	ResponseTypes   []string `json:"response_types"`
	Scope           string   `json:"scope"`
}

// registered is the answer of RFC 7591 section 3.2.1.
type registered struct {
	ID       string `json:"client_id"`
	Secret   string `json:"client_secret,omitempty"`
	IssuedAt int64  `json:"client_id_issued_at"`
	// Expires is 0: the secret is good until the program is forgotten.
	Expires *int64 `json:"client_secret_expires_at,omitempty"`
	metadata
}

func grantTypes() []string { return []string{"authorization_code", "refresh_token"} }

// register takes in a program. Anybody may: it gets nothing before a person says so.
func (s *Server) register(w http.ResponseWriter, r *http.Request) {
	var m metadata
	body := http.MaxBytesReader(w, r.Body, maxMetadata)
	if err := json.NewDecoder(body).Decode(&m); err != nil {
		refuse(w, "invalid_client_metadata", "Send the metadata as a JSON object of at most 16 KB.")
		return
	}
	m.defaults()
	if code, why := s.check(m); code != "" {
		refuse(w, code, why)
		return
	}
	now := s.opts.Clock.Now()
	p := Program{
		ID: rand.Text(), Name: m.Name, URI: m.URI, LogoURI: m.LogoURI, TermsURI: m.TermsURI, PolicyURI: m.PolicyURI, SoftwareID: m.SoftwareID,
		Version: m.SoftwareVersion, RedirectURIs: m.RedirectURIs, Scopes: strings.Fields(m.Scope), CreateTime: now,
	}
	answer := registered{ID: p.ID, IssuedAt: now.Unix(), metadata: m}
	if m.AuthMethod != "none" {
		answer.Secret, answer.Expires = rand.Text()+rand.Text(), new(int64)
		p.SecretDigest = digest(answer.Secret)
	}
	if err := s.opts.Store.InsertProgram(r.Context(), p); err != nil {
		s.opts.Log.ErrorContext(r.Context(), "program not registered", "error", err)
		send(w, http.StatusServiceUnavailable, map[string]string{"error": "temporarily_unavailable"})
		return
	}
	send(w, http.StatusCreated, answer)
}

// defaults are those of RFC 7591; a refresh token is given to whoever asks for its scope.
func (m *metadata) defaults() {
	if m.AuthMethod == "" {
		m.AuthMethod = "client_secret_basic"
	}
	if len(m.GrantTypes) == 0 {
		m.GrantTypes = grantTypes()
	}
	if len(m.ResponseTypes) == 0 {
		m.ResponseTypes = []string{"code"}
	}
	if strings.TrimSpace(m.Scope) == "" {
		m.Scope = CredentialReadonly
	}
}

// check returns the code and the text of a refusal, empty for good metadata.
func (s *Server) check(m metadata) (code, why string) {
	if len(m.RedirectURIs) == 0 || len(m.RedirectURIs) > maxRedirects {
		return "invalid_redirect_uri", "Give between 1 and 10 redirect_uris."
	}
	for _, text := range m.RedirectURIs {
		if u, err := url.Parse(text); err != nil || len(text) > maxAddress || u.Host == "" || u.User != nil || strings.Contains(text, "#") || !s.secure(u) {
			return "invalid_redirect_uri", "Each of redirect_uris is an https address without a fragment, of at most 500 characters; http is allowed for 127.0.0.1 and [::1] only."
		}
	}
	known := Scopes()
	unknown := func(scope string) bool { return known[scope] == "" }
	switch {
	case !plain(m.Name, maxName) || m.Name == "":
		return "invalid_client_metadata", "Give a client_name of at most 100 printable characters."
	case !plain(m.SoftwareID, maxName) || !plain(m.SoftwareVersion, maxName):
		return "invalid_client_metadata", "software_id and software_version have at most 100 printable characters."
	case slices.ContainsFunc([]string{m.URI, m.LogoURI, m.TermsURI, m.PolicyURI}, func(a string) bool { return a != "" && !website(a) }):
		return "invalid_client_metadata", "client_uri, logo_uri, tos_uri and policy_uri are https addresses of at most 500 characters."
	case !slices.Contains([]string{"client_secret_basic", "client_secret_post", "none"}, m.AuthMethod):
		return "invalid_client_metadata", "token_endpoint_auth_method is client_secret_basic, client_secret_post or none."
	case slices.ContainsFunc(m.GrantTypes, func(g string) bool { return !slices.Contains(grantTypes(), g) }) || !slices.Contains(m.GrantTypes, "authorization_code"):
		return "invalid_client_metadata", "grant_types are authorization_code and, if wanted, refresh_token."
	case !slices.Equal(m.ResponseTypes, []string{"code"}):
		return "invalid_client_metadata", "response_types is code."
	case slices.ContainsFunc(strings.Fields(m.Scope), unknown):
		return "invalid_client_metadata", "scope has a word that is not in the service description document."
	}
	return "", ""
}

// plain tells whether a text that people will read has no tricks in it.
func plain(text string, longest int) bool {
	return utf8.ValidString(text) && utf8.RuneCountInString(text) <= longest && strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}

func website(text string) bool {
	u, err := url.Parse(text)
	return err == nil && len(text) <= maxAddress && u.Scheme == "https" && u.Host != "" && u.User == nil
}

func refuse(w http.ResponseWriter, code, why string) {
	send(w, http.StatusBadRequest, map[string]string{"error": code, "error_description": why})
}

func send(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // who has gone needs no answer
}
