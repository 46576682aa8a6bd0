package gateway_test

import (
	"context"
	"encoding/xml"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/api/httpbody"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"

	kitproblem "github.com/tandem-badges/tandem/services/kit/problem"
)

// RenderCredential answers a form by its name and language; tokens are not to be had.
func (f *fakeBadges) RenderCredential(_ context.Context, req *badgesv1.RenderCredentialRequest) (*httpbody.HttpBody, error) {
	if err := f.check(req.GetName()); err != nil {
		return nil, err
	}
	if req.GetFormat() == badgesv1.RenderCredentialRequest_FORMAT_JWT {
		return nil, kitproblem.Precondition(kitproblem.ReasonStateWrong, kitproblem.Violation{Field: req.GetName(), Rule: "issued_here", Fix: "Ask its issuer."})
	}
	return &httpbody.HttpBody{ContentType: "image/png", Data: []byte(req.GetFormat().String() + " " + req.GetLanguage())}, nil
}

// fakeDefinitions answers the picture of one badge.
type fakeDefinitions struct {
	badgesv1.UnimplementedDefinitionsServiceServer
}

func (fakeDefinitions) RenderBadgeDefinition(_ context.Context, req *badgesv1.RenderBadgeDefinitionRequest) (*httpbody.HttpBody, error) {
	if req.GetName() != "badgeDefinitions/share-power" {
		return nil, kitproblem.NotFound(req.GetName())
	}
	return &httpbody.HttpBody{ContentType: "image/svg+xml", Data: []byte(req.GetFormat().String())}, nil
}

func TestABadgeIsToBeHadInEveryForm(t *testing.T) {
	w := start(t)
	for file, c := range map[string]struct{ format, kept string }{
		"credential.json": {"FORMAT_JSON", "attachment"}, "badge.png": {"FORMAT_PNG", "attachment"}, "badge.svg": {"FORMAT_SVG", "attachment"},
		"certificate.pdf": {"FORMAT_PDF", "attachment"}, "share.png": {"FORMAT_SHARE", ""},
	} {
		t.Run(file, func(t *testing.T) {
			a := w.do("GET", badgePath+"/files/"+file+"?lang=es", "")
			require.Equal(t, http.StatusOK, a.status, a.body)
			require.Equal(t, c.format+" es", a.body)
			require.Equal(t, "no-cache", a.header.Get("Cache-Control"))
			if c.kept != "" {
				require.Equal(t, `attachment; filename="`+credentialID+"-"+file+`"`, a.header.Get("Content-Disposition"))
			} else {
				require.Empty(t, a.header.Get("Content-Disposition"))
				require.Equal(t, "cross-origin", a.header.Get("Cross-Origin-Resource-Policy"))
			}
			again := w.do("GET", badgePath+"/files/"+file+"?lang=es", "", "If-None-Match: "+a.header.Get("ETag"))
			require.Equal(t, http.StatusNotModified, again.status)
			require.Empty(t, again.body)
			other := w.do("GET", badgePath+"/files/"+file, "", "Accept-Language: en-US")
			require.NotEqual(t, a.header.Get("ETag"), other.header.Get("ETag"))
		})
	}
	for file, code := range map[string]int{
		"credential.jwt": http.StatusConflict, "badge.gif": http.StatusNotFound, "..%2Fbadge.png": http.StatusNotFound,
	} {
		require.Equal(t, code, w.do("GET", badgePath+"/files/"+file, "").status, file)
	}
	require.Equal(t, http.StatusNotFound, w.do("GET", "/badges/nothing/files/badge.png", "").status)
	require.Equal(t, http.StatusNotFound, w.do("GET", "/badges/a%0d%0ab/files/badge.png", "").status)
	require.Equal(t, http.StatusNotFound, w.do("GET", badgePath+"/else", "").status)
}

