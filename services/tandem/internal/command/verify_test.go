package command

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/bake"
	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
	"github.com/tandem-badges/tandem/services/badges/credential/jsonld"
	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/credential/openbadge"
	"github.com/tandem-badges/tandem/services/badges/credential/registry"
	"github.com/tandem-badges/tandem/services/badges/credential/status"
	"github.com/tandem-badges/tandem/services/badges/credential/vc"
)

const office = "Example State Office"

func verifyKey(t *testing.T, fill byte) *keys.Local {
	t.Helper()
	k, err := keys.FromSeed(bytes.Repeat([]byte{fill}, 32))
	require.NoError(t, err)
	return k
}

func verifyTime() time.Time { return time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC) }

// someBadge is a badge with a status list at an address.
func someBadge(t *testing.T, list string) map[string]any {
	t.Helper()
	doc, err := openbadge.Build(openbadge.Badge{
		ID: "https://badges.example.org/v1/credentials/c1", Name: "Welcome All Families",
		Issuer:    openbadge.Issuer{ID: verifyKey(t, 1).DID(), Name: office},
		ValidFrom: verifyTime().AddDate(0, -1, 0), ValidUntil: verifyTime().AddDate(1, 0, 0),
		School: openbadge.School{ID: "https://badges.example.org/v1/schools/1", Name: "East\u202e Elementary"},
		Achievement: openbadge.Achievement{
			ID: "https://badges.example.org/v1/definitions/1", Name: "Welcome", Description: "Welcome", CriteriaNarrative: "A year.",
		},
		Status: []openbadge.Status{{ID: list + "#7", Type: status.TypeEntry, Purpose: status.Revocation, List: list, Index: 7}},
	})
	require.NoError(t, err)
	return doc
}

func signedBadge(t *testing.T, list string) []byte {
	t.Helper()
	set, err := contexts.Standard()
	require.NoError(t, err)
	raw, err := openbadge.New(set).Issue(t.Context(), someBadge(t, list), verifyKey(t, 1), verifyTime().AddDate(0, -1, 0))
	require.NoError(t, err)
	return raw
}

func written(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, content, 0o600))
	return path
}

func wish(change func(v *Verify), targets ...string) *Verify {
	v := &Verify{Targets: targets, Language: "en", At: verifyTime()}
	if change != nil {
		change(v)
	}
	return v
}

func output(t *testing.T, v *Verify) (code int, text string) {
	t.Helper()
	var out bytes.Buffer
	code, err := v.run(t.Context(), &out, false)
	if err != nil {
		return code, err.Error()
	}
	return code, out.String()
}

func TestVerifyTellsValidFromWrongFromUnreadable(t *testing.T) {
	const list = "https://badges.example.org/v1/statusLists/1"
	raw := signedBadge(t, list)
	svg, err := bake.SVG([]byte(`<svg xmlns="http://www.w3.org/2000/svg"><circle r="4"/></svg>`), raw)
	require.NoError(t, err)
	doc, err := jsonld.Decode(mustJSON(t, someBadge(t, list)))
	require.NoError(t, err)
	jwt, err := vc.SignJWT(t.Context(), doc, verifyKey(t, 1), verifyTime().AddDate(0, -1, 0))
	require.NoError(t, err)
	json := written(t, "badge.json", raw)
	forged := written(t, "forged.json", bytes.Replace(raw, []byte("Welcome All"), []byte("Welcome Any"), 1))
	twice := written(t, "twice.json", bytes.Replace(raw, []byte(`"name":`), []byte(`"name":"x","name":`), 1))
	for name, c := range map[string]struct {
		targets []string
		code    int
	}{
		"a file":            {[]string{json}, 0},
		"a picture":         {[]string{written(t, "badge.svg", svg)}, 0},
		"a token":           {[]string{written(t, "badge.jwt", []byte(jwt+"\n"))}, 0},
		"several":           {[]string{json, json}, 0},
		"a changed one":     {[]string{forged}, 1},
		"a key twice":       {[]string{twice}, 1},
		"one of two wrong":  {[]string{json, forged}, 1},
		"no such file":      {[]string{json + "x"}, 2},
		"no credential":     {[]string{written(t, "a.png", []byte("GIF89a\x00"))}, 2},
		"nothing":           {[]string{written(t, "b.json", nil)}, 2},
		"wrong and missing": {[]string{json + "x", forged}, 1},
		"good and missing":  {[]string{json, json + "x"}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			code, text := output(t, wish(nil, c.targets...))
			require.Equal(t, c.code, code, text)
			code, _ = output(t, wish(func(v *Verify) { v.JSON = true }, c.targets...))
			require.Equal(t, c.code, code, "JSON does not change the answer")
		})
	}
}

