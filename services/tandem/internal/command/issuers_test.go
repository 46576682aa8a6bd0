package command

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/credential/registry"
)

func TestTheListOfIssuersIsFetchedAndItsSignerIsToldOrPinned(t *testing.T) {
	signer, err := keys.Generate()
	require.NoError(t, err)
	other, err := keys.Generate()
	require.NoError(t, err)
	now := time.Date(2026, time.May, 1, 9, 0, 0, 0, time.UTC)
	raw, err := registry.Sign(t.Context(), &registry.Registry{
		ID: "https://badges.example.org/v1/issuers:registry", Issued: now, Expires: now.AddDate(0, 1, 0),
		Issuers: []registry.Issuer{{ID: other.DID(), Name: "Aspen"}},
	}, signer)
	require.NoError(t, err)
	var served []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		require.Equal(t, "/v1/issuers:registry", r.URL.Path)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(served)
	}))
	t.Cleanup(server.Close)
	run := func(c IssuersRegistry, text []byte, at time.Time) (out, notes string, err error) {
		served, c.URL = text, server.URL+"/"
		var o, n bytes.Buffer
		err = c.run(t.Context(), at, &o, &n)
		return o.String(), n.String(), err
	}
	name := keys.EncodeMultikey(signer.Public())
	out, notes, err := run(IssuersRegistry{}, raw, now)
	require.NoError(t, err)
	require.Equal(t, string(raw), out)
	require.Contains(t, notes, "Issuers: 1. Good until 2026-06-01.\nSigned by "+name+"\nCompare this key")

	file := filepath.Join(t.TempDir(), "issuers.json")
	out, notes, err = run(IssuersRegistry{RegistryKey: name, Out: file}, raw, now)
	require.NoError(t, err)
	require.Empty(t, out)
	require.Contains(t, notes, "as it must be")
	kept, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, raw, kept)

	_, _, err = run(IssuersRegistry{RegistryKey: keys.EncodeMultikey(other.Public())}, raw, now)
	require.ErrorIs(t, err, registry.ErrUntrusted)
	_, _, err = run(IssuersRegistry{}, bytes.Replace(raw, []byte("Aspen"), []byte("Birch"), 1), now)
	require.ErrorIs(t, err, registry.ErrSignature)
	_, _, err = run(IssuersRegistry{}, raw, now.AddDate(0, 1, 0))
	require.ErrorIs(t, err, registry.ErrExpired)
	_, _, err = run(IssuersRegistry{RegistryKey: "z6Mk"}, raw, now)
	require.ErrorContains(t, err, "--registry-key")
}