func TestPicturesOfDefinitionsAreForEverybody(t *testing.T) {
	w := start(t)
	for file, format := range map[string]string{"share-power.svg": "FORMAT_SVG", "share-power.png": "FORMAT_PNG"} {
		a := w.do("GET", "/badges/images/"+file, "")
		require.Equal(t, http.StatusOK, a.status, a.body)
		require.Equal(t, format, a.body)
		require.Equal(t, "cross-origin", a.header.Get("Cross-Origin-Resource-Policy"))
		require.Contains(t, a.header.Get("Cache-Control"), "public")
		require.Contains(t, a.header.Get("Content-Security-Policy"), "default-src 'none'", "a drawing runs nothing")
	}
	for _, file := range []string{"share-power", "share-power.gif", "none.png", "a%2Fb.png", ".png"} {
		require.Equal(t, http.StatusNotFound, w.do("GET", "/badges/images/"+file, "").status, file)
	}
}

func TestOtherSitesMayShowTheFrameAndNothingElse(t *testing.T) {
	w := start(t)
	frame := w.do("GET", badgePath+"/embed", "")
	require.Equal(t, http.StatusOK, frame.status)
	require.Contains(t, frame.header.Get("Content-Security-Policy"), "frame-ancestors *")
	require.Empty(t, frame.header.Get("X-Frame-Options"))
	d := frame.page(t)
	require.Equal(t, "Welcome all families", d.text("h1"))
	require.Contains(t, d.text("main"), "This badge is genuine and in force")
	for _, link := range d.all("a") {
		require.Equal(t, "_blank", attr(link, "target"))
		require.Equal(t, "noopener", attr(link, "rel"))
	}
	for _, path := range []string{badgePath, badgePath + "/certificate", "/verify", "/", "/badges/nothing/embed"} {
		a := w.do("GET", path, "")
		require.Contains(t, a.header.Get("Content-Security-Policy"), "frame-ancestors 'none'", path)
		require.Equal(t, "DENY", a.header.Get("X-Frame-Options"), path)
	}
}

func TestTheLivePictureTellsHowTheBadgeStands(t *testing.T) {
	w := start(t)
	for name, c := range map[string]struct {
		outcome badgesv1.StepOutcome
		lang    string
		word    string
	}{
		"good":    {badgesv1.StepOutcome_STEP_OUTCOME_PASSED, "", "Verified"},
		"revoked": {badgesv1.StepOutcome_STEP_OUTCOME_FAILED, "", "Not valid"},
		"grace":   {badgesv1.StepOutcome_STEP_OUTCOME_WARNING, "?lang=es", "Con una observación"},
	} {
		t.Run(name, func(t *testing.T) {
			w.badges.set(c.outcome, false, false)
			a := w.do("GET", badgePath+"/badge.svg"+c.lang, "")
			require.Equal(t, http.StatusOK, a.status)
			require.Equal(t, "image/svg+xml", a.header.Get("Content-Type"))
			require.Equal(t, "cross-origin", a.header.Get("Cross-Origin-Resource-Policy"))
			require.Contains(t, a.header.Get("Cache-Control"), "max-age=300")
			require.NoError(t, xml.Unmarshal([]byte(a.body), new(struct {
				XMLName xml.Name `xml:"http://www.w3.org/2000/svg svg"`
			})))
			require.Contains(t, a.body, c.word)
			require.Contains(t, a.body, "Oak &amp; Elm Elementary")
		})
	}
}

