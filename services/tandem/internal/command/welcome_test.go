package command

import (
	"bytes"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/tandem/internal/demo"
	"github.com/tandem-badges/tandem/services/tandem/internal/fakeinstance"
)

func TestTheWelcomeShowsWhereEverythingIsAndAsWhomToLook(t *testing.T) {
	instance := fakeinstance.New(t)
	require.NoError(t, demo.Load(t.Context(), demo.Options{URL: instance.URL, Seed: demo.DefaultSeed, Out: &bytes.Buffer{}}))
	var out bytes.Buffer
	require.NoError(t, printWelcome(t.Context(), &out, instance.URL))

	text := out.String()
	require.Contains(t, text, instance.URL+"/docs")
	require.Regexp(t, regexp.QuoteMeta(instance.URL)+`/badges/[0-9a-f]{64}\n`, text)
	for _, want := range []string{
		"state admin", "state analyst", "district coordinator", "principal", "team lead", "team member", "family liaison", "reviewer", "panel chair",
	} {
		require.Regexp(t, `(?m)^  `+want+` .* (districts/.+/)?people/`, text)
	}
	require.Contains(t, text, `{"identity": "districts/aspen-ridge/people/coordinator-aspen-ridge"}`)
	require.Contains(t, text, "Ctrl-C")
}

func TestTheCommandsOfTheWelcomeWorkAsTheyAre(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skipf("curl is not installed: %v", err)
	}
	instance := fakeinstance.New(t)
	var out bytes.Buffer
	require.NoError(t, printWelcome(t.Context(), &out, instance.URL))
	var script []string
	for line := range strings.Lines(out.String()) {
		if strings.Contains(line, "curl ") {
			script = append(script, strings.TrimSpace(line))
		}
	}
	require.Len(t, script, 2, out.String())

	var tokens []string
	instance.Before = func(_ http.ResponseWriter, r *http.Request) bool {
		tokens = append(tokens, r.Header.Get("Authorization"))
		return false
	}
	answer, err := exec.CommandContext(t.Context(), "sh", "-c", strings.Join(script, "\n")).CombinedOutput()
	require.NoError(t, err, "%s", answer)
	require.JSONEq(t, `{"districts": []}`, string(answer))
	require.Equal(t, []string{"", "Bearer people/dev-admin"}, tokens)
}

func TestBeforeTheFirstAwardTheWelcomeNamesNoBadge(t *testing.T) {
	instance := fakeinstance.New(t)
	var out bytes.Buffer
	require.NoError(t, printWelcome(t.Context(), &out, instance.URL))
	require.NotContains(t, out.String(), "/badges/")
}

func TestAWelcomeThatCannotBeMadeIsAnError(t *testing.T) {
	for _, broken := range []string{"/dev/identities", "/dev/token", "/v1/districts/-/schools/-/awards"} {
		t.Run(broken, func(t *testing.T) {
			instance := fakeinstance.New(t)
			instance.Before = func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path != broken {
					return false
				}
				fakeinstance.Refuse(w, http.StatusInternalServerError, "INTERNAL")
				return true
			}
			require.ErrorContains(t, printWelcome(t.Context(), &bytes.Buffer{}, instance.URL), "INTERNAL")
		})
	}
}
