package status_test

import (
	"encoding/json"
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/jsonld"
	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/credential/status"
)

const issuerDID = "did:web:badges.example.org:issuers:state"

func now() time.Time { return time.Date(2026, time.September, 1, 9, 0, 0, 0, time.UTC) }

func aList(t testing.TB, set ...int) status.List {
	t.Helper()
	bits, err := status.NewBits(status.MinEntries)
	require.NoError(t, err)
	for _, i := range set {
		require.NoError(t, bits.Set(i))
	}
	return status.List{
		ID: listURL, Issuer: issuerDID, Purposes: []string{status.Revocation},
		ValidFrom: now(), ValidUntil: now().Add(12 * time.Hour), TTL: time.Minute, Bits: bits,
	}
}

// read sends a document through its text, as it travels.
func read(t testing.TB, doc map[string]any) map[string]any {
	t.Helper()
	raw, err := json.Marshal(doc)
	require.NoError(t, err)
	out, err := jsonld.Decode(raw)
	require.NoError(t, err)
	return out
}

func built(t testing.TB, set ...int) map[string]any {
	t.Helper()
	doc, err := status.Build(aList(t, set...))
	require.NoError(t, err)
	return read(t, doc)
}

func anEntry(index int) status.Entry {
	return status.Entry{Type: status.TypeEntry, Purpose: status.Revocation, List: listURL, Index: index}
}

func use() status.Use { return status.Use{Issuer: issuerDID, Now: now().Add(time.Hour)} }

func TestAListSaysWhatItWasBuiltFrom(t *testing.T) {
	l, err := status.Open(built(t, 7, 131_071))
	require.NoError(t, err)
	require.Equal(t, aList(t, 7, 131_071), *l)
	for i, want := range map[int]bool{0: false, 7: true, 8: false, 131_071: true} {
		got, err := l.Check(anEntry(i), use())
		require.NoError(t, err)
		require.Equal(t, want, got, i)
	}
}

func TestAListIsACredentialThatCanBeSigned(t *testing.T) {
	set, err := contexts.Standard()
	require.NoError(t, err)
	engine := dataintegrity.New(jsonld.New(set))
	signer, err := keys.FromSeed(make([]byte, 32))
	require.NoError(t, err)
	l := aList(t, 3)
	l.Issuer = signer.DID()
	doc, err := status.Build(l)
	require.NoError(t, err)
	signed, err := engine.Sign(t.Context(), read(t, doc), signer, dataintegrity.CreateOptions{Created: now()})
	require.NoError(t, err)
	verify := func(doc map[string]any) error {
		_, err := engine.Verify(t.Context(), doc, dataintegrity.VerifyOptions{Now: now(), Resolver: dataintegrity.DIDKey{}, Controller: signer.DID()})
		return err
	}
	require.NoError(t, verify(read(t, signed)))
	subject := signed["credentialSubject"].(map[string]any)
	none, err := aList(t).Bits.Encode()
	require.NoError(t, err)
	subject["encodedList"] = none
	require.Error(t, verify(read(t, signed)), "a list from which a bit was taken away")
}

func TestListsThatCannotTellAreNotBuilt(t *testing.T) {
	for name, change := range map[string]func(*status.List){
		"no address":   func(l *status.List) { l.ID = "" },
		"no issuer":    func(l *status.List) { l.Issuer = "" },
		"no purpose":   func(l *status.List) { l.Purposes = nil },
		"two purposes": func(l *status.List) { l.Purposes = []string{"revocation", "suspension"} },
		"no entries":   func(l *status.List) { l.Bits = status.Bits{} },
	} {
		t.Run(name, func(t *testing.T) {
			l := aList(t)
			change(&l)
			_, err := status.Build(l)
			require.Equal(t, status.CodeList, code(t, err))
		})
	}
}

