package walkthrough

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/tandem/internal/fakeinstance"
	"github.com/tandem-badges/tandem/services/tandem/internal/restclient"
)

// play plays on the instance and returns what was printed.
func play(t *testing.T, instance *fakeinstance.Instance, change func(*Options)) (Result, string, error) {
	t.Helper()
	var out bytes.Buffer
	opts := Options{
		URL: instance.URL, Out: &out, Folder: t.TempDir(),
		Verify: func(context.Context, string) error { return nil },
	}
	if change != nil {
		change(&opts)
	}
	result, err := Play(t.Context(), opts)
	return result, out.String(), err
}

func TestTheYearIsPlayedToTheBadge(t *testing.T) {
	instance := fakeinstance.New(t)
	var verified []string
	var calls []restclient.Call
	folder, steps := "", 0
	result, out, err := play(t, instance, func(o *Options) {
		folder = o.Folder
		o.Verify = func(_ context.Context, target string) error { verified = append(verified, target); return nil }
		o.OnCall = func(c restclient.Call) { calls = append(calls, c) }
		o.OnStep = func(n int) { steps = n }
	})
	require.NoError(t, err)

	require.Equal(t, "PHASE_AWARDED", instance.Get(result.Journey)["phase"])
	require.Equal(t, result.Credential, instance.Get(result.Award)["credential"])
	require.Equal(t, steps, result.Steps)
	require.LessOrEqual(t, result.Calls, len(calls))
	for number := 1; number <= result.Steps; number++ {
		require.Regexp(t, fmt.Sprintf(`(?m)^%3d  \w`, number), out, "a line per step")
	}
	require.Contains(t, out, "POST /v1/…/teams → 200")
	require.Contains(t, out, "refused, 3 things missing: survey-result self-assessment anecdotal-note")
	require.Contains(t, out, "JourneyBegun ×2")
	require.Contains(t, out, "a school earned its badge")

	file := filepath.Join(folder, "credential.json")
	require.Equal(t, []string{file, instance.URL + "/badges/" + strings.TrimPrefix(result.Credential, "credentials/")}, verified)
	saved, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Contains(t, string(saved), `"id"`)
	total, twice := instance.Sheets()
	require.Equal(t, 2*families, total)
	require.Zero(t, twice)
}

func TestItCanBePlayedAgainAndAgain(t *testing.T) {
	instance := fakeinstance.New(t)
	schools := map[string]bool{}
	for range 3 {
		result, _, err := play(t, instance, nil)
		require.NoError(t, err)
		schools[result.School] = true
	}
	require.Len(t, schools, 3)
}

func TestItEndsAtTheFirstThingThatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		when   string // end of the path
		answer fakeinstance.Resource
		want   string
	}{
		"a journey that skips its rules":    {"journeys/first:deliberate", fakeinstance.Resource{}, "want a refusal NOT_ELIGIBLE"},
		"a form in another language":        {"forms", fakeinstance.Resource{"open": true, "language": "en"}, "in Spanish"},
		"a closed form":                     {"forms", fakeinstance.Resource{"open": false, "language": "es"}, "want it open"},
		"receipts that differ":              {"responses:submit", nil, "got receipt"},
		"a small cell":                      {"results", smallCell(), "shows a cell of 7"},
		"an answer that was counted twice":  {"results", counted(families + 1), "counts"},
		"no result":                         {"results", fakeinstance.Resource{}, "no result of wave 1"},
		"nothing to rank":                   {":rankNeeds", fakeinstance.Resource{}, "ranking is empty"},
		"another digest than that sent":     {"/content", fakeinstance.Resource{"sha256": "00"}, "the digest is 00"},
		"a decision against the rule":       {"decisions/first", fakeinstance.Resource{"ruleMet": false, "ruleExplanation": "mean 1.2"}, "mean 1.2"},
		"an approval without an award":      {":approve", fakeinstance.Resource{}, "names no award"},
		"a trail without a credential":      {":trail", fakeinstance.Resource{}, "no credential"},
		"a trail without a decision":        {":trail", fakeinstance.Resource{"credential": fakeinstance.Resource{"id": "x"}}, "no approved decision"},
		"a page that does not name who won": {"/badges/", fakeinstance.Resource{}, "does not name the school"},
	} {
		t.Run(name, func(t *testing.T) {
			instance := fakeinstance.New(t)
			receipts := 0
			instance.Before = func(w http.ResponseWriter, r *http.Request) bool {
				if !hits(r.URL.Path, c.when) || strings.HasSuffix(r.URL.Path, "/decisions/first") && r.Method != http.MethodGet {
					return false
				}
				answer := c.answer
				if answer == nil {
					receipts++
					answer = fakeinstance.Resource{"receipt": fmt.Sprint(receipts)}
				}
				fakeinstance.Answer(w, http.StatusOK, answer)
				return true
			}
			_, out, err := play(t, instance, nil)
			require.ErrorContains(t, err, c.want)
			require.Regexp(t, `^step \d+, `, err.Error())
			require.NotContains(t, out, "earned its badge")
		})
	}
}

// hits tells whether a path ends with what is meant, or has it as a segment.
func hits(path, what string) bool {
	return strings.HasSuffix(path, what) || strings.Contains(path, "/"+strings.Trim(what, "/")+"/")
}

func counted(n int) fakeinstance.Resource {
	return fakeinstance.Resource{"results": []fakeinstance.Resource{
		{"wave": 1, "responses": fakeinstance.Resource{"shown": true, "value": n}},
	}}
}

func smallCell() fakeinstance.Resource {
	result := counted(families)
	result["results"].([]fakeinstance.Resource)[0]["items"] = []fakeinstance.Resource{{
		"item": "welcome-q1", "options": []fakeinstance.Resource{{"count": fakeinstance.Resource{"shown": true, "value": 7}}},
	}}
	return result
}

func TestABadgeThatDoesNotVerifyIsNoSuccess(t *testing.T) {
	wrong := errors.New("result: NOT VALID")
	_, out, err := play(t, fakeinstance.New(t), func(o *Options) {
		o.Verify = func(context.Context, string) error { return wrong }
	})
	require.ErrorIs(t, err, wrong)
	require.NotContains(t, out, "earned its badge")
}

func TestWithResumeAYearSurvivesThatTheInstanceGoesAway(t *testing.T) {
	instance := fakeinstance.New(t)
	calls := 0
	instance.Before = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/v1/events:stream" {
			return false
		}
		calls++
		away := calls%40 == 7
		if away {
			fakeinstance.Refuse(w, http.StatusServiceUnavailable, "UNAVAILABLE")
		}
		return away
	}
	_, _, err := play(t, instance, func(o *Options) { o.Resume = true })
	require.NoError(t, err)
}
