package survey

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
)

// line is the connection between a browser and the pages, which a scenario can cut.
type line struct {
	*site
	state string // "": good; "down": nothing arrives; "deaf": it arrives, and no answer goes back; "portal": a login of the network answers
}

// TestInABrowser plays testdata/browser.mjs: with and without a script, in three languages, by keyboard, on
// a small telephone, at a kiosk, without a connection, and each page held to WCAG by axe.
func TestInABrowser(t *testing.T) {
	chromium, dir := browserOf(t)
	l := &line{site: newSite(t)}
	server := httptest.NewServer(l)
	t.Cleanup(server.Close)
	script, err := filepath.Abs("testdata/browser.mjs")
	require.NoError(t, err)
	// A module finds packages by where it lies: it is played from a folder that has them.
	text, err := os.ReadFile(script)
	require.NoError(t, err)
	run := exec.CommandContext(t.Context(), "node", "--input-type=module", "-", server.URL, chromium)
	run.Dir, run.Stdin = dir, strings.NewReader(string(text))
	out, err := run.CombinedOutput()
	require.NoError(t, err, string(out))
	played := 0
	for result := range strings.Lines(string(out)) {
		result = strings.TrimSpace(result)
		if name, ok := strings.CutPrefix(result, "ok "); ok {
			t.Run(name, func(*testing.T) { played++ })
			continue
		}
		name, why, _ := strings.Cut(strings.TrimPrefix(result, "not ok "), ": ")
		t.Run(name, func(t *testing.T) {
			_ = json.Unmarshal([]byte(why), &why)
			t.Error(why)
		})
	}
	require.Greater(t, played, 5)
}

// browserOf finds a browser, and the folder of packages that drive and check it.
func browserOf(t *testing.T) (chromium, dir string) {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil && chromium == "" {
			chromium = found
		}
	}
	if chromium == "" {
		t.Skipf("skip: no Chromium is installed: pages not tried in a browser")
	}
	if _, err := exec.LookPath("node"); err != nil {
		t.Skipf("skip: node is not installed: pages not tried in a browser")
	}
	dir = os.Getenv("TANDEM_NPM_VERIFY")
	for _, name := range []string{"playwright-core", "axe-core"} {
		if _, err := os.Stat(filepath.Join(dir, "node_modules", name)); dir == "" || err != nil {
			t.Skipf("skip: %s is not installed in TANDEM_NPM_VERIFY: pages not tried in a browser", name)
		}
	}
	return chromium, dir
}

// ServeHTTP answers a browser, and the scenario that controls the line.
func (l *line) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if what, ok := strings.CutPrefix(r.URL.Path, "/control/"); ok {
		l.control(w, what)
		return
	}
	l.mu.Lock()
	state := l.state
	l.mu.Unlock()
	if state == "down" {
		cut(w)
		return
	}
	if state == "portal" {
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "<html><main>Log in to this network</main></html>")
		return
	}
	answer := w
	if state == "deaf" && r.Method == http.MethodPost {
		answer = httptest.NewRecorder()
		defer cut(w)
	}
	if r.URL.Path == "/v1/responses:submitQueued" {
		l.queued(answer, r)
	} else {
		l.mux.ServeHTTP(answer, r)
	}
}

// cut ends the connection of a request without an answer.
func cut(w http.ResponseWriter) {
	if connection, _, err := http.NewResponseController(w).Hijack(); err == nil {
		_ = connection.Close()
	}
}

// control changes the line or the form, and answers what was stored: each id once, as the service does.
func (l *line) control(w http.ResponseWriter, what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch what {
	case "reset":
		l.state, l.form, l.sent = "", everyType(), nil
	case "up":
		l.state = ""
	case "down", "deaf", "portal":
		l.state = what
	case "kiosk":
		l.form.Kind, l.form.Resumable = assessmentsv1.LinkKind_LINK_KIND_KIOSK, false
	case "closed":
		l.form.Open = false
	}
	seen, all := map[string]bool{}, []json.RawMessage{}
	for _, one := range l.sent {
		if !seen[one.GetResponseId()] {
			text, _ := protojson.Marshal(one)
			all = append(all, text)
		}
		seen[one.GetResponseId()] = true
	}
	_ = json.NewEncoder(w).Encode(all)
}

// queued stores answers that waited, as the REST API does.
func (l *line) queued(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	req, answer := &assessmentsv1.SubmitQueuedResponsesRequest{}, &assessmentsv1.SubmitQueuedResponsesResponse{}
	if err != nil || protojson.Unmarshal(body, req) != nil || req.GetCode() != goodCode {
		http.Error(w, "bad", http.StatusBadRequest)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, one := range req.GetResponses() {
		l.sent = append(l.sent, &assessmentsv1.SubmitResponseRequest{
			Code: req.GetCode(), ResponseId: one.GetResponseId(), Language: one.GetLanguage(), Answers: one.GetAnswers(),
		})
		answer.Outcomes = append(answer.Outcomes, &assessmentsv1.QueuedOutcome{ResponseId: one.GetResponseId(), Receipt: "r"})
	}
	text, _ := protojson.Marshal(proto.Message(answer))
	_, _ = w.Write(text)
}
