package e2e

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/emptypb"

	privacyv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/privacy/v1"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/tandem/internal/restclient"
	"github.com/tandem-badges/tandem/services/tandem/internal/walkthrough"
)

const (
	marker      = "zqcanary" // in every personal field of a district
	stateMarker = "zqstater" // in those of the state, which stay when a district leaves
	leaving     = "districts/" + walkthrough.DefaultDistrict
)

// personalNames are the JSON names of fields that the protos mark as personal and
// that hold a text of the sender's own.
func personalNames(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		for i := range file.Messages().Len() {
			fields := file.Messages().Get(i).Fields()
			for j := range fields.Len() {
				mark, _ := proto.GetExtension(fields.Get(j).Options(), privacyv1.E_Personal).(*privacyv1.Personal)
				switch mark.GetCategory() {
				case privacyv1.Category_CATEGORY_NAME, privacyv1.Category_CATEGORY_CONTACT, privacyv1.Category_CATEGORY_FREE_TEXT:
					names[fields.Get(j).JSONName()] = true
				case privacyv1.Category_CATEGORY_ANSWER:
					names[fields.Get(j).JSONName()] = fields.Get(j).Name() == "text" // options are ids
				}
			}
		}
		return true
	})
	names["option"] = false
	require.Greater(t, len(names), 20, "or the marks are gone and this test proves nothing")
	return names
}

// canary stands before an instance and puts a marker into every personal field
// of every request.
type canary struct {
	*httptest.Server
	names map[string]bool
	word  string // what is put into fields of districts
	mu    sync.Mutex
	put   map[string]int // by name of the field
}

func newCanary(t *testing.T, instance string) *canary {
	t.Helper()
	target, err := url.Parse(instance)
	require.NoError(t, err)
	c := &canary{names: personalNames(t), word: marker, put: map[string]int{}}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.FlushInterval = -1 // events stream
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.mark(r)
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *canary) mark(r *http.Request) {
	if !strings.HasPrefix(r.URL.Path, "/v1/") || (r.Method != http.MethodPost && r.Method != http.MethodPatch) {
		return
	}
	body, err := io.ReadAll(r.Body)
	var parsed any
	if err == nil && json.Unmarshal(body, &parsed) == nil {
		c.walk(r.URL.Path, parsed)
		body, _ = json.Marshal(parsed)
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
}

func (c *canary) walk(path string, v any) {
	switch v := v.(type) {
	case []any:
		for _, one := range v {
			c.walk(path, one)
		}
	case map[string]any:
		for key, value := range v {
			if text, ok := value.(string); ok && c.personal(path, key) && text != strings.ToUpper(text) { // no enum
				v[key] = c.marked(path, key, text)
				continue
			}
			c.walk(path, value)
		}
	}
}

// personal tells whether a field is; titles are only those of a team's own plan.
func (c *canary) personal(path, key string) bool {
	if key == "title" {
		return strings.HasSuffix(path, "/goals") || strings.HasSuffix(path, "/steps")
	}
	return c.names[key]
}

func (c *canary) marked(path, key, text string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.put[key]++
	word := c.word
	if !strings.HasPrefix(path, "/v1/districts/") && !strings.HasPrefix(path, "/v1/forms/") {
		word = stateMarker
	}
	return fmt.Sprintf("%s%04d%s", word, c.put[key], text) // before the text, so that a mail address stays one
}

// collector takes traces in and keeps their bytes.
type collector struct {
	mu    sync.Mutex
	bytes bytes.Buffer
}

func startCollector(t *testing.T) (*collector, string) {
	t.Helper()
	c := &collector{}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer(grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		sent := &emptypb.Empty{} // all fields are unknown to it, and kept
		if err := stream.RecvMsg(sent); err != nil {
			return err
		}
		raw, err := proto.Marshal(sent)
		if err != nil {
			return err
		}
		c.mu.Lock()
		c.bytes.Write(raw)
		c.mu.Unlock()
		return stream.SendMsg(&emptypb.Empty{})
	}))
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return c, "http://" + listener.Addr().String()
}

func (c *collector) content() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return bytes.Clone(c.bytes.Bytes())
}

func (b *buffer) content() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.Clone(b.text.Bytes())
}

// clean requires that neither marker is in a text, and shows where one is.
func clean(t *testing.T, where string, text []byte) {
	t.Helper()
	require.NotEmpty(t, text, "%s: nothing was looked at", where)
	for _, word := range []string{marker, stateMarker} {
		if at := bytes.Index(text, []byte(word)); at >= 0 {
			require.Failf(t, "personal data leaked", "%s: ...%q...", where, text[max(0, at-200):min(len(text), at+120)])
		}
	}
}

func fetch(t *testing.T, address string) []byte {
	t.Helper()
	resp, err := http.Get(address)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return append(body, '\n')
}

// holding are the files below a folder whose bytes hold the word.
func holding(t *testing.T, dir, word string) (found []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			return nil
		}
		if bytes.Contains(raw, []byte(word)) {
			found = append(found, strings.TrimPrefix(path, dir))
		}
		return err
	}))
	return found
}

// store looks for markers where an installation keeps data.
type store func(t *testing.T, word string) []string

func TestNoPersonalDataLeavesItsPlaceAndNoneStaysWhenADistrictLeaves(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		i := newInstance(t)
		canaryRun(t, i, func(t *testing.T, word string) []string { return holding(t, i.data, word) })
	})
	t.Run("postgres", func(t *testing.T) {
		dsn := kittest.Postgres(t)
		i := newInstance(t, "TANDEM_DB="+dsn)
		canaryRun(t, i, func(t *testing.T, word string) []string {
			return append(holding(t, i.data, word), rowsHolding(t, dsn, word)...)
		})
	})
}

