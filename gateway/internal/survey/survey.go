// Package survey is what somebody who answers a survey sees: /s to type the code of a letter, and
// /s/{code}, where links, letters and kiosks lead.
//
// The pages work without a script, and then they are plain forms: a question that depends on another
// appears on the next page, once its condition holds (skip.go). With the script (files/*.js) conditions
// are followed at once, and a device without a connection keeps the answer and sends it later. Either
// way an answer has its id before it is first sent, so that sending it again stores nothing twice.
//
// Nothing of a respondent is kept here: there are no cookies and no sessions, and no answer, key or
// receipt ever stands in an address. What was answered so far travels in the form; what is saved lies
// in the assessments service, sealed with a key that only the respondent has. These pages know no more
// than the API gives to everybody who has a code: GetForm, SubmitResponse, SaveResponse, ResumeResponse,
// OptOut. Whether an answer is good, and whether it is taken, is decided there.
package survey

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"

	"google.golang.org/grpc"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"

	"github.com/tandem-badges/tandem/gateway/internal/edge"
)

//go:embed files
var files embed.FS

const (
	stylePath  = "/assets/survey.css"
	scriptPath = "/assets/survey.js"
	workerPath = "/s/worker.js" // beside the forms: a worker reaches what lies at and under its own folder
)

// Options of New.
type Options struct {
	Assessments grpc.ClientConnInterface
	Log         *slog.Logger
}

// Handler serves the pages.
type Handler struct {
	log        *slog.Logger
	responses  assessmentsv1.ResponsesServiceClient
	recipients assessmentsv1.RecipientsServiceClient
	templates  *template.Template
	rules      *rules

	style, script, worker []byte
	styleURL, scriptURL   string
}

// New returns the handler.
func New(o Options) (*Handler, error) {
	templates, err := template.New("").Funcs(template.FuncMap{"t": translate, "say": said, "dir": direction, "pair": pairOf, "wrong": wrongCode}).ParseFS(files, "files/*.html")
	if err != nil {
		return nil, fmt.Errorf("survey: %w", err)
	}
	h := &Handler{
		log: o.Log, responses: assessmentsv1.NewResponsesServiceClient(o.Assessments),
		recipients: assessmentsv1.NewRecipientsServiceClient(o.Assessments), templates: templates,
	}
	if h.rules, err = newRules(); err != nil {
		return nil, fmt.Errorf("survey: %w", err)
	}
	if h.style, err = files.ReadFile("files/survey.css"); err != nil {
		return nil, fmt.Errorf("survey: %w", err)
	}
	if h.worker, err = files.ReadFile("files/worker.js"); err != nil {
		return nil, fmt.Errorf("survey: %w", err)
	}
	if h.script, err = script(); err != nil {
		return nil, fmt.Errorf("survey: %w", err)
	}
	h.styleURL, h.scriptURL = versioned(stylePath, h.style), versioned(scriptPath, h.script)
	return h, nil
}

// script is the one script of the pages, made of its parts: what each declares is seen by those after
// it, and by nothing else on the page.
func script() ([]byte, error) {
	var whole bytes.Buffer
	whole.WriteString("(() => {\n\"use strict\";\n")
	for _, part := range []string{"expression", "questions", "check", "queue", "kiosk", "page"} {
		text, err := files.ReadFile("files/" + part + ".js")
		if err != nil {
			return nil, err
		}
		whole.Write(text)
	}
	whole.WriteString("})();\n")
	return whole.Bytes(), nil
}

// versioned is the address of a file that changes with its content.
func versioned(path string, content []byte) string {
	sum := sha256.Sum256(content)
	return path + "?v=" + hex.EncodeToString(sum[:6])
}

// Routes puts the pages on a mux.
func (h *Handler) Routes(mux *http.ServeMux) {
	add := func(method, path string, handle http.HandlerFunc) {
		mux.Handle(method+" "+path, edge.Named(path, handle))
	}
	add(http.MethodGet, "/s", h.typeCode)
	add(http.MethodPost, "/s", h.openCode)
	add(http.MethodGet, "/s/{code}", h.form)
	add(http.MethodPost, "/s/{code}", h.post)
	add(http.MethodGet, "/s/{code}/resume", h.begin)
	add(http.MethodPost, "/s/{code}/resume", h.resume)
	add(http.MethodGet, "/s/{code}/opt-out", h.optOutForm)
	add(http.MethodPost, "/s/{code}/opt-out", h.optOut)
	add(http.MethodGet, stylePath, asset("text/css", h.style))
	add(http.MethodGet, scriptPath, asset("text/javascript", h.script))
	add(http.MethodGet, workerPath, h.serviceWorker)
}

// asset answers a file whose address changes with it.
func asset(kind string, content []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind+"; charset=utf-8")
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		_, _ = w.Write(content) // who has gone needs no answer
	}
}

// serviceWorker answers the script that keeps forms on a device. It may fetch from here and nothing else.
func (h *Handler) serviceWorker(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'")
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = w.Write(h.worker) // who has gone needs no answer
}
