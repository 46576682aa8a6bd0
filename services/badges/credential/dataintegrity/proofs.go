package dataintegrity

import "maps"

// maxProofs bounds the work of a verification: each proof canonicalizes the document again.
const maxProofs = 8

// proofsOf returns the proofs of a document, given as a list or as one object.
func proofsOf(document map[string]any) ([]map[string]any, error) {
	var items []any
	switch v := document["proof"].(type) {
	case nil:
	case []any:
		items = v
	default:
		items = []any{v}
	}
	if len(items) > maxProofs {
		return nil, refuse(CodeProofShape, "the document has more than 8 proofs")
	}
	out := make([]map[string]any, len(items))
	for i, item := range items {
		proof, ok := item.(map[string]any)
		if !ok {
			return nil, refuse(CodeProofShape, "a proof must be an object")
		}
		out[i] = proof
	}
	return out, nil
}

// signedPart is the document as a proof signs it: without proofs, or with the previous proofs it names.
func signedPart(document map[string]any, all []map[string]any, proof map[string]any) (map[string]any, error) {
	out := maps.Clone(document)
	delete(out, "proof")
	named, has := proof["previousProof"]
	if !has {
		return out, nil
	}
	ids, isList := named.([]any)
	if !isList {
		ids = []any{named}
	}
	var previous []any
	for _, id := range ids {
		match, found := byID(all, id)
		if !found {
			return nil, refuse(CodePrevious, "the proof follows another proof that the document does not have")
		}
		previous = append(previous, match)
	}
	out["proof"] = previous
	return out, nil
}

func byID(all []map[string]any, id any) (map[string]any, bool) {
	text, isText := id.(string)
	for _, p := range all {
		if isText && p["id"] == text {
			return p, true
		}
	}
	return nil, false
}
