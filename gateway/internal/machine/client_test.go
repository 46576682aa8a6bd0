package machine_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/gateway/internal/machine"
)

func TestAMachineIsRegisteredInADistrict(t *testing.T) {
	w := newWorld(t)
	made, err := w.Create(w.ctx, who("ana"), aspen, "sync", machine.Fields{
		Title: " Sync ", Scopes: []string{"schools.read"}, AllowedIPs: []string{" 192.0.2.0/24"}, End: kittest.Start().Add(time.Hour),
	})
	require.NoError(t, err)
	require.Equal(t, machine.Client{
		Name: client, Creator: who("ana").Subject, Proposer: who("ana").Subject, Version: 1, Created: kittest.Start(), Updated: kittest.Start(),
		Fields: machine.Fields{Title: "Sync", Scopes: []string{"schools.read"}, AllowedIPs: []string{"192.0.2.0/24"}, End: kittest.Start().Add(time.Hour)},
	}, made)
	require.Equal(t, made, w.get())
	require.Equal(t, "sync.aspen", made.ClientID())
	name, ok := machine.NameOf("sync.aspen")
	require.True(t, ok)
	require.Equal(t, client, name)
	other, err := w.Create(w.ctx, who("ana"), aspen, "", fields("schools.read"))
	require.NoError(t, err)
	require.NotEqual(t, made.ClientID(), other.ClientID(), "an id is chosen")
	_, err = w.Create(w.ctx, who("ana"), aspen, "sync", fields("schools.read"))
	require.Equal(t, []string{"RESOURCE_EXISTS"}, refusal(t, err))
	_, err = w.Create(w.ctx, who("ana"), "districts/none", "sync", fields("schools.read"))
	require.Equal(t, []string{"RESOURCE_NOT_FOUND"}, refusal(t, err))
	_, err = w.List(w.ctx, "districts/none", "", 1)
	require.Equal(t, []string{"RESOURCE_NOT_FOUND"}, refusal(t, err))
}

func TestWhatIsNoClientID(t *testing.T) {
	for _, id := range []string{"", "sync", "sync.", ".aspen", "sync.aspen.x", "SYNC.aspen", "sync.as/pen", "a/b.aspen", "sync.-"} {
		_, ok := machine.NameOf(id)
		require.False(t, ok, id)
	}
}

func TestTheFieldsOfAMachine(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		fields machine.Fields
		want   []string
	}{
		"nothing":                 {machine.Fields{}, []string{"api_client.scopes: required", "api_client.title: length"}},
		"a title of 101":          {machine.Fields{Title: strings.Repeat("ü", 101), Scopes: []string{"schools.read"}}, []string{"api_client.title: length"}},
		"a scope that is none":    {fields("schools.read", "schools.write"), []string{"api_client.scopes[1]: known_scope"}},
		"a scope twice":           {fields("schools.read", "schools.read"), []string{"api_client.scopes[1]: unique"}},
		"an address that is none": {machine.Fields{Title: "S", Scopes: []string{"schools.read"}, AllowedIPs: []string{"::1", "10.0.0.0/33", "example.org"}}, []string{"api_client.allowed_ips[1]: address_form", "api_client.allowed_ips[2]: address_form"}},
		"an end that is past":     {machine.Fields{Title: "S", Scopes: []string{"schools.read"}, End: kittest.Start()}, []string{"api_client.end_time: future"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.Create(w.ctx, who("ana"), aspen, "sync", c.fields)
			require.Equal(t, append([]string{"FIELD_INVALID"}, c.want...), refusal(t, err))
		})
	}
	_, err := w.Create(w.ctx, who("ana"), aspen, "Sync", fields("schools.read"))
	require.Equal(t, []string{"FIELD_INVALID", "api_client_id: id_form"}, refusal(t, err))
}

func TestAMachineIsChangedByWhoReadItLast(t *testing.T) {
	w := newWorld(t)
	w.with(fields("schools.read"))
	read := w.get()
	w.clock.Advance(time.Hour)
	rename := func(f machine.Fields) machine.Fields { f.Title = "New"; return f }
	after, err := w.Update(w.ctx, who("ana"), client, etag.Of(read.Version), rename)
	require.NoError(t, err)
	require.Equal(t, after, w.get())
	require.Equal(t, "New", after.Title)
	require.Equal(t, kittest.Start().Add(time.Hour), after.Updated)
	require.Equal(t, read.Secrets, after.Secrets)
	_, err = w.Update(w.ctx, who("ana"), client, etag.Of(read.Version), rename)
	require.Equal(t, []string{"ETAG_STALE"}, refusal(t, err))
	require.Equal(t, []string{"ETAG_STALE"}, refusal(t, w.Delete(w.ctx, client, etag.Of(read.Version))))
	require.NoError(t, w.Delete(w.ctx, client, etag.Of(after.Version)))
	for _, err := range []error{
		w.Delete(w.ctx, client, ""),
		func() error { _, err := w.Update(w.ctx, who("ana"), client, "", rename); return err }(),
		func() error { _, err := w.Get(w.ctx, client); return err }(),
		func() error { _, err := w.Approve(w.ctx, who("ana"), client, ""); return err }(),
		func() error { _, err := w.RemoveSecret(w.ctx, client, "x"); return err }(),
		func() error { _, _, _, err := w.AddSecret(w.ctx, client, machine.APIKey, time.Time{}); return err }(),
	} {
		require.Equal(t, []string{"RESOURCE_NOT_FOUND"}, refusal(t, err))
	}
}

