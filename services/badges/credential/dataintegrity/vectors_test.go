package dataintegrity_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/mr-tron/base58"
	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/internal/vectors"
	"github.com/tandem-badges/tandem/services/badges/credential/jsonld"
	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/credential/rdfc"
)

const w3c = "W3C Data Integrity EdDSA vectors"

func development(t testing.TB) *dataintegrity.Engine {
	t.Helper()
	set, err := contexts.Development()
	require.NoError(t, err)
	return dataintegrity.New(jsonld.New(set))
}

func vector(t *testing.T, name string) string {
	t.Helper()
	return string(vectors.Read(t, "vc-di-eddsa/TestVectors/"+name, w3c))
}

func document(t testing.TB, text string) map[string]any {
	t.Helper()
	doc, err := jsonld.Decode([]byte(text))
	require.NoError(t, err)
	return doc
}

// secret reads a secret key in multibase form: two multicodec bytes and the seed.
func secret(t testing.TB, multibase string) *keys.Local {
	t.Helper()
	raw, err := base58.Decode(strings.TrimPrefix(multibase, "z"))
	require.NoError(t, err)
	require.Equal(t, []byte{0x80, 0x26}, raw[:2])
	local, err := keys.FromSeed(raw[2:])
	require.NoError(t, err)
	return local
}

func moment(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	require.NoError(t, err)
	return at
}

func TestEveryStageOfTheW3CVectorsIsReproduced(t *testing.T) {
	for suite, at := range map[string]struct{ folder, suffix string }{
		dataintegrity.SuiteRDFC: {"eddsa-rdfc-2022/", "DataInt"},
		dataintegrity.SuiteJCS:  {"eddsa-jcs-2022/", "JCS"},
	} {
		t.Run(suite, func(t *testing.T) {
			ctx, engine := context.Background(), development(t)
			unsigned := document(t, vector(t, "unsigned.json"))
			file := func(name string) string { return vector(t, at.folder+name+at.suffix+".txt") }
			got, err := engine.Stages(unsigned, document(t, vector(t, at.folder+"proofConfig"+at.suffix+".json")))
			require.NoError(t, err)
			require.Equal(t, file("canonDoc"), got.CanonicalDocument)
			require.Equal(t, file("proofCanon"), got.CanonicalProof)
			require.Equal(t, file("docHash"), hex.EncodeToString(got.DocumentHash[:]))
			require.Equal(t, file("proofHash"), hex.EncodeToString(got.ProofHash[:]))
			require.Equal(t, file("combinedHash"), hex.EncodeToString(got.HashData()))
			var pair struct{ PrivateKeyMultibase string }
			require.NoError(t, json.Unmarshal([]byte(vector(t, "keyPair.json")), &pair))
			key := secret(t, pair.PrivateKeyMultibase)
			signature, err := key.Sign(ctx, got.HashData())
			require.NoError(t, err)
			require.Equal(t, file("sigHex"), hex.EncodeToString(signature))
			require.Equal(t, file("sigBTC58"), "z"+base58.Encode(signature))

			want := document(t, vector(t, at.folder+"signed"+at.suffix+".json"))
			created := moment(t, "2023-02-24T23:36:38Z")
			signed, err := engine.Sign(ctx, unsigned, key, dataintegrity.CreateOptions{Suite: suite, Created: created})
			require.NoError(t, err)
			require.Equal(t, []any{want["proof"]}, signed["proof"])
			for _, doc := range []map[string]any{want, signed} {
				proofs, err := engine.Verify(ctx, doc, dataintegrity.VerifyOptions{Now: created, Resolver: dataintegrity.DIDKey{}, Controller: key.DID()})
				require.NoError(t, err)
				require.Equal(t, suite, proofs[0].Suite)
			}
		})
	}
}

