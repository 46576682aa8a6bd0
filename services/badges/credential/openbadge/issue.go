package openbadge

import (
	"context"
	"fmt"
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/jsonld"
	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/credential/vc"
)

// Engine issues and verifies badges. It is safe for concurrent use.
type Engine struct{ proofs *dataintegrity.Engine }

// New makes an engine that knows exactly the contexts of the set.
func New(set *contexts.Set) *Engine {
	return &Engine{proofs: dataintegrity.New(jsonld.New(set))}
}

// Issue signs a credential made by Build and returns the JSON text of the signed credential,
// with its proof in a list. The issuer of the credential must be the signer.
func (e *Engine) Issue(ctx context.Context, credential map[string]any, signer keys.Signer, created time.Time) ([]byte, error) {
	doc, err := settled(credential)
	if err != nil {
		return nil, err
	}
	violations := check(doc, true)
	if id, _ := vc.IssuerOf(doc); id != signer.DID() {
		violations = append(violations, Violation{Field: "issuer.id", Rule: "signer", Fix: "Let the issuer be the owner of the signing key, " + signer.DID() + "."})
	}
	if _, signed := doc["proof"]; signed {
		violations = append(violations, Violation{Field: "proof", Rule: "unsigned", Fix: "Issue a credential that has no proof yet."})
	}
	if len(violations) > 0 {
		return nil, &InvalidError{Violations: violations}
	}
	signed, err := e.proofs.Sign(ctx, doc, signer, dataintegrity.CreateOptions{Created: created})
	if err != nil {
		return nil, fmt.Errorf("sign credential: %w", err)
	}
	return jsonld.Encode(signed)
}

// settled returns the document as a verifier will read it.
func settled(credential map[string]any) (map[string]any, error) {
	if jsonld.Settled(credential) {
		return credential, nil
	}
	raw, err := jsonld.Encode(credential)
	if err != nil {
		return nil, fmt.Errorf("write credential: %w", err)
	}
	doc, err := jsonld.Decode(raw)
	if err != nil {
		return nil, fmt.Errorf("read credential back: %w", err)
	}
	return doc, nil
}