func TestNobodyGivesAMachineMoreThanTheyHold(t *testing.T) {
	w := newWorld(t)
	w.with(fields("people.read"))
	until := kittest.Start().AddDate(0, 1, 0)
	little := machine.Actor{Subject: "people/ben", Until: until, Holds: func(scope string) bool { return scope == "schools.read" }}
	_, err := w.Create(w.ctx, little, aspen, "more", machine.Fields{Title: "S", Scopes: []string{"schools.read", "awards.read"}, End: until})
	require.Equal(t, []string{"ROLE_INSUFFICIENT", "api_client.scopes: exceeds_own"}, refusal(t, err))
	for name, end := range map[string]time.Time{"never": {}, "a moment later": until.Add(time.Microsecond)} {
		_, err = w.Create(w.ctx, little, aspen, "more", machine.Fields{Title: "S", Scopes: []string{"schools.read"}, End: end})
		require.Equal(t, []string{"ROLE_INSUFFICIENT", "api_client.end_time: exceeds_own"}, refusal(t, err), name)
	}
	_, err = w.Create(w.ctx, little, aspen, "same", machine.Fields{Title: "S", Scopes: []string{"schools.read"}, End: until})
	require.NoError(t, err)
	_, err = w.Update(w.ctx, little, client, "", func(f machine.Fields) machine.Fields {
		f.Title, f.Scopes = "What others gave stays", append(f.Scopes, "schools.read")
		return f
	})
	require.NoError(t, err)
	_, err = w.Update(w.ctx, little, client, "", func(f machine.Fields) machine.Fields { f.Scopes = append(f.Scopes, "awards.read"); return f })
	require.Equal(t, []string{"ROLE_INSUFFICIENT", "api_client.scopes: exceeds_own"}, refusal(t, err))
	_, err = w.Update(w.ctx, little, client, "", func(f machine.Fields) machine.Fields { f.End = until.AddDate(1, 0, 0); return f })
	require.Equal(t, []string{"ROLE_INSUFFICIENT", "api_client.end_time: exceeds_own"}, refusal(t, err))
	_, err = w.Approve(w.ctx, little, client, "")
	require.Equal(t, []string{"ROLE_INSUFFICIENT", client + ": exceeds_own"}, refusal(t, err), "an approval gives, too")
}

func TestAScopeThatShowsPeopleTakesASecondPerson(t *testing.T) {
	w := newWorld(t)
	secret, _ := w.with(fields("schools.read", "people.read"))
	scopes := func() []string {
		proven, err := w.BySecret(w.ctx, "sync.aspen", secret, here())
		require.NoError(t, err)
		return proven.Scopes
	}
	ask := func(by string, scopes ...string) {
		_, err := w.Update(w.ctx, who(by), client, "", func(f machine.Fields) machine.Fields { f.Scopes = scopes; return f })
		require.NoError(t, err)
	}
	own := func(by string) {
		_, err := w.Approve(w.ctx, who(by), client, "")
		require.Equal(t, []string{"CONFLICT_OF_INTEREST", client + ": second_person"}, refusal(t, err))
	}
	pending := func() bool { c := w.get(); return c.Pending(catalog()) }

	require.True(t, pending())
	require.Equal(t, []string{"schools.read"}, scopes(), "until then it works with its other scopes")
	own("ana")
	_, err := w.Approve(w.ctx, who("ben"), client, etag.Of(1))
	require.Equal(t, []string{"ETAG_STALE"}, refusal(t, err), "only what was looked at")
	c, err := w.Approve(w.ctx, who("ben"), client, etag.Of(w.get().Version))
	require.NoError(t, err)
	require.Equal(t, who("ben").Subject, c.Approver)
	require.False(t, pending())
	require.Equal(t, []string{"schools.read", "people.read"}, scopes())
	_, err = w.Approve(w.ctx, who("ben"), client, "")
	require.Equal(t, []string{"STATE_WRONG", client + ": not_pending"}, refusal(t, err))

	ask("ben", "schools.read", "people.read", "responses.write")
	require.True(t, pending())
	require.Equal(t, []string{"schools.read", "people.read"}, scopes(), "what was approved stays")
	own("ben")
	own("ana")
	_, err = w.Approve(w.ctx, who("cem"), client, "")
	require.NoError(t, err)

	ask("dee", "schools.read")
	require.False(t, pending())
	ask("dee", "schools.read", "people.read")
	require.True(t, pending(), "given anew, it is asked for anew")
	require.Equal(t, []string{"schools.read"}, scopes())
	ask("eve", "schools.read", "people.read", "awards.read")
	own("dee")
	_, err = w.Approve(w.ctx, who("eve"), client, "")
	require.NoError(t, err, "who asked for another scope is a second person")
}

