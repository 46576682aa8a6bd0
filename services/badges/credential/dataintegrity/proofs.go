package dataintegrity

import (
	"maps"

	"github.com/tandem-badges/tandem/services/badges/credential/rdfc"
)

// maxProofs bounds the work of a verification: each proof canonicalizes the document again.
const maxProofs = 8

// proofSet holds the proofs of one document and how they follow each other.
type proofSet struct {
	list []map[string]any
	byID map[string]int
}

// proofsOf returns the proofs of a document, given as a list or as one object. Two proofs of the
// same id make every reference to it ambiguous, so the whole set is refused.
func proofsOf(document map[string]any) (proofSet, error) {
	s := proofSet{byID: map[string]int{}}
	items, isList := document["proof"].([]any)
	if value, has := document["proof"]; has && !isList {
		items = []any{value}
	}
	if len(items) > maxProofs {
		return s, refuse(CodeProofShape, "the document has more than 8 proofs")
	}
	for i, item := range items {
		proof, ok := item.(map[string]any)
		if !ok {
			return s, refuse(CodeProofShape, "a proof must be an object")
		}
		s.list = append(s.list, proof)
		value, has := proof["id"]
		if !has {
			continue
		}
		id, _ := value.(string)
		if rdfc.CheckIRI(id) != nil {
			return s, refuse(CodeProofShape, "a proof's id is not an absolute address")
		}
		if _, twice := s.byID[id]; twice {
			return s, refuse(CodeProofID, "two proofs have the same id, so nobody can tell which of them another proof follows")
		}
		s.byID[id] = i
	}
	return s, nil
}

// previous returns the positions of the proofs that a proof follows, in the order in which it names them.
func (s proofSet) previous(proof map[string]any) ([]int, error) {
	value, has := proof["previousProof"]
	if !has {
		return nil, nil
	}
	ids, isList := value.([]any)
	if !isList {
		ids = []any{value}
	}
	if len(ids) == 0 {
		return nil, refuse(CodeProofShape, "the proof's list of previous proofs is empty")
	}
	out, seen := make([]int, 0, len(ids)), map[int]bool{}
	for _, item := range ids {
		id, _ := item.(string)
		i, known := s.byID[id]
		if !known {
			return nil, refuse(CodePrevious, "the proof follows another proof that the document does not have")
		}
		if seen[i] {
			return nil, refuse(CodeProofShape, "the proof names the same previous proof twice")
		}
		seen[i] = true
		out = append(out, i)
	}
	return out, nil
}

// circular tells whether a proof follows itself, at once or by way of others.
func (s proofSet) circular(start int) bool {
	seen := map[int]bool{}
	queue := []int{start}
	for len(queue) > 0 {
		next, err := s.previous(s.list[queue[0]])
		queue = queue[1:]
		if err != nil {
			continue // that proof is refused for its own reason
		}
		for _, i := range next {
			if i == start {
				return true
			}
			if !seen[i] {
				seen[i] = true
				queue = append(queue, i)
			}
		}
	}
	return false
}

// signedPart is the document as a proof signs it: without proofs, or with the previous proofs it names.
func (s proofSet) signedPart(document, proof map[string]any) (map[string]any, error) {
	before, err := s.previous(proof)
	if err != nil {
		return nil, err
	}
	out := maps.Clone(document)
	delete(out, "proof")
	if len(before) == 0 {
		return out, nil
	}
	list := make([]any, len(before))
	for i, at := range before {
		list[i] = s.list[at]
	}
	out["proof"] = list
	return out, nil
}

// spread refuses every proof that follows a refused one, however good its own signature is: what it
// was put upon is not there.
func (s proofSet) spread(proofs []Proof) {
	for range proofs { // a chain is no longer than there are proofs
		for i := range proofs {
			before, err := s.previous(s.list[i])
			if err != nil || proofs[i].Err != nil {
				continue
			}
			for _, at := range before {
				if proofs[at].Err != nil {
					proofs[i].Err = refuse(CodeUnsecured, "the proof follows another proof that does not hold")
				}
			}
		}
	}
}
