package storetest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/tenant"

	"github.com/tandem-badges/tandem/gateway/internal/machine"
)

// MachineStore is what packages machine and review need.
type MachineStore interface {
	machine.Store
	EveryClient(ctx context.Context, district, afterDistrict, afterID string, limit int) ([]machine.Client, error)
}

// Machines holds the store of machines to its contract; open returns an empty one.
func Machines(t *testing.T, open func(t *testing.T) MachineStore) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, context.Context, MachineStore){
		"a machine comes back as it was written":          machineRoundTrip,
		"a machine somebody else changed is stale":        machineStale,
		"secrets come and go with the machine":            machineSecrets,
		"a key finds its machine":                         machineKey,
		"machines are listed by id, in their district":    machineLists,
		"machines are listed over all districts":          machineEverywhere,
		"the last use only moves forwards":                machineUses,
		"a failed transaction leaves nothing":             machineRollback,
		"a machine of another district is not even there": machineElsewhere,
	} {
		t.Run(name, func(t *testing.T) {
			test(t, tenant.Everything(t.Context(), "the contract is about all districts"), open(t))
		})
	}
}

func machineOf(district, id string) machine.Client {
	at := time.Date(2026, 9, 1, 8, 0, 0, 123456000, time.UTC) // both databases keep microseconds
	return machine.Client{
		Name: "districts/" + district + "/apiClients/" + id, Version: 1, Created: at, Updated: at,
		Creator: "people/ana", Proposer: "people/ben",
		Fields: machine.Fields{
			Title: "Über'); DROP TABLE", Scopes: []string{"schools.read", "people.read"}, AllowedIPs: []string{"192.0.2.0/24"},
			Disabled: true, End: at.AddDate(1, 0, 0),
		},
		Approved: []string{"people.read"}, Approver: "people/cem",
	}
}

func secretOf(kind machine.Kind, value string) machine.Secret {
	at := time.Date(2026, 9, 2, 8, 0, 0, 1000, time.UTC)
	return machine.Secret{ID: ids.New(), Kind: kind, Prefix: "tdm_", Digest: machine.DigestOf(value), Created: at, Expires: at.Add(time.Hour)}
}

func next(c machine.Client) machine.Client {
	c.Version++
	return c
}

func machineRoundTrip(t *testing.T, ctx context.Context, s MachineStore) {
	for _, c := range []machine.Client{machineOf("aspen", "sync"), {
		Name: "districts/aspen/apiClients/bare", Version: 1, Created: time.UnixMicro(1).UTC(), Updated: time.UnixMicro(1).UTC(),
	}} {
		_, err := s.Client(ctx, c.Name)
		require.True(t, problem.Is(err, problem.KindNotFound))
		require.NoError(t, s.InsertClient(ctx, c))
		got, err := s.Client(ctx, c.Name)
		require.NoError(t, err)
		require.Equal(t, c, got)
		require.True(t, problem.Is(s.InsertClient(ctx, c), problem.KindAlreadyExists))
		require.NoError(t, s.DeleteClient(ctx, c))
		_, err = s.Client(ctx, c.Name)
		require.True(t, problem.Is(err, problem.KindNotFound))
	}
}

func machineStale(t *testing.T, ctx context.Context, s MachineStore) {
	c := machineOf("aspen", "sync")
	require.NoError(t, s.InsertClient(ctx, c))
	changed := next(c)
	changed.Title, changed.Scopes, changed.AllowedIPs, changed.Disabled = "other", []string{"schools.read"}, nil, false
	changed.End, changed.Approved, changed.Approver, changed.Proposer = time.Time{}, nil, "", "people/dee"
	require.NoError(t, s.SaveClient(ctx, c, changed))
	got, err := s.Client(ctx, c.Name)
	require.NoError(t, err)
	require.Equal(t, changed, got)
	for _, err := range []error{s.SaveClient(ctx, c, next(c)), s.DeleteClient(ctx, c)} {
		refusal, ok := problem.As(err)
		require.True(t, ok, "%v", err)
		require.Equal(t, problem.ReasonEtagStale, refusal.Reason)
	}
}

func machineSecrets(t *testing.T, ctx context.Context, s MachineStore) {
	c := machineOf("aspen", "sync")
	require.NoError(t, s.InsertClient(ctx, c))
	first, second := secretOf(machine.ClientSecret, "a"), secretOf(machine.APIKey, "b")
	second.Expires = time.Time{}
	both := next(c)
	both.Secrets = []machine.Secret{first, second}
	require.NoError(t, s.SaveClient(ctx, c, both))
	got, err := s.Client(ctx, c.Name)
	require.NoError(t, err)
	require.Equal(t, both.Secrets, got.Secrets)
	one := next(both)
	one.Secrets = []machine.Secret{second}
	require.NoError(t, s.SaveClient(ctx, both, one))
	got, err = s.Client(ctx, c.Name)
	require.NoError(t, err)
	require.Equal(t, one.Secrets, got.Secrets)
	require.NoError(t, s.DeleteClient(ctx, one))
	_, err = s.ClientOfKey(ctx, second.Digest)
	require.True(t, problem.Is(err, problem.KindNotFound), "secrets go with their machine")
	require.NoError(t, s.InsertClient(ctx, c))
	got, err = s.Client(ctx, c.Name)
	require.NoError(t, err)
	require.Empty(t, got.Secrets, "a machine of the same name begins anew")
}

