// Package storetest is the contract of the stores: what package artifact and package
// portfolio rely on, as tests that every dialect must pass.
package storetest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/outbox"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/evidence/internal/artifact"
	"github.com/tandem-badges/tandem/services/evidence/internal/portfolio"
	"github.com/tandem-badges/tandem/services/evidence/internal/store"
)

// Stores are those of one database.
type Stores struct {
	Artifacts  *store.Artifacts
	Portfolios *store.Portfolios
	DB         *sqldb.DB
}

// Run holds the stores to their contract; open gives those of a fresh database.
func Run(t *testing.T, open func(t *testing.T) *sqldb.DB) {
	t.Helper()
	cases := map[string]func(t *testing.T, s Stores){
		"an artifact reads back as it was written":            roundTrip,
		"a taken id is refused within its school only":        uniqueness,
		"a change of an old version is stale":                 versions,
		"lists are pages in the order of ids":                 paging,
		"conditions choose rows and take any text":            conditions,
		"withdrawn artifacts are not counted":                 counting,
		"contents move by their versions":                     contents,
		"the sweeper is shown what may be erased":             sweepable,
		"a content is used by evidence or a manifest":         uses,
		"a portfolio has the accepted artifacts of a journey": items,
		"manifests read back in their sequence":               manifests,
		"events commit or vanish with their rows":             events,
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			db, c := open(t), clock.NewFake(kittest.Start())
			test(t, Stores{Artifacts: store.NewArtifacts(db, c), Portfolios: store.NewPortfolios(db, c), DB: db})
		})
	}
}

func journey() portfolio.Journey {
	return portfolio.Journey{District: "0880", School: "0010", Team: "t", ID: "j"}
}

// row is an artifact with every field set.
func row(id string) artifact.Artifact {
	now := kittest.Start()
	return artifact.Artifact{
		Ref: artifact.Ref{District: "0880", School: "0010", ID: id},
		Description: artifact.Description{
			Journey: journey().Name(), Step: journey().Name() + "/steps/s", Indicator: "welcome-1", OccurDate: "2026-08-30", Groups: []int{1, 3},
			Caption: "Ünïcode '; DROP TABLE artifacts; --", FileName: "évening.png", PublicSummary: "An <evening> for families",
		},
		State: artifact.Accepted, MediaType: "image/png", Size: 1 << 33, SHA256: strings.Repeat("ab", 32), Uploader: "people/ana",
		AcceptTime: now.Add(time.Microsecond), CreateTime: now, UpdateTime: now.Add(time.Hour), Version: 1,
	}
}

func roundTrip(t *testing.T, s Stores) {
	t.Helper()
	bare := artifact.Artifact{Ref: artifact.Ref{District: "0880", School: "0010", ID: "bare"}, Description: artifact.Description{Groups: []int{1}}, State: artifact.AwaitingContent, Version: 1}
	for _, a := range []artifact.Artifact{row("a"), bare} {
		require.NoError(t, s.Artifacts.AddArtifact(kittest.All(t), a))
		got, err := s.Artifacts.Artifact(kittest.All(t), a.Ref)
		require.NoError(t, err)
		require.Equal(t, a, got)
	}
	for _, r := range []artifact.Ref{{District: "0880", School: "0010", ID: "none"}, {District: "0880", School: "0020", ID: "a"}, {District: "0990", School: "0010", ID: "a"}} {
		_, err := s.Artifacts.Artifact(kittest.All(t), r)
		require.Equal(t, problem.NotFound(r.Name()), err)
	}
}

func uniqueness(t *testing.T, s Stores) {
	t.Helper()
	require.NoError(t, s.Artifacts.AddArtifact(kittest.All(t), row("a")))
	require.True(t, problem.Is(s.Artifacts.AddArtifact(kittest.All(t), row("a")), problem.KindAlreadyExists))
	for _, r := range []artifact.Ref{{District: "0880", School: "0020", ID: "a"}, {District: "0990", School: "0010", ID: "a"}} {
		a := row("a")
		a.Ref = r
		require.NoError(t, s.Artifacts.AddArtifact(kittest.All(t), a))
	}
}