func mustJSON(t *testing.T, value any) []byte {
	t.Helper()
	raw, err := json.Marshal(value)
	require.NoError(t, err)
	return raw
}

func TestVerifyPrintsForPeopleAndForPrograms(t *testing.T) {
	path := written(t, "badge.json", signedBadge(t, "https://badges.example.org/v1/statusLists/1"))
	_, text := output(t, wish(nil, path))
	require.Contains(t, text, "badge:    Welcome All Families\n")
	require.Contains(t, text, "warning  It was not withdrawn: It names a status list that was not looked up")
	require.Contains(t, text, "[status_unchecked]")
	require.Contains(t, text, "result: valid, of an issuer that is not in a list of known ones\n")
	require.NotContains(t, text, "\u202e", "a stranger's text cannot turn the line around")
	require.NotContains(t, text, "\x1b[", "no colors where nobody sees them")
	_, text = output(t, wish(func(v *Verify) { v.Language = "es" }, path))
	require.Contains(t, text, "resultado: válida")
	_, text = output(t, wish(nil, path, path+"x"))
	require.Contains(t, text, "1 of 2 valid, 0 not valid, 1 not read")

	var one struct {
		Target string
		Valid  bool
		Steps  []struct{ ID, Outcome, Code string }
	}
	_, text = output(t, wish(func(v *Verify) { v.JSON = true }, path))
	require.NoError(t, json.Unmarshal([]byte(text), &one))
	require.True(t, one.Valid)
	require.Equal(t, path, one.Target)
	require.Equal(t, []string{"read", "passed", ""}, []string{one.Steps[0].ID, one.Steps[0].Outcome, one.Steps[0].Code})
	var many struct {
		Valid   bool
		Results []struct {
			Valid bool
			Error string
		}
	}
	_, text = output(t, wish(func(v *Verify) { v.JSON = true }, path, path+"x"))
	require.NoError(t, json.Unmarshal([]byte(text), &many))
	require.False(t, many.Valid)
	require.True(t, many.Results[0].Valid)
	require.NotEmpty(t, many.Results[1].Error)
}

