package api_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gowebpki/jcs"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	evidencev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/evidence/v1"
	typev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/type/v1"
	"github.com/tandem-badges/tandem/services/kit/bus"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/run"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/evidence"
	et "github.com/tandem-badges/tandem/services/evidence/internal/evidencetest"
)

const thePortfolio = et.Journey + "/portfolio"

func cancelled(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithCancel(ctx)
}

func freeze(t *testing.T, w *et.World) *evidencev1.Manifest {
	t.Helper()
	m, err := w.Portfolios.FreezePortfolio(et.Lead(t), &evidencev1.FreezePortfolioRequest{Name: thePortfolio})
	require.NoError(t, err)
	return m
}

func portfolioOf(t *testing.T, w *et.World) *evidencev1.Portfolio {
	t.Helper()
	p, err := w.Portfolios.GetPortfolio(et.Member(t), &evidencev1.GetPortfolioRequest{Name: thePortfolio})
	require.NoError(t, err)
	return p
}

func TestPortfolioGrowsWithAcceptedEvidence(t *testing.T) {
	w := world(t)
	empty := &evidencev1.Portfolio{Name: thePortfolio, Etag: `"0"`}
	require.Empty(t, cmp.Diff(empty, portfolioOf(t, w), protocmp.Transform()))
	w.Create(t, "described-only", nil)
	require.Empty(t, cmp.Diff(empty, portfolioOf(t, w), protocmp.Transform()))

	w.Accepted(t, "a", et.PNG(1))
	b := w.Create(t, "b", func(a *evidencev1.Artifact) {
		a.OccurDate, a.Indicator, a.Step = "2026-07-01", et.Indicator2, et.Step2
		a.Groups = []typev1.StakeholderGroup{typev1.StakeholderGroup_STAKEHOLDER_GROUP_STUDENT}
	})
	_, err := w.Upload(et.Member(t), b.GetName(), et.PNG(2))
	require.NoError(t, err)
	full := portfolioOf(t, w)
	require.Empty(t, cmp.Diff(&evidencev1.Portfolio{
		Name: thePortfolio, Artifacts: 2, FirstDate: "2026-07-01", LastDate: "2026-08-30", Steps: []string{et.Step2, et.Step}, Indicators: []string{et.Indicator, et.Indicator2},
		Groups: []typev1.StakeholderGroup{1, 2, 3}, Etag: `"2"`,
	}, full, protocmp.Transform()))

	m := freeze(t, w)
	require.Equal(t, m.GetName(), portfolioOf(t, w).GetManifest())
	_, err = w.Artifacts.DeleteArtifact(et.Member(t), &evidencev1.DeleteArtifactRequest{Name: b.GetName()})
	require.NoError(t, err)
	after := portfolioOf(t, w)
	require.EqualValues(t, 1, after.GetArtifacts())
	require.NotEqual(t, full.GetEtag(), after.GetEtag())
}

func TestManifestFreezesWhatWasThere(t *testing.T) {
	w := world(t)
	b, a := w.Accepted(t, "b", et.PNG(2)), w.Accepted(t, "a", et.PNG(1))
	first := freeze(t, w)
	entry := func(a *evidencev1.Artifact) *evidencev1.ManifestEntry {
		return &evidencev1.ManifestEntry{
			Artifact: a.GetName(), Sha256: a.GetSha256(), SizeBytes: a.GetSizeBytes(), MediaType: a.GetMediaType(), Caption: a.GetCaption(),
			OccurDate: a.GetOccurDate(), Step: a.GetStep(), Indicator: a.GetIndicator(),
		}
	}
	require.Empty(t, cmp.Diff([]*evidencev1.ManifestEntry{entry(a), entry(b)}, first.GetEntries(), protocmp.Transform()))
	require.Equal(t, digestOfAnswer(t, first), first.GetDigest())
	require.Empty(t, cmp.Diff(first, freeze(t, w), protocmp.Transform()), "nothing changed since")

	_, err := w.Artifacts.UpdateArtifact(et.Member(t), &evidencev1.UpdateArtifactRequest{Artifact: &evidencev1.Artifact{Name: a.GetName(), Caption: "New words"}})
	require.NoError(t, err)
	w.Clock.Advance(time.Hour)
	second := freeze(t, w)
	require.Equal(t, first.GetDigest(), second.GetPreviousDigest())
	require.Equal(t, "New words", second.GetEntries()[0].GetCaption())
	require.NotEqual(t, first.GetDigest(), second.GetDigest())

	got, err := w.Portfolios.GetManifest(et.Member(t), &evidencev1.GetManifestRequest{Name: first.GetName()})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(first, got, protocmp.Transform()), "the first one stays as it was")
}