// Whatever people do to a machine, one by one, no scope that shows people counts
// without two of them.
func TestNoSequenceOfOnePersonsCallsShowsPeople(t *testing.T) {
	w := newWorld(t)
	rapid.Check(t, func(rt *rapid.T) {
		made, err := w.Create(w.ctx, who("ana"), aspen, "", fields(rapid.SampledFrom(catalog()).Draw(rt, "scope").Name))
		require.NoError(rt, err)
		for range rapid.IntRange(1, 6).Draw(rt, "calls") {
			if rapid.Bool().Draw(rt, "approve") {
				_, _ = w.Approve(w.ctx, who("ana"), made.Name, "")
				continue
			}
			_, err := w.Update(w.ctx, who("ana"), made.Name, "", func(f machine.Fields) machine.Fields {
				f.Scopes = nil
				for _, scope := range rapid.SliceOfNDistinct(rapid.SampledFrom(catalog()), 1, 4, func(s machine.Scope) string { return s.Name }).Draw(rt, "scopes") {
					f.Scopes = append(f.Scopes, scope.Name)
				}
				return f
			})
			require.NoError(rt, err)
		}
		got, err := w.Get(w.ctx, made.Name)
		require.NoError(rt, err)
		for _, scope := range got.Effective(catalog()) {
			require.Contains(rt, []string{"schools.read", "awards.read"}, scope)
		}
	})
}

func TestAScopeThatIsNotInTheCatalogAnyMoreDoesNotCount(t *testing.T) {
	w := newWorld(t)
	secret, _ := w.with(fields("schools.read", "awards.read"))
	w.Scopes = []machine.Scope{{Name: "schools.read"}}
	proven, err := w.BySecret(w.ctx, "sync.aspen", secret, here())
	require.NoError(t, err)
	require.Equal(t, []string{"schools.read"}, proven.Scopes)
}

func TestAtMostTwoSecretsOfAKindLive(t *testing.T) {
	w := newWorld(t)
	_, err := w.Create(w.ctx, who("ana"), aspen, "sync", fields("schools.read"))
	require.NoError(t, err)
	add := func(kind machine.Kind, expires time.Time) (string, error) {
		c, id, value, err := w.AddSecret(w.ctx, client, kind, expires)
		if err == nil {
			added := c.Secrets[len(c.Secrets)-1]
			require.Equal(t, id, added.ID)
			require.True(t, strings.HasPrefix(value, added.Prefix) && len(added.Prefix) < 20)
			require.Equal(t, machine.DigestOf(value), added.Digest)
		}
		return id, err
	}
	first, err := add(machine.ClientSecret, time.Time{})
	require.NoError(t, err)
	_, err = add(machine.ClientSecret, kittest.Start().Add(time.Hour))
	require.NoError(t, err)
	_, err = add(machine.ClientSecret, time.Time{})
	require.Equal(t, []string{"LIMIT_EXCEEDED", client + ": two_live_secrets"}, refusal(t, err))
	_, err = add(machine.APIKey, time.Time{})
	require.NoError(t, err, "keys are counted for themselves")
	w.clock.Advance(time.Hour)
	_, err = add(machine.ClientSecret, time.Time{})
	require.NoError(t, err, "one that has ended makes room")
	require.Len(t, w.get().Secrets, 3, "and is gone")
	_, err = add(machine.ClientSecret, time.Time{})
	require.Error(t, err)
	_, err = w.RemoveSecret(w.ctx, client, first)
	require.NoError(t, err)
	_, err = w.RemoveSecret(w.ctx, client, first)
	require.Equal(t, []string{"FIELD_INVALID", "id: secret_exists"}, refusal(t, err))
	_, err = add(machine.ClientSecret, time.Time{})
	require.NoError(t, err)
	_, err = add(machine.APIKey, w.clock.Now())
	require.Equal(t, []string{"FIELD_INVALID", "expire_time: future"}, refusal(t, err))
}

func TestTwoSecretsLiveHoweverManyAskAtOnce(t *testing.T) {
	w := newWorld(t)
	_, err := w.Create(w.ctx, who("ana"), aspen, "sync", fields("schools.read"))
	require.NoError(t, err)
	var mu sync.Mutex
	var wg sync.WaitGroup
	added := 0
	for range 12 {
		wg.Go(func() {
			_, _, _, err := w.AddSecret(w.ctx, client, machine.ClientSecret, time.Time{})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				added++
			} else if !problem.Is(err, problem.KindPrecondition) {
				t.Errorf("refused for another reason: %v", err)
			}
		})
	}
	wg.Wait()
	require.Equal(t, 2, added)
	require.Len(t, w.get().Secrets, 2)
}
