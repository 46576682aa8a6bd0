package dataintegrity_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
)

// three signs a document three times: the second proof follows the first, the third follows both.
func three(t testing.TB, suite string) (map[string]any, []map[string]any) {
	t.Helper()
	doc := document(t, small)
	var proofs []map[string]any
	for i, step := range []struct {
		id       string
		previous []string
	}{{"urn:uuid:p1", nil}, {"urn:uuid:p2", []string{"urn:uuid:p1"}}, {"urn:uuid:p3", []string{"urn:uuid:p1", "urn:uuid:p2"}}} {
		signed, err := development(t).Sign(context.Background(), doc, testKey(t, byte(i+1)), dataintegrity.CreateOptions{
			Created: moment(t, "2026-05-01T09:00:00Z"), Suite: suite, ID: step.id, PreviousProofs: step.previous,
		})
		require.NoError(t, err)
		doc = signed
	}
	list, _ := doc["proof"].([]any)
	for _, item := range list {
		proof, _ := item.(map[string]any)
		proofs = append(proofs, proof)
	}
	return doc, proofs
}

func codes(proofs []dataintegrity.Proof) []dataintegrity.Code {
	out := make([]dataintegrity.Code, len(proofs))
	for i, p := range proofs {
		var refusal *dataintegrity.Error
		if errors.As(p.Err, &refusal) {
			out[i] = refusal.Code
		}
	}
	return out
}

func TestEveryProofOfAChainHasItsOwnOutcome(t *testing.T) {
	const good = dataintegrity.Code("")
	for name, c := range map[string]struct {
		change func(document map[string]any, p []map[string]any)
		want   []dataintegrity.Code
		first  dataintegrity.Code
	}{
		"as signed": {func(map[string]any, []map[string]any) {}, []dataintegrity.Code{good, good, good}, good},
		"another order": {
			func(d map[string]any, p []map[string]any) { d["proof"] = []any{p[2], p[1], p[0]} },
			[]dataintegrity.Code{good, good, good},
			good,
		},
		"the first is forged, so what follows it cannot hold": {
			func(_ map[string]any, p []map[string]any) { p[0]["nonce"] = "x" },
			[]dataintegrity.Code{dataintegrity.CodeSignature, dataintegrity.CodeSignature, dataintegrity.CodeSignature},
			dataintegrity.CodeSignature,
		},
		"the last is forged": {
			func(_ map[string]any, p []map[string]any) { p[2]["nonce"] = "x" },
			[]dataintegrity.Code{good, good, dataintegrity.CodeSignature},
			dataintegrity.CodeSignature,
		},
		"the first has expired under good signatures": {
			func(d map[string]any, p []map[string]any) {
				d["proof"] = []any{p[2], p[1], p[0]}
				p[0]["expires"] = "x"
			},
			[]dataintegrity.Code{dataintegrity.CodeSignature, dataintegrity.CodeSignature, dataintegrity.CodeExpired},
			dataintegrity.CodeSignature,
		},
		"the middle one is gone": {
			func(d map[string]any, p []map[string]any) { d["proof"] = []any{p[0], p[2]} },
			[]dataintegrity.Code{good, dataintegrity.CodePrevious},
			dataintegrity.CodePrevious,
		},
		"the order of previous proofs is turned": {
			func(_ map[string]any, p []map[string]any) {
				p[2]["previousProof"] = []any{"urn:uuid:p2", "urn:uuid:p1"}
			},
			[]dataintegrity.Code{good, good, dataintegrity.CodeSignature},
			dataintegrity.CodeSignature,
		},
		"the same previous proof twice": {
			func(_ map[string]any, p []map[string]any) {
				p[2]["previousProof"] = []any{"urn:uuid:p1", "urn:uuid:p1"}
			},
			[]dataintegrity.Code{good, good, dataintegrity.CodeProofShape},
			dataintegrity.CodeProofShape,
		},
		"no previous proof in the list": {
			func(_ map[string]any, p []map[string]any) { p[2]["previousProof"] = []any{} },
			[]dataintegrity.Code{good, good, dataintegrity.CodeProofShape},
			dataintegrity.CodeProofShape,
		},
		"a number as previous proof": {
			func(_ map[string]any, p []map[string]any) { p[2]["previousProof"] = 1.0 },
			[]dataintegrity.Code{good, good, dataintegrity.CodePrevious},
			dataintegrity.CodePrevious,
		},
		"a proof that follows itself": {
			func(_ map[string]any, p []map[string]any) { p[1]["previousProof"] = "urn:uuid:p2" },
			[]dataintegrity.Code{good, dataintegrity.CodeCircular, dataintegrity.CodeSignature},
			dataintegrity.CodeCircular,
		},
		"two proofs that follow each other": {
			func(_ map[string]any, p []map[string]any) { p[0]["previousProof"] = "urn:uuid:p2" },
			[]dataintegrity.Code{dataintegrity.CodeCircular, dataintegrity.CodeCircular, dataintegrity.CodeSignature},
			dataintegrity.CodeCircular,
		},
	} {
		for _, suite := range []string{dataintegrity.SuiteRDFC, dataintegrity.SuiteJCS} {
			if name == "the order of previous proofs is turned" && suite == dataintegrity.SuiteRDFC {
				continue // statements have no order, the sets of proofs are the same
			}
			t.Run(suite+" "+name, func(t *testing.T) {
				doc, proofs := three(t, suite)
				c.change(doc, proofs)
				opts := dataintegrity.VerifyOptions{Now: moment(t, "2026-06-01T00:00:00Z"), Resolver: dataintegrity.DIDKey{}}
				got, err := development(t).Verify(context.Background(), doc, opts)
				require.Equal(t, c.want, codes(got))
				if c.first == good {
					require.NoError(t, err)
					return
				}
				var refusal *dataintegrity.Error
				require.ErrorAs(t, err, &refusal)
				require.Equal(t, c.first, refusal.Code)
			})
		}
	}
}

