// Package pages is what people without an account see: the home page, the public
// page of a badge, and a form to verify any credential. It also frames the pages
// of other packages (Show): signing in, and the account of who is signed in.
//
// A badge page speaks to parents and neighbours first: which school, which badge,
// since when, from whom, and for each step of the verification how it came out
// and why, in words. Programs that ask the same address for JSON get the signed
// credential itself. Nothing is decided here: the badges service verifies, anybody
// may ask it, and these pages only show its answer. They need no script.
package pages

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"

	"github.com/tandem-badges/tandem/gateway/internal/edge"
	"github.com/tandem-badges/tandem/services/kit/requestid"
)

//go:embed files
var files embed.FS

// policy allows our style sheet and forms to ourselves, nothing else. It ends with
// where forms may lead, for origins to be added.
const policy = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"

const stylePath = "/assets/tandem.css"

// Options of New.
type Options struct {
	Badges    grpc.ClientConnInterface
	Log       *slog.Logger
	PublicURL string
	Dev       bool
	// Viewer returns who looks at a page, nil for nobody who is signed in.
	Viewer func(r *http.Request) *Viewer
}

// Viewer is somebody who is signed in, as the head of each page shows them.
type Viewer struct {
	Name string
	// LeavesTo is the origin that signing out leads to, empty when it stays here.
	LeavesTo string
}

// Handler serves the pages.
type Handler struct {
	opts        Options
	credentials badgesv1.CredentialsServiceClient
	definitions badgesv1.DefinitionsServiceClient
	log         badgesv1.TransparencyServiceClient
	issuers     badgesv1.IssuersServiceClient
	templates   *template.Template
	drawings    *template.Template
	style       []byte
	styleURL    string
}

// New returns the handler.
func New(o Options) (*Handler, error) {
	templates, err := template.New("").Funcs(template.FuncMap{"t": translate, "other": other}).ParseFS(files, "files/*.html")
	if err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	drawings, err := template.New("").Funcs(template.FuncMap{"long": long}).ParseFS(files, "files/*.svg")
	if err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	style, err := files.ReadFile("files/tandem.css")
	if err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	sum := sha256.Sum256(style)
	return &Handler{
		opts: o, credentials: badgesv1.NewCredentialsServiceClient(o.Badges), definitions: badgesv1.NewDefinitionsServiceClient(o.Badges),
		log: badgesv1.NewTransparencyServiceClient(o.Badges), issuers: badgesv1.NewIssuersServiceClient(o.Badges),
		templates: templates, drawings: drawings, style: style, styleURL: stylePath + "?v=" + hex.EncodeToString(sum[:6]),
	}, nil
}

// Routes puts the pages on a mux.
func (h *Handler) Routes(mux *http.ServeMux) {
	add := func(pattern, name string, handle http.HandlerFunc) { mux.Handle(pattern, edge.Named(name, handle)) }
	add("GET /{$}", "/", h.home)
	add("GET "+stylePath, stylePath, h.css)
	add("GET /badges/{credential}", "/badges/{credential}", h.badge)
	add("GET /badges/{credential}/{part}", "/badges/{credential}/{part}", h.part)
	add("GET /badges/{credential}/files/{file}", "/badges/{credential}/files/{file}", h.file)
	add("GET /log", "/log", h.publicLog)
	add("GET /verify", "/verify", h.form)
	add("POST /verify", "/verify", h.verify)
	h.issuerRoutes(mux)
}

// frame is what every page needs; View is the page's own.
type frame struct {
	Title     string
	Lang      string
	Bilingual bool // the page is to be had in the other language too
	Card      *card
	StyleURL  string
	PublicURL string
	Dev       bool
	Viewer    *Viewer
	View      any
}

// Page is a page of another package, made of a template of this one.
type Page struct {
	Code        int
	File, Title string
	View        any
	// FormsTo are origins beside ours that a form of the page may lead to.
	FormsTo []string
	// Lang is the language of a page that is to be had in several; empty for one in English only.
	Lang string
	// Framed lets other sites show the page in a frame of theirs.
	Framed bool
	// Card is what other sites show of the page when somebody shares it.
	Card *card
}

