package response

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/internal/code"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
)

func TestUnfinishedAnswersOpenWithBothSecretsOnly(t *testing.T) {
	u := Unfinished{ResponseID: "response-1", Language: "es", Answers: []Answer{{Item: "words", Text: "secreto"}}, SaveTime: time.Unix(1, 0).UTC()}
	key, given := code.New(), code.New()
	sealed, err := u.seal(key, given)
	require.NoError(t, err)
	got, err := open(sealed, key, given)
	require.NoError(t, err)
	require.Equal(t, u, got)
	for _, text := range []string{"secreto", "response-1", key, given} {
		require.NotContains(t, string(sealed), text)
	}
	for name, secrets := range map[string][2]string{"another key": {code.New(), given}, "another code": {key, code.New()}, "exchanged": {given, key}} {
		_, err := open(sealed, secrets[0], secrets[1])
		require.Error(t, err, name)
		require.NotEqual(t, draftKey(key, given), draftKey(secrets[0], secrets[1]), name)
	}
	sealed[len(sealed)-1] ^= 1
	_, err = open(sealed, key, given)
	require.Error(t, err, "a changed row is noticed")
	again, err := u.seal(key, given)
	require.NoError(t, err)
	require.False(t, bytes.Equal(sealed[:12], again[:12]), "each sealing has a nonce of its own")
}

func TestTooMuchIsNotSaved(t *testing.T) {
	u := Unfinished{}
	for range 100 {
		u.Answers = append(u.Answers, Answer{Item: "words", Text: string(bytes.Repeat([]byte("x"), 4000))})
	}
	_, err := u.seal("k", "c")
	require.True(t, problem.Is(err, problem.KindInvalid), "%v", err)
}

// scored is a questionnaire of a scale, a matrix of three rows, a text, and a scale
// that is asked of some only.
func scored() instrument.Body {
	options := []instrument.Option{{ID: "1", Score: 1}, {ID: "2", Score: 2}, {ID: "dk", NotApplicable: true}}
	return instrument.Body{Items: []instrument.Item{
		{ID: "a", Type: instrument.Scale, Options: options},
		{ID: "m", Type: instrument.Matrix, Options: options, Rows: []instrument.Row{{ID: "x"}, {ID: "y"}, {ID: "z"}}},
		{ID: "words", Type: instrument.Text},
		{ID: "more", Type: instrument.Scale, Options: options, Relevant: `answers["a"] == "2"`},
	}}.Prepared()
}

func TestLessThanHalfOfWhatIsScoredIsPartial(t *testing.T) {
	a := func(option string) Answer { return Answer{Item: "a", Option: option} }
	rows := func(ids ...string) Answer {
		out := Answer{Item: "m", Rows: map[string]string{}}
		for _, id := range ids {
			out.Rows[id] = "1"
		}
		return out
	}
	tests := map[string]struct {
		answers []Answer
		partial bool
	}{
		"nothing":                     {nil, true},
		"words only":                  {[]Answer{{Item: "words", Text: "many"}}, true},
		"one of four":                 {[]Answer{a("1")}, true},
		"exactly half":                {[]Answer{a("1"), rows("x")}, false},
		"don't know is an answer":     {[]Answer{a("dk"), rows("z")}, false},
		"two of five, one asked more": {[]Answer{a("2"), rows("x")}, true},
		"three of five":               {[]Answer{a("2"), rows("x"), {Item: "more", Option: "1"}}, false},
		"everything":                  {[]Answer{a("1"), rows("x", "y", "z")}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) { require.Equal(t, tt.partial, partial(scored(), tt.answers)) })
	}
}