func TestDocumentsThatAreNoListAreRefused(t *testing.T) {
	type m = map[string]any
	for name, c := range map[string]struct {
		change func(doc, subject m)
		want   status.Code
	}{
		"no context":              {func(d, _ m) { delete(d, "@context") }, status.CodeList},
		"another context":         {func(d, _ m) { d["@context"] = []any{"https://www.w3.org/2018/credentials/v1"} }, status.CodeList},
		"another type":            {func(d, _ m) { d["type"] = []any{"VerifiableCredential", "OpenBadgeCredential"} }, status.CodeList},
		"no credential":           {func(d, _ m) { d["type"] = "BitstringStatusListCredential" }, status.CodeList},
		"no issuer":               {func(d, _ m) { delete(d, "issuer") }, status.CodeList},
		"an issuer without id":    {func(d, _ m) { d["issuer"] = m{"name": "x"} }, status.CodeList},
		"an id that is no text":   {func(d, _ m) { d["id"] = 7.0 }, status.CodeList},
		"no subject":              {func(d, _ m) { delete(d, "credentialSubject") }, status.CodeList},
		"two subjects":            {func(d, s m) { d["credentialSubject"] = []any{s, s} }, status.CodeList},
		"a subject of what else":  {func(_, s m) { s["type"] = "StatusList2021" }, status.CodeList},
		"no purpose":              {func(_, s m) { delete(s, "statusPurpose") }, status.CodeList},
		"an empty list of those":  {func(_, s m) { s["statusPurpose"] = []any{} }, status.CodeList},
		"no bits":                 {func(_, s m) { delete(s, "encodedList") }, status.CodeList},
		"bits that are none":      {func(_, s m) { s["encodedList"] = "u" }, status.CodeEncoding},
		"a ttl of nothing":        {func(_, s m) { s["ttl"] = 0.0 }, status.CodeList},
		"a ttl as text":           {func(_, s m) { s["ttl"] = "60000" }, status.CodeList},
		"a begin without a zone":  {func(d, _ m) { d["validFrom"] = "2026-09-01T09:00:00" }, status.CodeList},
		"an end that is a number": {func(d, _ m) { d["validUntil"] = 7.0 }, status.CodeList},
	} {
		t.Run(name, func(t *testing.T) {
			doc := built(t)
			c.change(doc, doc["credentialSubject"].(m))
			_, err := status.Open(doc)
			require.Equal(t, c.want, code(t, err), err)
		})
	}
}

func TestAListWithoutWhatIsOptionalIsRead(t *testing.T) {
	doc := built(t, 1)
	for _, key := range []string{"id", "validFrom", "validUntil"} {
		delete(doc, key)
	}
	subject := doc["credentialSubject"].(map[string]any)
	delete(subject, "ttl")
	subject["statusPurpose"] = []any{"suspension", "revocation"}
	doc["issuer"] = map[string]any{"id": issuerDID, "name": "State Office"}
	l, err := status.Open(doc)
	require.NoError(t, err)
	on, err := l.Check(anEntry(1), use())
	require.NoError(t, err)
	require.True(t, on)
}

func TestAListTellsNothingAboutWhatItIsNotFor(t *testing.T) {
	l, err := status.Open(built(t, 7))
	require.NoError(t, err)
	for name, c := range map[string]struct {
		entry func(*status.Entry)
		use   func(*status.Use)
		want  status.Code
	}{
		"another kind of entry": {func(e *status.Entry) { e.Type = status.TypeRevocation }, nil, status.CodeEntry},
		"another purpose":       {func(e *status.Entry) { e.Purpose = status.Suspension }, nil, status.CodePurpose},
		"another list":          {func(e *status.Entry) { e.List += "0" }, nil, status.CodeAddress},
		"beyond its end":        {func(e *status.Entry) { e.Index = 131_072 }, nil, status.CodeRange},
		"another issuer's":      {nil, func(u *status.Use) { u.Issuer = "did:web:other.example.org" }, status.CodeIssuer},
		"before its time":       {nil, func(u *status.Use) { u.Now = now().Add(-6 * time.Minute) }, status.CodeNotYet},
		"after its time":        {nil, func(u *status.Use) { u.Now = now().Add(12 * time.Hour) }, status.CodeExpired},
	} {
		t.Run(name, func(t *testing.T) {
			e, u := anEntry(7), use()
			if c.entry != nil {
				c.entry(&e)
			}
			if c.use != nil {
				c.use(&u)
			}
			on, err := l.Check(e, u)
			require.Equal(t, c.want, code(t, err), err)
			require.False(t, on)
		})
	}
	u := use()
	u.Issuer, u.Delegates = "did:key:z6MkFormer", []string{issuerDID}
	on, err := l.Check(anEntry(7), u)
	require.NoError(t, err)
	require.True(t, on, "an issuer that changed its identifier keeps its lists")
}

