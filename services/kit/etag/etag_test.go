package etag_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

func TestCheck(t *testing.T) {
	cases := map[string]struct {
		got   string
		stale bool
	}{
		"no etag asks for no check":          {"", false},
		"the current etag passes":            {etag.Of(7), false},
		"an older etag is stale":             {etag.Of(6), true},
		"a newer etag is stale":              {etag.Of(8), true},
		"text that was never an etag":        {"seven", true},
		"the version without its quotes":     {"7", true},
		"a weak etag of the current version": {"W/" + etag.Of(7), true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			err := etag.Check(c.got, 7, "teams/t")
			if !c.stale {
				require.NoError(t, err)
				return
			}
			e, ok := problem.As(err)
			require.True(t, ok)
			require.Equal(t, problem.ReasonEtagStale, e.Reason)
			require.Equal(t, "teams/t", e.Name)
		})
	}
}

func TestEtagsOfDifferentVersionsDiffer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Int64().Draw(t, "a"), rapid.Int64().Draw(t, "b")
		if (etag.Of(a) == etag.Of(b)) != (a == b) {
			t.Fatalf("versions %d and %d", a, b)
		}
	})
}