// A signature stays right when the proof before it fails for a reason that no signature covers.
func TestAProofOnARefusedProofDoesNotHold(t *testing.T) {
	doc, proofs := three(t, dataintegrity.SuiteRDFC)
	stolen, _ := proofs[0]["verificationMethod"].(string)
	resolver := dataintegrity.Known{}
	for i, p := range proofs {
		method, _ := p["verificationMethod"].(string)
		resolver[method] = dataintegrity.Method{Controller: "urn:i", Key: testKey(t, byte(i+1)).Public()}
	}
	opts := dataintegrity.VerifyOptions{Now: moment(t, "2026-06-01T00:00:00Z"), Resolver: resolver, Controller: "urn:i"}
	_, err := development(t).Verify(context.Background(), doc, opts)
	require.NoError(t, err)
	compromised := resolver[stolen]
	compromised.Compromised = moment(t, "2026-05-01T09:00:00Z")
	resolver[stolen] = compromised
	got, err := development(t).Verify(context.Background(), doc, opts)
	require.Equal(t, []dataintegrity.Code{dataintegrity.CodeCompromised, dataintegrity.CodeUnsecured, dataintegrity.CodeUnsecured}, codes(got))
	var refusal *dataintegrity.Error
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, dataintegrity.CodeCompromised, refusal.Code, "the cause is told, not what follows from it")
}

func TestAnIdOfTwoProofsRefusesTheDocument(t *testing.T) {
	doc, proofs := three(t, dataintegrity.SuiteRDFC)
	opts := dataintegrity.VerifyOptions{Now: moment(t, "2026-06-01T00:00:00Z"), Resolver: dataintegrity.DIDKey{}}
	for _, c := range []struct {
		id   any
		code dataintegrity.Code
	}{{"urn:uuid:p1", dataintegrity.CodeProofID}, {"p1", dataintegrity.CodeProofShape}, {5.0, dataintegrity.CodeProofShape}} {
		proofs[1]["id"] = c.id
		_, err := development(t).Verify(context.Background(), doc, opts)
		var refusal *dataintegrity.Error
		require.ErrorAs(t, err, &refusal)
		require.Equal(t, c.code, refusal.Code)
	}
	created := dataintegrity.CreateOptions{Created: opts.Now, ID: "urn:uuid:p3"}
	doc, _ = three(t, dataintegrity.SuiteRDFC)
	_, err := development(t).Sign(context.Background(), doc, testKey(t, 1), created)
	require.ErrorContains(t, err, "has a proof of this id already")
}

