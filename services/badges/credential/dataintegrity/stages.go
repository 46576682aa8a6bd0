package dataintegrity

import (
	"crypto/sha256"
	"maps"
	"reflect"

	"github.com/tandem-badges/tandem/services/badges/credential/jsonld"
	"github.com/tandem-badges/tandem/services/badges/credential/rdfc"
)

// The cryptosuites.
const (
	SuiteRDFC = "eddsa-rdfc-2022"
	SuiteJCS  = "eddsa-jcs-2022"
)

// Engine makes and checks proofs. It is safe for concurrent use.
type Engine struct{ processor *jsonld.Processor }

// New makes an engine that reads documents with the given processor.
func New(processor *jsonld.Processor) *Engine { return &Engine{processor: processor} }

// Stages are the steps between a document and what is signed, for audits and test vectors.
type Stages struct {
	CanonicalDocument string
	CanonicalProof    string
	DocumentHash      [sha256.Size]byte
	ProofHash         [sha256.Size]byte
}

// HashData is what the key signs: the proof's hash first, then the document's.
func (s Stages) HashData() []byte { return append(s.ProofHash[:], s.DocumentHash[:]...) }

// Stages canonicalizes and hashes a document without the proof and a proof without its value.
func (e *Engine) Stages(document, proof map[string]any) (Stages, error) {
	config := maps.Clone(proof)
	delete(config, "proofValue")
	var s Stages
	var err error
	switch proof["cryptosuite"] {
	case SuiteRDFC:
		// The proof borrows its document's context. Another one of its own would go unsigned.
		if own, has := config["@context"]; has && !reflect.DeepEqual(own, document["@context"]) {
			return s, refuse(CodeProofShape, "the proof names another context than its document")
		}
		config["@context"] = document["@context"]
		s.CanonicalDocument, s.CanonicalProof, err = both(e.rdfc, document, config)
	case SuiteJCS:
		if err := e.processor.CheckContexts(document); err != nil {
			return s, refuseFor(CodeDocument, "the signed text cannot be formed", err)
		}
		if document, err = underContextOf(document, config); err != nil {
			return s, err
		}
		s.CanonicalDocument, s.CanonicalProof, err = both(canonicalJSON, document, config)
	default:
		return s, refuse(CodeCryptosuite, "the proof's cryptosuite is not supported: use "+SuiteRDFC+" or "+SuiteJCS)
	}
	if err != nil {
		return s, refuseFor(CodeDocument, "the signed text cannot be formed", err)
	}
	s.DocumentHash = hashOf(s.CanonicalDocument)
	s.ProofHash = hashOf(s.CanonicalProof)
	return s, nil
}

// hashOf hashes a text piece by piece, which saves a copy of all of it.
func hashOf(text string) (sum [sha256.Size]byte) {
	digest := sha256.New()
	var piece [4096]byte
	for len(text) > 0 {
		n := copy(piece[:], text)
		digest.Write(piece[:n])
		text = text[n:]
	}
	digest.Sum(sum[:0])
	return sum
}

// underContextOf returns the document under the context that its JCS proof repeats and signs. A
// document may have got more contexts since, after those of the proof, and must start with them.
func underContextOf(document, config map[string]any) (map[string]any, error) {
	own, has := config["@context"]
	if !has {
		return document, nil
	}
	signed, now := listOf(own), listOf(document["@context"])
	if len(signed) > len(now) || !reflect.DeepEqual(signed, now[:len(signed)]) {
		return nil, refuse(CodeProofShape, "the proof names another context than its document")
	}
	out := maps.Clone(document)
	out["@context"] = own
	return out, nil
}

func listOf(value any) []any {
	if list, isList := value.([]any); isList {
		return list
	}
	if value == nil {
		return nil
	}
	return []any{value}
}

func both(canonical func(map[string]any) (string, error), document, config map[string]any) (d, c string, err error) {
	if d, err = canonical(document); err != nil {
		return "", "", err
	}
	c, err = canonical(config)
	return d, c, err
}

func (e *Engine) rdfc(document map[string]any) (string, error) {
	result, err := e.processor.Canonicalize(document, rdfc.Options{})
	return result.NQuads, err
}

func canonicalJSON(document map[string]any) (string, error) {
	canonical, err := jsonld.Encode(document)
	return string(canonical), err
}
