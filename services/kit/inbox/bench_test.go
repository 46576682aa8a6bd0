package inbox_test

import (
	"testing"

	"github.com/tandem-badges/tandem/services/kit/kittest"
)

// BenchmarkApply measures events applied per second, one after the other, from
// an embedded bus into a durable SQLite file.
func BenchmarkApply(b *testing.B) {
	r := newRig(b, kittest.SQLite(b, "badges", nil))
	for i := range b.N {
		r.publish(b, i)
	}
	b.ResetTimer()
	kittest.Go(b, r.inbox(b, nil).Run)
	r.settled(b, b.N)
}
