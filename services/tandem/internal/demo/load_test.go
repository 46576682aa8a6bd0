package demo

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/tandem/internal/fakeinstance"
)

func TestALoadBringsTheWholeStateInTheOrderOfTheYears(t *testing.T) {
	instance := fakeinstance.New(t)
	var out bytes.Buffer
	require.NoError(t, Load(t.Context(), Options{URL: instance.URL, Seed: DefaultSeed, Out: &out}))

	s := Build(DefaultSeed, instance.Now)
	requireState(t, instance, s)
	require.Contains(t, out.String(), "Loaded "+s.summary())
	require.NotContains(t, out.String(), "\r", "no bar where there is no terminal")

	calls := instance.Calls()
	at := func(call string) int {
		i := slices.Index(calls, call)
		require.GreaterOrEqual(t, i, 0, call)
		return i
	}
	order := []int{
		at("POST /v1/cycles/2024-25:open"), at("POST /v1/districts/aspen-ridge/campaigns/families-2024-25-2:publish"),
		at("POST /v1/cycles/2024-25:close"),
		at("POST /v1/cycles/2025-26:open"), at("POST /v1/districts/aspen-ridge/campaigns/families-2025-26-2:publish"),
		at("POST /v1/cycles/2025-26:close"),
		at("POST /v1/cycles/2026-27:open"), at("POST /v1/districts/juniper-bend/campaigns/families-2026-27-2:open"),
	}
	require.True(t, slices.IsSorted(order), "%v", order)
}

// requireState checks that everything of s is there, and nothing twice.
func requireState(t *testing.T, instance *fakeinstance.Instance, s State) {
	t.Helper()
	for _, p := range s.people() {
		person := instance.Get(p.Name)
		require.NotNil(t, person, p.Name)
		if p.Until.IsZero() {
			require.Len(t, person["grants"], 1, p.Name)
			continue
		}
		require.Empty(t, person["grants"], "a role that ends is a grant of its own")
		grant := instance.Get(p.Name + "/grants/study")
		require.Equal(t, p.Until.Format(time.RFC3339), grant["endTime"])
		require.Equal(t, p.Role.String(), grant["role"])
	}
	for _, school := range s.schools() {
		require.NotNil(t, instance.Get(school.Name()), school.Name())
	}
	require.Len(t, instance.Names("/members/"), teamCount*5)
	require.Len(t, instance.Names("/campaigns/families-"), 3*6+15+3, "campaigns, operations and links")
	for i, year := range s.Years {
		require.Equal(t, []string{"STATE_CLOSED", "STATE_CLOSED", "STATE_OPEN"}[i], instance.Get(year.Name())["state"], year.ID)
	}
	for _, j := range s.Journeys {
		if !j.Continued && j.School == s.Journeys[len(s.Journeys)-1].School {
			continue // it went on
		}
		require.Equal(t, j.Until.String(), instance.Get(j.Name())["phase"], j.Name())
	}
	total, twice := instance.Sheets()
	require.Equal(t, s.answers(), total-twice)
	require.Len(t, instance.Names("/awards/"), 3)
}

func TestAFinishedStateIsLeftAlone(t *testing.T) {
	instance := fakeinstance.New(t)
	opts := Options{URL: instance.URL, Seed: DefaultSeed, Out: &bytes.Buffer{}}
	require.NoError(t, Load(t.Context(), opts))
	before := len(instance.Calls())

	instance.Now = instance.Now.AddDate(2, 0, 0) // the walkthrough moves the clock
	var quiet, loud bytes.Buffer
	opts.Quiet, opts.Out = true, &quiet
	require.NoError(t, Load(t.Context(), opts))
	require.Empty(t, quiet.String())
	opts.Quiet, opts.Out = false, &loud
	require.NoError(t, Load(t.Context(), opts))
	require.Contains(t, loud.String(), "there already")
	require.LessOrEqual(t, len(instance.Calls())-before, 10, "a few looks")
}

func TestAnInterruptedLoadGoesOnWhereItStopped(t *testing.T) {
	for _, stopAfter := range []int64{2, 300, 900} {
		t.Run(fmt.Sprintf("after %d calls", stopAfter), func(t *testing.T) {
			instance := fakeinstance.New(t)
			var calls atomic.Int64
			instance.Before = func(w http.ResponseWriter, _ *http.Request) bool {
				if calls.Add(1) <= stopAfter {
					return false
				}
				fakeinstance.Refuse(w, http.StatusServiceUnavailable, "UNAVAILABLE")
				return true
			}
			opts := Options{URL: instance.URL, Seed: DefaultSeed, Out: &bytes.Buffer{}}
			require.ErrorContains(t, Load(t.Context(), opts), "UNAVAILABLE")

			began := instance.Now
			calls.Store(-1 << 40)
			instance.Now = began.AddDate(1, 0, 0)
			if stopAfter < 4 {
				began = instance.Now // nothing was there yet
			}
			require.NoError(t, Load(t.Context(), opts))
			requireState(t, instance, Build(DefaultSeed, began))
		})
	}
}

func TestALoadEndsAtTheFirstThingThatIsWrong(t *testing.T) {
	instance := fakeinstance.New(t)
	instance.Before = func(w http.ResponseWriter, r *http.Request) bool {
		wrong := strings.HasSuffix(r.URL.Path, "/teams")
		if wrong {
			fakeinstance.Refuse(w, http.StatusForbidden, "ROLE_INSUFFICIENT")
		}
		return wrong
	}
	err := Load(t.Context(), Options{URL: instance.URL, Seed: DefaultSeed, Out: &bytes.Buffer{}})
	require.ErrorContains(t, err, "partnership teams")
	require.ErrorContains(t, err, "ROLE_INSUFFICIENT")
	require.Empty(t, instance.Names("/campaigns/"))
}

func TestOutsideDevelopmentModeItSaysSo(t *testing.T) {
	instance := fakeinstance.New(t)
	instance.Before = func(w http.ResponseWriter, _ *http.Request) bool {
		fakeinstance.Refuse(w, http.StatusNotFound, "RESOURCE_NOT_FOUND")
		return true
	}
	err := Load(t.Context(), Options{URL: instance.URL, Seed: DefaultSeed, Out: &bytes.Buffer{}})
	require.ErrorContains(t, err, "development mode")
}
