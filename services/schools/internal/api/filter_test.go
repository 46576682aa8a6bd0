package api

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/schools/internal/district"
)

func is(op district.Op, field string, value any) *district.Condition {
	return &district.Condition{Op: op, Field: field, Value: value}
}

func all(op district.Op, args ...*district.Condition) *district.Condition {
	return &district.Condition{Op: op, Args: args}
}

func TestFiltersOfSchoolsAreRead(t *testing.T) {
	for filter, want := range map[string]*district.Condition{
		"":                              nil,
		"  ":                            nil,
		`title = "Oak"`:                 is(district.Equal, "title", "Oak"),
		`title != "Oak"`:                is(district.NotEqual, "title", "Oak"),
		`title:"oak"`:                   is(district.Has, "title", "oak"),
		`state_identifier = "0880"`:     is(district.Equal, "state_identifier", "0880"),
		`title_one`:                     is(district.Equal, "title_one", true),
		`title_one = false`:             is(district.Equal, "title_one", false),
		`NOT charter`:                   all(district.Not, is(district.Equal, "charter", true)),
		`charter != true`:               is(district.NotEqual, "charter", true),
		`state = STATE_CLOSED`:          is(district.Equal, "state", "closed"),
		`state = "OPEN"`:                is(district.Equal, "state", "open"),
		`title:"a" AND title:"b"`:       all(district.And, is(district.Has, "title", "a"), is(district.Has, "title", "b")),
		`title:"a" OR charter`:          all(district.Or, is(district.Has, "title", "a"), is(district.Equal, "charter", true)),
		`title = "'; DROP TABLE x; --"`: is(district.Equal, "title", "'; DROP TABLE x; --"),
		`NOT (title:"a" OR title:"b")`:  all(district.Not, all(district.Or, is(district.Has, "title", "a"), is(district.Has, "title", "b"))),
		`title:"a" charter`:             all(district.And, is(district.Has, "title", "a"), is(district.Equal, "charter", true)),
	} {
		t.Run(filter, func(t *testing.T) {
			got, err := schoolFilter(filter)
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
}

func TestFiltersThatMeanNothingAreRefused(t *testing.T) {
	for _, filter := range []string{
		`title`, `title = 1`, `title = title`, `title > "a"`, `colour = "red"`, `enrollment > 3`, `state = STATE_GONE`, `state = "gone"`,
		`charter = "maybe"`, `title_one = 1`, `title_one:true`, `"oak"`, `true`, `((`, `title = "`, `title = "a" AND`, `title.part = "a"`, `STATE_OPEN`,
	} {
		t.Run(filter, func(t *testing.T) {
			got, err := schoolFilter(filter)
			p, ok := problem.As(err)
			require.True(t, ok, "%v %v", got, err)
			require.Equal(t, "filter", p.Violations[0].Field)
			require.Contains(t, p.Violations[0].Fix, "title_one")
		})
	}
}