func TestTheW3CProofSetsAndChainsAreReproduced(t *testing.T) {
	ctx, engine := context.Background(), development(t)
	var pairs map[string]struct{ PrivateKeyMultibase string }
	require.NoError(t, json.Unmarshal([]byte(vector(t, "proof-set-chain/multiKeyPairs.json")), &pairs))
	key := func(n string) *keys.Local { return secret(t, pairs["keyPair"+n].PrivateKeyMultibase) }
	options := dataintegrity.VerifyOptions{Now: moment(t, "2023-03-01T00:00:00Z"), Resolver: dataintegrity.DIDKey{}}
	for _, name := range []string{"signedProofSet1", "signedProofSet2", "signedProofChain1", "signedProofChain2"} {
		_, err := engine.Verify(ctx, document(t, vector(t, "proof-set-chain/"+name+".json")), options)
		require.NoError(t, err, name)
	}
	signed := document(t, vector(t, "proof-set-chain/signedProofChain1.json"))
	next, err := engine.Sign(ctx, signed, key("4"), dataintegrity.CreateOptions{
		Created: moment(t, "2023-02-26T22:16:38Z"), PreviousProofs: []string{"urn:uuid:d94f792a-c546-4d06-b38a-da070ab56c23"},
	})
	require.NoError(t, err)
	require.Equal(t, document(t, vector(t, "proof-set-chain/signedProofChain2.json")), next)
}

// The document's own context is not at hand, so the vector is followed from its canonical form on.
func TestTheEmploymentVectorHoldsFromItsCanonicalFormOn(t *testing.T) {
	file := func(name string) string { return vector(t, "eddsa-rdfc-2022/employ/"+name+"DataInt.txt") }
	var stages dataintegrity.Stages
	for text, hash := range map[string]*[sha256.Size]byte{
		file("canonDoc"): &stages.DocumentHash, file("proofCanon"): &stages.ProofHash,
	} {
		dataset, err := rdfc.Parse(text)
		require.NoError(t, err)
		got, err := rdfc.Canonicalize(dataset, rdfc.Options{})
		require.NoError(t, err)
		require.Equal(t, text, got.NQuads)
		*hash = sha256.Sum256([]byte(got.NQuads))
	}
	require.Equal(t, file("docHash"), hex.EncodeToString(stages.DocumentHash[:]))
	require.Equal(t, file("proofHash"), hex.EncodeToString(stages.ProofHash[:]))
	require.Equal(t, file("combinedHash"), hex.EncodeToString(stages.HashData()))
	var pair struct{ PrivateKeyMultibase string }
	require.NoError(t, json.Unmarshal([]byte(vector(t, "keyPair.json")), &pair))
	signature, err := secret(t, pair.PrivateKeyMultibase).Sign(context.Background(), stages.HashData())
	require.NoError(t, err)
	require.Equal(t, file("sigHex"), hex.EncodeToString(signature))
	require.Equal(t, file("sigBTC58"), "z"+base58.Encode(signature))
}

func TestTheOpenBadgeVectorOf1EdTechIsReproduced(t *testing.T) {
	ctx, engine := context.Background(), development(t)
	var ob struct {
		SeedHex, DocumentHash, ProofHash, DataToSign string
		Unsigned, Proof                              json.RawMessage
	}
	require.NoError(t, json.Unmarshal(vectors.Read(t, "open-badges/vectors/ob.json", "1EdTech vectors"), &ob))
	seed, err := hex.DecodeString(ob.SeedHex)
	require.NoError(t, err)
	key, err := keys.FromSeed(seed)
	require.NoError(t, err)
	unsigned, proof := document(t, string(ob.Unsigned)), document(t, string(ob.Proof))
	stages, err := engine.Stages(unsigned, proof)
	require.NoError(t, err)
	require.Equal(t, string(vectors.Read(t, "open-badges/vectors/ob-document-canon.nq", "1EdTech vectors")), stages.CanonicalDocument)
	require.Equal(t, string(vectors.Read(t, "open-badges/vectors/ob-proof-canon.nq", "1EdTech vectors")), stages.CanonicalProof)
	require.Equal(t, ob.DocumentHash, hex.EncodeToString(stages.DocumentHash[:]))
	require.Equal(t, ob.ProofHash, hex.EncodeToString(stages.ProofHash[:]))
	require.Equal(t, ob.DataToSign, hex.EncodeToString(stages.HashData()))
	const issuer = "https://example.edu/issuers/565049"
	method := issuer + "#" + keys.EncodeMultikey(key.Public())
	created := moment(t, "2010-01-01T19:23:24Z")
	signed, err := engine.Sign(ctx, unsigned, key, dataintegrity.CreateOptions{Created: created, VerificationMethod: method})
	require.NoError(t, err)
	require.Equal(t, []any{proof}, signed["proof"])
	_, err = engine.Verify(ctx, signed, dataintegrity.VerifyOptions{
		Now: created, Controller: issuer, Resolver: dataintegrity.Known{method: {Controller: issuer, Key: key.Public()}},
	})
	require.NoError(t, err)
}