// Show shows a page.
func (h *Handler) Show(w http.ResponseWriter, r *http.Request, p Page) {
	f := frame{
		Title: p.Title, StyleURL: h.styleURL, PublicURL: h.opts.PublicURL, Dev: h.opts.Dev, View: p.View,
		Lang: first(p.Lang, english), Bilingual: p.Lang != "", Card: p.Card,
	}
	if h.opts.Viewer != nil {
		f.Viewer = h.opts.Viewer(r)
	}
	if f.Viewer != nil && f.Viewer.LeavesTo != "" {
		p.FormsTo = append(p.FormsTo, f.Viewer.LeavesTo)
	}
	h.render(w, r, p, f)
}

// Trouble shows a page that says what went wrong and where to go from there.
func (h *Handler) Trouble(w http.ResponseWriter, r *http.Request, code int, heading, text, link, words string) {
	h.Show(w, r, Page{Code: code, File: "trouble.html", Title: heading, View: trouble{
		Heading: heading, Text: text, RequestID: requestid.From(r.Context()), Link: link, Words: words,
	}})
}

func (h *Handler) show(w http.ResponseWriter, r *http.Request, code int, page, title string, view any) {
	h.Show(w, r, Page{Code: code, File: page, Title: title, View: view})
}

// render makes a page in memory first: a page is whole or it is an error.
func (h *Handler) render(w http.ResponseWriter, r *http.Request, p Page, f frame) {
	var body bytes.Buffer
	if err := h.templates.ExecuteTemplate(&body, p.File, f); err != nil {
		h.opts.Log.ErrorContext(r.Context(), "page could not be made", "page", p.File, "error", err)
		http.Error(w, "This page could not be made.", http.StatusInternalServerError)
		return
	}
	head := w.Header()
	head.Set("Content-Type", "text/html; charset=utf-8")
	rules := strings.Join(append([]string{policy}, p.FormsTo...), " ")
	if p.Framed {
		rules = strings.Replace(rules, "frame-ancestors 'none'", "frame-ancestors *", 1)
	}
	head.Set("Content-Security-Policy", rules)
	if head.Get("Cache-Control") == "" {
		head.Set("Cache-Control", "no-store")
	}
	w.WriteHeader(p.Code)
	_, _ = w.Write(body.Bytes()) // who has gone needs no answer
}

func (h *Handler) home(w http.ResponseWriter, r *http.Request) {
	h.show(w, r, http.StatusOK, "home.html", "Tandem", nil)
}

func (h *Handler) css(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable") // its address changes with it
	_, _ = w.Write(h.style)
}

// trouble is a page that says what went wrong.
type trouble struct{ Heading, Text, RequestID, Link, Words string }

// NotFound answers an address without a page.
func (h *Handler) NotFound(w http.ResponseWriter, r *http.Request) {
	h.show(w, r, http.StatusNotFound, "trouble.html", "Not found", trouble{
		Heading: "There is no such page", Text: "Check the address, or start at the home page.", RequestID: requestid.From(r.Context()),
	})
}

// fail answers an error of the badges service.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	lang := languageOf(r)
	sorry := func(code int, title, heading, text string) {
		h.Show(w, r, Page{Code: code, File: "trouble.html", Title: translate(lang, title), Lang: lang, View: trouble{
			Heading: translate(lang, heading), Text: translate(lang, text), RequestID: requestid.From(r.Context()),
		}})
	}
	switch status.Code(err) {
	case codes.NotFound, codes.InvalidArgument:
		sorry(http.StatusNotFound, "Badge not found", "There is no such badge here",
			"Nobody was ever given a badge with this number by this office. Check that the address is complete, or ask the school for its badge link.")
	case codes.FailedPrecondition:
		sorry(http.StatusConflict, "Not available", "The badge is not to be had in this form", "Its page shows what there is.")
	default:
		if !errors.Is(err, context.Canceled) {
			h.opts.Log.WarnContext(r.Context(), "page without its service", "cause", err)
		}
		w.Header().Set("Retry-After", "10")
		sorry(http.StatusServiceUnavailable, "Not available", "This cannot be checked at the moment",
			"Please try again in a minute. Nothing is wrong with the badge.")
	}
}
