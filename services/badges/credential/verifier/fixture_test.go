package verifier_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/jsonld"
	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/credential/openbadge"
	"github.com/tandem-badges/tandem/services/badges/credential/registry"
	"github.com/tandem-badges/tandem/services/badges/credential/status"
	"github.com/tandem-badges/tandem/services/badges/credential/vc"
	"github.com/tandem-badges/tandem/services/badges/credential/verifier"
)

const (
	site      = "https://badges.example.org"
	badgeID   = site + "/v1/credentials/06fq8"
	schoolID  = site + "/v1/districts/d1/schools/0042"
	revoking  = site + "/v1/statusLists/state-revocation-1"
	suspends  = site + "/v1/statusLists/state-suspension-1"
	revoked   = site + "/v1/issuers/state/revocationList"
	stateName = "Example State Office"
	place     = 4711
)

func now() time.Time { return time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC) }

func signedAt() time.Time { return now().AddDate(0, -1, 0) }

func key(t testing.TB, fill byte) *keys.Local {
	t.Helper()
	k, err := keys.FromSeed(bytes.Repeat([]byte{fill}, 32))
	require.NoError(t, err)
	return k
}

func state(t testing.TB) *keys.Local { t.Helper(); return key(t, 1) }

func engine(t testing.TB) *dataintegrity.Engine {
	t.Helper()
	set, err := contexts.Standard()
	require.NoError(t, err)
	return dataintegrity.New(jsonld.New(set))
}

func profile(k *keys.Local) openbadge.Issuer {
	return openbadge.Issuer{ID: k.DID(), Name: stateName, URL: "https://education.example.org"}
}

func school() openbadge.School {
	return openbadge.School{
		ID: schoolID, Name: "Cottonwood Elementary",
		Identifiers: []openbadge.Identifier{
			{Type: "ext:ncesSchoolId", Value: "080336000999"},
			{Type: "sisSourcedId", Value: "C-42", Hashed: true, Salt: "pinch"},
		},
	}
}

func achievement(n int) openbadge.Achievement {
	id := fmt.Sprintf("%s/v1/badgeDefinitions/standard-%d/versions/1", site, n)
	return openbadge.Achievement{
		ID: id, Name: fmt.Sprintf("Standard %d", n), Description: "Families are heard.", CriteriaNarrative: "A year of work, reviewed.",
		Image: openbadge.Image{ID: site + "/badges/images/standard-1.png", Caption: "An open door"}, Tags: []string{"families"},
		Alignments: []openbadge.Alignment{{TargetName: "Welcome all families", TargetURL: site + "/frameworks/national#1", TargetCode: "1"}},
		ResultDescription: []openbadge.ResultDescription{{
			ID: id + "#climate", Name: "Climate", Levels: []openbadge.RubricLevel{{ID: id + "#climate-2", Name: "Good"}, {ID: id + "#climate-3", Name: "Best"}},
		}},
	}
}

// sample is a badge with every part that verification looks at.
func sample(k *keys.Local) openbadge.Badge {
	a := achievement(1)
	return openbadge.Badge{
		ID: badgeID, Name: "Welcome All Families", Description: "Awarded after review.", Issuer: profile(k),
		ValidFrom: signedAt(), ValidUntil: now().AddDate(2, 0, 0), AwardedDate: signedAt(), School: school(), Achievement: a,
		Results:    []openbadge.Result{{ResultDescription: a.ID + "#climate", AchievedLevel: a.ID + "#climate-3", Value: "3"}},
		Evidence:   []openbadge.Evidence{{ID: site + "/evidence/7", Name: "Survey", SHA256: strings.Repeat("ab", 32)}},
		RefreshURL: badgeID + ":refresh",
		Status: []openbadge.Status{
			{ID: revoking + "#4711", Type: status.TypeEntry, Purpose: status.Revocation, List: revoking, Index: place},
			{ID: suspends + "#4711", Type: status.TypeEntry, Purpose: status.Suspension, List: suspends, Index: place},
			{ID: revoked, Type: status.TypeRevocation},
		},
	}
}

func built(t testing.TB, b openbadge.Badge) map[string]any {
	t.Helper()
	doc, err := openbadge.Build(b)
	require.NoError(t, err)
	return doc
}

// sign signs whatever it is given, complete or not, as somebody with a key could.
func sign(t testing.TB, doc map[string]any, k keys.Signer, opts dataintegrity.CreateOptions) []byte {
	t.Helper()
	if opts.Created.IsZero() {
		opts.Created = signedAt()
	}
	signed, err := engine(t).Sign(context.Background(), decoded(t, rendered(t, doc)), k, opts)
	require.NoError(t, err)
	return rendered(t, signed)
}

func issued(t testing.TB) []byte {
	t.Helper()
	return sign(t, built(t, sample(state(t))), state(t), dataintegrity.CreateOptions{})
}

// issuedWith is a badge of the state that says something else, honestly signed.
func issuedWith(t testing.TB, change func(b *openbadge.Badge)) []byte {
	t.Helper()
	b := sample(state(t))
	change(&b)
	return sign(t, built(t, b), state(t), dataintegrity.CreateOptions{})
}

func decoded(t testing.TB, raw []byte) map[string]any {
	t.Helper()
	doc, err := jsonld.Decode(raw)
	require.NoError(t, err)
	return doc
}

