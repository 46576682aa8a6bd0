package vcapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/jsonld"
	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/credential/openbadge"
	"github.com/tandem-badges/tandem/services/badges/credential/status"
	"github.com/tandem-badges/tandem/services/badges/internal/issuer"
	"github.com/tandem-badges/tandem/services/badges/internal/vcapi"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

type object = map[string]any

func now() time.Time { return time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC) }

func key(t *testing.T, fill byte) *keys.Local {
	t.Helper()
	local, err := keys.FromSeed(bytes.Repeat([]byte{fill}, 32))
	require.NoError(t, err)
	return local
}

// office has one issuer of the platform.
type office struct {
	signer *keys.Local
	err    error
}

func (o office) ByDID(_ context.Context, did string) (issuer.Issuer, bool, error) {
	return issuer.Issuer{Name: "issuers/state"}, did == o.signer.DID(), o.err
}

func (o office) Signer(_ context.Context, name string) (issuer.Issuer, keys.Signer, error) {
	return issuer.Issuer{Name: name}, o.signer, nil
}

// book keeps what it was told.
type book struct {
	issuers map[string]string // by credential
	set     []string
}

func (b *book) Allocate(_ context.Context, issuer, credential string) ([]openbadge.Status, error) {
	b.issuers[credential] = issuer
	return []openbadge.Status{
		{ID: "https://badges.example.org/l#1", Type: status.TypeEntry, Purpose: "revocation", List: "https://badges.example.org/l", Index: 94},
		{ID: "https://badges.example.org/r", Type: "1EdTechRevocationList"},
	}, nil
}

func (b *book) Set(_ context.Context, credential, purpose string, on bool, _ string) error {
	b.set = append(b.set, purpose)
	if !on {
		b.set = append(b.set, "taken back")
	}
	return nil
}

func (b *book) Known(_ context.Context, credential string) (bool, error) {
	_, has := b.issuers[credential]
	return has, nil
}

type fixture struct {
	*vcapi.Service
	engine     *dataintegrity.Engine
	test, ours *keys.Local
	book       *book
}

func begin(t *testing.T, dev bool) *fixture {
	t.Helper()
	set, err := contexts.Standard()
	require.NoError(t, err)
	f := &fixture{engine: dataintegrity.New(jsonld.New(set)), test: key(t, 1), ours: key(t, 2), book: &book{issuers: map[string]string{}}}
	f.Service = vcapi.New(vcapi.Parts{
		Tx:     func(ctx context.Context, fn func(context.Context) error) error { return fn(ctx) },
		Engine: f.engine, Office: office{signer: f.ours}, Book: f.book, Signer: f.test, Now: now, Dev: dev,
	})
	return f
}

func plain(changes object) object {
	doc := object{
		"@context": []any{contexts.CredentialsV2}, "type": []any{"VerifiableCredential"}, "issuer": "did:example:issuer",
		"credentialSubject": object{"id": "did:example:subject"},
	}
	maps.Copy(doc, changes)
	return doc
}

func (f *fixture) issue(t *testing.T, doc object, r vcapi.Request) (object, error) {
	t.Helper()
	raw, err := json.Marshal(doc)
	require.NoError(t, err)
	r.Credential = raw
	signed, err := f.Issue(t.Context(), r)
	if err != nil {
		return nil, err
	}
	out, err := jsonld.Decode(signed)
	require.NoError(t, err)
	return out, nil
}

// by tells who signed a document, whose signature must hold.
func (f *fixture) by(t *testing.T, doc object) string {
	t.Helper()
	proofs, err := f.engine.Verify(t.Context(), doc, dataintegrity.VerifyOptions{Now: now(), Resolver: dataintegrity.DIDKey{}})
	require.NoError(t, err)
	require.Len(t, proofs, 1)
	require.True(t, proofs[0].Created.Equal(now()))
	return proofs[0].Controller
}

func TestTheTestIssuerTakesThePlaceOfAnyOther(t *testing.T) {
	for name, given := range map[string]any{"a text": "did:example:issuer", "an object": object{"id": "did:example:issuer", "name": "Example"}} {
		t.Run(name, func(t *testing.T) {
			f := begin(t, false)
			signed, err := f.issue(t, plain(object{"issuer": given}), vcapi.Request{})
			require.NoError(t, err)
			require.Equal(t, f.test.DID(), f.by(t, signed))
			if profile, isObject := signed["issuer"].(object); isObject {
				require.Equal(t, object{"id": f.test.DID(), "name": "Example"}, profile)
				return
			}
			require.Equal(t, f.test.DID(), signed["issuer"])
		})
	}
}

func TestAnIssuerOfThePlatformSignsInDevelopmentOnly(t *testing.T) {
	f := begin(t, false)
	_, err := f.issue(t, plain(object{"issuer": f.ours.DID()}), vcapi.Request{})
	requireRule(t, err, "test_issuer")

	f = begin(t, true)
	signed, err := f.issue(t, plain(object{"issuer": f.ours.DID(), "id": "urn:uuid:1"}), vcapi.Request{Status: true})
	require.NoError(t, err)
	require.Equal(t, f.ours.DID(), f.by(t, signed))
	require.Equal(t, f.ours.DID(), signed["issuer"])
	require.Contains(t, f.book.issuers, onlyKey(t, f.book.issuers))
	require.Equal(t, "issuers/state", f.book.issuers[onlyKey(t, f.book.issuers)], "its own list")
}