func versions(t *testing.T, s Stores) {
	t.Helper()
	a := row("a")
	require.NoError(t, s.Artifacts.AddArtifact(kittest.All(t), a))
	a.Step, a.Indicator, a.OccurDate, a.Groups, a.Caption, a.FileName, a.PublicSummary = a.Step+"2", "i2", "2026-01-01", []int{2}, "c", "", "p"
	a.State, a.MediaType, a.Size, a.SHA256, a.AcceptTime, a.UpdateTime, a.Version = artifact.Withdrawn, "x/y", 3, "00", kittest.Start(), kittest.Start(), 2
	require.NoError(t, s.Artifacts.SaveArtifact(kittest.All(t), a))
	got, err := s.Artifacts.Artifact(kittest.All(t), a.Ref)
	require.NoError(t, err)
	require.Equal(t, a, got)
	require.Equal(t, problem.Stale(a.Name()), s.Artifacts.SaveArtifact(kittest.All(t), a), "the version is 2 already")
}

func ids(list []artifact.Artifact) (out []string) {
	for _, a := range list {
		out = append(out, a.ID)
	}
	return out
}

func paging(t *testing.T, s Stores) {
	t.Helper()
	for _, id := range []string{"c", "a", "d", "b"} {
		require.NoError(t, s.Artifacts.AddArtifact(kittest.All(t), row(id)))
	}
	other := row("b0")
	other.School = "0020"
	require.NoError(t, s.Artifacts.AddArtifact(kittest.All(t), other))
	school := artifact.Ref{District: "0880", School: "0010"}
	one, err := s.Artifacts.Artifacts(kittest.All(t), school, nil, "", 3)
	require.NoError(t, err)
	two, err := s.Artifacts.Artifacts(kittest.All(t), school, nil, "c", 3)
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b", "c"}, ids(one))
	require.Equal(t, []string{"d"}, ids(two))
}

func conditions(t *testing.T, s Stores) {
	t.Helper()
	odd := row("odd")
	odd.Indicator, odd.State = `' OR 1=1 --`, artifact.AwaitingContent
	require.NoError(t, s.Artifacts.AddArtifact(kittest.All(t), row("a")))
	require.NoError(t, s.Artifacts.AddArtifact(kittest.All(t), odd))
	equal := func(field string, value any) *artifact.Condition {
		return &artifact.Condition{Op: artifact.Equal, Field: field, Value: value}
	}
	join := func(op artifact.Op, args ...*artifact.Condition) *artifact.Condition {
		return &artifact.Condition{Op: op, Args: args}
	}
	cases := map[string]struct {
		condition *artifact.Condition
		want      []string
	}{
		"a text of SQL": {equal(artifact.FieldIndicator, `' OR 1=1 --`), []string{"odd"}},
		"a state":       {equal(artifact.FieldState, artifact.Accepted), []string{"a"}},
		"another state": {&artifact.Condition{Op: artifact.NotEqual, Field: artifact.FieldState, Value: artifact.Accepted}, []string{"odd"}},
		"a journey":     {equal(artifact.FieldJourney, journey().Name()), []string{"a", "odd"}},
		"a step":        {equal(artifact.FieldStep, "none"), nil},
		"both":          {join(artifact.And, equal(artifact.FieldState, artifact.Accepted), equal(artifact.FieldIndicator, "welcome-1")), []string{"a"}},
		"one of two":    {join(artifact.Or, equal(artifact.FieldState, artifact.Accepted), equal(artifact.FieldIndicator, `' OR 1=1 --`)), []string{"a", "odd"}},
		"not":           {join(artifact.Not, equal(artifact.FieldState, artifact.Accepted)), []string{"odd"}},
		"or within and": {join(artifact.And, join(artifact.Or, equal(artifact.FieldState, artifact.Accepted), equal(artifact.FieldStep, "x")), equal(artifact.FieldStep, "none")), nil},
	}
	for name, c := range cases {
		got, err := s.Artifacts.Artifacts(kittest.All(t), odd.Ref, c.condition, "", 10)
		require.NoError(t, err, name)
		require.Equal(t, c.want, ids(got), name)
	}
	for _, c := range []*artifact.Condition{equal("caption", "x"), {Op: ";"}, join(artifact.And, equal("1=1 OR state", "x"))} {
		_, err := s.Artifacts.Artifacts(kittest.All(t), odd.Ref, c, "", 10)
		require.Error(t, err)
	}
}

func counting(t *testing.T, s Stores) {
	t.Helper()
	for i, state := range []artifact.State{artifact.AwaitingContent, artifact.Accepted, artifact.Withdrawn} {
		a := row(string(rune('a' + i)))
		a.State = state
		require.NoError(t, s.Artifacts.AddArtifact(kittest.All(t), a))
	}
	n, err := s.Artifacts.CountArtifacts(kittest.All(t), "0880", journey().Name())
	require.NoError(t, err)
	require.Equal(t, 2, n)
	n, err = s.Artifacts.CountArtifacts(kittest.All(t), "0990", journey().Name())
	require.NoError(t, err)
	require.Zero(t, n)
}