func TestVerifyKnowsIssuersByASignedList(t *testing.T) {
	k := verifyKey(t, 1)
	signer := verifyKey(t, 9)
	list := func(compromised time.Time) string {
		raw, err := registry.Sign(t.Context(), &registry.Registry{
			ID: "https://badges.example.org/v1/issuers:registry", Name: office, Issued: verifyTime(), Expires: verifyTime().AddDate(0, 1, 0),
			Issuers: []registry.Issuer{{ID: k.DID(), Name: office, Keys: []registry.Key{{
				VerificationMethod: k.VerificationMethod(), PublicKeyMultibase: strings.TrimPrefix(k.DID(), "did:key:"),
				Created: verifyTime().AddDate(-1, 0, 0), Compromised: compromised,
			}}}},
		}, signer)
		require.NoError(t, err)
		return written(t, "issuers.json", raw)
	}
	path := written(t, "badge.json", signedBadge(t, "https://badges.example.org/v1/statusLists/1"))
	pin := strings.TrimPrefix(signer.DID(), "did:key:")
	for name, c := range map[string]struct {
		change func(v *Verify)
		code   int
		text   string
	}{
		"pinned":     {func(v *Verify) { v.Registry, v.RegistryKey = list(time.Time{}), pin }, 0, "result: valid\n"},
		"not pinned": {func(v *Verify) { v.Registry = list(time.Time{}) }, 0, "result: valid\n"},
		"by another key": {func(v *Verify) {
			v.Registry, v.RegistryKey = list(time.Time{}), strings.TrimPrefix(k.DID(), "did:key:")
		}, 2, "--registry"},
		"no list":               {func(v *Verify) { v.RegistryKey = pin }, 2, "--registry-key"},
		"no such list":          {func(v *Verify) { v.Registry = path + "x" }, 2, "--registry"},
		"a badge for a list":    {func(v *Verify) { v.Registry = path }, 2, "--registry"},
		"a key that was lost":   {func(v *Verify) { v.Registry = list(verifyTime().AddDate(0, -2, 0)) }, 1, "[key_compromised]"},
		"by word":               {func(v *Verify) { v.Trust = map[string]string{k.DID(): office} }, 0, "result: valid\n"},
		"by another name":       {func(v *Verify) { v.Trust = map[string]string{k.DID(): "Office"} }, 0, "[issuer_name]"},
		"a log without a point": {func(v *Verify) { v.Log = t.TempDir() }, 2, "--checkpoint"},
	} {
		t.Run(name, func(t *testing.T) {
			code, text := output(t, wish(c.change, path))
			require.Equal(t, c.code, code, text)
			require.Contains(t, text, c.text)
		})
	}
}

// TestVerifyLooksUpOnlyWhatItIsTold serves the badge and its list on this machine, which addresses
// in a badge may reach in development only.
func TestVerifyLooksUpOnlyWhatItIsTold(t *testing.T) {
	asks := 0
	var badge, list []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/badge":
			w.Header().Set("Content-Type", "application/vc+ld+json")
			_, _ = w.Write(badge)
		case "/page":
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
		case "/list":
			asks++
			_, _ = w.Write(list)
		}
	}))
	defer server.Close()
	badge, list = signedBadge(t, server.URL+"/list"), revokingList(t, server.URL+"/list")
	code, text := output(t, wish(nil, server.URL+"/badge"))
	require.Equal(t, 0, code, text)
	code, text = output(t, wish(func(v *Verify) { v.Online = true }, server.URL+"/badge"))
	require.Equal(t, 0, code, text)
	require.Contains(t, text, "[status_unreachable]")
	require.Zero(t, asks, "an address in a badge does not lead into the network of who verifies")
	code, text = output(t, wish(func(v *Verify) { v.Online, v.Development = true, true }, server.URL+"/badge"))
	require.Equal(t, 1, code, text)
	require.Contains(t, text, "[status_revoked]")
	code, text = output(t, wish(nil, server.URL+"/page"))
	require.Equal(t, 2, code, text)
	require.Contains(t, text, "web page")
}

func revokingList(t *testing.T, address string) []byte {
	t.Helper()
	bits, err := status.NewBits(status.MinEntries)
	require.NoError(t, err)
	require.NoError(t, bits.Set(7))
	doc, err := status.Build(status.List{
		ID: address, Issuer: verifyKey(t, 1).DID(), Purposes: []string{status.Revocation}, Bits: bits,
		ValidFrom: verifyTime().Add(-time.Hour), ValidUntil: verifyTime().Add(time.Hour),
	})
	require.NoError(t, err)
	doc, err = jsonld.Decode(mustJSON(t, doc))
	require.NoError(t, err)
	token, err := vc.SignJWT(t.Context(), doc, verifyKey(t, 1), verifyTime())
	require.NoError(t, err)
	return []byte(token)
}
