package gateway_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/api/httpbody"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"

	"github.com/tandem-badges/tandem/services/kit/access"
	kitproblem "github.com/tandem-badges/tandem/services/kit/problem"
)

const (
	obBase   = "/ims/ob/v3p0"
	obScope  = "https://purl.imsglobal.org/spec/ob/v3p0/scope/"
	obLead   = "districts/aspen/people/lea"
	obSchool = "districts/aspen/schools/oak"
	callback = "https://wallet.example.org/callback"
	verifier = "a-verifier-that-is-long-enough-for-the-standard-0123456789"
)

// shelf is the badges of a school, behind the fake service.
type shelf struct {
	names   []string
	since   []time.Time
	parents []string
	callers []string
	taken   map[string]string // document to name
	refused error
}

func (f *fakeBadges) ListCredentials(ctx context.Context, req *badgesv1.ListCredentialsRequest) (*badgesv1.ListCredentialsResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	id, _ := access.FromContext(ctx)
	f.shelf.parents, f.shelf.callers = append(f.shelf.parents, req.GetParent()), append(f.shelf.callers, id.Subject)
	if req.GetSince() != nil {
		f.shelf.since = append(f.shelf.since, req.GetSince().AsTime())
	}
	// Two a page, so that whoever counts has to turn pages.
	at := 0
	if req.GetPageToken() != "" {
		_, _ = fmt.Sscan(req.GetPageToken(), &at)
	}
	answer := &badgesv1.ListCredentialsResponse{}
	for _, name := range f.shelf.names[at:min(at+2, len(f.shelf.names))] {
		answer.Credentials = append(answer.Credentials, &badgesv1.Credential{Name: name})
	}
	if at+2 < len(f.shelf.names) {
		answer.NextPageToken = fmt.Sprint(at + 2)
	}
	return answer, nil
}

func (f *fakeBadges) ImportCredential(_ context.Context, req *badgesv1.ImportCredentialRequest) (*badgesv1.Credential, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.shelf.refused != nil {
		return nil, f.shelf.refused
	}
	f.shelf.parents = append(f.shelf.parents, req.GetParent())
	name, known := f.shelf.taken[string(req.GetDocument())]
	if !known {
		name = fmt.Sprintf("credentials/taken-%d", len(f.shelf.taken))
		f.shelf.taken[string(req.GetDocument())] = name
		f.shelf.names = append(f.shelf.names, name)
	}
	return &badgesv1.Credential{Name: name}, nil
}

// onShelf answers for a badge of the shelf.
func (s *shelf) document(name string) (*httpbody.HttpBody, bool) {
	for document, taken := range s.taken {
		if taken == name {
			return &httpbody.HttpBody{ContentType: "text/plain", Data: []byte(document)}, true
		}
	}
	if slices.Contains(s.names, name) {
		return &httpbody.HttpBody{ContentType: "application/vc+ld+json", Data: []byte(`{"id":"` + name + `"}`)}, true
	}
	return nil, false
}

// wallet is a program that speaks Open Badges 3.0.
type wallet struct {
	w          *world
	id, secret string
}

func (w *world) wallet(scopes ...string) *wallet {
	w.t.Helper()
	answer := w.do("POST", obBase+"/register", `{"client_name":"Paper Wallet","redirect_uris":["`+callback+`"],"scope":"`+strings.Join(scopes, " ")+`"}`)
	require.Equal(w.t, http.StatusCreated, answer.status, answer.body)
	o := answer.object2(w.t)
	require.Zero(w.t, o["client_secret_expires_at"])
	return &wallet{w, o["client_id"].(string), o["client_secret"].(string)}
}

