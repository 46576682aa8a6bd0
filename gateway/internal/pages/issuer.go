package pages

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"time"

	"github.com/munnerz/goautoneg"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"

	"github.com/tandem-badges/tandem/gateway/internal/edge"
	"github.com/tandem-badges/tandem/gateway/internal/problems"
	"github.com/tandem-badges/tandem/services/kit/requestid"
)

const (
	didTypeLD   = "application/did+ld+json"
	didTypeJSON = "application/did+json"
	ldType      = "application/ld+json"
	jsonType    = "application/json"
	// issuerFresh is how long caches may answer for us: a key that is found compromised is believed
	// this long at the most.
	issuerFresh = "public, max-age=300"
)

// issuerRoutes are the pages about who issues.
func (h *Handler) issuerRoutes(mux *http.ServeMux) {
	add := func(pattern, name string, handle http.HandlerFunc) { mux.Handle(pattern, edge.Named(name, handle)) }
	add("GET /issuers/{issuer}", "/issuers/{issuer}", h.issuer)
	add("GET /issuers/{issuer}/did.json", "/issuers/{issuer}/did.json", h.didDocument)
}

// didDocument answers where did:web looks for the keys of an issuer.
func (h *Handler) didDocument(w http.ResponseWriter, r *http.Request) {
	body, err := h.issuers.GetDidDocument(r.Context(), &badgesv1.GetDidDocumentRequest{Name: "issuers/" + r.PathValue("issuer")})
	if err != nil {
		problems.Error(w, r, err)
		return
	}
	media := goautoneg.Negotiate(r.Header.Get("Accept"), []string{didTypeLD, didTypeJSON, ldType, jsonType})
	document(w, r, first(media, didTypeLD), body.GetData())
}

// document answers with a public text that programs of any origin may read and caches may keep.
func document(w http.ResponseWriter, r *http.Request, media string, text []byte) {
	sum := sha256.Sum256(append([]byte(media+"\n"), text...))
	head := w.Header()
	head.Add("Vary", "Accept")
	head.Set("Content-Type", media)
	head.Set("Cache-Control", issuerFresh)
	head.Set("ETag", `"`+hex.EncodeToString(sum[:16])+`"`)
	head.Set("Access-Control-Allow-Origin", "*")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(text)) // compares the ETag
}

// issuer answers /issuers/{issuer}: a page for people, the Open Badges profile for programs.
func (h *Handler) issuer(w http.ResponseWriter, r *http.Request) {
	name := "issuers/" + r.PathValue("issuer")
	profile := wantsJSON(r)
	i, err := h.credentials.GetIssuer(r.Context(), &badgesv1.GetIssuerRequest{Name: name})
	switch {
	case err != nil && profile:
		problems.Error(w, r, err)
		return
	case err != nil:
		h.failIssuer(w, r, err)
		return
	case profile:
		h.profile(w, r, i)
		return
	}
	keys, err := h.issuers.ListIssuerKeys(r.Context(), &badgesv1.ListIssuerKeysRequest{Parent: name, PageSize: issuerKeys})
	if err != nil {
		h.failIssuer(w, r, err)
		return
	}
	w.Header().Add("Vary", "Accept")
	h.show(w, r, http.StatusOK, "issuer.html", i.GetTitle(), newIssuerView(i, keys.GetIssuerKeys()))
}

// failIssuer answers an error of the badges service about an issuer.
func (h *Handler) failIssuer(w http.ResponseWriter, r *http.Request, err error) {
	if code := status.Code(err); code != codes.NotFound && code != codes.InvalidArgument {
		h.fail(w, r, err)
		return
	}
	h.show(w, r, http.StatusNotFound, "trouble.html", "Issuer not found", trouble{
		Heading:   "There is no such issuer here",
		Text:      "No office with this number issues badges here. Check that the address is complete.",
		RequestID: requestid.From(r.Context()),
	})
}

// issuerKeys is how many keys the page shows; the API has them all.
const issuerKeys = 100

// profile is an issuer as an Open Badges 3.0 Profile.
func (h *Handler) profile(w http.ResponseWriter, r *http.Request, i *badgesv1.Issuer) {
	p := map[string]any{
		"@context": []string{"https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"},
		"id":       i.GetDid(), "type": []string{"Profile"}, "name": i.GetTitle(),
	}
	for field, value := range map[string]string{"url": i.GetUrl(), "email": i.GetEmail()} {
		if value != "" {
			p[field] = value
		}
	}
	if i.GetImageUrl() != "" {
		p["image"] = map[string]any{"id": i.GetImageUrl(), "type": "Image"}
	}
	text, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		problems.Error(w, r, err)
		return
	}
	document(w, r, ldType, text)
}

// issuerView is an issuer in words.
type issuerView struct {
	Title, District, URL, Email, DID, DIDURL string
	Former                                   []string
	Keys                                     []keyView
}

// keyView is a key of an issuer in words.
type keyView struct{ Class, State, Method, Since, Note string }

func newIssuerView(i *badgesv1.Issuer, keys []*badgesv1.IssuerKey) issuerView {
	v := issuerView{
		Title: i.GetTitle(), District: i.GetDistrict(), URL: i.GetUrl(), Email: i.GetEmail(), DID: i.GetDid(), Former: i.GetFormerDids(),
		DIDURL: "/" + i.GetName() + "/did.json",
	}
	for _, k := range keys {
		one := keyView{Method: k.GetVerificationMethod(), Since: longDay(k.GetCreateTime().AsTime())}
		switch k.GetState() {
		case badgesv1.IssuerKey_STATE_CURRENT:
			one.Class, one.State, one.Note = "good", "Signs", "New badges are signed with this key."
		case badgesv1.IssuerKey_STATE_COMPROMISED:
			one.Class, one.State = "bad", "Not to be trusted"
			one.Note = "What was signed with it since " + longDay(k.GetCompromiseTime().AsTime()) + " is refused: " + k.GetCompromiseReason()
		default:
			one.Class, one.State = "none", "Retired"
			one.Note = "Until " + longDay(k.GetRetireTime().AsTime()) + ". What it signed stays valid."
		}
		v.Keys = append(v.Keys, one)
	}
	return v
}

func longDay(t time.Time) string { return t.UTC().Format("2 January 2006") }