// What a school brought along may be made by anybody. It is shown with all that was found out, and not
// with words that this site would vouch for.
func TestNothingIsSaidInTheNameOfAnUnknownIssuer(t *testing.T) {
	w := start(t)
	w.badges.set(badgesv1.StepOutcome_STEP_OUTCOME_PASSED, true, false)
	for _, part := range []string{"/certificate", "/embed", "/badge.svg"} {
		require.Equal(t, http.StatusNotFound, w.do("GET", badgePath+part, "").status, part)
	}
	require.Contains(t, w.do("GET", badgePath, "", "Accept: text/html").page(t).text("main"), "its issuer is not known here")
	w.badges.posing = true
	page := w.do("GET", badgePath+"?lang=es", "", "Accept: text/html").pageIn(t, "es")
	require.Contains(t, page.text("main"), "No confíe en esta insignia Su emisor lleva el nombre de un emisor conocido aquí, pero es otro.")
	require.Equal(t, http.StatusNotFound, w.do("GET", badgePath+"/badge.svg", "").status)
	w.badges.set(badgesv1.StepOutcome_STEP_OUTCOME_FAILED, true, false)
	require.Contains(t, w.do("GET", badgePath+"/badge.svg", "").body, "Not valid", "what fell is told wherever it was shown")
}

func TestTheCertificateIsAPage(t *testing.T) {
	w := start(t)
	d := w.do("GET", badgePath+"/certificate", "").page(t)
	require.Equal(t, "Certificate", d.text("h1"))
	text := d.text("main")
	for _, said := range []string{
		"This certifies that Oak & Elm Elementary has earned the badge Welcome all families", "Awarded on 20 May 2026", "Given until 20 May 2029",
		"This badge is genuine and in force", "https://badges.example.org" + badgePath,
	} {
		require.Contains(t, text, said)
	}
	w.badges.set(badgesv1.StepOutcome_STEP_OUTCOME_FAILED, false, false)
	require.Contains(t, w.do("GET", badgePath+"/certificate", "").page(t).text("main"), "Do not rely on this badge")
}

func TestPublicPagesSpeakSpanish(t *testing.T) {
	w := start(t)
	for name, c := range map[string]struct{ query, header, lang string }{
		"asked in the address":          {"?lang=es", "", "es"},
		"asked by the browser":          {"", "es-MX,es;q=0.9,en;q=0.5", "es"},
		"the address counts more":       {"?lang=en", "es", "en"},
		"a language that is not spoken": {"?lang=xx", "fr", "en"},
		"nothing asked":                 {"", "", "en"},
	} {
		t.Run(name, func(t *testing.T) {
			a := w.do("GET", badgePath+c.query, "", "Accept: text/html", "Accept-Language: "+c.header)
			require.Equal(t, http.StatusOK, a.status)
			require.Contains(t, strings.Join(a.header.Values("Vary"), ","), "Accept-Language")
			d := a.pageIn(t, c.lang)
			said := "This badge is genuine and in force"
			if c.lang == "es" {
				said = "Esta insignia es auténtica y está vigente"
				require.Contains(t, d.text("main"), "20 de mayo de 2026")
			}
			require.Contains(t, d.text("main"), said)
		})
	}
	lost := w.do("GET", "/badges/nothing?lang=es", "", "Accept: text/html").pageIn(t, "es")
	require.Equal(t, "Aquí no existe esa insignia", lost.text("h1"))
}

func TestABadgePageIsMadeToBeShared(t *testing.T) {
	w := start(t)
	a := w.do("GET", badgePath, "", "Accept: text/html")
	d := a.page(t)
	said := map[string]string{}
	for _, meta := range d.all("meta") {
		said[attr(meta, "property")+attr(meta, "name")] = attr(meta, "content")
	}
	require.Equal(t, "Welcome all families – Oak & Elm Elementary", said["og:title"])
	require.Equal(t, "https://badges.example.org"+badgePath, said["og:url"])
	require.Equal(t, "https://badges.example.org"+badgePath+"/files/share.png?lang=en", said["og:image"])
	require.Equal(t, "summary_large_image", said["twitter:card"])
	text := d.text("pre")
	require.Contains(t, text, `<iframe src="https://badges.example.org`+badgePath+`/embed"`)
	require.Contains(t, text, `title="Welcome all families – Oak &amp; Elm Elementary"`)
	require.Contains(t, text, "https://badges.example.org/v1/credentials/"+credentialID)
}