// ask is the query with which a wallet sends people to our page.
func (p *wallet) ask(scopes ...string) url.Values {
	sum := sha256.Sum256([]byte(verifier))
	return url.Values{
		"client_id": {p.id}, "redirect_uri": {callback}, "response_type": {"code"}, "scope": {strings.Join(scopes, " ")}, "state": {"a-state-of-mine"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
}

var field = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`)

// consent shows the page to somebody and answers it; the redirect is returned.
func (p *wallet) consent(v *visitor, answer string, scopes ...string) *url.URL {
	p.w.t.Helper()
	var sent *url.URL
	v.CheckRedirect = func(req *http.Request, _ []*http.Request) error {
		if req.URL.Host == "wallet.example.org" {
			sent = req.URL
			return http.ErrUseLastResponse
		}
		return nil
	}
	at, code, page := v.visit(http.MethodGet, obBase+"/authorize?"+p.ask(scopes...).Encode(), nil)
	require.Equal(p.w.t, http.StatusOK, code, page)
	require.Equal(p.w.t, obBase+"/authorize", at.Path)
	require.Contains(p.w.t, page, "Paper Wallet")
	require.Contains(p.w.t, page, "wallet.example.org")
	form := url.Values{"school": {obSchool}, "answer": {answer}}
	for _, one := range field.FindAllStringSubmatch(page, -1) {
		form.Set(one[1], html.UnescapeString(one[2]))
	}
	_, _, page = v.visit(http.MethodPost, obBase+"/authorize", form)
	require.NotNil(p.w.t, sent, page)
	return sent
}

// redeem asks the token endpoint.
func (p *wallet) redeem(pairs ...string) answer {
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	return p.w.do("POST", obBase+"/token", values.Encode(), append(basic(p.id, p.secret), form)...)
}

func (p *wallet) code(at *url.URL) answer {
	return p.redeem("grant_type", "authorization_code", "code", at.Query().Get("code"), "redirect_uri", callback, "code_verifier", verifier)
}

func (p *wallet) refresh(token string) answer {
	return p.redeem("grant_type", "refresh_token", "refresh_token", token)
}

// lead is somebody who leads a school and is signed in.
func (w *world) lead() *visitor {
	w.t.Helper()
	return w.leading(obLead)
}

func (w *world) leading(person string) *visitor {
	w.t.Helper()
	w.schools.grant(person, teamLead)
	w.schools.mu.Lock()
	w.schools.subjects[person].Demo = true
	w.schools.people = append(w.schools.people, &schoolsv1.Person{Name: person, DisplayName: "Lea Example", Demo: true})
	w.schools.titles = map[string]string{obSchool: "Oak School"}
	w.schools.mu.Unlock()
	v := w.visitor()
	_, code, page := v.become(person)
	require.Equal(w.t, http.StatusOK, code, page)
	return v
}

func (w *world) bringing(token string, headers ...string) []string {
	return append(headers, "Authorization: Bearer "+token)
}

func text(t *testing.T, o map[string]any, name string) string {
	t.Helper()
	value, ok := o[name].(string)
	require.True(t, ok, "%s in %v", name, o)
	return value
}

func TestTheServiceDescriptionIsForEverybody(t *testing.T) {
	answer := start(t).do("GET", obBase+"/discovery", "")
	require.Equal(t, http.StatusOK, answer.status)
	require.Equal(t, "*", answer.header.Get("Access-Control-Allow-Origin"))
	var sdd struct {
		Components struct {
			SecuritySchemes map[string]struct {
				Registration string `json:"x-imssf-registrationUrl"`
				Flows        struct {
					AuthorizationCode struct {
						AuthorizationURL, TokenURL, RefreshURL string
						Scopes                                 map[string]string
					}
				}
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(answer.body), &sdd))
	scheme := sdd.Components.SecuritySchemes["OAuth2ACG"]
	require.Equal(t, "https://badges.example.org/ims/ob/v3p0/register", scheme.Registration)
	require.Equal(t, "https://badges.example.org/ims/ob/v3p0/token", scheme.Flows.AuthorizationCode.TokenURL)
	for _, scope := range []string{"credential.readonly", "credential.upsert", "profile.readonly", "profile.update"} {
		require.NotEmpty(t, scheme.Flows.AuthorizationCode.Scopes[obScope+scope])
	}
}

func TestAWalletIsConnectedAndReadsTheBadgesOfItsSchool(t *testing.T) {
	w := signingIn(t)
	w.badges.shelf.names = []string{"credentials/a", "credentials/b", "credentials/c", "credentials/d", "credentials/e"}
	p := w.wallet(obScope+"credential.readonly", "offline_access")
	v := w.lead()
	back := p.consent(v, "yes", obScope+"credential.readonly", "offline_access")
	require.Equal(t, "a-state-of-mine", back.Query().Get("state"))
	tokens := p.code(back).object(t)
	read := w.do("GET", obBase+"/credentials?limit=2&offset=1", "", w.bringing(text(t, tokens, "access_token"))...)
	require.Equal(t, http.StatusOK, read.status, read.body)
	require.JSONEq(t, `{"credential":[{"id":"credentials/b"},{"id":"credentials/c"}],"compactJwsString":[]}`, read.body)
	require.Equal(t, "5", read.header.Get("X-Total-Count"))
	for rel, offset := range map[string]string{"next": "3", "last": "4", "first": "0", "prev": "0"} {
		require.Contains(t, read.header.Get("Link"), `/ims/ob/v3p0/credentials?limit=2&offset=`+offset+`>; rel="`+rel+`"`)
	}
	require.Equal(t, obSchool, w.badges.shelf.parents[0])
	require.Equal(t, obLead, w.badges.shelf.callers[0], "with the rights of who connected it")

	since := w.do("GET", obBase+"/credentials?since=2026-09-01T00:00:00Z", "", w.bringing(text(t, tokens, "access_token"))...)
	require.Equal(t, http.StatusOK, since.status)
	require.Equal(t, time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), w.badges.shelf.since[0])
	for _, query := range []string{"limit=0", "limit=x", "offset=-1", "since=yesterday", "limit=1&limit=2"} {
		bad := w.do("GET", obBase+"/credentials?"+query, "", w.bringing(text(t, tokens, "access_token"))...)
		require.Equal(t, http.StatusBadRequest, bad.status, query)
		require.Contains(t, bad.body, `"imsx_codeMajor":"failure"`)
	}
	require.NotContains(t, w.log.String(), text(t, tokens, "access_token"))
	require.NotContains(t, w.log.String(), back.Query().Get("code"))
}

func TestATokenOfAProgramOpensNothingElse(t *testing.T) {
	w := signingIn(t)
	p := w.wallet(obScope + "credential.readonly")
	token := text(t, p.code(p.consent(w.lead(), "yes", obScope+"credential.readonly")).object(t), "access_token")
	for _, path := range []string{"/v1/whoAmI", "/v1/" + obSchool, "/v1/districts"} {
		require.Equal(t, http.StatusUnauthorized, w.do("GET", path, "", w.bringing(token)...).status, path)
	}
	for _, call := range [][3]string{{"POST", "/credentials", `{}`}, {"GET", "/profile", ""}, {"PUT", "/profile", `{}`}} {
		refused := w.do(call[0], obBase+call[1], call[2], w.bringing(token)...)
		require.Equal(t, http.StatusForbidden, refused.status, call)
		require.Contains(t, refused.body, `"forbidden"`)
	}
}

func TestRightsOfAProgramEndWithThoseOfThePerson(t *testing.T) {
	w := signingIn(t)
	p := w.wallet(obScope + "profile.readonly")
	token := text(t, p.code(p.consent(w.lead(), "yes", obScope+"profile.readonly")).object(t), "access_token")
	require.Equal(t, http.StatusOK, w.do("GET", obBase+"/profile", "", w.bringing(token)...).status)
	w.schools.mu.Lock()
	w.schools.subjects[obLead].Grants = []*schoolsv1.Grant{{Role: coordinator.Role, Node: coordinator.Node, State: schoolsv1.Grant_STATE_ACTIVE}}
	w.schools.mu.Unlock()
	require.Equal(t, http.StatusUnauthorized, w.do("GET", obBase+"/profile", "", w.bringing(token)...).status)
	w.schools.mu.Lock()
	w.schools.subjects[obLead].Disabled = true
	w.schools.mu.Unlock()
	require.Equal(t, http.StatusUnauthorized, w.do("GET", obBase+"/profile", "", w.bringing(token)...).status)
}

func TestACodeAndARefreshTokenAreGoodOnce(t *testing.T) {
	w := signingIn(t)
	w.badges.shelf.names = []string{"credentials/a"}
	scopes := []string{obScope + "credential.readonly", "offline_access"}
	p := w.wallet(scopes...)
	v := w.lead()
	list := func(token string) int {
		return w.do("GET", obBase+"/credentials", "", w.bringing(token)...).status
	}
	t.Run("a code", func(t *testing.T) {
		back := p.consent(v, "yes", scopes...)
		first := p.code(back).object(t)
		require.Equal(t, http.StatusOK, list(text(t, first, "access_token")))
		again := p.code(back)
		require.Equal(t, http.StatusBadRequest, again.status)
		require.Contains(t, again.body, "invalid_grant")
		require.Equal(t, http.StatusUnauthorized, list(text(t, first, "access_token")), "one of the two who have the code stole it")
		require.Contains(t, p.refresh(text(t, first, "refresh_token")).body, "invalid_grant")
	})
	t.Run("a refresh token", func(t *testing.T) {
		first := p.code(p.consent(v, "yes", scopes...)).object(t)
		second := p.refresh(text(t, first, "refresh_token")).object(t)
		require.Equal(t, http.StatusOK, list(text(t, second, "access_token")))
		require.Equal(t, http.StatusUnauthorized, list(text(t, first, "access_token")))
		require.Contains(t, p.refresh(text(t, first, "refresh_token")).body, "invalid_grant")
		require.Equal(t, http.StatusUnauthorized, list(text(t, second, "access_token")), "all that came from the consent ends")
		require.Contains(t, p.refresh(text(t, second, "refresh_token")).body, "invalid_grant")
	})
	t.Run("revocation", func(t *testing.T) {
		tokens := p.code(p.consent(v, "yes", scopes...)).object(t)
		values := url.Values{"token": {text(t, tokens, "refresh_token")}}
		other := w.wallet(scopes...)
		w.do("POST", obBase+"/revoke", values.Encode(), append(basic(other.id, other.secret), form)...)
		require.Equal(t, http.StatusOK, list(text(t, tokens, "access_token")), "another program ends nothing of ours")
		require.Equal(t, http.StatusOK, w.do("POST", obBase+"/revoke", values.Encode(), append(basic(p.id, p.secret), form)...).status)
		require.Equal(t, http.StatusUnauthorized, list(text(t, tokens, "access_token")))
		require.Contains(t, p.refresh(text(t, tokens, "refresh_token")).body, "invalid_grant")
	})
}

func TestACodeIsForWhoAskedForIt(t *testing.T) {
	w := signingIn(t)
	p, other := w.wallet(obScope+"credential.readonly"), w.wallet(obScope+"credential.readonly")
	v := w.lead()
	for name, redeem := range map[string]func(back *url.URL) answer{
		"another program": func(back *url.URL) answer { return other.code(back) },
		"another verifier": func(back *url.URL) answer {
			return p.redeem("grant_type", "authorization_code", "code", back.Query().Get("code"), "redirect_uri", callback, "code_verifier", verifier+"x")
		},
		"no verifier": func(back *url.URL) answer {
			return p.redeem("grant_type", "authorization_code", "code", back.Query().Get("code"), "redirect_uri", callback)
		},
		"another address": func(back *url.URL) answer {
			return p.redeem("grant_type", "authorization_code", "code", back.Query().Get("code"), "redirect_uri", callback+"2", "code_verifier", verifier)
		},
		"a wrong secret": func(back *url.URL) answer {
			return (&wallet{w, p.id, "wrong"}).code(back)
		},
	} {
		t.Run(name, func(t *testing.T) {
			refused := redeem(p.consent(v, "yes", obScope+"credential.readonly"))
			require.Contains(t, []int{http.StatusBadRequest, http.StatusUnauthorized}, refused.status, refused.body)
			require.NotContains(t, refused.body, "access_token")
		})
	}
}

func TestAStateMayBeShort(t *testing.T) {
	w := signingIn(t)
	p := w.wallet(obScope + "credential.readonly")
	q := p.ask(obScope + "credential.readonly")
	q.Set("state", "s")
	_, code, page := w.lead().visit(http.MethodGet, obBase+"/authorize?"+q.Encode(), nil)
	require.Equal(t, http.StatusOK, code, page)
	require.Contains(t, page, "Paper Wallet")
}

func TestAProgramThatIsNotWantedGetsNoCode(t *testing.T) {
	w := signingIn(t)
	p := w.wallet(obScope + "credential.readonly")
	v := w.lead()
	require.Equal(t, "access_denied", p.consent(v, "no", obScope+"credential.readonly").Query().Get("error"))
	for name, change := range map[string]func(url.Values){
		"an address it did not register": func(q url.Values) { q.Set("redirect_uri", "https://evil.example.org/") },
		"a program nobody knows":         func(q url.Values) { q.Set("client_id", "nobody") },
	} {
		t.Run(name, func(t *testing.T) {
			q := p.ask(obScope + "credential.readonly")
			change(q)
			at, code, page := v.visit(http.MethodGet, obBase+"/authorize?"+q.Encode(), nil)
			require.Equal(t, http.StatusBadRequest, code, page)
			require.Equal(t, obBase+"/authorize", at.Path, "the browser is sent nowhere")
		})
	}
	for name, change := range map[string]func(url.Values){
		"no PKCE":             func(q url.Values) { q.Del("code_challenge") },
		"plain PKCE":          func(q url.Values) { q.Set("code_challenge_method", "plain") },
		"a scope not its own": func(q url.Values) { q.Set("scope", obScope+"profile.update") },
		"an implicit token":   func(q url.Values) { q.Set("response_type", "token") },
	} {
		t.Run(name, func(t *testing.T) {
			var sent *url.URL
			v.CheckRedirect = func(req *http.Request, _ []*http.Request) error {
				sent = req.URL
				return http.ErrUseLastResponse
			}
			q := p.ask(obScope + "credential.readonly")
			change(q)
			_, _, page := v.visit(http.MethodGet, obBase+"/authorize?"+q.Encode(), nil)
			if sent == nil { // the library looks at PKCE when the person has said yes
				answer := url.Values{"school": {obSchool}, "answer": {"yes"}}
				for _, one := range field.FindAllStringSubmatch(page, -1) {
					answer.Set(one[1], html.UnescapeString(one[2]))
				}
				v.visit(http.MethodPost, obBase+"/authorize", answer)
			}
			require.NotNil(t, sent, page)
			require.NotEmpty(t, sent.Query().Get("error")+sent.Fragment)
			require.Empty(t, sent.Query().Get("code"))
		})
	}
}

func TestOnlyWhoLeadsASchoolConnectsIt(t *testing.T) {
	w := signingIn(t)
	p := w.wallet(obScope + "credential.readonly")
	ask := obBase + "/authorize?" + p.ask(obScope+"credential.readonly").Encode()
	t.Run("nobody is signed in", func(t *testing.T) {
		at, _, _ := w.visitor().visit(http.MethodGet, ask, nil)
		require.Equal(t, "/sign-in", at.Path)
		require.Equal(t, ask, at.Query().Get("to"), "and comes back")
	})
	t.Run("a coordinator", func(t *testing.T) {
		v := w.visitor()
		v.become("districts/aspen/people/ana")
		_, code, page := v.visit(http.MethodGet, ask, nil)
		require.Equal(t, http.StatusForbidden, code)
		require.Contains(t, page, "Only the principal and the team lead")
	})
	t.Run("of another school", func(t *testing.T) {
		v := w.lead()
		form := p.ask(obScope + "credential.readonly")
		form.Set("answer", "yes")
		form.Set("school", "districts/aspen/schools/elm")
		_, code, _ := v.visit(http.MethodPost, obBase+"/authorize", form)
		require.Equal(t, http.StatusForbidden, code)
	})
}

func TestPeopleSeeAndEndWhatTheyConnected(t *testing.T) {
	w := signingIn(t)
	p := w.wallet(obScope+"credential.readonly", "offline_access")
	v := w.lead()
	tokens := p.code(p.consent(v, "yes", obScope+"credential.readonly", "offline_access")).object(t)
	_, code, page := v.visit(http.MethodGet, "/account/programs", nil)
	require.Equal(t, http.StatusOK, code)
	require.Contains(t, page, "Paper Wallet")
	grant := field.FindStringSubmatch(page)
	require.Equal(t, "grant", grant[1])

	stranger := w.leading("districts/aspen/people/max")
	stranger.visit(http.MethodPost, "/account/programs/end", url.Values{"grant": {grant[2]}})
	require.Equal(t, http.StatusOK, w.do("GET", obBase+"/credentials", "", w.bringing(text(t, tokens, "access_token"))...).status)

	_, _, page = v.visit(http.MethodPost, "/account/programs/end", url.Values{"grant": {grant[2]}})
	require.NotContains(t, page, "Paper Wallet")
	require.Equal(t, http.StatusUnauthorized, w.do("GET", obBase+"/credentials", "", w.bringing(text(t, tokens, "access_token"))...).status)
	require.Contains(t, p.refresh(text(t, tokens, "refresh_token")).body, "invalid_grant")
}

func TestAProgramSaysWhatItIs(t *testing.T) {
	w := start(t)
	for name, body := range map[string]string{
		"no address":            `{"client_name":"x"}`,
		"an address over http":  `{"client_name":"x","redirect_uris":["http://wallet.example.org/"]}`,
		"a fragment":            `{"client_name":"x","redirect_uris":["https://wallet.example.org/#a"]}`,
		"a script":              `{"client_name":"x","redirect_uris":["javascript:alert(1)"]}`,
		"a password in it":      `{"client_name":"x","redirect_uris":["https://a:b@wallet.example.org/"]}`,
		"no name":               `{"redirect_uris":["` + callback + `"]}`,
		"a name with a trick":   `{"client_name":"a\u202eb","redirect_uris":["` + callback + `"]}`,
		"a scope of nobody":     `{"client_name":"x","redirect_uris":["` + callback + `"],"scope":"schools.read"}`,
		"another grant":         `{"client_name":"x","redirect_uris":["` + callback + `"],"grant_types":["password"]}`,
		"another response":      `{"client_name":"x","redirect_uris":["` + callback + `"],"response_types":["token"]}`,
		"another way to log in": `{"client_name":"x","redirect_uris":["` + callback + `"],"token_endpoint_auth_method":"private_key_jwt"}`,
		"a home page by script": `{"client_name":"x","redirect_uris":["` + callback + `"],"client_uri":"javascript:1"}`,
		"no JSON":               `client_name=x`,
		"too much":              `{"client_name":"` + strings.Repeat("x", 20000) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			refused := w.do("POST", obBase+"/register", body)
			require.Equal(t, http.StatusBadRequest, refused.status, refused.body)
			require.Contains(t, []any{"invalid_redirect_uri", "invalid_client_metadata"}, refused.object2(t)["error"])
		})
	}
	public := w.do("POST", obBase+"/register", `{"client_name":"x","redirect_uris":["http://127.0.0.1:9999/cb"],"token_endpoint_auth_method":"none"}`)
	require.Equal(t, http.StatusCreated, public.status, public.body)
	require.NotContains(t, public.body, "client_secret")
}

