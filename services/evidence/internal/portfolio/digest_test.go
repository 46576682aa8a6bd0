package portfolio_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/evidence/internal/portfolio"
)

func sample(n int) portfolio.Entry {
	return portfolio.Entry{
		Artifact: fmt.Sprintf("districts/0880/schools/0010/artifacts/a%d", n), SHA256: fmt.Sprintf("%064x", n+1), Size: int64(n) + 1, MediaType: "image/png",
		Caption: "Families at the <open> evening & the fair", OccurDate: "2026-09-01", Step: "districts/0880/schools/0010/teams/t/journeys/j/steps/s1", Indicator: "welcome-1",
	}
}

func TestDigestIsOfTheCanonicalArray(t *testing.T) {
	got, err := portfolio.Digest([]portfolio.Entry{sample(0)})
	require.NoError(t, err)
	canonical := `[{"artifact":"districts/0880/schools/0010/artifacts/a0","caption":"Families at the <open> evening & the fair","indicator":"welcome-1",` +
		`"mediaType":"image/png","occurDate":"2026-09-01","sha256":"` + fmt.Sprintf("%064x", 1) + `","sizeBytes":"1",` +
		`"step":"districts/0880/schools/0010/teams/t/journeys/j/steps/s1"}]`
	want := sha256.Sum256([]byte(canonical))
	require.Equal(t, hex.EncodeToString(want[:]), got)
}

func TestDigestDependsOnEveryFieldOfEveryEntry(t *testing.T) {
	changes := map[string]func(*portfolio.Entry){
		"artifact":   func(e *portfolio.Entry) { e.Artifact += "x" },
		"sha256":     func(e *portfolio.Entry) { e.SHA256 = "f" + e.SHA256[1:] },
		"size":       func(e *portfolio.Entry) { e.Size++ },
		"media type": func(e *portfolio.Entry) { e.MediaType = "image/jpeg" },
		"caption":    func(e *portfolio.Entry) { e.Caption += "." },
		"date":       func(e *portfolio.Entry) { e.OccurDate = "2026-09-02" },
		"step":       func(e *portfolio.Entry) { e.Step += "2" },
		"indicator":  func(e *portfolio.Entry) { e.Indicator += "2" },
		"summary":    func(e *portfolio.Entry) { e.PublicSummary += "Families met." },
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				list := drawEntries(t)
				before, err := portfolio.Digest(list)
				require.NoError(t, err)
				other := slices.Clone(list)
				change(&other[rapid.IntRange(0, len(list)-1).Draw(t, "which")])
				after, err := portfolio.Digest(other)
				require.NoError(t, err)
				require.NotEqual(t, before, after)
			})
		})
	}
}

// drawEntries draws entries of different artifacts.
func drawEntries(t *rapid.T) []portfolio.Entry {
	n := rapid.IntRange(1, 6).Draw(t, "entries")
	out := make([]portfolio.Entry, n)
	for i := range out {
		out[i] = sample(i)
		out[i].Caption = rapid.StringN(1, 40, -1).Draw(t, "caption")
		out[i].Size = rapid.Int64Range(1, 50<<20).Draw(t, "size")
		out[i].Indicator = rapid.StringMatching(`[a-z]{1,8}-[0-9]`).Draw(t, "indicator")
	}
	return out
}