func onlyKey(t *testing.T, m map[string]string) string {
	t.Helper()
	require.Len(t, m, 1)
	for k := range m {
		return k
	}
	return ""
}

func requireRule(t *testing.T, err error, rule string) {
	t.Helper()
	require.True(t, problem.Is(err, problem.KindInvalid), "%v", err)
	var p *problem.Error
	require.ErrorAs(t, err, &p)
	var rules []string
	for _, v := range p.Violations {
		require.NotEmpty(t, v.Field)
		require.NotEmpty(t, v.Fix)
		rules = append(rules, v.Rule)
	}
	require.Contains(t, rules, rule)
}

func TestWhatIsNoCredentialIsRefused(t *testing.T) {
	f := begin(t, true)
	for name, c := range map[string]struct {
		changes object
		request vcapi.Request
		rule    string
	}{
		"no credential":                   {object{"type": []any{"https://example.org/T"}}, vcapi.Request{}, "type"},
		"a presentation":                  {object{"type": []any{"VerifiablePresentation"}}, vcapi.Request{}, "credential"},
		"an empty badge":                  {object{"type": []any{"VerifiableCredential", "OpenBadgeCredential"}}, vcapi.Request{}, "context"},
		"signed already":                  {object{"proof": object{"type": "DataIntegrityProof"}}, vcapi.Request{}, "unsigned"},
		"a word without meaning":          {object{"credentialSubject": object{"id": "urn:s", "colour": "red"}}, vcapi.Request{}, "undefined_term"},
		"a context of its own":            {object{"@context": []any{contexts.CredentialsV2, object{"Club": "urn:c"}}}, vcapi.Request{}, "unknown_context"},
		"a direction in RDF":              {direction(), vcapi.Request{CreateOptions: dataintegrity.CreateOptions{Suite: dataintegrity.SuiteRDFC}}, "direction_unsigned"},
		"a suite that nobody has":         {object{}, vcapi.Request{CreateOptions: dataintegrity.CreateOptions{Suite: "bbs-2023"}}, "cryptosuite_unknown"},
		"a purpose that nobody has":       {object{}, vcapi.Request{CreateOptions: dataintegrity.CreateOptions{Purpose: "decoration"}}, "purpose_wrong"},
		"a status without an id":          {object{}, vcapi.Request{Status: true}, "required"},
		"a status beside another":         {object{"id": "urn:uuid:1", "credentialStatus": object{"type": "https://example.org/S"}}, vcapi.Request{Status: true}, "given_by_issuer"},
		"a context of its own, signed as": {object{"@context": []any{contexts.CredentialsV2, object{"Club": "urn:c"}}}, vcapi.Request{CreateOptions: dataintegrity.CreateOptions{Suite: dataintegrity.SuiteJCS}}, "unknown_context"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := f.issue(t, plain(c.changes), c.request)
			requireRule(t, err, c.rule)
		})
	}
	_, err := f.Issue(t.Context(), vcapi.Request{Credential: []byte(`{"id":"urn:a","id":"urn:b"}`)})
	requireRule(t, err, "duplicate_key")
	require.Empty(t, f.book.issuers)
}

func direction() object {
	return object{"name": object{"@value": "مدرسة", "@language": "ar", "@direction": "rtl"}}
}

func TestADirectionIsSignedByTheSuiteThatCan(t *testing.T) {
	f := begin(t, false)
	signed, err := f.issue(t, plain(direction()), vcapi.Request{})
	require.NoError(t, err)
	proof, isObject := signed["proof"].(object)
	require.True(t, isObject)
	require.Equal(t, dataintegrity.SuiteJCS, proof["cryptosuite"])
	require.Equal(t, f.test.DID(), f.by(t, signed))
}

func TestAStatusIsGivenOnceAndChanged(t *testing.T) {
	f := begin(t, false)
	doc := plain(object{"id": "urn:uuid:1"})
	signed, err := f.issue(t, doc, vcapi.Request{Status: true})
	require.NoError(t, err)
	require.Equal(t, []any{object{
		"id": "https://badges.example.org/l#1", "type": "BitstringStatusListEntry", "statusPurpose": "revocation",
		"statusListCredential": "https://badges.example.org/l", "statusListIndex": "94",
	}}, signed["credentialStatus"])
	require.Equal(t, vcapi.TestIssuer, f.book.issuers[onlyKey(t, f.book.issuers)])

	_, err = f.issue(t, doc, vcapi.Request{Status: true})
	require.True(t, problem.Is(err, problem.KindAlreadyExists), "%v", err)

	require.NoError(t, f.SetStatus(t.Context(), "urn:uuid:1", "revocation", true))
	require.NoError(t, f.SetStatus(t.Context(), "urn:uuid:1", "suspension", false))
	require.Equal(t, []string{"revocation", "suspension", "taken back"}, f.book.set)
	require.True(t, problem.Is(f.SetStatus(t.Context(), "urn:uuid:2", "revocation", true), problem.KindNotFound))
	requireRule(t, f.SetStatus(t.Context(), "urn:uuid:1", "decoration", true), "known")
}

func TestAFailureOfTheOfficeIsNoFaultOfTheDocument(t *testing.T) {
	f := begin(t, false)
	f.Office = office{signer: f.ours, err: errors.New("the database is away")}
	_, err := f.issue(t, plain(nil), vcapi.Request{})
	require.EqualError(t, err, "the database is away")
}
