package ids_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/kit/ids"
)

func TestNewIDsAreUniqueAndSortAsTheyWereMade(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		made := make([]string, rapid.IntRange(2, 500).Draw(t, "count"))
		for i := range made {
			made[i] = ids.New()
			if !ids.Valid(made[i]) || !ids.ValidUser(made[i]) {
				t.Fatalf("%q is not valid", made[i])
			}
		}
		if !slices.IsSorted(made) {
			t.Fatalf("not in order: %v", made)
		}
		if len(slices.Compact(made)) != len(made) {
			t.Fatal("an id came twice")
		}
	})
}

func TestValidAcceptsOnlyTheCanonicalForm(t *testing.T) {
	id := ids.New()
	cases := map[string]struct {
		id   string
		want bool
	}{
		"an id as it was made":           {id, true},
		"the lowest id":                  {strings.Repeat("0", ids.Length), true},
		"upper case is another spelling": {strings.ToUpper(id[:13]) + "A" + id[14:], false},
		"too short":                      {id[1:], false},
		"too long":                       {id + "0", false},
		"empty":                          {"", false},
		"a letter outside the alphabet":  {id[:25] + "w", false},
		"bits that a UUID has not":       {id[:25] + "1", false},
		"a slash, which ends a segment":  {id[:25] + "/", false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, ids.Valid(c.id)) })
	}
}

func TestValidUserFollowsTheRuleForChosenIDs(t *testing.T) {
	cases := map[string]struct {
		id   string
		want bool
	}{
		"a district number with a leading zero": {"0880", true},
		"one letter":                            {"a", true},
		"words with hyphens":                    {"maple-grove-2", true},
		"63 characters":                         {strings.Repeat("a", 63), true},
		"64 characters":                         {strings.Repeat("a", 64), false},
		"empty":                                 {"", false},
		"the wildcard":                          {"-", false},
		"hyphen first":                          {"-a", false},
		"hyphen last":                           {"a-", false},
		"upper case":                            {"Maple", false},
		"a space":                               {"a b", false},
		"a slash":                               {"a/b", false},
		"a line break after it":                 {"a\n", false},
		"a letter beyond ASCII":                 {"é", false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, ids.ValidUser(c.id)) })
	}
}

func TestAnIdTellsWhenItWasMade(t *testing.T) {
	before := time.Now().Truncate(time.Millisecond)
	made, ok := ids.Time(ids.New())
	require.True(t, ok)
	require.False(t, made.Before(before))
	require.WithinDuration(t, before, made, time.Minute)
	for _, other := range []string{"", "0880", "zzzzzzzzzzzzzzzzzzzzzzzzzz", strings.Repeat("0", ids.Length)} {
		_, ok := ids.Time(other)
		require.False(t, ok, other)
	}
}