// digestOfAnswer computes the digest of a manifest from what REST clients see.
func digestOfAnswer(t *testing.T, m *evidencev1.Manifest) string {
	t.Helper()
	raw, err := protojson.MarshalOptions{EmitDefaultValues: true}.Marshal(m)
	require.NoError(t, err)
	var answer struct{ Entries json.RawMessage }
	require.NoError(t, json.Unmarshal(raw, &answer))
	canonical, err := jcs.Transform(answer.Entries)
	require.NoError(t, err)
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:])
}

func TestPortfolioThatCannotBeFrozen(t *testing.T) {
	w := world(t)
	w.Create(t, "described-only", nil)
	_, err := w.Portfolios.FreezePortfolio(et.Lead(t), &evidencev1.FreezePortfolioRequest{Name: thePortfolio})
	refused(t, err, problem.ReasonNotEligible, thePortfolio+": evidence-exists")
	w.Accepted(t, "a", et.PNG(1))
	_, err = w.Portfolios.FreezePortfolio(et.Lead(t), &evidencev1.FreezePortfolioRequest{Name: thePortfolio, Etag: `"0"`})
	refused(t, err, problem.ReasonEtagStale)
	_, err = w.Portfolios.FreezePortfolio(et.Member(t), &evidencev1.FreezePortfolioRequest{Name: thePortfolio})
	refused(t, err, problem.ReasonRoleInsufficient)
	_, err = w.Portfolios.FreezePortfolio(et.Lead(t), &evidencev1.FreezePortfolioRequest{Name: thePortfolio, Etag: portfolioOf(t, w).GetEtag()})
	require.NoError(t, err)
}

func TestFreezingWithARequestIdGivesTheFirstAnswerAgain(t *testing.T) {
	w := world(t)
	w.Accepted(t, "a", et.PNG(1))
	req := &evidencev1.FreezePortfolioRequest{Name: thePortfolio, RequestId: "apply-1"}
	first, err := w.Portfolios.FreezePortfolio(et.Lead(t), req)
	require.NoError(t, err)
	w.Accepted(t, "b", et.PNG(2))
	again, err := w.Portfolios.FreezePortfolio(et.Lead(t), req)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(first, again, protocmp.Transform()))
}

func TestPortfolioOfAnUnknownJourneyIsNotFoundByTheNameSent(t *testing.T) {
	w := world(t)
	unknown := et.School + "/teams/team/journeys/none/portfolio"
	_, err := w.Portfolios.GetPortfolio(et.Member(t), &evidencev1.GetPortfolioRequest{Name: unknown})
	require.Equal(t, codes.NotFound, et.Code(err))
	require.Contains(t, whole(err), unknown)
	_, frozen := w.Portfolios.FreezePortfolio(et.Lead(t), &evidencev1.FreezePortfolioRequest{Name: unknown})
	_, listed := w.Portfolios.ListManifests(et.Member(t), &evidencev1.ListManifestsRequest{Parent: unknown})
	alike(t, err, unknown, frozen, unknown)
	alike(t, err, unknown, listed, unknown)
	_, manifest := w.Portfolios.GetManifest(et.Member(t), &evidencev1.GetManifestRequest{Name: unknown + "/manifests/none"})
	require.Equal(t, codes.NotFound, et.Code(manifest))

	calls := w.Schools.Calls()
	w.Accepted(t, "a", et.PNG(1))
	asked := w.Schools.Calls()
	require.Greater(t, asked, calls)
	portfolioOf(t, w)
	require.Equal(t, asked, w.Schools.Calls(), "a journey with evidence is not asked for")
}

func TestForeignPortfolioIsAnsweredAsIfItNeverExisted(t *testing.T) {
	w := world(t)
	w.Accepted(t, "a", et.PNG(1))
	real, none := freeze(t, w).GetName(), et.FarSchool+"/teams/team/journeys/none/portfolio/manifests/none"
	far := et.As(t, accessv1.Role_ROLE_TEAM_LEAD, et.FarSchool)
	noPortfolio := et.FarSchool + "/teams/team/journeys/none/portfolio"
	_, foreign := w.Portfolios.GetManifest(far, &evidencev1.GetManifestRequest{Name: real})
	_, missing := w.Portfolios.GetManifest(far, &evidencev1.GetManifestRequest{Name: none})
	alike(t, foreign, real, missing, none)
	_, foreign = w.Portfolios.GetPortfolio(far, &evidencev1.GetPortfolioRequest{Name: thePortfolio})
	_, missing = w.Portfolios.GetPortfolio(far, &evidencev1.GetPortfolioRequest{Name: noPortfolio})
	alike(t, foreign, thePortfolio, missing, noPortfolio)
	_, foreign = w.Portfolios.FreezePortfolio(far, &evidencev1.FreezePortfolioRequest{Name: thePortfolio})
	_, missing = w.Portfolios.FreezePortfolio(far, &evidencev1.FreezePortfolioRequest{Name: noPortfolio})
	alike(t, foreign, thePortfolio, missing, noPortfolio)
	_, foreign = w.Portfolios.ListManifests(far, &evidencev1.ListManifestsRequest{Parent: thePortfolio})
	_, missing = w.Portfolios.ListManifests(far, &evidencev1.ListManifestsRequest{Parent: noPortfolio})
	alike(t, foreign, thePortfolio, missing, noPortfolio)
}

