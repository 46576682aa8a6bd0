package rollup_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/rollup"
)

func TestAnswersOfEveryTypeAreCounted(t *testing.T) {
	f := form()
	c, err := rollup.NewCounter(f.Body)
	require.NoError(t, err)
	for _, options := range []string{
		`{"q1":"4","q2":"1","m/a":"2","many":["x","z"],"rank":["y","x"],"visits":3,"gone":"1"}`,
		`{ "q1" : "na", "q2":"1", "many":[], "rank":[], "visits":null }`,
		`{}`,
	} {
		require.NoError(t, c.Add(answer("oak", "en", options)))
	}
	oak := c.Finish().Schools["oak"]
	require.EqualValues(t, 3, oak.Answers)
	got := map[string][]int64{}
	for i, q := range f.Questions {
		got[q.ID] = oak.Cells[i]
	}
	require.Equal(t, map[string][]int64{
		"q1": {0, 0, 0, 1}, "q2": {2, 0, 0, 0}, "m/a": {0, 1, 0, 0}, "m/b": {0, 0, 0, 0},
		"many/x": {1, 0}, "many/y": {0, 1}, "many/z": {1, 0}, "rank/x": {0, 1}, "rank/y": {1, 0},
	}, got, "chosen and not chosen; first and second")
	require.EqualValues(t, 3, oak.Groups["language=en"].Answers)
}

func TestBrokenAnswersAreErrors(t *testing.T) {
	for _, options := range []string{``, `{`, `{"q1"}`, `{"q1":}`, `{"q1":"4"`, `{"q1":"4"}}`, `{"q1":"a\"b"}`, `{"many":["x"`, `{"many":["x" "y"]}`, `{"q1":{"a":"b"}}`, `[]`} {
		c, err := rollup.NewCounter(form().Body)
		require.NoError(t, err)
		require.Error(t, c.Add(rollup.Answer{School: "oak", Options: []byte(options)}), options)
	}
}

// TestCountingReadsWhatIsStored holds the reader of documents to encoding/json.
func TestCountingReadsWhatIsStored(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stored := map[string]any{}
		want := map[string]int{}
		for _, q := range []string{"q1", "q2", "m/a", "m/b"} {
			if rapid.Bool().Draw(t, q) {
				stored[q] = rapid.SampledFrom([]string{"1", "2", "3", "4", "na", "other"}).Draw(t, q)
				if o := stored[q].(string); o >= "1" && o <= "4" {
					want[q+o]++
				}
			}
		}
		if rapid.Bool().Draw(t, "number") {
			stored["visits"] = rapid.Float64().Draw(t, "visits")
		}
		raw, err := json.Marshal(stored)
		require.NoError(t, err)
		f := form()
		c, err := rollup.NewCounter(f.Body)
		require.NoError(t, err)
		require.NoError(t, c.Add(answer("oak", "en", string(raw))))
		oak := c.Finish().Schools["oak"]
		got := map[string]int{}
		for i, q := range f.Questions {
			for k, n := range oak.Cells[i] {
				if n > 0 {
					got[q.ID+fmt.Sprint(k+1)] += int(n)
				}
			}
		}
		require.Equal(t, want, got)
	})
}

func TestSmallSchoolsAreToldTogetherOrWait(t *testing.T) {
	f := form()
	pick := func(_ string, i, _, bound int) int { return i % bound }
	first := func(schools map[string]int) map[string]bool {
		out := map[string]bool{}
		for id, s := range rollup.First(campaign.Campaign{}, counted(t, f, schools, pick), 10).Schools {
			out[id] = s.Pooled
		}
		return out
	}
	require.Equal(t, map[string]bool{"oak": false, "elm": true, "fir": true}, first(map[string]int{"oak": 10, "elm": 9, "fir": 1, "ash": 0}))
	require.Equal(t, map[string]bool{"oak": false}, first(map[string]int{"oak": 30, "elm": 9}), "one by itself would be known by its difference")
	require.Equal(t, map[string]bool{"oak": false}, first(map[string]int{"oak": 30, "elm": 4, "fir": 5}), "and so would too few together")
}

func TestRoundsTakeSchoolsWithEnoughNewAnswers(t *testing.T) {
	f := form()
	pick := func(_ string, i, _, bound int) int { return i % bound }
	snap := rollup.First(campaign.Campaign{District: "d1", ID: "fall"}, counted(t, f, map[string]int{"oak": 20, "elm": 20, "fir": 6, "yew": 6, "ash": 3}, pick), 10)
	next, changed, err := snap.Next(counted(t, f, map[string]int{"oak": 29, "elm": 30, "fir": 40, "yew": 7, "ash": 3, "new": 12}, pick), 10, 10)
	require.NoError(t, err)
	require.Equal(t, []string{"elm", "fir", "new"}, changed)
	require.Equal(t, 2, next.Round)
	require.EqualValues(t, 20, next.Schools["oak"].Answers, "nine new answers wait")
	require.Equal(t, 1, next.Schools["oak"].Round)
	require.EqualValues(t, 30, next.Schools["elm"].Answers)
	require.Equal(t, 2, next.Schools["elm"].Round)
	require.True(t, next.Schools["fir"].Pooled, "who was told together stays together")
	require.EqualValues(t, 6, next.Schools["yew"].Answers)

	_, _, err = snap.Next(counted(t, f, map[string]int{"oak": 40}, func(string, int, int, int) int { return 0 }), 10, 10)
	require.ErrorContains(t, err, "counts_never_fall")
}