func items(t *testing.T, s Stores) {
	t.Helper()
	a, waiting, elsewhere := row("a"), row("b"), row("c")
	waiting.State, elsewhere.Journey = artifact.AwaitingContent, journey().Name()+"2"
	for _, x := range []artifact.Artifact{a, waiting, elsewhere} {
		require.NoError(t, s.Artifacts.AddArtifact(kittest.All(t), x))
	}
	got, err := s.Portfolios.Items(kittest.All(t), journey())
	require.NoError(t, err)
	require.Equal(t, []portfolio.Item{{Groups: a.Groups, Entry: portfolio.Entry{
		Artifact: a.Name(), SHA256: a.SHA256, Size: a.Size, MediaType: a.MediaType, Caption: a.Caption, OccurDate: a.OccurDate, Step: a.Step, Indicator: a.Indicator,
		PublicSummary: a.PublicSummary,
	}}}, got)
	version := func() int64 {
		v, err := s.Portfolios.Version(kittest.All(t), journey())
		require.NoError(t, err)
		return v
	}
	require.Zero(t, version())
	for range 2 {
		require.NoError(t, s.Artifacts.TouchPortfolio(kittest.All(t), "0880", journey().Name()))
	}
	require.EqualValues(t, 2, version())
}

func manifest(id string, sequence int64) portfolio.Manifest {
	return portfolio.Manifest{
		Journey: journey(), ID: id, Sequence: sequence, Digest: strings.Repeat("cd", 32), Previous: "ef", CreateTime: kittest.Start(),
		Entries: []portfolio.Entry{{Artifact: "a", SHA256: strings.Repeat("12", 32), Size: 1 << 40, MediaType: "m", Caption: "<ü>", OccurDate: "d", Step: "s", Indicator: "i"}},
	}
}

func manifests(t *testing.T, s Stores) {
	t.Helper()
	_, ok, err := s.Portfolios.Newest(kittest.All(t), journey())
	require.NoError(t, err)
	require.False(t, ok)
	list := []portfolio.Manifest{manifest("z", 1), manifest("y", 2), manifest("x", 3)}
	for _, m := range list {
		require.NoError(t, s.Portfolios.AddManifest(kittest.All(t), m))
	}
	v, err := s.Portfolios.Version(kittest.All(t), journey())
	require.NoError(t, err)
	require.EqualValues(t, 3, v, "a manifest is a change")
	newest, ok, err := s.Portfolios.Newest(kittest.All(t), journey())
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, list[2], newest)
	got, err := s.Portfolios.Manifests(kittest.All(t), journey(), 1, 5)
	require.NoError(t, err)
	require.Equal(t, list[1:], got)
	one, err := s.Portfolios.Manifest(kittest.All(t), journey(), "z")
	require.NoError(t, err)
	require.Equal(t, list[0], one)
	_, err = s.Portfolios.Manifest(kittest.All(t), portfolio.Journey{District: "0880", School: "0010", Team: "t", ID: "k"}, "z")
	require.True(t, problem.Is(err, problem.KindNotFound))
	require.True(t, problem.Is(s.Portfolios.AddManifest(kittest.All(t), manifest("new", 3)), problem.KindAlreadyExists), "a sequence has no two of a number")
}

func events(t *testing.T, s Stores) {
	t.Helper()
	all := []any{artifact.AcceptedEvent{Artifact: row("a")}, artifact.ChangedEvent{Artifact: row("a")}, artifact.WithdrawnEvent{Artifact: row("a")}}
	emit := func(fail error) error {
		return s.Artifacts.Tx(kittest.All(t), func(ctx context.Context) error {
			for _, e := range all {
				if err := s.Artifacts.Emit(ctx, e); err != nil {
					return err
				}
			}
			if err := s.Portfolios.Emit(ctx, portfolio.FrozenEvent{Manifest: manifest("m", 1)}); err != nil {
				return err
			}
			return fail
		})
	}
	waiting := func() int {
		n, _, err := outbox.Backlog(kittest.All(t), s.DB)
		require.NoError(t, err)
		return n
	}
	require.Error(t, emit(problem.Conflict("test")))
	require.Zero(t, waiting())
	require.NoError(t, emit(nil))
	require.Equal(t, 4, waiting())
	require.ErrorIs(t, s.Artifacts.Emit(kittest.All(t), all[0]), sqldb.ErrNoTx)
	require.Error(t, s.Artifacts.Emit(kittest.All(t), "what"))
	require.Error(t, s.Portfolios.Emit(kittest.All(t), "what"))
}
