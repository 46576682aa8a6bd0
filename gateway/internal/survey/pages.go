package survey

import (
	"bytes"
	"net/http"

	"golang.org/x/text/language"
)

// policy allows our own style sheet, script and worker, and requests and forms to ourselves.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; worker-src 'self'; " +
	"base-uri 'none'; frame-ancestors 'none'; form-action 'self'"

// frame is what every page needs; View is the page's own.
type frame struct {
	Lang, Dir string
	Title     string
	StyleURL  string
	ScriptURL string
	Kiosk     bool
	View      any
}

// page is one page to show.
type page struct {
	code        int
	file, title string
	lang        string // of what the page itself says
	kiosk       bool
	view        any
}

// show makes a page in memory first: a page is whole or it is an error.
func (h *Handler) show(w http.ResponseWriter, r *http.Request, p page) {
	var body bytes.Buffer
	err := h.templates.ExecuteTemplate(&body, p.file, frame{
		Lang: p.lang, Dir: direction(p.lang), Title: p.title, StyleURL: h.styleURL, ScriptURL: h.scriptURL, Kiosk: p.kiosk, View: p.view,
	})
	if err != nil {
		h.log.ErrorContext(r.Context(), "page could not be made", "page", p.file, "error", err)
		http.Error(w, "This page could not be made.", http.StatusInternalServerError)
		return
	}
	head := w.Header()
	head.Set("Content-Type", "text/html; charset=utf-8")
	head.Set("Content-Language", p.lang)
	head.Set("Content-Security-Policy", policy)
	head.Set("Cache-Control", "no-store")
	head.Set("X-Robots-Tag", "noindex")
	head.Add("Vary", "Accept-Language")
	w.WriteHeader(p.code)
	_, _ = w.Write(body.Bytes()) // who has gone needs no answer
}

// direction is that in which a language is written.
func direction(lang string) string {
	tag, err := language.Parse(lang)
	if err != nil {
		return "ltr"
	}
	switch script, _ := tag.Script(); script.String() {
	case "Arab", "Hebr", "Thaa", "Syrc", "Nkoo", "Adlm", "Rohg":
		return "rtl"
	}
	return "ltr"
}

// pair hands a template two things: a language, and what is said in it.
type pair struct {
	Lang     string
	Question question
}

func pairOf(lang string, q question) pair { return pair{lang, q} }

// wrongCode is what is wrong with a code that was typed, on the page that asks for one.
func wrongCode(view any) string {
	text, _ := view.(string)
	return text
}