func canaryRun(t *testing.T, i *instance, kept store) {
	traces, endpoint := startCollector(t)
	i.env = append(i.env, "TANDEM_OTLP_ENDPOINT="+endpoint)
	p := i.serve()
	direct := i.url
	birds := newCanary(t, direct)
	i.url = birds.URL
	result, out, err := i.play(t.Context(), walkthrough.Options{})
	require.NoError(t, err, out)
	i.url = direct
	for _, name := range []string{"displayName", "email", "title", "text", "rationale", "reasons", "outcome", "caption"} {
		require.Positive(t, birds.put[name], "%s was never marked", name)
	}
	require.NotEmpty(t, kept(t, marker), "the markers are kept somewhere, or nothing below proves anything")

	clean(t, "log", p.log.content())
	clean(t, "metrics", fetch(t, i.ops+"/metrics"))
	await(t, "traces to arrive", func() bool { return len(traces.content()) > 0 })
	clean(t, "traces", traces.content())
	clean(t, "public page", fetch(t, direct+"/badges/"+lastPart(result.Award)))
	clean(t, "credential", fetch(t, direct+"/v1/"+result.Credential))
	clean(t, "refusal", fetch(t, direct+"/v1/"+result.Journey))
	require.Empty(t, holding(t, filepath.Join(i.data, "nats"), marker), "events")

	leave(t, direct)
	clean(t, "log", p.log.content())
	require.Zero(t, p.stop(syscall.SIGTERM))
	log, err := i.command("audit", "log")
	require.NoError(t, err, log)
	require.Contains(t, log, "dispositions.run")
	clean(t, "audit log", []byte(log))
	verified, err := i.command("audit", "log", "--verify")
	require.NoError(t, err, verified)
	require.NoError(t, os.RemoveAll(filepath.Join(i.data, "walkthrough"))) // what the player saved
	require.Empty(t, kept(t, marker), "what a district that left has left behind")
}

func lastPart(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

// leave has the district deleted: one person plans, another approves.
func leave(t *testing.T, base string) {
	t.Helper()
	ctx := t.Context()
	anonymous := restclient.New(base)
	planner := anonymous.As(devToken(t, anonymous, "people/dev-admin"))
	approver := anonymous.As(devToken(t, anonymous, leaving+"/people/walkthrough-coordinator"))
	var d struct{ Name, State, Certificate string }
	plan := map[string]any{"kind": "KIND_DISTRICT", "reason": "The contract ended.", "exportSha256": strings.Repeat("0", 64)}
	require.ErrorContains(t, planner.Post(ctx, "/v1/"+leaving+"/dispositions", nil, plan, nil), "exportRecords")
	plan["exportSha256"] = takeAlong(t, base, devToken(t, anonymous, leaving+"/people/walkthrough-coordinator"))
	require.NoError(t, planner.Post(ctx, "/v1/"+leaving+"/dispositions", nil, plan, &d))
	require.Error(t, planner.Post(ctx, "/v1/"+d.Name+":approve", nil, map[string]any{}, nil), "not by who planned it")
	require.NoError(t, approver.Post(ctx, "/v1/"+d.Name+":approve", nil, map[string]any{}, nil))
	await(t, "the district to be deleted", func() bool {
		return planner.Get(ctx, "/v1/"+d.Name, nil, &d) == nil && d.State == "STATE_COMPLETED"
	})
	require.NotEmpty(t, d.Certificate)
}

// takeAlong takes the export of the district that leaves, looks into it, and
// returns its digest.
func takeAlong(t *testing.T, base, token string) (digest string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/v1/"+leaving+":exportRecords", http.NoBody)
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode, string(raw))
	file, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	require.NoError(t, err)
	var marked []string
	for _, part := range file.File {
		in, err := part.Open()
		require.NoError(t, err)
		text, err := io.ReadAll(in)
		require.NoError(t, err)
		if bytes.Contains(text, []byte(marker)) {
			marked = append(marked, part.Name)
		}
	}
	for _, name := range []string{"schools/people.jsonl", "schools/notes.jsonl", "evidence/artifacts.jsonl", "badges/applications.jsonl"} {
		require.Contains(t, marked, name, "the district's own texts are its to take")
	}
	require.NotContains(t, marked, "assessments/responses.jsonl")
	return fmt.Sprintf("%x", sha256.Sum256(raw))
}

func devToken(t *testing.T, c *restclient.Client, subject string) string {
	t.Helper()
	var answer struct {
		Token string `json:"token"`
	}
	require.NoError(t, c.Post(t.Context(), "/dev/token", nil, map[string]string{"identity": subject}, &answer))
	require.NotEmpty(t, answer.Token)
	return answer.Token
}

// rowsHolding are the tables of a PostgreSQL database in which a row holds the word.
func rowsHolding(t *testing.T, dsn, word string) (found []string) {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	require.NoError(t, err)
	defer func() { _ = db.Close() }()
	for _, table := range textOf(t, db, `SELECT table_schema || '.' || table_name FROM information_schema.tables
		WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`) {
		for _, row := range textOf(t, db, `SELECT t::text || encode(convert_to(t::text, 'UTF8'), 'escape') FROM `+table+` t`) {
			if strings.Contains(row, word) || strings.Contains(row, fmt.Sprintf("%x", word)) {
				found = append(found, table)
				break
			}
		}
	}
	return found
}

func textOf(t *testing.T, db *sql.DB, query string) (all []string) {
	t.Helper()
	rows, err := db.QueryContext(context.WithoutCancel(t.Context()), query)
	require.NoError(t, err)
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var text sql.NullString
		require.NoError(t, rows.Scan(&text))
		all = append(all, text.String)
	}
	require.NoError(t, rows.Err())
	return all
}
