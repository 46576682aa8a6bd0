package storetest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/assessments/internal/comment"
	"github.com/tandem-badges/tandem/services/assessments/internal/store"
)

func comments(t *testing.T, db *sqldb.DB) {
	ctx := kittest.All(t)
	s := store.NewComments(db, clock.NewFake(now))
	for _, r := range [][]string{
		{"oak", "r1", `{"more":"Warm people"}`}, {"oak", "r2", `{}`}, {"elm", "r3", `{"more":"Cold rooms","other":"é"}`},
	} {
		_, err := db.Exec(ctx, `INSERT INTO responses (district_id, campaign_id, school_id, response_id, language, day, options, texts)
			VALUES ('d1', 'fall', $1, $2, 'en', 0, '{}', $3)`, r[0], r[1], r[2])
		require.NoError(t, err)
	}
	n, err := s.CountAnswers(ctx, "d1", "fall", "oak")
	require.NoError(t, err)
	require.Equal(t, 2, n)
	read := func(school string) (out []comment.Written) {
		require.NoError(t, s.Written(ctx, "d1", "fall", school, func(w comment.Written) error { out = append(out, w); return nil }))
		return out
	}
	require.Equal(t, []comment.Written{{Response: "r1", School: "oak", Language: "en", Texts: map[string]string{"more": "Warm people"}}}, read("oak"))
	require.Len(t, read(""), 2)

	c := comment.Comment{District: "d1", Campaign: "fall", ID: "c1", School: "elm", Item: "more", Text: "[removed]", Mark: comment.Mark{Themes: []string{"rooms"}, Redacted: true, Version: 1}}
	require.NoError(t, s.ReplaceText(ctx, c, "r3"))
	require.Equal(t, map[string]string{"more": "[removed]", "other": "é"}, read("elm")[0].Texts)
	kind(t, problem.KindNotFound, s.ReplaceText(ctx, c, "r1"))

	require.NoError(t, s.SaveMark(ctx, c))
	kind(t, problem.KindAlreadyExists, s.SaveMark(ctx, c))
	marks, err := s.Marks(ctx, "d1", "fall")
	require.NoError(t, err)
	require.Equal(t, map[string]comment.Mark{"c1": c.Mark}, marks)
	c.Themes, c.Version = nil, 2
	require.NoError(t, s.SaveMark(ctx, c))
	kind(t, problem.KindAborted, s.SaveMark(ctx, c))

	theme := comment.Theme{District: "d1", Campaign: "fall", ID: "rooms", Title: "Rooms", Standard: "a", CreateTime: now}
	require.NoError(t, s.AddTheme(ctx, theme))
	kind(t, problem.KindAlreadyExists, s.AddTheme(ctx, theme))
	list, err := s.Themes(ctx, "d1", "fall", "", 10)
	require.NoError(t, err)
	require.Equal(t, []comment.Theme{theme}, list)
	list, err = s.Themes(ctx, "d1", "fall", "rooms", 10)
	require.NoError(t, err)
	require.Empty(t, list)
	in(t, db, func(ctx context.Context) error { return s.DeleteTheme(ctx, "d1", "fall", "rooms") })
	known, err := s.HasTheme(ctx, "d1", "fall", "rooms")
	require.NoError(t, err)
	require.False(t, known)
}
