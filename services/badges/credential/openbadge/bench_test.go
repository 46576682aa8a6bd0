package openbadge_test

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/jsonld"
	"github.com/tandem-badges/tandem/services/badges/credential/openbadge"
)

// perCoreSecond runs the work and reports how often a core does it in a second of its own time,
// garbage collection included. Processor time is asked for, as wall time says little on a busy machine.
func perCoreSecond(b *testing.B, work func()) {
	b.Helper()
	work() // what is remembered for later calls is not part of the work
	b.ReportAllocs()
	before := cpuTime(b)
	for b.Loop() {
		work()
	}
	spent := cpuTime(b) - before
	b.ReportMetric(float64(b.N)/spent.Seconds(), "per-core-s")
	b.ReportMetric(float64(spent.Microseconds())/float64(b.N), "cpu-µs/op")
}

func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkLimit is what no issuer can do without: write JSON, hash twice, sign.
func BenchmarkLimit(b *testing.B) {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	credential, err := openbadge.Build(sample(issuerKey(b, 1)))
	require.NoError(b, err)
	perCoreSecond(b, func() {
		raw, err := json.Marshal(credential)
		require.NoError(b, err)
		document, proof := sha256.Sum256(raw), sha256.Sum256(raw[:300])
		ed25519.Sign(key, append(proof[:], document[:]...))
	})
}

// BenchmarkIssueRDFC goes the whole way of a badge: built, checked, signed, written as JSON.
func BenchmarkIssueRDFC(b *testing.B) {
	key, e, ctx := issuerKey(b, 1), engine(b), context.Background()
	perCoreSecond(b, func() {
		credential, err := openbadge.Build(sample(key))
		require.NoError(b, err)
		_, err = e.Issue(ctx, credential, key, now())
		require.NoError(b, err)
	})
}

func BenchmarkIssueJCS(b *testing.B) {
	key, ctx := issuerKey(b, 1), context.Background()
	set, err := contexts.Standard()
	require.NoError(b, err)
	e := dataintegrity.New(jsonld.New(set))
	perCoreSecond(b, func() {
		credential, err := openbadge.Build(sample(key))
		require.NoError(b, err)
		signed, err := e.Sign(ctx, credential, key, dataintegrity.CreateOptions{Created: now(), Suite: dataintegrity.SuiteJCS})
		require.NoError(b, err)
		_, err = jsonld.Encode(signed)
		require.NoError(b, err)
	})
}

func BenchmarkVerifyRDFC(b *testing.B) {
	raw := issued(b)
	if path := os.Getenv("BADGE_OUT"); path != "" { // for the libraries that are measured beside this
		require.NoError(b, os.WriteFile(path, raw, 0o600))
	}
	b.Run("OwnShape", func(b *testing.B) { benchmarkVerify(b, raw) })

	// No badge of ours has two words for one property, or words without a context.
	key := issuerKey(b, 1)
	credential, err := openbadge.Build(sample(key))
	require.NoError(b, err)
	credential["https://schema.org/name"] = "A second name"
	other, err := engine(b).Issue(context.Background(), credential, key, now())
	require.NoError(b, err)
	b.Run("OtherShape", func(b *testing.B) { benchmarkVerify(b, other) })
}

func benchmarkVerify(b *testing.B, raw []byte) {
	e := proofs(b)
	perCoreSecond(b, func() { require.NoError(b, verifyWith(e, raw)) })
}