// object2 reads any answer as an object.
func (a answer) object2(t *testing.T) map[string]any {
	t.Helper()
	var o map[string]any
	require.NoError(t, json.Unmarshal([]byte(a.body), &o), a.body)
	return o
}

func TestABadgeFromElsewhereIsHandedIn(t *testing.T) {
	w := signingIn(t)
	p := w.wallet(obScope + "credential.upsert")
	token := text(t, p.code(p.consent(w.lead(), "yes", obScope+"credential.upsert")).object(t), "access_token")
	post := func(body, media string) answer {
		return w.do("POST", obBase+"/credentials", body, w.bringing(token, "Content-Type: "+media)...)
	}
	first := post("header.payload.signature", "text/plain")
	require.Equal(t, http.StatusCreated, first.status, first.body)
	require.Equal(t, "header.payload.signature", first.body)
	require.Equal(t, "text/plain", first.header.Get("Content-Type"))
	require.Equal(t, http.StatusOK, post("header.payload.signature", "text/plain").status, "it is kept already")
	require.Equal(t, http.StatusCreated, post(`{"id":"urn:x"}`, "application/vc+ld+json").status)
	require.Equal(t, http.StatusUnsupportedMediaType, post("x", "image/png").status)
	require.Equal(t, http.StatusRequestEntityTooLarge, post(strings.Repeat("x", 1<<20+1), "text/plain").status)
	require.Equal(t, obSchool, w.badges.shelf.parents[len(w.badges.shelf.parents)-1])
	w.badges.shelf.refused = kitproblem.Invalid(kitproblem.Violation{Field: "proof", Rule: "signature", Fix: "Hand in what was signed."})
	refused := post(`{"id":"urn:y"}`, "application/json")
	require.Equal(t, http.StatusBadRequest, refused.status)
	require.Contains(t, refused.body, "proof: Hand in what was signed.")
	require.Contains(t, refused.body, "invalid_data")
}

