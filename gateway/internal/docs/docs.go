// Package docs serves the description of the REST API: the OpenAPI document at
// /openapi.json, with this installation as its server, and a browser for it at
// /docs, which loads nothing from elsewhere.
package docs

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/swaggest/swgui"
	"github.com/swaggest/swgui/v5emb"

	"github.com/tandem-badges/tandem/gateway/internal/edge"
)

const (
	documentPath = "/openapi.json"
	browserPath  = "/docs"
)

// document is the outside of an OpenAPI document, in the order in which people
// read it.
type document struct {
	OpenAPI    json.RawMessage `json:"openapi"`
	Info       json.RawMessage `json:"info"`
	Servers    []server        `json:"servers"`
	Tags       json.RawMessage `json:"tags,omitempty"`
	Paths      json.RawMessage `json:"paths"`
	Components json.RawMessage `json:"components"`
}

type server struct {
	URL         string `json:"url"`
	Description string `json:"description"`
}

// Handler serves document and browser.
type Handler struct {
	plain, packed []byte
	tag           string
	browser       http.Handler
	page          []byte // of the browser
	policy        string
}

// New returns the handler for a document; publicURL is where clients reach the
// installation.
func New(source []byte, publicURL string) (*Handler, error) {
	var doc document
	if err := json.Unmarshal(source, &doc); err != nil {
		return nil, fmt.Errorf("OpenAPI document: %w", err)
	}
	if publicURL == "" {
		publicURL = "/"
	}
	doc.Servers = []server{{URL: publicURL, Description: "This installation."}}
	plain, err := json.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("OpenAPI document: %w", err)
	}
	packed, err := pack(plain)
	if err != nil {
		return nil, fmt.Errorf("OpenAPI document: %w", err)
	}
	sum := sha256.Sum256(plain)
	h := &Handler{plain: plain, packed: packed, tag: base64.RawURLEncoding.EncodeToString(sum[:12])}
	h.browser = v5emb.NewHandlerWithConfig(swgui.Config{
		Title: "Tandem API", SwaggerJSON: documentPath, BasePath: browserPath,
		SettingsUI: map[string]string{
			"docExpansion":   `"none"`,
			"tagsSorter":     `"alpha"`,
			"filter":         "true",
			"showExtensions": "false",
		},
		AppendHead: `<meta name="viewport" content="width=device-width, initial-scale=1">`,
	})
	page := &capture{head: http.Header{}}
	h.browser.ServeHTTP(page, &http.Request{Method: http.MethodGet, URL: &url.URL{Path: browserPath}})
	h.page = page.Bytes()
	h.policy = contentPolicy(h.page)
	return h, nil
}

func pack(plain []byte) ([]byte, error) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(plain); err != nil {
		return nil, err
	}
	err := w.Close()
	return b.Bytes(), err
}

var inlineScript = regexp.MustCompile(`(?s)<script>(.*?)</script>`)

// contentPolicy allows the browser's own scripts, by the digests of those that
// stand in its page, and nothing that somebody could slip in. Its styles are
// written by its scripts and cannot be named.
func contentPolicy(page []byte) string {
	var digests strings.Builder
	for _, script := range inlineScript.FindAllSubmatch(page, -1) {
		sum := sha256.Sum256(script[1])
		fmt.Fprintf(&digests, " 'sha256-%s'", base64.StdEncoding.EncodeToString(sum[:]))
	}
	return "default-src 'none'; script-src 'self'" + digests.String() +
		"; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'" +
		"; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

// capture keeps a page in memory.
type capture struct {
	bytes.Buffer
	head http.Header
}

// Header returns headers that nobody reads.
func (c *capture) Header() http.Header { return c.head }

// WriteHeader ignores the status.
func (c *capture) WriteHeader(int) {}

// Routes puts document and browser on a mux.
func (h *Handler) Routes(mux *http.ServeMux) {
	mux.Handle("GET "+documentPath, edge.Named(documentPath, http.HandlerFunc(h.document)))
	mux.Handle("GET "+browserPath, edge.Named(browserPath, http.HandlerFunc(h.browse)))
	mux.Handle("GET "+browserPath+"/", edge.Named(browserPath, http.HandlerFunc(h.browse)))
}

func (h *Handler) document(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	head.Set("Content-Type", "application/json")
	head.Set("Cache-Control", "no-cache") // ask each time, receive it once
	head.Add("Vary", "Accept-Encoding")
	body, tag := h.plain, h.tag
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		head.Set("Content-Encoding", "gzip")
		body, tag = h.packed, h.tag+"-gzip"
	}
	head.Set("ETag", `"`+tag+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

func (h *Handler) browse(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Security-Policy", h.policy)
	if r.URL.Path != browserPath && r.URL.Path != browserPath+"/" {
		h.browser.ServeHTTP(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(h.page) // who has gone needs no answer
}
