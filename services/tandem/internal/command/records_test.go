package command

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/identity"
	"github.com/tandem-badges/tandem/services/tandem/internal/app"
)

func TestACertificateIsVerifiedAndItsKeyCompared(t *testing.T) {
	data, other := t.TempDir(), t.TempDir()
	signed := map[string]string{}
	for _, folder := range []string{data, other} {
		keys, err := app.OpenKeys(folder, nil)
		require.NoError(t, err)
		signed[folder], err = identity.NewSigner(keys, identity.Gateway).SignStatement([]byte(`{"kind":"district"}`))
		require.NoError(t, err)
	}
	for name, c := range map[string]struct{ data, certificate, says string }{
		"by this gateway":         {data, signed[data], "the key is this gateway's"},
		"by another one":          {data, signed[other], "not among the gateway's keys"},
		"where no keys are":       {t.TempDir(), signed[data], "not at hand"},
		"by nobody":               {data, "x.y.z", "not valid"},
		"with something appended": {data, signed[data] + "AAAA", "not valid"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "certificate")
			require.NoError(t, os.WriteFile(file, []byte(c.certificate+"\n"), 0o600))
			var out, report bytes.Buffer
			err := (&RecordsVerify{keyData: keyData{Data: c.data}, File: file}).verify(&out, &report)
			require.Contains(t, report.String(), c.says)
			if c.says == "not valid" {
				require.Equal(t, ExitError{Code: 1}, err)
				require.Empty(t, out.String())
				return
			}
			require.NoError(t, err)
			require.JSONEq(t, `{"kind":"district"}`, out.String())
		})
	}
}