func TestManifestsAreListedTheNewestLast(t *testing.T) {
	w := world(t)
	var want []string
	for i := range 5 {
		w.Accepted(t, fmt.Sprintf("a%d", i), et.PNG(byte(i)))
		want = append(want, freeze(t, w).GetName())
	}
	var got []string
	req := &evidencev1.ListManifestsRequest{Parent: thePortfolio, PageSize: 2}
	for {
		resp, err := w.Portfolios.ListManifests(et.Member(t), req)
		require.NoError(t, err)
		for _, m := range resp.GetManifests() {
			got = append(got, m.GetName())
		}
		if req.PageToken = resp.GetNextPageToken(); req.PageToken == "" {
			break
		}
	}
	require.Equal(t, want, got)
}

// TestFreezesAtOnceAgree has one manifest won and all callers told the same.
func TestFreezesAtOnceAgree(t *testing.T) {
	kittest.Databases(t, evidence.Name, evidence.Migrations, func(t *testing.T, db *sqldb.DB) {
		w := et.New(t, evidence.DefaultConfig(), func(d *run.Deps) { d.DB = db })
		w.Accepted(t, "a", et.PNG(1))
		const callers = 8
		answers, errs := make([]*evidencev1.Manifest, callers), make([]error, callers)
		var wg sync.WaitGroup
		for i := range callers {
			wg.Go(func() {
				answers[i], errs[i] = w.Portfolios.FreezePortfolio(et.Lead(t), &evidencev1.FreezePortfolioRequest{Name: thePortfolio})
			})
		}
		wg.Wait()
		for i := range callers {
			require.NoError(t, errs[i])
			require.Empty(t, cmp.Diff(answers[0], answers[i], protocmp.Transform()))
		}
		list, err := w.Portfolios.ListManifests(et.Member(t), &evidencev1.ListManifestsRequest{Parent: thePortfolio})
		require.NoError(t, err)
		require.Len(t, list.GetManifests(), 1)
	})
}

func TestEveryChangeOfAcceptedEvidenceIsTold(t *testing.T) {
	w := world(t)
	var mu sync.Mutex
	var got []bus.Event
	kittest.Go(t, func(ctx context.Context) error {
		return w.Deps.Bus.Watch(ctx, bus.WatchOptions{Subjects: []string{"tandem.evidence.>"}, Since: time.Unix(1, 0)}, func(ev bus.Event) {
			mu.Lock()
			defer mu.Unlock()
			got = append(got, ev)
		})
	})
	w.Create(t, "silent", nil)
	a := w.Accepted(t, "a", et.PNG(1))
	_, err := w.Upload(et.Member(t), a.GetName(), et.PNG(1))
	require.NoError(t, err, "told once")
	_, err = w.Artifacts.UpdateArtifact(et.Member(t), &evidencev1.UpdateArtifactRequest{Artifact: &evidencev1.Artifact{Name: a.GetName(), Indicator: et.Indicator2}})
	require.NoError(t, err)
	m := freeze(t, w)
	for _, name := range []string{a.GetName(), et.School + "/artifacts/silent"} {
		_, err = w.Artifacts.DeleteArtifact(et.Member(t), &evidencev1.DeleteArtifactRequest{Name: name})
		require.NoError(t, err)
	}
	accepted := &evidencev1.ArtifactAccepted{
		Name: a.GetName(), Journey: et.Journey, Step: et.Step, Indicator: et.Indicator, OccurDate: a.GetOccurDate(), Groups: a.GetGroups(), Sha256: a.GetSha256(),
	}
	changed := &evidencev1.ArtifactChanged{
		Name: a.GetName(), Journey: et.Journey, Step: et.Step, Indicator: et.Indicator2, OccurDate: a.GetOccurDate(), Groups: a.GetGroups(), Sha256: a.GetSha256(),
	}
	want := []proto.Message{
		accepted, changed,
		&evidencev1.PortfolioFrozen{Name: m.GetName(), Journey: et.Journey, Digest: m.GetDigest()},
		&evidencev1.ArtifactWithdrawn{Name: a.GetName(), Journey: et.Journey},
	}
	kittest.Eventually(t, func() bool { mu.Lock(); defer mu.Unlock(); return len(got) >= len(want) }, "all events arrive")
	mu.Lock()
	defer mu.Unlock()
	require.Len(t, got, len(want))
	for i, w := range want {
		msg := w.ProtoReflect().New().Interface()
		require.NoError(t, got[i].Unmarshal(msg))
		require.Empty(t, cmp.Diff(w, msg, protocmp.Transform()))
	}
}
