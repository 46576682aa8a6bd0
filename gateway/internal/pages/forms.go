package pages

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/api/httpbody"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"

	"github.com/tandem-badges/tandem/services/kit/ids"
)

// images is where the pictures of definitions lie, beside the badges: no credential has this id.
const images = "images"

// A picture of a definition changes rarely, a live one soon after the badge does.
const (
	imageAge = "public, max-age=3600"
	liveAge  = "public, max-age=300"
)

// part answers what hangs on a badge: its certificate, its frame for other sites, its live picture. The
// pictures of definitions share the shape of the address.
func (h *Handler) part(w http.ResponseWriter, r *http.Request) {
	part := r.PathValue("part")
	switch {
	case r.PathValue("credential") == images:
		h.image(w, r, part)
	case part == "certificate":
		h.certificate(w, r)
	case part == "embed":
		h.embed(w, r)
	case part == "badge.svg":
		h.live(w, r)
	default:
		h.NotFound(w, r)
	}
}

// image answers the picture of a definition.
func (h *Handler) image(w http.ResponseWriter, r *http.Request, file string) {
	format, id := badgesv1.RenderBadgeDefinitionRequest_FORMAT_PNG, strings.TrimSuffix(file, ".png")
	if strings.HasSuffix(file, ".svg") {
		format, id = badgesv1.RenderBadgeDefinitionRequest_FORMAT_SVG, strings.TrimSuffix(file, ".svg")
	}
	if id == file || !ids.ValidUser(id) {
		h.NotFound(w, r)
		return
	}
	body, err := h.definitions.RenderBadgeDefinition(r.Context(), &badgesv1.RenderBadgeDefinitionRequest{Name: "badgeDefinitions/" + id, Format: format})
	if err != nil {
		h.fail(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", imageAge)
	anywhere(w)
	serve(w, r, body)
}

// download is a file of a badge: its form, and whether browsers show it rather than keep it.
type download struct {
	format badgesv1.RenderCredentialRequest_Format
	shown  bool
}

func downloads() map[string]download {
	return map[string]download{
		"credential.json": {format: badgesv1.RenderCredentialRequest_FORMAT_JSON},
		"credential.jwt":  {format: badgesv1.RenderCredentialRequest_FORMAT_JWT},
		"badge.png":       {format: badgesv1.RenderCredentialRequest_FORMAT_PNG},
		"badge.svg":       {format: badgesv1.RenderCredentialRequest_FORMAT_SVG},
		"certificate.pdf": {format: badgesv1.RenderCredentialRequest_FORMAT_PDF},
		"share.png":       {format: badgesv1.RenderCredentialRequest_FORMAT_SHARE, shown: true},
	}
}

// file answers a badge as a file. Its name is made of what stands in the address, which is plain letters
// and digits: names of schools are not, and end up in logs.
func (h *Handler) file(w http.ResponseWriter, r *http.Request) {
	id, file := r.PathValue("credential"), r.PathValue("file")
	d, known := downloads()[file]
	if !known || !ids.ValidUser(id) {
		h.NotFound(w, r)
		return
	}
	body, err := h.credentials.RenderCredential(r.Context(), &badgesv1.RenderCredentialRequest{
		Name: "credentials/" + id, Format: d.format, Language: languageOf(r),
	})
	if err != nil {
		h.fail(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "no-cache") // a badge may be taken back at any time
	w.Header().Add("Vary", "Accept-Language")
	if d.shown {
		anywhere(w)
	} else {
		w.Header().Set("Content-Disposition", `attachment; filename="`+id+"-"+file+`"`)
	}
	serve(w, r, body)
}

// serve answers a file with a tag made of its content, so that who has it already gets nothing again.
func serve(w http.ResponseWriter, r *http.Request, body *httpbody.HttpBody) {
	sum := sha256.Sum256(body.GetData())
	w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:16])+`"`)
	w.Header().Set("Content-Type", body.GetContentType())
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body.GetData()))
}

// anywhere lets other sites show a picture.
func anywhere(w http.ResponseWriter) {
	w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
}

// certificate answers the certificate as a page to read or to print.
func (h *Handler) certificate(w http.ResponseWriter, r *http.Request) {
	w.Header().Add("Vary", "Accept-Language")
	if view, ok := h.vouched(w, r); ok {
		title := translate(view.Lang, "Certificate") + ": " + view.title()
		h.Show(w, r, Page{Code: http.StatusOK, File: "certificate.html", Title: title, View: view, Lang: view.Lang, Card: view.card()})
	}
}