func TestALinkTakesSoMuchFromOneAddressAndInAll(t *testing.T) {
	f, now := newFloods(), time.Unix(1000, 0)
	f.now = func() time.Time { return now }
	for range perClient {
		require.NoError(t, f.admit("link", "one"))
	}
	err := f.admit("link", "one")
	e, ok := problem.As(err)
	require.True(t, ok)
	require.Equal(t, problem.KindExhausted, e.Kind)
	require.GreaterOrEqual(t, e.Retry, time.Second)
	require.NoError(t, f.admit("other", "one"), "another link")
	require.NoError(t, f.admit("link", "two"), "another address")
	now = now.Add(e.Retry)
	require.NoError(t, f.admit("link", "one"), "after the time it was told to wait")
	require.Error(t, f.admit("link", "one"))

	now = now.Add(time.Hour)
	for i := range perLink {
		require.NoError(t, f.admit("link", code.Digest(string(rune(i)))))
	}
	require.Error(t, f.admit("link", "fresh"), "from wherever they come")
	require.Error(t, f.admit("link", ""))
}

func TestWhoTriesCodesIsStopped(t *testing.T) {
	f, now := newFloods(), time.Unix(1000, 0)
	f.now = func() time.Time { return now }
	for range perMisses {
		require.NoError(t, f.maySearch("one"))
		f.missed("one")
	}
	require.True(t, problem.Is(f.maySearch("one"), problem.KindExhausted))
	require.NoError(t, f.maySearch("two"))
	require.NoError(t, f.maySearch(""), "nobody knows who")
	now = now.Add(2 * time.Second)
	require.NoError(t, f.maySearch("one"))
}

func TestEntriesDifferWhereAnswersDoAndNowhereElse(t *testing.T) {
	body := instrument.Body{Items: []instrument.Item{{ID: "many", Type: instrument.MultipleChoice}, {ID: "order", Type: instrument.Ranking}}}
	one := []Answer{{Item: "q1", Option: "1"}, {Item: "many", Options: []string{"b", "a"}}, {Item: "order", Options: []string{"b", "a"}}, {Item: "empty"}, {Item: "m", Rows: map[string]string{"x": "1", "y": "2"}}}
	same := []Answer{{Item: "m", Rows: map[string]string{"y": "2", "x": "1"}}, {Item: "order", Options: []string{"b", "a"}}, {Item: "many", Options: []string{"a", "b"}}, {Item: "q1", Option: "1"}}
	require.Empty(t, different(normal(body, one), normal(body, same)))
	other := []Answer{{Item: "q1", Option: "2"}, {Item: "many", Options: []string{"a"}}, {Item: "order", Options: []string{"a", "b"}}, {Item: "new", Text: "x"}}
	require.Equal(t, []string{"m", "many", "new", "order", "q1"}, different(normal(body, one), normal(body, other)))
	require.Equal(t, []string{"b", "a"}, one[1].Options, "what was given stays as it is")
}

// A sheet is stored only when two people agree or somebody decides between two that
// differ, whatever is keyed in by whom.
func TestTwoPeopleAgreeBeforeASheetIsStored(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e, keyed := Entry{}, map[string]string{}
		for step := range rapid.IntRange(1, 8).Draw(t, "steps") {
			by := rapid.SampledFrom([]string{"ann", "ben", "cem"}).Draw(t, "by")
			says := rapid.SampledFrom([]string{"1", "2"}).Draw(t, "says")
			resolve := rapid.IntRange(0, 5).Draw(t, "resolve") == 0
			sheet := Sheet{Answers: []Answer{{Item: "q", Option: says}}}
			if step == 0 {
				e = Entry{State: EnteredOnce, FirstBy: by, First: sheet}
				keyed[by] = says
				continue
			}
			before := e.State
			agreed, err := e.enter(by, sheet, Keyed{Resolve: resolve})
			switch {
			case err != nil:
				require.True(t, problem.Is(err, problem.KindPrecondition))
				continue
			case resolve:
				require.Equal(t, Different, before)
				require.True(t, agreed)
			case agreed:
				found := false
				for other, said := range keyed {
					found = found || other != by && said == says
				}
				require.True(t, found, "somebody else keyed in the same")
			}
			if agreed {
				return
			}
			keyed[by] = says
			require.Len(t, keyed, int(e.State), "one, or two who differ")
		}
	})
}