// listing makes a status list with some places set.
func listing(t testing.TB, k *keys.Local, change func(l *status.List), set ...int) []byte {
	t.Helper()
	bits, err := status.NewBits(status.MinEntries)
	require.NoError(t, err)
	for _, i := range set {
		require.NoError(t, bits.Set(i))
	}
	l := status.List{
		ID: revoking, Issuer: k.DID(), Purposes: []string{status.Revocation}, Bits: bits,
		ValidFrom: now().Add(-time.Hour), ValidUntil: now().Add(time.Hour),
	}
	if change != nil {
		change(&l)
	}
	doc, err := status.Build(l)
	require.NoError(t, err)
	return sign(t, doc, k, dataintegrity.CreateOptions{Created: now().Add(-time.Hour)})
}

func suspending(l *status.List) { l.ID, l.Purposes = suspends, []string{status.Suspension} }

func revocations(t testing.TB, k *keys.Local, ids ...string) []byte {
	t.Helper()
	l := status.Revocations{ID: revoked, Issuer: k.DID()}
	for _, id := range ids {
		l.Revoked = append(l.Revoked, status.Revoked{ID: id, Reason: "Given by mistake."})
	}
	raw, err := l.JSON()
	require.NoError(t, err)
	return raw
}

// shelf serves lists by their address.
type shelf map[string][]byte

var errNoList = errors.New("not there")

func (s shelf) List(_ context.Context, address string) ([]byte, error) {
	if raw, has := s[address]; has {
		return raw, nil
	}
	return nil, errNoList
}

// lists are the state's, with nothing set.
func lists(t testing.TB) shelf {
	t.Helper()
	return shelf{
		revoking: listing(t, state(t), nil), suspends: listing(t, state(t), suspending), revoked: revocations(t, state(t)),
	}
}

// known is a signed registry with the state in it.
func known(t testing.TB, change func(r *registry.Registry)) *registry.Registry {
	t.Helper()
	k := state(t)
	r := &registry.Registry{
		ID: site + "/v1/issuers:registry", Name: stateName, Issued: now().Add(-time.Hour), Expires: now().AddDate(0, 1, 0),
		Issuers: []registry.Issuer{{ID: k.DID(), Name: stateName, Keys: []registry.Key{{
			VerificationMethod: k.VerificationMethod(), PublicKeyMultibase: strings.TrimPrefix(k.DID(), "did:key:"), Created: signedAt().AddDate(0, -1, 0),
		}}}},
	}
	if change != nil {
		change(r)
	}
	raw, err := registry.Sign(context.Background(), r, key(t, 99))
	require.NoError(t, err)
	parsed, err := registry.Parse(raw)
	require.NoError(t, err)
	return parsed
}

// asked are the options of a verifier that knows the state and its lists.
func asked(t testing.TB) verifier.Options {
	t.Helper()
	return verifier.Options{Now: now(), Registry: known(t, nil), Lists: lists(t)}
}

func verify(t testing.TB, raw []byte, opts verifier.Options) verifier.Report {
	t.Helper()
	r := verifier.New(engine(t)).Verify(context.Background(), raw, opts)
	require.Len(t, r.Steps, len(verifier.Steps()), "every report has every step")
	for i, id := range verifier.Steps() {
		require.Equal(t, id, r.Steps[i].ID)
		require.NotEmpty(t, r.Steps[i].Reason)
		require.NotContains(t, r.Steps[i].Reason, "%!", "words without their arguments")
		if r.Steps[i].Outcome == verifier.Failed || r.Steps[i].Outcome == verifier.Warning {
			require.NotEmpty(t, r.Steps[i].Code, "what did not pass has a code: %s", r.Steps[i].Reason)
		}
	}
	return r
}

// record is a Partnership School record of six signed badges, not yet signed itself.
func record(t testing.TB, change func(c *openbadge.CLR)) map[string]any {
	t.Helper()
	whole := achievement(7)
	c := openbadge.CLR{
		ID: site + "/v1/credentials/clr1", Name: "Partnership School", Issuer: profile(state(t)),
		ValidFrom: signedAt(), School: school(), Achievement: &whole,
	}
	for n := range 6 {
		c.Badges = append(c.Badges, decoded(t, issuedWith(t, func(b *openbadge.Badge) {
			b.ID, b.Achievement, b.Results = fmt.Sprintf("%s-%d", badgeID, n), achievement(n), nil
		})))
	}
	if change != nil {
		change(&c)
	}
	doc, err := openbadge.BuildCLR(c)
	require.NoError(t, err)
	return doc
}

// shown is a presentation by a holder, not yet signed.
func shown(holder string, credentials ...any) map[string]any {
	doc := map[string]any{
		"@context": []any{contexts.CredentialsV2}, "type": []any{"VerifiablePresentation"}, "verifiableCredential": credentials,
	}
	if holder != "" {
		doc["holder"] = holder
	}
	return doc
}

func token(t testing.TB, doc map[string]any, k keys.Signer) []byte {
	t.Helper()
	text, err := vc.SignJWT(context.Background(), decoded(t, rendered(t, doc)), k, signedAt())
	require.NoError(t, err)
	return []byte(text)
}

func rendered(t testing.TB, doc map[string]any) []byte {
	t.Helper()
	raw, err := json.Marshal(doc)
	require.NoError(t, err)
	return raw
}
