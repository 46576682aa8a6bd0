package evidence_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"

	"github.com/tandem-badges/tandem/services/kit/kittest"

	"github.com/tandem-badges/tandem/services/evidence"
	"github.com/tandem-badges/tandem/services/evidence/internal/evidencetest"
)

func TestServiceSaysWhatItNeeds(t *testing.T) {
	d := kittest.Deps(t, evidence.Name, evidence.Migrations)
	_, err := evidence.New(d)
	require.ErrorContains(t, err, "schools")
	d.Peers = map[string]grpc.ClientConnInterface{"schools": kittest.Serve(t, evidencetest.NewSchools().Service(), kittest.ServeOptions{})}
	_, err = evidence.NewWith(d, evidence.Config{})
	require.ErrorContains(t, err, "limits")
	svc, err := evidence.New(d)
	require.NoError(t, err)
	require.Equal(t, evidence.Name, svc.Name)
	for _, check := range svc.Checks {
		require.NoError(t, check.Probe(t.Context()), check.Name)
	}
	info, err := os.Stat(filepath.Join(d.DataDir, "uploads"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())

	require.NoError(t, os.WriteFile(filepath.Join(d.DataDir, "file"), nil, 0o600))
	d.DataDir = filepath.Join(d.DataDir, "file")
	_, err = evidence.New(d)
	require.ErrorContains(t, err, "folder of uploads")
}

func TestDefaultLimitIsFiftyMebibytes(t *testing.T) {
	require.EqualValues(t, 50<<20, evidence.DefaultConfig().MaxContentBytes)
}
