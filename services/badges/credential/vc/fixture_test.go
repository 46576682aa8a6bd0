package vc_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/jsonld"
	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/credential/vc"
)

const (
	v2       = contexts.CredentialsV2
	examples = contexts.ExamplesV2
)

func now() time.Time { return time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC) }

func key(t testing.TB, fill byte) *keys.Local {
	t.Helper()
	local, err := keys.FromSeed(bytes.Repeat([]byte{fill}, 32))
	require.NoError(t, err)
	return local
}

func engine(t testing.TB) *dataintegrity.Engine {
	t.Helper()
	set, err := contexts.Development()
	require.NoError(t, err)
	return dataintegrity.New(jsonld.New(set))
}

func decoded(t testing.TB, value any) map[string]any {
	t.Helper()
	raw, err := json.Marshal(value)
	require.NoError(t, err)
	doc, err := jsonld.Decode(raw)
	require.NoError(t, err)
	return doc
}

// credential is a small credential of the given issuer, without a signature.
func credential(issuer string) map[string]any {
	return map[string]any{
		"@context": []any{v2}, "id": "https://example.org/credentials/1", "type": []any{"VerifiableCredential"},
		"issuer": issuer, "validFrom": "2026-05-01T00:00:00Z", "validUntil": "2027-05-01T00:00:00Z",
		"credentialSubject": map[string]any{"id": "https://example.org/schools/1", "name": "Cottonwood Elementary"},
	}
}

// signed is the same credential with a proof.
func signed(t testing.TB, by *keys.Local) map[string]any {
	t.Helper()
	doc, err := engine(t).Sign(context.Background(), credential(by.DID()), by, dataintegrity.CreateOptions{Created: now().Add(-time.Hour)})
	require.NoError(t, err)
	return doc
}

func token(t testing.TB, doc map[string]any, by keys.Signer) string {
	t.Helper()
	text, err := vc.SignJWT(context.Background(), doc, by, now().Add(-time.Hour))
	require.NoError(t, err)
	return text
}

func options() dataintegrity.VerifyOptions {
	return dataintegrity.VerifyOptions{Now: now(), Resolver: dataintegrity.DIDKey{}}
}

func requireCode(t testing.TB, want vc.Code, err error) {
	t.Helper()
	var refusal *vc.Error
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, want, refusal.Code, refusal.Error())
}

// codeOf is the stable word of a refusal, whichever package it comes from.
func codeOf(err error) string {
	var ours *vc.Error
	var proof *dataintegrity.Error
	switch {
	case errors.As(err, &ours):
		return string(ours.Code)
	case errors.As(err, &proof):
		return string(proof.Code)
	}
	return ""
}
