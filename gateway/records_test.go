package gateway_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/structpb"

	recordsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/records/v1"

	"github.com/tandem-badges/tandem/services/kit/identity"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	kitproblem "github.com/tandem-badges/tandem/services/kit/problem"
)

// fakeKeeper is what a service keeps: one table, and one file in evidence.
type fakeKeeper struct {
	recordsv1.UnimplementedRecordKeeperServiceServer
	service string

	mu       sync.Mutex
	broken   bool // breaks off an export
	failures int  // of disposing, still to come
	disposed []*recordsv1.DisposeRequest
}

func (k *fakeKeeper) ReadDisclosures(context.Context, *recordsv1.ReadDisclosuresRequest) (*recordsv1.ReadDisclosuresResponse, error) {
	return &recordsv1.ReadDisclosuresResponse{}, nil
}

func (k *fakeKeeper) CollectPerson(_ context.Context, req *recordsv1.CollectPersonRequest) (*recordsv1.CollectPersonResponse, error) {
	data, err := structpb.NewStruct(map[string]any{"person": req.GetPerson()})
	return &recordsv1.CollectPersonResponse{Records: []*recordsv1.PersonRecord{{Service: k.service, Kind: "things", Data: data}}}, err
}

func (k *fakeKeeper) CountDue(context.Context, *recordsv1.CountDueRequest) (*recordsv1.CountDueResponse, error) {
	return &recordsv1.CountDueResponse{Lines: k.lines(2)}, nil
}

func (k *fakeKeeper) lines(n int64) []*recordsv1.DispositionLine {
	return []*recordsv1.DispositionLine{{Service: k.service, Kind: "things", Records: n, Treatment: "deleted"}}
}

func (k *fakeKeeper) Dispose(_ context.Context, req *recordsv1.DisposeRequest) (*recordsv1.DisposeResponse, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.failures > 0 {
		k.failures--
		return nil, kitproblem.Unavailable("database")
	}
	k.disposed = append(k.disposed, req)
	return &recordsv1.DisposeResponse{Lines: k.lines(3)}, nil
}

