package vc

import (
	"context"
	"fmt"

	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
)

// VerifySecured checks the signature of an opened credential, in whichever form it came. The keys
// must belong to the document's issuer unless opts names another controller. What became of each
// proof is returned for documents with proofs in them.
func VerifySecured(ctx context.Context, o Opened, engine *dataintegrity.Engine, opts dataintegrity.VerifyOptions) ([]dataintegrity.Proof, error) {
	if opts.Controller == "" {
		opts.Controller, _ = IssuerOf(o.Document)
	}
	if opts.Controller == "" {
		return nil, refuse(CodeController, "the credential names no issuer whose signature could be checked")
	}
	if o.Token == "" {
		return engine.Verify(ctx, o.Document, opts)
	}
	t, err := parseToken(o.Token)
	if err != nil {
		return nil, err
	}
	if err := t.answers(opts); err != nil {
		return nil, err
	}
	_, err = t.verify(ctx, opts)
	return nil, err
}

// Presented is one credential of a presentation.
type Presented struct {
	Opened
	// Err is nil when the credential's own signature holds.
	Err error
	// BySelf: the credential has no signature of its own and is the holder's word, under the
	// signature of the presentation.
	BySelf bool
}

// VerifyPresentation checks who presents what to whom: the signature over the presentation, made by
// its holder for authentication, with the challenge and the domains of opts; and the signature of each
// credential in it. The error is about the presentation or the first credential that does not hold.
func VerifyPresentation(ctx context.Context, o Opened, engine *dataintegrity.Engine, opts dataintegrity.VerifyOptions) ([]Presented, error) {
	if !o.IsPresentation() {
		return nil, refuse(CodePresentation, "the document is not a presentation")
	}
	signer, err := presenter(ctx, o, engine, opts)
	if err != nil {
		return nil, err
	}
	items, err := presented(o.Document)
	if err != nil {
		return nil, err
	}
	holder := HolderOf(o.Document)
	if holder != signer {
		holder = ""
	}
	for i := range items {
		items[i].verify(ctx, engine, dataintegrity.VerifyOptions{Now: opts.Now, Resolver: opts.Resolver}, holder)
	}
	for i, item := range items {
		if item.Err != nil {
			return items, fmt.Errorf("credential %d of the presentation: %w", i+1, item.Err)
		}
	}
	return items, nil
}

// presenter checks the signature over a presentation and returns whose it is.
func presenter(ctx context.Context, o Opened, engine *dataintegrity.Engine, opts dataintegrity.VerifyOptions) (string, error) {
	if opts.Purpose == "" {
		opts.Purpose = dataintegrity.Authentication
	}
	if opts.Controller == "" {
		opts.Controller = HolderOf(o.Document)
	}
	if o.Token == "" {
		proofs, err := engine.Verify(ctx, o.Document, opts)
		if err != nil {
			return "", err
		}
		return proofs[0].Controller, nil
	}
	t, err := parseToken(o.Token)
	if err != nil {
		return "", err
	}
	if err := t.answers(opts); err != nil {
		return "", err
	}
	return t.verify(ctx, opts)
}

// maxPresented bounds the work that one presentation can ask for.
const maxPresented = 64

// presented opens the credentials of a presentation.
func presented(doc map[string]any) ([]Presented, error) {
	value, has := doc["verifiableCredential"]
	list, isList := value.([]any)
	if has && !isList {
		list = []any{value}
	}
	if len(list) > maxPresented {
		return nil, refuse(CodePresentation, "the presentation has more than 64 credentials")
	}
	out := make([]Presented, len(list))
	for i, item := range list {
		credential, isObject := item.(map[string]any)
		if !isObject {
			return nil, refuse(CodePresentation, "a presentation holds credentials as objects, and nothing else")
		}
		opened, err := OpenDocument(credential)
		if err != nil {
			return nil, fmt.Errorf("credential %d of the presentation: %w", i+1, err)
		}
		if opened.IsPresentation() {
			return nil, refuse(CodePresentation, "a presentation must not stand inside another one")
		}
		out[i] = Presented{Opened: opened}
	}
	return out, nil
}

// verify checks one credential. Without a signature of its own it can only be the holder's own word.
func (p *Presented) verify(ctx context.Context, engine *dataintegrity.Engine, opts dataintegrity.VerifyOptions, holder string) {
	_, hasProof := p.Document["proof"]
	if p.Token != "" || hasProof {
		_, p.Err = VerifySecured(ctx, p.Opened, engine, opts)
		return
	}
	p.BySelf = true
	if issuer, _ := IssuerOf(p.Document); holder == "" || issuer != holder {
		p.Err = refuse(CodeUnsigned, "the credential is not signed, and the one who presents it is not its issuer")
	}
}
