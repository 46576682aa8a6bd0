package comment_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/comment"
	"github.com/tandem-badges/tandem/services/assessments/internal/edition"
	"github.com/tandem-badges/tandem/services/assessments/internal/framework"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
	"github.com/tandem-badges/tandem/services/assessments/internal/policy"
)

const least = 5

// all sees the whole district.
var all = campaign.Viewer{All: true}

// memory keeps the answers of one campaign of district d that asks oak and elm,
// with an item "more" and an item "why" of free text and a scale.
type memory struct {
	state    campaign.State
	answers  []comment.Written
	marks    map[string]comment.Mark
	themes   []comment.Theme
	replaced int
}

func (m *memory) Tx(ctx context.Context, fn func(ctx context.Context) error) error { return fn(ctx) }

func (m *memory) Campaign(_ context.Context, district, id string) (campaign.Campaign, error) {
	c := campaign.Campaign{
		District: district, ID: id, State: m.state, InstrumentVersion: "instruments/i/versions/1", FrameworkVersion: "frameworks/f/versions/1",
		Schools: []campaign.School{{ID: "oak"}, {ID: "elm"}},
	}
	if district != "d" || id != "fall" {
		return c, problem.NotFound(c.Name())
	}
	return c, nil
}

func (m *memory) CountAnswers(_ context.Context, _, _, school string) (n int, _ error) {
	for _, w := range m.answers {
		if w.School == school {
			n++
		}
	}
	return n, nil
}

func (m *memory) Written(_ context.Context, _, _, school string, each func(comment.Written) error) error {
	for _, w := range m.answers {
		if school == "" || w.School == school {
			if err := each(w); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *memory) ReplaceText(_ context.Context, c comment.Comment, response string) error {
	m.replaced++
	for _, w := range m.answers {
		if w.Response == response {
			w.Texts[c.Item] = c.Text
		}
	}
	return nil
}

func (m *memory) Marks(context.Context, string, string) (map[string]comment.Mark, error) {
	return maps.Clone(m.marks), nil
}

func (m *memory) SaveMark(_ context.Context, c comment.Comment) error {
	m.marks[c.ID] = c.Mark
	return nil
}

func (m *memory) AddTheme(_ context.Context, t comment.Theme) error {
	m.themes = append(m.themes, t)
	return nil
}

func (m *memory) Themes(context.Context, string, string, string, int) ([]comment.Theme, error) {
	return slices.Clone(m.themes), nil
}

func (m *memory) HasTheme(_ context.Context, _, _, id string) (bool, error) {
	return slices.ContainsFunc(m.themes, func(t comment.Theme) bool { return t.ID == id }), nil
}

func (m *memory) DeleteTheme(_ context.Context, _, _, id string) error {
	m.themes = slices.DeleteFunc(m.themes, func(t comment.Theme) bool { return t.ID == id })
	return nil
}

func (m *memory) Policy(context.Context) (policy.Policy, error) {
	return policy.Policy{MinimumCell: least}, nil
}

type instruments struct{}

func (instruments) Edition(context.Context, string, string) (instrument.Version, error) {
	return instrument.Version{State: edition.Published, Body: instrument.Body{Items: []instrument.Item{
		{ID: "q", Type: instrument.Scale}, {ID: "more", Type: instrument.Text}, {ID: "why", Type: instrument.LongText}, {ID: "since", Type: instrument.Date},
	}}}, nil
}

type frameworks struct{}

func (frameworks) Edition(context.Context, string, string) (framework.Version, error) {
	return framework.Version{State: edition.Published, Body: framework.Body{Standards: []framework.Standard{{ID: "welcome"}}}}, nil
}

func start(answers map[string]int) (*memory, *comment.Service) {
	m := &memory{state: campaign.Closed, marks: map[string]comment.Mark{}}
	for school, n := range answers {
		for i := range n {
			m.answers = append(m.answers, comment.Written{
				Response: fmt.Sprintf("response-%s-%d", school, i), School: school, Language: "es",
				Texts: map[string]string{"more": fmt.Sprintf("more %s %d", school, i), "why": "because", "since": "2026-01-01", "gone": "an item of another form"},
			})
		}
	}
	return m, comment.NewService(m, instruments{}, frameworks{}, m, clock.NewFake(time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)))
}

func rule(t *testing.T, err error) string {
	t.Helper()
	p, ok := problem.As(err)
	require.True(t, ok, "%v", err)
	require.Len(t, p.Violations, 1)
	return p.Violations[0].Rule
}

func TestCommentsAreReadAfterClosingWhereEnoughAnswered(t *testing.T) {
	m, s := start(map[string]int{"oak": least, "elm": least - 1})
	oak := comment.Filter{School: "oak"}
	for _, state := range []campaign.State{campaign.Draft, campaign.Open} {
		m.state = state
		_, err := s.List(t.Context(), "d", "fall", all, oak, "", 10)
		require.Equal(t, "comments_after_closing", rule(t, err))
	}
	for _, state := range []campaign.State{campaign.Closed, campaign.Published} {
		m.state = state
		list, err := s.List(t.Context(), "d", "fall", all, oak, "", 100)
		require.NoError(t, err)
		require.Len(t, list, 2*least, "one of each item of free text, and of no other")
	}
	_, err := s.List(t.Context(), "d", "fall", all, comment.Filter{School: "elm"}, "", 10)
	require.Equal(t, "enough_families", rule(t, err))
	_, err = s.List(t.Context(), "d", "fall", all, comment.Filter{School: "ash"}, "", 10)
	require.True(t, problem.Is(err, problem.KindNotFound))
	list, err := s.List(t.Context(), "d", "fall", all, comment.Filter{}, "", 100)
	require.NoError(t, err)
	require.Len(t, list, 2*least, "of all schools, those with enough answers")

	atElm := campaign.Viewer{Schools: []string{"elm"}}
	_, err = s.List(t.Context(), "d", "fall", atElm, oak, "", 10)
	require.True(t, problem.Is(err, problem.KindNotFound), "of another school")
	list, err = s.List(t.Context(), "d", "fall", atElm, comment.Filter{}, "", 10)
	require.NoError(t, err)
	require.Empty(t, list)
	_, err = s.List(t.Context(), "d", "fall", campaign.Viewer{Schools: []string{"ash"}}, comment.Filter{}, "", 10)
	require.True(t, problem.Is(err, problem.KindNotFound), "who is not asked knows of no survey")
	_, err = s.List(t.Context(), "d2", "fall", all, oak, "", 10)
	require.True(t, problem.Is(err, problem.KindNotFound))
}

// TestNothingOfACommentLeadsToItsAnswer looks at names and order as a reader would.
func TestNothingOfACommentLeadsToItsAnswer(t *testing.T) {
	_, s := start(map[string]int{"oak": 40})
	list, err := s.List(t.Context(), "d", "fall", all, comment.Filter{School: "oak"}, "", 1000)
	require.NoError(t, err)
	seen := map[string]bool{}
	inOrder := 0
	for i, c := range list {
		require.False(t, seen[c.ID])
		seen[c.ID] = true
		require.NotContains(t, c.Name(), "response")
		if i > 0 {
			require.Less(t, list[i-1].ID, c.ID)
			if c.Item == "more" && list[i-1].Item == "why" {
				inOrder++
			}
		}
	}
	require.NotZero(t, inOrder)
	require.Less(t, inOrder, 35, "the two comments of an answer do not stand together")
}

// TestPagesShowEachCommentOnce walks pages of any size.
func TestPagesShowEachCommentOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(least, 30).Draw(rt, "answers")
		_, s := start(map[string]int{"oak": n})
		size, after, seen := rapid.IntRange(1, 9).Draw(rt, "page"), "", 0
		for {
			list, err := s.List(t.Context(), "d", "fall", all, comment.Filter{School: "oak", Item: "more"}, after, size)
			require.NoError(rt, err)
			if len(list) == 0 {
				break
			}
			seen += len(list)
			after = list[len(list)-1].ID
		}
		require.Equal(rt, n, seen)
	})
}