func machineKey(t *testing.T, ctx context.Context, s MachineStore) {
	for _, district := range []string{"aspen", "birch"} {
		c := machineOf(district, "sync")
		require.NoError(t, s.InsertClient(ctx, c))
		with := next(c)
		with.Secrets = []machine.Secret{secretOf(machine.APIKey, district), secretOf(machine.ClientSecret, district+" secret")}
		require.NoError(t, s.SaveClient(ctx, c, with))
	}
	got, err := s.ClientOfKey(ctx, machine.DigestOf("birch"))
	require.NoError(t, err)
	require.Equal(t, "districts/birch/apiClients/sync", got.Name)
	require.Len(t, got.Secrets, 2)
	for _, value := range []string{"birch secret", "unknown", ""} {
		_, err := s.ClientOfKey(ctx, machine.DigestOf(value))
		require.True(t, problem.Is(err, problem.KindNotFound), value)
	}
}

func machineLists(t *testing.T, ctx context.Context, s MachineStore) {
	for _, id := range []string{"b", "a-1", "a0", "a"} {
		c := machineOf("aspen", id)
		require.NoError(t, s.InsertClient(ctx, c))
		with := next(c)
		with.Secrets = []machine.Secret{secretOf(machine.APIKey, id)}
		require.NoError(t, s.SaveClient(ctx, c, with))
	}
	require.NoError(t, s.InsertClient(ctx, machineOf("birch", "a")))
	list := func(after string, limit int) (names []string) {
		found, err := s.ListClients(ctx, "districts/aspen", after, limit)
		require.NoError(t, err)
		for _, c := range found {
			_, id, _ := strings.Cut(c.Name, "/apiClients/")
			names = append(names, id)
			require.Len(t, c.Secrets, 1)
			require.Equal(t, machine.DigestOf(id), c.Secrets[0].Digest, "each has its own secrets")
		}
		return names
	}
	require.Equal(t, []string{"a", "a-1", "a0", "b"}, list("", 9), "by bytes, on both databases")
	require.Equal(t, []string{"a", "a-1"}, list("", 2))
	require.Equal(t, []string{"a0", "b"}, list("a-1", 2))
	require.Empty(t, list("b", 2))
}

func machineUses(t *testing.T, ctx context.Context, s MachineStore) {
	c := machineOf("aspen", "sync")
	require.NoError(t, s.InsertClient(ctx, c))
	with := next(c)
	with.Secrets = []machine.Secret{secretOf(machine.APIKey, "a"), secretOf(machine.APIKey, "b")}
	require.NoError(t, s.SaveClient(ctx, c, with))
	at := time.Date(2026, 9, 3, 8, 0, 0, 0, time.UTC)
	use := func(secret string, at time.Time) machine.Use {
		return machine.Use{Client: c.Name, Secret: secret, At: at}
	}
	require.NoError(t, s.Used(ctx, []machine.Use{use(with.Secrets[0].ID, at), use("gone", at.Add(-time.Minute))}))
	require.NoError(t, s.Used(ctx, []machine.Use{use(with.Secrets[0].ID, at.Add(-time.Hour)), use(with.Secrets[1].ID, at.Add(time.Minute))}))
	got, err := s.Client(ctx, c.Name)
	require.NoError(t, err)
	require.Equal(t, []time.Time{at, at.Add(time.Minute), at.Add(time.Minute)}, []time.Time{got.Secrets[0].LastUse, got.Secrets[1].LastUse, got.LastUse})
	require.Equal(t, with.Version, got.Version, "using a machine changes nothing about it")
	require.NoError(t, s.SaveClient(ctx, got, next(got)))
	again, err := s.Client(ctx, c.Name)
	require.NoError(t, err)
	require.Equal(t, got.LastUse, again.LastUse, "a change keeps the last use")
	require.Equal(t, got.Secrets, again.Secrets)
}

func machineRollback(t *testing.T, ctx context.Context, s MachineStore) {
	c := machineOf("aspen", "sync")
	refusal := problem.Denied("test")
	require.ErrorIs(t, s.Tx(ctx, func(ctx context.Context) error {
		require.NoError(t, s.InsertClient(ctx, c))
		return refusal
	}), refusal)
	_, err := s.Client(ctx, c.Name)
	require.True(t, problem.Is(err, problem.KindNotFound))
}

func machineElsewhere(t *testing.T, ctx context.Context, s MachineStore) {
	require.NoError(t, s.InsertClient(ctx, machineOf("aspen", "sync")))
	for _, name := range []string{"districts/birch/apiClients/sync", "districts/aspen/apiClients/other", "apiClients/sync", "districts/aspen", ""} {
		_, err := s.Client(ctx, name)
		require.True(t, problem.Is(err, problem.KindNotFound), name)
	}
	found, err := s.ListClients(ctx, "districts/birch", "", 9)
	require.NoError(t, err)
	require.Empty(t, found)
}

func machineEverywhere(t *testing.T, ctx context.Context, s MachineStore) {
	for _, name := range []string{"birch/a", "aspen/b", "aspen-2/a", "aspen/a"} {
		district, id, _ := strings.Cut(name, "/")
		require.NoError(t, s.InsertClient(ctx, machineOf(district, id)))
	}
	list := func(district, afterDistrict, afterID string, limit int) (names []string) {
		found, err := s.EveryClient(ctx, district, afterDistrict, afterID, limit)
		require.NoError(t, err)
		for _, c := range found {
			names = append(names, strings.TrimPrefix(strings.Replace(c.Name, "/apiClients", "", 1), "districts/"))
		}
		return names
	}
	require.Equal(t, []string{"aspen/a", "aspen/b", "aspen-2/a", "birch/a"}, list("", "", "", 9))
	require.Equal(t, []string{"aspen-2/a"}, list("", "aspen", "b", 1))
	require.Equal(t, []string{"aspen/a", "aspen/b"}, list("aspen", "", "", 9))
	require.Equal(t, []string{"aspen/b"}, list("aspen", "aspen", "a", 9))
}