func (k *fakeKeeper) ExportDistrict(req *recordsv1.ExportDistrictRequest, stream grpc.ServerStreamingServer[recordsv1.ExportDistrictResponse]) error {
	if req.GetDistrict() == "nowhere" {
		return nil
	}
	line := []byte(`{"of":"` + req.GetDistrict() + `"}` + "\n")
	for _, part := range []*recordsv1.ExportDistrictResponse{
		{Table: "things", Data: line},
		{Table: "things", Data: line},
		{Table: "codes", Withheld: "they open doors"},
		{Table: "blobs/abc", Data: noise(1 << 20)},
		{Table: "blobs/abc", Data: []byte("end")},
	} {
		if strings.HasPrefix(part.GetTable(), "blobs/") && k.service != "evidence" {
			continue
		}
		if err := stream.Send(part); err != nil {
			return err
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.broken {
		return kitproblem.Unavailable("blobs")
	}
	return nil
}

// noise does not get smaller in a zip file.
func noise(n int) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < n; i++ {
		sum := sha256.Sum256(fmt.Append(nil, i))
		b.Write(sum[:])
	}
	return b.Bytes()[:n]
}

const exportPath = "/v1/districts/aspen:exportRecords"

// digestOf takes the export of aspen and returns the SHA-256 of its file.
func (w *world) digestOf(path string) string {
	w.t.Helper()
	a := w.as(coordinator, "GET", path, "")
	require.Equal(w.t, http.StatusOK, a.status, a.body)
	return fmt.Sprintf("%x", sha256.Sum256([]byte(a.body)))
}

func TestTheExportOfADistrictIsAZipWithAManifestOfItsParts(t *testing.T) {
	w := start(t)
	a := w.as(coordinator, "GET", exportPath, "")
	require.Equal(t, http.StatusOK, a.status, a.body)
	require.Equal(t, "application/zip", a.header.Get("Content-Type"))
	require.Equal(t, `attachment; filename=tandem-aspen.zip`, a.header.Get("Content-Disposition"))
	parts := unzip(t, a.body)
	for _, service := range []string{"schools", "assessments", "evidence", "badges"} {
		require.Equal(t, strings.Repeat(`{"of":"aspen"}`+"\n", 2), parts[service+"/things.jsonl"], service)
	}
	require.Equal(t, string(noise(1<<20))+"end", parts["evidence/files/abc"])
	var manifest struct {
		District string
		Parts    []struct {
			Path, SHA256 string
			Bytes        int
		}
		Withheld []struct{ Service, Table, Reason string }
	}
	require.NoError(t, json.Unmarshal([]byte(parts["manifest.json"]), &manifest))
	require.Equal(t, "districts/aspen", manifest.District)
	require.Len(t, manifest.Parts, len(parts)-1, "all but the manifest")
	for _, part := range manifest.Parts {
		require.Equal(t, fmt.Sprintf("%x", sha256.Sum256([]byte(parts[part.Path]))), part.SHA256, part.Path)
		require.Len(t, parts[part.Path], part.Bytes)
	}
	require.Len(t, manifest.Withheld, 4+1, "of each fake, and of the gateway its sign-ins")
	require.Equal(t, "they open doors", manifest.Withheld[0].Reason)

	entered := w.as(coordinator, "GET", "/v1/districts/aspen/disclosures", "").object(t)["disclosures"].([]any)
	require.Equal(t, "districts.exportRecords", entered[0].(map[string]any)["action"])
}

func unzip(t *testing.T, raw string) map[string]string {
	t.Helper()
	file, err := zip.NewReader(strings.NewReader(raw), int64(len(raw)))
	require.NoError(t, err)
	parts := map[string]string{}
	for _, f := range file.File {
		in, err := f.Open()
		require.NoError(t, err)
		text, err := io.ReadAll(in)
		require.NoError(t, err)
		require.NotContains(t, parts, f.Name)
		parts[f.Name] = string(text)
	}
	return parts
}

func TestOnlyTheOfficesOfADistrictTakeItsExport(t *testing.T) {
	w := start(t)
	require.Equal(t, http.StatusNotFound, w.as(neighbour, "GET", exportPath, "").status)
	require.Equal(t, http.StatusForbidden, w.as(teamLead, "GET", exportPath, "").status)
	require.Equal(t, http.StatusUnauthorized, w.do("GET", exportPath, "").status)
	require.Equal(t, http.StatusNotFound, w.as(stateAdmin, "GET", "/v1/districts/nowhere:exportRecords", "").status)
	require.Equal(t, http.StatusOK, w.as(stateAdmin, "GET", exportPath, "").status)
}

func TestAnExportThatBreaksOffIsNoZipAndProvesNothing(t *testing.T) {
	w := start(t)
	w.keepers["badges"].broken = true
	req, err := http.NewRequest("GET", w.url+exportPath, http.NoBody)
	require.NoError(t, err)
	req.Header.Set("Authorization", w.token(coordinator))
	resp, err := http.DefaultClient.Do(req)
	if err == nil {
		defer func() { _ = resp.Body.Close() }()
		raw, readErr := io.ReadAll(resp.Body)
		require.Error(t, readErr)
		_, err = zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
		require.Error(t, err)
		require.Equal(t, http.StatusBadRequest, w.plan(fmt.Sprintf("%x", sha256.Sum256(raw))).status)
	}
}

// plan asks for the deletion of aspen.
func (w *world) plan(digest string) answer {
	w.t.Helper()
	return w.as(coordinator, "POST", "/v1/districts/aspen/dispositions", `{"kind":"KIND_DISTRICT","reason":"It leaves.","exportSha256":"`+digest+`"}`)
}

func TestADistrictIsDeletedOnlyOnTheStrengthOfAnExportItTook(t *testing.T) {
	w := start(t)
	other := w.as(stateAdmin, "GET", "/v1/districts/birch:exportRecords", "")
	for name, digest := range map[string]string{
		"invented": strings.Repeat("0", 64), "of another district": fmt.Sprintf("%x", sha256.Sum256([]byte(other.body))),
	} {
		a := w.plan(digest)
		require.Equal(t, http.StatusBadRequest, a.status, name)
		require.Equal(t, []string{"disposition.exportSha256"}, a.problem(t).fields(), name)
	}
	digest := w.digestOf(exportPath)
	planned := w.plan(digest).object(t)
	require.Len(t, planned["lines"], 4)
	approve := "/v1/" + planned["name"].(string) + ":approve"
	require.Equal(t, http.StatusBadRequest, w.as(coordinator, "POST", approve, "{}").status, "by who planned it")

	w.clock.SetOffset(31 * 24 * time.Hour)
	require.Equal(t, http.StatusBadRequest, w.as(stateAdmin, "POST", approve, "{}").status, "what came since is in no export")
	require.Equal(t, http.StatusBadRequest, w.plan(digest).status)
	require.Empty(t, w.keepers["schools"].disposed)
}

// done carries out dispositions until one is completed, and returns it.
func (w *world) done(name string) (d map[string]any) {
	w.t.Helper()
	for _, task := range w.gw.Service.Tasks {
		if task.Name == "dispositions" {
			kittest.Go(w.t, task.Run)
		}
	}
	kittest.Eventually(w.t, func() bool {
		d = w.as(stateAdmin, "GET", "/v1/"+name, "").object(w.t)
		return d["state"] == "STATE_COMPLETED"
	}, "%s to be carried out", name)
	return d
}

// certified is what the certificate of a disposition says.
func (w *world) certified(d map[string]any) (said map[string]any) {
	w.t.Helper()
	text, id, _, err := identity.OpenStatement(d["certificate"].(string))
	require.NoError(w.t, err)
	require.NotEmpty(w.t, id)
	require.NoError(w.t, json.Unmarshal(text, &said))
	return said
}

func TestADistrictThatTookItsExportIsDeletedByTwoPeople(t *testing.T) {
	w := start(t)
	digest := w.digestOf(exportPath)
	planned := w.plan(digest).object(t)
	name := planned["name"].(string)
	w.keepers["evidence"].failures = 1 // tried again
	require.Equal(t, http.StatusOK, w.as(stateAdmin, "POST", "/v1/"+name+":approve", "{}").status)
	said := w.certified(w.done(name))
	require.Equal(t, []any{"district", digest, name}, []any{said["kind"], said["export_sha256"], said["disposition"]})
	require.Len(t, said["lines"], 4)
	require.Equal(t, 3.0, said["lines"].([]any)[0].(map[string]any)["records"], "what was deleted, not what was planned")
	for service, keeper := range w.keepers {
		require.Len(t, keeper.disposed, 1, service)
		require.Equal(t, "aspen", keeper.disposed[0].GetDistrict())
	}
}

func TestWhatARetentionRuleEndsIsDeletedByTwoPeople(t *testing.T) {
	w := start(t)
	path := "/v1/districts/aspen/dispositions"
	unknown := w.as(coordinator, "POST", path, `{"kind":"KIND_RETENTION","rule":"whim","reason":"Due."}`)
	require.Equal(t, []string{"disposition.rule"}, unknown.problem(t).fields())
	planned := w.as(coordinator, "POST", path, `{"kind":"KIND_RETENTION","rule":"survey","reason":"Due."}`).object(t)
	require.Equal(t, "STATE_PLANNED", planned["state"])
	name := planned["name"].(string)
	require.Equal(t, http.StatusNotFound, w.as(neighbour, "POST", "/v1/"+name+":approve", "{}").status)
	require.Equal(t, http.StatusOK, w.as(stateAdmin, "POST", "/v1/"+name+":approve", "{}").status)
	said := w.certified(w.done(name))
	require.Equal(t, []any{"retention", "survey"}, []any{said["kind"], said["rule"]})
	require.Equal(t, "survey", w.keepers["schools"].disposed[0].GetRule())
	require.Equal(t, http.StatusBadRequest, w.as(stateAdmin, "POST", "/v1/"+name+":approve", "{}").status, "it is done")
}

func TestAPersonIsShownAllThatIsKeptAndErased(t *testing.T) {
	w := start(t)
	person := "districts/aspen/people/leaver"
	shown := w.as(coordinator, "GET", "/v1/"+person+":export", "").object(t)
	require.Len(t, shown["records"], 4)
	require.Equal(t, http.StatusNotFound, w.as(neighbour, "GET", "/v1/"+person+":export", "").status)
	require.Equal(t, http.StatusForbidden, w.as(teamLead, "POST", "/v1/"+person+":erase", `{"reason":"Asked."}`).status)
	erased := w.as(coordinator, "POST", "/v1/"+person+":erase", `{"reason":"Asked."}`).object(t)
	d := w.done(erased["name"].(string))
	said := w.certified(d)
	require.Equal(t, "person", said["kind"])
	require.NotContains(t, fmt.Sprint(said), "people/leaver", "the certificate does not keep whom it forgot")
	require.Equal(t, person, w.keepers["badges"].disposed[0].GetPerson())
	entered := w.as(coordinator, "GET", "/v1/districts/aspen/disclosures", "").object(t)["disclosures"].([]any)
	require.Equal(t, "people.export", entered[0].(map[string]any)["action"])
}
