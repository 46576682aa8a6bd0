package vc_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/credential/vc"
)

// show is a presentation of the holder, unsigned.
func show(holder any, credentials ...any) object {
	out := object{"@context": []any{v2}, "type": []any{"VerifiablePresentation"}}
	if len(credentials) > 0 {
		out["verifiableCredential"] = credentials
	}
	if holder != nil {
		out["holder"] = holder
	}
	return out
}

func present(t testing.TB, doc object, by *keys.Local, opts dataintegrity.CreateOptions) vc.Opened {
	t.Helper()
	opts.Created = now().Add(-time.Minute)
	if opts.Purpose == "" {
		opts.Purpose = dataintegrity.Authentication
	}
	signedDoc, err := engine(t).Sign(context.Background(), decoded(t, doc), by, opts)
	require.NoError(t, err)
	opened, err := vc.OpenDocument(signedDoc)
	require.NoError(t, err)
	return opened
}

func TestAPresentationTellsWhoShowsWhatToWhom(t *testing.T) {
	holder, issuer := key(t, 1), key(t, 2)
	asked := dataintegrity.CreateOptions{Challenge: "c1", Domain: "example.org"}
	opts := options()
	opts.Challenge, opts.Domain = "c1", "example.org"
	badge, inToken := signed(t, issuer), envelope(vc.TypeEnvelopedCredential, "application/vc+jwt", token(t, credential(issuer.DID()), issuer))
	opened := present(t, show(object{"id": holder.DID()}, badge, inToken, credential(holder.DID())), holder, asked)
	require.Empty(t, vc.Check(opened.Document))
	got, err := vc.VerifyPresentation(context.Background(), opened, engine(t), opts)
	require.NoError(t, err)
	require.Equal(t, []string{vc.FormJSON, vc.FormEnvelope, vc.FormJSON}, []string{got[0].Form, got[1].Form, got[2].Form})
	require.Equal(t, []bool{false, false, true}, []bool{got[0].BySelf, got[1].BySelf, got[2].BySelf})
	got, err = vc.VerifyPresentation(context.Background(), present(t, show(nil), holder, asked), engine(t), opts)
	require.NoError(t, err, "a presentation may show nothing but that the holder is there")
	require.Empty(t, got)
}

func TestAPresentationIsRefusedForTheRightReason(t *testing.T) {
	holder, issuer := key(t, 1), key(t, 2)
	badge := signed(t, issuer)
	forged := decoded(t, badge)
	forged["name"] = "Gold"
	foreign := decoded(t, badge)
	foreign["issuer"] = holder.DID()
	asked := dataintegrity.CreateOptions{Challenge: "c1", Domain: "example.org"}
	for name, c := range map[string]struct {
		opened vc.Opened
		code   string
	}{
		"another challenge":              {present(t, show(holder.DID(), badge), holder, dataintegrity.CreateOptions{Challenge: "c2", Domain: "example.org"}), "challenge_wrong"},
		"no challenge":                   {present(t, show(holder.DID(), badge), holder, dataintegrity.CreateOptions{Domain: "example.org"}), "challenge_wrong"},
		"another domain":                 {present(t, show(holder.DID(), badge), holder, dataintegrity.CreateOptions{Challenge: "c1", Domain: "example.net"}), "domain_wrong"},
		"made as if it were a badge":     {present(t, show(holder.DID(), badge), holder, dataintegrity.CreateOptions{Challenge: "c1", Domain: "example.org", Purpose: dataintegrity.AssertionMethod}), "purpose_wrong"},
		"somebody else's key":            {present(t, show(holder.DID(), badge), issuer, asked), "method_foreign"},
		"a forged credential":            {present(t, show(holder.DID(), forged), holder, asked), "signature_wrong"},
		"a credential of another issuer": {present(t, show(holder.DID(), foreign), holder, asked), "method_foreign"},
		"an unsigned credential":         {present(t, show(holder.DID(), credential(issuer.DID())), holder, asked), "proof_missing"},
		"one's own word without holder":  {present(t, show(nil, credential(holder.DID())), holder, asked), "proof_missing"},
		"nothing wrong":                  {present(t, show(holder.DID(), badge), holder, asked), ""},
		"a credential":                   {vc.Opened{Document: badge, Form: vc.FormJSON}, "not_a_presentation"},
		"a presentation inside":          {vc.Opened{Document: nested(t, holder)}, "not_a_presentation"},
		"not signed":                     {vc.Opened{Document: decoded(t, show(holder.DID(), badge))}, "proof_missing"},
	} {
		t.Run(name, func(t *testing.T) {
			opts := options()
			opts.Challenge, opts.Domain = "c1", "example.org"
			_, err := vc.VerifyPresentation(context.Background(), c.opened, engine(t), opts)
			if c.code == "" {
				require.NoError(t, err)
				return
			}
			require.Error(t, err)
			require.Equal(t, c.code, codeOf(err), err.Error())
		})
	}
}