// vouched reads a badge for a certificate, a frame or a live picture. Those say something in the name of
// this site, where readers see no steps: of a badge that anybody may have made there are none.
func (h *Handler) vouched(w http.ResponseWriter, r *http.Request) (badgeView, bool) {
	view, ok := h.read(w, r)
	if ok && view.Foreign {
		h.NotFound(w, r)
		return badgeView{}, false
	}
	return view, ok
}

// embed answers the frame that other sites show: the one page that they may.
func (h *Handler) embed(w http.ResponseWriter, r *http.Request) {
	w.Header().Add("Vary", "Accept-Language")
	view, ok := h.vouched(w, r)
	if !ok {
		return
	}
	w.Header().Set("Cache-Control", liveAge)
	w.Header().Del("X-Frame-Options")
	w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Show(w, r, Page{Code: http.StatusOK, File: "embed.html", Title: view.title(), View: view, Lang: view.Lang, Framed: true})
}

// live answers a small picture of how the badge stands now.
func (h *Handler) live(w http.ResponseWriter, r *http.Request) {
	w.Header().Add("Vary", "Accept-Language")
	view, ok := h.vouched(w, r)
	if !ok {
		return
	}
	var out bytes.Buffer
	if err := h.drawings.ExecuteTemplate(&out, "live.svg", view); err != nil {
		h.opts.Log.ErrorContext(r.Context(), "picture could not be made", "error", err)
		http.Error(w, "This picture could not be made.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Cache-Control", liveAge)
	anywhere(w)
	serve(w, r, &httpbody.HttpBody{ContentType: "image/svg+xml", Data: out.Bytes()})
}

// addresses completes the view of a badge that is kept here.
func (v *badgeView) addresses(site, id string) {
	v.Path = "/badges/" + id
	v.PageURL = site + v.Path
	v.JSONURL = "/v1/credentials/" + id
	v.Own = v.CredentialID == site+v.JSONURL
	add := url.Values{"startTask": {"CERTIFICATION_NAME"}, "name": {v.Badge + " – " + v.School}, "certUrl": {v.PageURL}, "certId": {id}}
	if v.Issuer != "" {
		add.Set("organizationName", v.Issuer)
	}
	if !v.awarded.IsZero() {
		add.Set("issueYear", strconv.Itoa(v.awarded.UTC().Year()))
		add.Set("issueMonth", strconv.Itoa(int(v.awarded.UTC().Month())))
	}
	v.LinkedInURL = "https://www.linkedin.com/profile/add?" + add.Encode()
}

// Word says in one or two words how the badge stands.
func (v badgeView) Word() string {
	return translate(v.Lang, map[string]string{"good": "Verified", "warn": "With a remark", "bad": "Not valid"}[v.Verdict])
}

// Frame is the snippet that shows the badge in a frame.
func (v badgeView) Frame() string {
	return `<iframe src="` + v.PageURL + `/embed" width="360" height="200" style="border:0" loading="lazy" title="` +
		attribute(v.title()) + `"></iframe>`
}

// Picture is the snippet that shows the badge as a picture with a link.
func (v badgeView) Picture() string {
	return `<a href="` + v.PageURL + `"><img src="` + v.PageURL + `/badge.svg" width="400" height="96" alt="` +
		attribute(translate(v.Lang, "Verify this badge")+": "+v.title()) + `"></a>`
}

// long tells whether a text needs more room than so many Latin letters; ideographs take that of two.
func long(text string, most int) bool {
	const firstWide = 0x2e80
	for _, r := range text {
		most--
		if r >= firstWide {
			most--
		}
	}
	return most < 0
}

// attribute makes a text fit for an attribute of a snippet.
func attribute(text string) string {
	return strings.NewReplacer("&", "&amp;", `"`, "&quot;", "<", "&lt;", ">", "&gt;").Replace(text)
}

// card is what other sites show of a page that somebody shares there.
type card struct{ Title, Description, URL, Image, JSON string }

func (v badgeView) card() *card {
	c := &card{Title: v.title(), Description: v.Headline + ". " + v.Description, URL: v.PageURL, JSON: v.JSONURL}
	if v.Own {
		c.Image = v.PageURL + "/files/share.png?lang=" + v.Lang
	}
	return c
}