func TestAKeyServesOnlyThePurposesThatItsOwnerAllows(t *testing.T) {
	signer := testKey(t, 1)
	for _, purpose := range []string{
		dataintegrity.AssertionMethod, dataintegrity.Authentication, dataintegrity.CapabilityInvocation,
		dataintegrity.CapabilityDelegation, dataintegrity.KeyAgreement,
	} {
		signed, err := development(t).Sign(context.Background(), document(t, small), signer, dataintegrity.CreateOptions{
			Created: moment(t, "2026-05-01T09:00:00Z"), Purpose: purpose,
		})
		require.NoError(t, err)
		verify := func(purposes ...string) error {
			_, err := development(t).Verify(context.Background(), signed, dataintegrity.VerifyOptions{
				Now: moment(t, "2026-06-01T00:00:00Z"), Purpose: purpose, Resolver: dataintegrity.Known{
					signer.VerificationMethod(): {Controller: signer.DID(), Key: signer.Public(), Purposes: purposes},
				},
			})
			return err
		}
		require.NoError(t, verify(purpose))
		require.ErrorContains(t, verify("other"), "does not allow it", purpose)
		if purpose == dataintegrity.KeyAgreement {
			require.ErrorContains(t, verify(), "does not allow it", "a signing key agrees on no keys")
			continue
		}
		require.NoError(t, verify(), "a resolver that names no purposes allows all of a signing key")
	}
	_, err := development(t).Sign(context.Background(), document(t, small), signer, dataintegrity.CreateOptions{Purpose: "greeting"})
	require.ErrorContains(t, err, "cannot be made for the purpose greeting")
}

func TestAProofOfACompromisedKeyHoldsOnlyFromBefore(t *testing.T) {
	stolen := moment(t, "2026-05-15T00:00:00Z")
	for name, c := range map[string]struct {
		created time.Time
		without bool
		holds   bool
	}{
		"before":         {stolen.Add(-time.Second), false, true},
		"at that moment": {stolen, false, false},
		"after":          {stolen.Add(time.Second), false, false},
		"not said":       {stolen.Add(-time.Second), true, false},
	} {
		signed, proof := signedSmall(t, dataintegrity.CreateOptions{Created: c.created})
		if c.without {
			delete(proof, "created")
		}
		signer := testKey(t, 1)
		_, err := development(t).Verify(context.Background(), signed, dataintegrity.VerifyOptions{
			Now: moment(t, "2026-06-01T00:00:00Z"), Resolver: dataintegrity.Known{
				signer.VerificationMethod(): {Controller: signer.DID(), Key: signer.Public(), Compromised: stolen},
			},
		})
		if c.holds {
			require.NoError(t, err, name)
			continue
		}
		var refusal *dataintegrity.Error
		require.ErrorAs(t, err, &refusal, name)
		require.Equal(t, dataintegrity.CodeCompromised, refusal.Code, name)
	}
}

func TestTheDomainsOfAProofAreComparedAsASet(t *testing.T) {
	signed, proof := signedSmall(t, dataintegrity.CreateOptions{Domains: []string{"a.example.org", "b.example.org"}})
	require.Equal(t, []any{"a.example.org", "b.example.org"}, proof["domain"])
	for _, c := range []struct {
		domains []string
		holds   bool
	}{
		{nil, true},
		{[]string{"b.example.org", "a.example.org"}, true},
		{[]string{"a.example.org"}, false},
		{[]string{"a.example.org", "b.example.org", "c.example.org"}, false},
	} {
		opts := options(t)
		opts.Domain, opts.Challenge, opts.Domains = "", "", c.domains
		_, err := development(t).Verify(context.Background(), signed, opts)
		require.Equal(t, c.holds, err == nil, c.domains)
	}
	for _, bad := range []any{5.0, "", []any{"a", 5.0}, map[string]any{"id": "a"}} {
		proof["domain"] = bad
		opts := options(t)
		opts.Challenge = ""
		_, err := development(t).Verify(context.Background(), signed, opts)
		require.ErrorContains(t, err, "neither a text nor a list of texts")
	}
}