// nested is a presentation with a presentation where a credential should be.
func nested(t testing.TB, holder *keys.Local) map[string]any {
	t.Helper()
	inner := present(t, show(holder.DID(), signed(t, holder)), holder, dataintegrity.CreateOptions{Challenge: "c1", Domain: "example.org"})
	return present(t, show(holder.DID(), inner.Document), holder, dataintegrity.CreateOptions{Challenge: "c1", Domain: "example.org"}).Document
}

func TestAPresentationInATokenTellsTheSame(t *testing.T) {
	holder, issuer := key(t, 1), key(t, 2)
	doc := show(holder.DID(), signed(t, issuer), credential(holder.DID()))
	header := `{"alg":"EdDSA","typ":"vp+jwt","kid":"` + holder.VerificationMethod() + `"}`
	for name, c := range map[string]struct {
		claims object
		code   string
	}{
		"as asked":          {object{"nonce": "c1", "aud": "example.org", "iss": holder.DID()}, ""},
		"for two domains":   {object{"nonce": "c1", "aud": []any{"example.net", "example.org"}}, ""},
		"another challenge": {object{"nonce": "c2", "aud": "example.org"}, "challenge_wrong"},
		"another domain":    {object{"nonce": "c1", "aud": []any{"example.net"}}, "domain_wrong"},
		"another issuer":    {object{"nonce": "c1", "aud": "example.org", "iss": issuer.DID()}, "token_claims_differ"},
	} {
		t.Run(name, func(t *testing.T) {
			payload := decoded(t, doc)
			for key, value := range c.claims {
				payload[key] = value
			}
			text := forge(t, holder, header, rendered(t, payload))
			opened, err := vc.Open([]byte(rendered(t, envelope(vc.TypeEnvelopedPresentation, "application/vp+jwt", text))))
			require.NoError(t, err)
			require.Equal(t, decoded(t, doc), opened.Document)
			opts := options()
			opts.Challenge, opts.Domain = "c1", "example.org"
			got, err := vc.VerifyPresentation(context.Background(), opened, engine(t), opts)
			if c.code == "" {
				require.NoError(t, err)
				require.Len(t, got, 2)
				return
			}
			require.Equal(t, c.code, codeOf(err))
		})
	}
	signedByHolder := token(t, doc, holder)
	opened, err := vc.Open([]byte(signedByHolder))
	require.NoError(t, err)
	_, err = vc.VerifyPresentation(context.Background(), opened, engine(t), options())
	require.NoError(t, err, "without a challenge or domain in the question, none is needed")
}

func TestASecuredCredentialIsTheIssuersInEveryForm(t *testing.T) {
	issuer, other := key(t, 1), key(t, 2)
	for name, raw := range map[string]string{
		"proof": rendered(t, signed(t, issuer)),
		"token": token(t, credential(issuer.DID()), issuer),
	} {
		opened, err := vc.Open([]byte(raw))
		require.NoError(t, err)
		_, err = vc.VerifySecured(context.Background(), opened, engine(t), options())
		require.NoError(t, err, name)
		opts := options()
		opts.Controller = other.DID()
		_, err = vc.VerifySecured(context.Background(), opened, engine(t), opts)
		require.Equal(t, "method_foreign", codeOf(err), name)
	}
	nobody := credential("")
	delete(nobody, "issuer")
	_, err := vc.VerifySecured(context.Background(), vc.Opened{Document: nobody}, engine(t), options())
	require.Equal(t, "method_foreign", codeOf(err))
}
