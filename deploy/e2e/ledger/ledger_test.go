package ledger

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/tandem-badges/tandem/deploy/e2e/load"
)

func TestWhatIsNotEqualIsNamed(t *testing.T) {
	good := Count{What: "schools", Acknowledged: 3, Rows: 3, Events: 3, InStream: 3}
	require.NoError(t, good.check())
	for name, c := range map[string]Count{
		"a row too few":      {Acknowledged: 3, Rows: 2, Events: 3, InStream: 3},
		"an event too many":  {Acknowledged: 3, Rows: 3, Events: 4, InStream: 3},
		"twice in a stream":  {Acknowledged: 3, Rows: 3, Events: 3, InStream: 4},
		"not applied":        {Acknowledged: 3, Rows: 3, Events: 3, InStream: 3, AppliedElsewhere: true, Applied: 2},
		"another row":        {Acknowledged: 3, Rows: 3, Events: 3, InStream: 3, lost: []string{"a"}, unknown: []string{"b"}},
		"told of twice":      {Acknowledged: 3, Rows: 3, Events: 3, InStream: 3, doubled: []string{"a"}},
		"one not in stream":  {Acknowledged: 3, Rows: 3, Events: 3, InStream: 3, unstreamed: []string{"a"}},
		"one twice in there": {Acknowledged: 3, Rows: 3, Events: 3, InStream: 3, streamedMo: []string{"a"}},
	} {
		require.Error(t, c.check(), name)
	}
}

func TestSetsOfNames(t *testing.T) {
	require.Equal(t, []string{"b"}, missing([]string{"a", "b"}, []string{"a", "c"}))
	require.Empty(t, missing(nil, []string{"a"}))
	require.Equal(t, []string{"b", "b"}, repeated([]string{"a", "b", "b", "b"}))
	require.Equal(t, "c", last("a/b/c"))
}

func TestAWriteThatWasSentAgainCountsOnce(t *testing.T) {
	folder := t.TempDir()
	_, err := acknowledged(folder)
	require.ErrorContains(t, err, "no records")
	lines := `{"kind":"school","id":"s-1","acked":true}
{"kind":"school","id":"s-2","status":503}
{"kind":"school","id":"s-1","acked":true}
{"kind":"district","status":200}
`
	require.NoError(t, os.WriteFile(filepath.Join(folder, "one.jsonl"), []byte(lines), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "two.jsonl"), []byte(`{"kind":"school","id":"s-2","acked":true}`), 0o600))
	acked, err := acknowledged(folder)
	require.NoError(t, err)
	require.Equal(t, map[string][]string{load.School: {"s-1", "s-2"}}, acked)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "two.jsonl"), []byte(`{"kind`), 0o600))
	_, err = acknowledged(folder)
	require.Error(t, err, "a record that was cut off")
}

func TestCountsInEvents(t *testing.T) {
	name := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), "districts/load/campaigns/load")
	require.EqualValues(t, 1, counted(name), "events said nothing before they counted")
	require.EqualValues(t, 7, counted(protowire.AppendVarint(protowire.AppendTag(name, 2, protowire.VarintType), 7)))
	require.Zero(t, counted([]byte{0xff}))
}