func TestAMachineActsForTheSchoolsOfItsDistrict(t *testing.T) {
	w := start(t)
	w.badges.shelf.names = []string{"credentials/a"}
	w.registered("awards.read", "credentials.write")
	_, key := w.added("API_KEY")
	read := w.do("GET", obBase+"/credentials", "", w.bringing(key)...)
	require.Equal(t, http.StatusOK, read.status, read.body)
	require.Equal(t, "districts/aspen/schools/-", w.badges.shelf.parents[0])
	profile := w.do("GET", obBase+"/profile", "", w.bringing(key)...).object(t)
	require.Equal(t, "https://badges.example.org/v1/districts/aspen", profile["id"])
	about := func(school string) string {
		return `{"credentialSubject":{"id":"https://badges.example.org/v1/` + school + `"}}`
	}
	require.Equal(t, http.StatusCreated, w.do("POST", obBase+"/credentials", about(obSchool), w.bringing(key)...).status)
	require.Equal(t, obSchool, w.badges.shelf.parents[len(w.badges.shelf.parents)-1])
	for _, school := range []string{"districts/birch/schools/fir", ""} {
		require.Equal(t, http.StatusBadRequest, w.do("POST", obBase+"/credentials", about(school), w.bringing(key)...).status)
	}
	require.Equal(t, http.StatusForbidden, w.do("PUT", obBase+"/profile", `{}`, w.bringing(key)...).status)
	for name, header := range map[string]string{
		"a person": "Authorization: " + w.token(access.Grant{Role: accessv1.Role_ROLE_STATE_ADMIN}),
		"nobody":   "X-Nobody: 1", "rubbish": "Authorization: Bearer ory_at_x.y",
	} {
		refused := w.do("GET", obBase+"/credentials", "", header)
		require.Contains(t, []int{http.StatusUnauthorized, http.StatusForbidden}, refused.status, name)
		require.Contains(t, refused.body, "imsx_codeMajor")
	}
}

func TestAProfileIsWhatIsKept(t *testing.T) {
	w := signingIn(t)
	p := w.wallet(obScope+"profile.readonly", obScope+"profile.update")
	token := text(t, p.code(p.consent(w.lead(), "yes", obScope+"profile.readonly", obScope+"profile.update")).object(t), "access_token")
	got := w.do("GET", obBase+"/profile", "", w.bringing(token)...)
	require.Equal(t, http.StatusOK, got.status, got.body)
	require.Equal(t, publicName+"/v1/"+obSchool, got.object(t)["id"])
	require.Equal(t, http.StatusOK, w.do("PUT", obBase+"/profile", got.body, w.bringing(token)...).status, "nothing to change")
	for name, body := range map[string]string{
		"more than is kept": `{"id":"` + publicName + `/v1/` + obSchool + `","type":"Profile","name":"x","phone":"111"}`,
		"another school":    `{"id":"` + publicName + `/v1/districts/aspen/schools/elm","type":"Profile","name":"x"}`,
		"no JSON":           `x`,
	} {
		require.Equal(t, http.StatusBadRequest, w.do("PUT", obBase+"/profile", body, w.bringing(token)...).status, name)
	}
}
