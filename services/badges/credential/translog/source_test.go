package translog_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/credential/translog"
)

var errAway = errors.New("away")

type away struct{ translog.Files }

func (away) Read(context.Context, string) ([]byte, error) { return nil, errAway }

func TestASavedCheckpointTellsWhichKeyToBelieve(t *testing.T) {
	r := newRig(t)
	for i := range 3 {
		r.add(event(translog.Issued, fmt.Sprintf("urn:%d", i), i))
	}
	saved := r.files[translog.CheckpointPath]
	r.add(event(translog.Issued, badge, 4))
	r.files[translog.KeyPath] = []byte(r.key.String() + "\n")

	forger := newRig(t)
	var err error
	forger.signer, err = keys.FromSeed(make([]byte, 32))
	require.NoError(t, err)
	forger.key, err = translog.NewKey(origin, forger.signer.Public())
	require.NoError(t, err)
	forger.add(event(translog.Issued, badge, 4), event(translog.Issued, "urn:1", 5), event(translog.Issued, "urn:2", 6))
	forger.files[translog.KeyPath] = []byte(forger.key.String())
	swapped := memory{translog.KeyPath: []byte(r.key.String()), translog.CheckpointPath: forger.files[translog.CheckpointPath]}

	for name, c := range map[string]struct {
		source translog.Source
		code   string
	}{
		"the key that the log tells": {translog.Source{Files: r.files, Saved: saved}, ""},
		"a key of one's own":         {translog.Source{Files: r.files, Saved: saved, Key: r.key}, ""},
		"a log with another key":     {translog.Source{Files: forger.files, Saved: saved}, translog.CodeUnsigned},
		"its own key before":         {translog.Source{Files: forger.files, Saved: saved, Key: r.key}, translog.CodeUnsigned},
		"a checkpoint of another":    {translog.Source{Files: swapped, Saved: saved}, translog.CodeUnsigned},
		"nothing saved":              {translog.Source{Files: r.files, Saved: []byte("x")}, translog.CodeUnsigned},
		"no key to be found":         {translog.Source{Files: memory{}, Saved: saved}, translog.CodeUnavailable},
		"a log that is away":         {translog.Source{Files: away{}, Saved: saved}, translog.CodeUnavailable},
		"no key":                     {translog.Source{Files: memory{translog.KeyPath: []byte("k")}, Saved: saved}, translog.CodeUnsigned},
	} {
		f, err := c.source.Check(t.Context(), question(at(4)))
		require.NoError(t, err, name)
		require.Equal(t, c.code, f.Code, "%s: %s", name, f.Reason)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = (&translog.Source{Files: away{}, Saved: saved}).Check(ctx, question(at(4)))
	require.ErrorIs(t, err, context.Canceled)

	name, err := translog.SavedOrigin(saved)
	require.NoError(t, err)
	require.Equal(t, origin, name)
	_, err = translog.SavedOrigin([]byte("x"))
	require.ErrorIs(t, err, translog.ErrCheckpoint)
}