func TestACommentGetsThemesAndLosesNames(t *testing.T) {
	m, s := start(map[string]int{"oak": least})
	theme, err := s.AddTheme(t.Context(), comment.Theme{District: "d", Campaign: "fall", ID: "kindness", Title: "Kindness", Standard: "welcome"})
	require.NoError(t, err)
	first, err := s.List(t.Context(), "d", "fall", all, comment.Filter{School: "oak", Item: "more"}, "", 1)
	require.NoError(t, err)
	c := first[0]

	_, err = s.Update(t.Context(), "d", "fall", c.ID, "", func(c *comment.Comment) error { c.Themes = []string{"unknown"}; return nil })
	require.Equal(t, "theme_of_campaign", rule(t, err))
	_, err = s.Update(t.Context(), "d", "fall", c.ID, "", func(c *comment.Comment) error { c.Text = " "; return nil })
	require.Equal(t, "required", rule(t, err))
	require.Zero(t, m.replaced)
	_, err = s.Update(t.Context(), "d", "fall", "no-such-comment", "", func(*comment.Comment) error { return nil })
	require.True(t, problem.Is(err, problem.KindNotFound))

	c, err = s.Update(t.Context(), "d", "fall", c.ID, etag.Of(0), func(c *comment.Comment) error { c.Themes = []string{"kindness"}; return nil })
	require.NoError(t, err)
	require.False(t, c.Redacted)
	_, err = s.Update(t.Context(), "d", "fall", c.ID, etag.Of(0), func(*comment.Comment) error { return nil })
	require.True(t, problem.Is(err, problem.KindAborted), "somebody was faster")
	c, err = s.Update(t.Context(), "d", "fall", c.ID, etag.Of(1), func(c *comment.Comment) error {
		c.Text = strings.ReplaceAll(c.Text, "oak", "[removed]")
		return nil
	})
	require.NoError(t, err)
	require.True(t, c.Redacted)
	with, err := s.List(t.Context(), "d", "fall", all, comment.Filter{School: "oak", Theme: "kindness"}, "", 10)
	require.NoError(t, err)
	require.Len(t, with, 1)
	require.Contains(t, with[0].Text, "[removed]")

	themes, shown, err := s.Themes(t.Context(), "d", "fall", "", 10)
	require.NoError(t, err)
	require.Equal(t, least, shown)
	theme.Comments = 1
	require.Equal(t, []comment.Theme{theme}, themes)
	require.NoError(t, s.DeleteTheme(t.Context(), "d", "fall", "kindness"))
	with, err = s.List(t.Context(), "d", "fall", all, comment.Filter{School: "oak", Theme: "kindness"}, "", 10)
	require.NoError(t, err)
	require.Empty(t, with)
	require.True(t, problem.Is(s.DeleteTheme(t.Context(), "d", "fall", "kindness"), problem.KindNotFound))
}

func TestAThemeIsOfTheFramework(t *testing.T) {
	_, s := start(nil)
	_, err := s.AddTheme(t.Context(), comment.Theme{District: "d", Campaign: "fall", Title: " ", Standard: "none"})
	p, _ := problem.As(err)
	require.Len(t, p.Violations, 2)
	_, err = s.AddTheme(t.Context(), comment.Theme{District: "d", Campaign: "spring", Title: "Any"})
	require.True(t, problem.Is(err, problem.KindNotFound))
}