func revocations() status.Revocations {
	return status.Revocations{
		ID: "https://badges.example.org/v1/issuers/state/revocationList", Issuer: issuerDID,
		Revoked: []status.Revoked{{ID: "https://badges.example.org/v1/credentials/a", Reason: "A badge it rests on is gone."}, {ID: "https://badges.example.org/v1/credentials/b"}},
	}
}

func TestARevocationListIsReadByNewAndOldVerifiers(t *testing.T) {
	raw, err := revocations().JSON()
	require.NoError(t, err)
	var doc map[string]any
	require.NoError(t, json.Unmarshal(raw, &doc))
	require.Equal(t, doc["revokedCredential"], doc["revokedCredentials"])
	require.Equal(t, map[string]any{
		"id": "https://badges.example.org/v1/credentials/a", "revoked": true, "revocationReason": "A badge it rests on is gone.",
	}, doc["revokedCredential"].([]any)[0])
	for _, gone := range []string{"revokedCredential", "revokedCredentials", ""} {
		have := maps.Clone(doc)
		delete(have, gone)
		raw, err := json.Marshal(have)
		require.NoError(t, err)
		l, err := status.ParseRevocations(raw)
		require.NoError(t, err)
		e := status.Entry{Type: status.TypeRevocation, Purpose: status.Revocation, List: l.ID}
		revoked, reason, err := l.Check(e, "https://badges.example.org/v1/credentials/a", use())
		require.NoError(t, err)
		require.True(t, revoked)
		require.Equal(t, "A badge it rests on is gone.", reason)
		revoked, _, err = l.Check(e, "https://badges.example.org/v1/credentials/c", use())
		require.NoError(t, err)
		require.False(t, revoked)
	}
	empty, err := status.Revocations{ID: "https://example.org/l", Issuer: issuerDID}.JSON()
	require.NoError(t, err)
	require.Contains(t, string(empty), `"revokedCredential":[]`, "a list of nothing, not nothing")
}

func TestWhatIsNotRevokedAnyMoreIsNot(t *testing.T) {
	l, err := status.ParseRevocations([]byte(`{"issuer":"` + issuerDID + `","revokedCredential":[
		{"id":"https://example.org/a","revoked":false},{"id":"https://example.org/b"}]}`))
	require.NoError(t, err)
	require.Equal(t, []status.Revoked{{ID: "https://example.org/b"}}, l.Revoked)
}

func TestRevocationListsThatTellNothingAreRefused(t *testing.T) {
	for name, text := range map[string]string{
		"no JSON":                `<html>`,
		"the same name twice":    `{"issuer":"x","issuer":"y","revokedCredential":[]}`,
		"no issuer":              `{"revokedCredential":[]}`,
		"no list":                `{"issuer":"x"}`,
		"a name without id":      `{"issuer":"x","revokedCredential":[{"revoked":true}]}`,
		"a name that is no text": `{"issuer":"x","revokedCredential":["a"]}`,
		"neither true nor false": `{"issuer":"x","revokedCredential":[{"id":"a","revoked":"no"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := status.ParseRevocations([]byte(text))
			require.Equal(t, status.CodeList, code(t, err), err)
		})
	}
	l := revocations()
	e := status.Entry{Type: status.TypeRevocation, Purpose: status.Revocation, List: l.ID}
	for want, change := range map[status.Code]func(*status.Entry, *status.Use){
		status.CodeEntry:   func(e *status.Entry, _ *status.Use) { e.Type = status.TypeEntry },
		status.CodeAddress: func(e *status.Entry, _ *status.Use) { e.List = "https://example.org/other" },
		status.CodeIssuer:  func(_ *status.Entry, u *status.Use) { u.Issuer = "did:web:other.example.org" },
	} {
		entry, u := e, use()
		change(&entry, &u)
		revoked, _, err := l.Check(entry, l.Revoked[0].ID, u)
		require.Equal(t, want, code(t, err))
		require.False(t, revoked)
	}
}
