package verifier_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/openbadge"
	"github.com/tandem-badges/tandem/services/badges/credential/verifier"
)

// edit is one change of the text of a signed document.
type edit struct {
	name string
	// change works on the parsed document, or text on its text.
	change func(d map[string]any)
	text   func(raw string) string
	step   string
	code   string
}

func object(d map[string]any, path ...string) map[string]any {
	for _, key := range path {
		child := d[key]
		if items, isList := child.([]any); isList {
			child = items[0]
		}
		d, _ = child.(map[string]any)
	}
	return d
}

func set(value any, path ...string) func(d map[string]any) {
	return func(d map[string]any) { object(d, path[:len(path)-1]...)[path[len(path)-1]] = value }
}

func add(item any, path ...string) func(d map[string]any) {
	return func(d map[string]any) {
		holder, last := object(d, path[:len(path)-1]...), path[len(path)-1]
		items, _ := holder[last].([]any)
		holder[last] = append(items, item)
	}
}

func replace(old, by string) func(string) string {
	return func(raw string) string { return strings.Replace(raw, old, by, 1) }
}

// signedFields are changes of what the signature covers: the document stays complete.
func signedFields() []edit {
	const step, code = verifier.StepProof, "signature_wrong"
	subject, what := "credentialSubject", "achievement"
	return []edit{
		{"the id", set(badgeID+"1", "id"), nil, step, code},
		{"the name", set("Gold", "name"), nil, step, code},
		{"the description", set("More.", "description"), nil, step, code},
		{"a type", add("VerifiableCredentialX", "type"), nil, step, "undefined_term"},
		{"the issuer's name", set("Somebody Else", "issuer", "name"), nil, step, code},
		{"the issuer's address", set("https://evil.example.org", "issuer", "url"), nil, step, code},
		{"the beginning", set("2026-05-02T12:00:00Z", "validFrom"), nil, step, code},
		{"the end", set("2099-01-01T00:00:00Z", "validUntil"), nil, step, code},
		{"no end", func(d map[string]any) { delete(d, "validUntil") }, nil, step, code},
		{"the day of the award", set("2020-01-01T00:00:00Z", "awardedDate"), nil, step, code},
		{"the school", set(schoolID+"9", subject, "id"), nil, step, code},
		{"the school's number", set("080336000998", subject, "identifier", "identityHash"), nil, step, code},
		{"whether the number is hashed", set(true, subject, "identifier", "hashed"), nil, step, code},
		{"what was achieved", set("Everything", subject, what, "name"), nil, step, code},
		{"its criteria", set("Nothing at all.", subject, what, "criteria", "narrative"), nil, step, code},
		{"its picture", set("https://evil.example.org/x.png", subject, what, "image", "id"), nil, step, code},
		{"the text of its picture", set("Gold", subject, what, "image", "caption"), nil, step, code},
		{"a tag", add("gold", subject, what, "tag"), nil, step, code},
		{"an alignment", set("Another standard", subject, what, "alignment", "targetName"), nil, step, code},
		{"the name of a level", set("Best of all", subject, what, "resultDescription", "rubricCriterionLevel", "name"), nil, step, code},
		{"the result", set("4", subject, "result", "value"), nil, step, code},
		{"the level", set(achievement(1).ID+"#climate-2", subject, "result", "achievedLevel"), nil, step, code},
		{"the digest of the evidence", set("sha256-"+base64.StdEncoding.EncodeToString(make([]byte, 32)), "evidence", "digestSRI"), nil, step, code},
		{"no evidence", func(d map[string]any) { delete(d, "evidence") }, nil, step, code},
		{"a second piece of evidence", add(map[string]any{"type": []any{"Evidence"}, "name": "Forged"}, "evidence"), nil, step, code},
		{"the place in the status list", set("4712", "credentialStatus", "statusListIndex"), nil, step, code},
		{"the status list", set(suspends, "credentialStatus", "statusListCredential"), nil, step, code},
		{"the purpose of the status", set("suspension", "credentialStatus", "statusPurpose"), nil, step, code},
		{"no status", func(d map[string]any) { delete(d, "credentialStatus") }, nil, step, code},
		{"where to refresh", set("https://evil.example.org", "refreshService", "id"), nil, step, code},
		{"when it was signed", set("2026-05-01T12:00:01Z", "proof", "created"), nil, step, code},
		{"a challenge added to the proof", set("c1", "proof", "challenge"), nil, step, code},
		{"an end added to the proof", set("2099-01-01T00:00:00Z", "proof", "expires"), nil, step, code},
	}
}

// hostile are changes that try to slip past the signature, or to break the reader.
func hostile() []edit {
	const read, proof, schema = verifier.StepRead, verifier.StepProof, verifier.StepSchema
	long := "https://example.org/" + strings.Repeat("e", 3000)
	return []edit{
		{"the order of the contexts", func(d map[string]any) {
			d["@context"] = []any{contexts.CredentialsV2, contexts.OpenBadgesExtensions, contexts.OpenBadges303}
		}, nil, schema, "context"},
		{"one context less", func(d map[string]any) { d["@context"] = []any{contexts.CredentialsV2, contexts.OpenBadges303} }, nil, proof, "undefined_term"},
		{"an unknown context", add("https://example.org/context", "@context"), nil, proof, "unknown_context"},
		{"a vocabulary injected", add(map[string]any{"@vocab": "urn:x:"}, "@context"), nil, proof, "unknown_context"},
		{"a protected term redefined", add(map[string]any{"name": "urn:x"}, "@context"), nil, proof, "unknown_context"},
		{"a context inside", set([]any{map[string]any{"name": "urn:x"}}, "credentialSubject", "@context"), nil, proof, "unknown_context"},
		{"an object under an address of 3,000 characters", add(map[string]any{"id": long, "type": []any{"Evidence"}, "name": "Forged"}, "evidence"), nil, proof, "iri_too_long"},
		{"a property of 3,000 characters", func(d map[string]any) { d[long] = "x" }, nil, proof, "iri_too_long"},
		{"a word without meaning", set("first class", "honours"), nil, proof, "undefined_term"},
		{"a null", set(nil, "description"), nil, proof, "dropped_value"},
		{"a reversed property", set(map[string]any{"name": "x"}, "@reverse"), nil, proof, "keyword_refused"},
		{"a graph of alike nodes", func(d map[string]any) { d["https://example.org/p"] = clique() }, nil, proof, "document_refused"},
		{"no proof", func(d map[string]any) { delete(d, "proof") }, nil, proof, "proof_missing"},
		{"an empty list of proofs", set([]any{}, "proof"), nil, proof, "proof_missing"},
		{"nine proofs", func(d map[string]any) {
			first := object(d, "proof")
			d["proof"] = []any{first, first, first, first, first, first, first, first, first}
		}, nil, proof, "proof_malformed"},
		{"another suite", set("eddsa-jcs-2022", "proof", "cryptosuite"), nil, proof, "signature_wrong"},
		{"an unknown suite", set("none", "proof", "cryptosuite"), nil, proof, "cryptosuite_unknown"},
		{"another purpose", set("authentication", "proof", "proofPurpose"), nil, proof, "purpose_wrong"},
		{"a broken signature", set("z1111", "proof", "proofValue"), nil, proof, "proof_malformed"},
		{"no issuer", func(d map[string]any) { delete(d, "issuer") }, nil, proof, "issuer_missing"},
		{"no subject", func(d map[string]any) { delete(d, "credentialSubject") }, nil, schema, "required"},
		{"no type", func(d map[string]any) { delete(d, "type") }, nil, schema, "type"},
		{"a key twice", nil, replace(`"name":`, `"name":"Forged","name":`), read, "duplicate_key"},
		{"minus zero", nil, replace(`"hashed":false`, `"hashed":-0`), schema, "boolean"},
		{"a number beyond what is exact", nil, replace(`"hashed":false`, `"hashed":9007199254740993`), read, "inexact_number"},
		{"half a surrogate pair", nil, replace(`Welcome All`, `Welcome \ud800 All`), read, "invalid_json"},
		{"broken UTF-8", nil, replace(`Welcome All`, "Welcome \xff All"), read, "invalid_json"},
		{"two documents", nil, func(raw string) string { return raw + raw }, read, "invalid_json"},
		{"a list", nil, func(raw string) string { return "[" + raw + "]" }, read, "invalid_json"},
		{"too deep", nil, func(string) string { return `{"a":` + strings.Repeat("[", 100_000) }, read, "too_deep"},
		{"too large", nil, func(raw string) string { return strings.Replace(raw, "{", "{"+strings.Repeat(" ", 1<<20), 1) }, read, "too_large"},
		{"nothing", nil, func(string) string { return " \n" }, read, "file_empty"},
		{"five megabytes", nil, func(string) string { return strings.Repeat("x", 5<<20) }, read, "file_too_large"},
	}
}

func clique() []any {
	out := make([]any, 10)
	for i := range out {
		var others []any
		for j := range out {
			if i != j {
				others = append(others, map[string]any{"id": fmt.Sprint("_:n", j)})
			}
		}
		out[i] = map[string]any{"id": fmt.Sprint("_:n", i), "https://example.org/knows": others}
	}
	return out
}

func (e edit) of(t testing.TB, raw []byte) []byte {
	t.Helper()
	if e.text != nil {
		return []byte(e.text(string(raw)))
	}
	doc := decoded(t, raw)
	e.change(doc)
	out := rendered(t, doc)
	require.NotEqual(t, string(rendered(t, decoded(t, raw))), string(out), "the document was changed")
	return out
}

func TestEveryChangeIsRefusedForTheRightReason(t *testing.T) {
	raw := issued(t)
	opts := asked(t)
	opts.Lists = shelf{} // so that nothing but the change can be the reason
	require.True(t, verify(t, raw, opts).Valid)
	all := append(signedFields(), hostile()...)
	require.Greater(t, len(all), 60)
	for _, e := range all {
		t.Run(e.name, func(t *testing.T) {
			r := verify(t, e.of(t, raw), opts)
			require.False(t, r.Valid)
			require.Equal(t, verifier.Failed, r.Step(e.step).Outcome, "%+v", r.Steps)
			require.Equal(t, e.code, r.Step(e.step).Code, r.Step(e.step).Reason)
		})
	}
}

// TestANumberIsKeptOrRefused looks at what a number may be turned into: 1e21 is written in another
// way by each program, and its signature has to follow the one that standards name.
func TestANumberIsKeptOrRefused(t *testing.T) {
	for text, code := range map[string]string{"1e21": "", "1000000000000000000000": "", "-0": "", "1e400": "inexact_number"} {
		raw := strings.Replace(string(rendered(t, built(t, sample(state(t))))), `"hashed":false`, `"hashed":`+text, 1)
		r := verify(t, []byte(raw), asked(t))
		require.False(t, r.Valid)
		require.Equal(t, code, r.Step(verifier.StepRead).Code, text)
	}
}

func TestAnyChangeOfARecordOrItsBadgesIsRefused(t *testing.T) {
	raw := sign(t, record(t, nil), state(t), dataintegrity.CreateOptions{})
	opts := asked(t)
	opts.Lists = shelf{}
	require.True(t, verify(t, raw, opts).Valid)
	for _, e := range []edit{
		{"its name", set("Gold School", "name"), nil, verifier.StepProof, "signature_wrong"},
		{"its school", set(schoolID+"9", "credentialSubject", "id"), nil, verifier.StepProof, "signature_wrong"},
		{"a badge's name", set("Gold", "credentialSubject", "verifiableCredential", "name"), nil, verifier.StepProof, "signature_wrong"},
		{"a badge's signature", set("z3u2en7t5LR2WtQH5PfFqMqwVHgeXouLzo6haApm8XHqvjxq", "credentialSubject", "verifiableCredential", "proof", "proofValue"), nil, verifier.StepProof, "signature_wrong"},
		{"one badge less", func(d map[string]any) {
			s := object(d, "credentialSubject")
			items, _ := s["verifiableCredential"].([]any)
			s["verifiableCredential"] = items[1:]
		}, nil, verifier.StepProof, "signature_wrong"},
		{"one tie less", func(d map[string]any) {
			s := object(d, "credentialSubject")
			items, _ := s["association"].([]any)
			s["association"] = items[1:]
		}, nil, verifier.StepProof, "signature_wrong"},
		{"a tie to elsewhere", set("https://example.org/other", "credentialSubject", "association", "targetId"), nil, verifier.StepProof, "signature_wrong"},
	} {
		t.Run(e.name, func(t *testing.T) {
			r := verify(t, e.of(t, raw), opts)
			require.False(t, r.Valid)
			require.Equal(t, e.code, r.Step(e.step).Code, r.Step(e.step).Reason)
			require.Empty(t, r.Parts, "nothing is told of the parts of what nobody signed")
		})
	}
}

// TestWhatASignerMayNotSay has documents that an issuer with a good key has signed as they are.
func TestWhatASignerMayNotSay(t *testing.T) {
	for name, c := range map[string]struct {
		raw  func(t *testing.T) []byte
		step string
		code string
	}{
		"a tie to a badge that is not there": {func(t *testing.T) []byte {
			t.Helper()
			doc := record(t, nil)
			set("https://example.org/other", "credentialSubject", "association", "targetId")(doc)
			return sign(t, doc, state(t), dataintegrity.CreateOptions{})
		}, verifier.StepContents, "association_unknown"},
		"a badge that is over": {func(t *testing.T) []byte {
			t.Helper()
			return issuedWith(t, func(b *openbadge.Badge) { b.ValidUntil = now().AddDate(0, 0, -1) })
		}, verifier.StepDates, "expired"},
		"a badge of tomorrow": {func(t *testing.T) []byte {
			t.Helper()
			return issuedWith(t, func(b *openbadge.Badge) { b.ValidFrom = now().AddDate(0, 0, 1) })
		}, verifier.StepDates, "not_yet_valid"},
		"a proof of tomorrow": {func(t *testing.T) []byte {
			t.Helper()
			return sign(t, built(t, sample(state(t))), state(t), dataintegrity.CreateOptions{Created: now().AddDate(0, 0, 1)})
		}, verifier.StepProof, "created_wrong"},
		"a proof that is over": {func(t *testing.T) []byte {
			t.Helper()
			return sign(t, built(t, sample(state(t))), state(t), dataintegrity.CreateOptions{Expires: now().AddDate(0, 0, -1)})
		}, verifier.StepProof, "proof_expired"},
		"somebody else's key": {func(t *testing.T) []byte {
			t.Helper()
			return sign(t, built(t, sample(state(t))), key(t, 2), dataintegrity.CreateOptions{})
		}, verifier.StepProof, "method_foreign"},
		"no achievement": {func(t *testing.T) []byte {
			t.Helper()
			doc := built(t, sample(state(t)))
			delete(object(doc, "credentialSubject"), "achievement")
			delete(object(doc, "credentialSubject"), "result")
			return sign(t, doc, state(t), dataintegrity.CreateOptions{})
		}, verifier.StepSchema, "required"},
	} {
		t.Run(name, func(t *testing.T) {
			r := verify(t, c.raw(t), asked(t))
			require.False(t, r.Valid)
			require.Equal(t, c.code, r.Step(c.step).Code, "%+v", r.Steps)
		})
	}
}

func TestEveryChangeOfATokenIsRefused(t *testing.T) {
	raw := string(token(t, built(t, sample(state(t))), state(t)))
	parts := strings.Split(raw, ".")
	remake := func(part int, change func(m map[string]any)) string {
		text, err := base64.RawURLEncoding.DecodeString(parts[part])
		require.NoError(t, err)
		var m map[string]any
		require.NoError(t, json.Unmarshal(text, &m))
		change(m)
		out := append([]string{}, parts...)
		out[part] = base64.RawURLEncoding.EncodeToString(rendered(t, m))
		return strings.Join(out, ".")
	}
	payload := func(key string, value any) string { return remake(1, func(m map[string]any) { m[key] = value }) }
	header := func(key string, value any) string { return remake(0, func(m map[string]any) { m[key] = value }) }
	for name, c := range map[string]struct{ text, step, code string }{
		"the name":              {payload("name", "Gold"), verifier.StepProof, "signature_wrong"},
		"the end":               {payload("validUntil", "2099-01-01T00:00:00Z"), verifier.StepProof, "signature_wrong"},
		"the claim of the end":  {payload("exp", 4e9), verifier.StepProof, "signature_wrong"},
		"the signature":         {parts[0] + "." + parts[1] + "." + base64.RawURLEncoding.EncodeToString(make([]byte, 64)), verifier.StepProof, "signature_wrong"},
		"no signature":          {parts[0] + "." + parts[1] + ".", verifier.StepProof, "signature_wrong"},
		"no algorithm":          {header("alg", "none"), verifier.StepRead, "token_algorithm"},
		"another algorithm":     {header("alg", "HS256"), verifier.StepRead, "token_algorithm"},
		"a key of its own":      {header("jwk", map[string]any{"kty": "OKP"}), verifier.StepRead, "token_header_refused"},
		"somebody else's key":   {header("kid", key(t, 2).VerificationMethod()), verifier.StepProof, "method_foreign"},
		"another kind of token": {header("typ", "at+jwt"), verifier.StepRead, "token_type"},
		"two parts":             {parts[0] + "." + parts[1], verifier.StepRead, "invalid_json"},
	} {
		t.Run(name, func(t *testing.T) {
			r := verify(t, []byte(c.text), asked(t))
			require.False(t, r.Valid)
			require.Equal(t, c.code, r.Step(c.step).Code, "%+v", r.Steps)
		})
	}
}

func TestEveryChangeOfAPictureIsRefused(t *testing.T) {
	all := forms(t)
	png, svg := all["png"], string(all["svg"])
	chunk := bytes.Index(png, []byte("iTXt")) - 4
	end := chunk + 12 + int(png[chunk])<<24 + int(png[chunk+1])<<16 + int(png[chunk+2])<<8 + int(png[chunk+3])
	twice := append(append(append([]byte{}, png[:end]...), png[chunk:end]...), png[end:]...)
	broken := bytes.Replace(png, []byte("Welcome"), []byte("welcome"), 1)
	open, shut := strings.Index(svg, "<openbadges:credential"), strings.Index(svg, "</openbadges:credential>")+len("</openbadges:credential>")
	for name, c := range map[string]struct {
		file []byte
		code string
	}{
		"two credentials in a PNG":     {twice, "baked_twice"},
		"a PNG with a changed chunk":   {broken, "damaged"},
		"half a PNG":                   {png[:len(png)/2], "damaged"},
		"a PNG without a credential":   {picture(t), "no_credential"},
		"an SVG without a credential":  {[]byte(drawing), "no_credential"},
		"two credentials in an SVG":    {[]byte(svg[:shut] + svg[open:shut] + svg[shut:]), "baked_twice"},
		"the end of CDATA in an SVG":   {[]byte(strings.Replace(svg, "Welcome All", "Welcome ]]> All", 1)), "damaged"},
		"an entity in an SVG":          {[]byte(`<!DOCTYPE svg [<!ENTITY x "y">]>` + svg), "active_content"},
		"a script in an SVG":           {[]byte(strings.Replace(svg, "<circle", "<script>1</script><circle", 1)), "active_content"},
		"a page in place of a picture": {[]byte("<html><body>Not a badge</body></html>"), "damaged"},
		"any other file":               {[]byte("GIF89a\x00........"), "unknown_format"},
	} {
		t.Run(name, func(t *testing.T) {
			r := verify(t, c.file, asked(t))
			require.False(t, r.Valid)
			require.Equal(t, c.code, r.Step(verifier.StepRead).Code, r.Step(verifier.StepRead).Reason)
		})
	}
	t.Run("a changed badge in an SVG", func(t *testing.T) {
		r := verify(t, []byte(strings.Replace(svg, "Welcome All", "Welcome all", 1)), asked(t))
		require.Equal(t, "signature_wrong", r.Step(verifier.StepProof).Code)
	})
}

func TestDocumentsWithinDocumentsAreCounted(t *testing.T) {
	holder := key(t, 7)
	made := dataintegrity.CreateOptions{Purpose: dataintegrity.Authentication}
	t.Run("many", func(t *testing.T) {
		badge := decoded(t, issuedWith(t, func(b *openbadge.Badge) { b.Status, b.Results, b.Evidence = nil, nil, nil }))
		var many []any
		for range verifier.MaxParts + 1 {
			many = append(many, badge)
		}
		r := verify(t, token(t, shown(holder.DID(), many...), holder), asked(t))
		require.False(t, r.Valid)
		require.Equal(t, "too_many_parts", r.Step(verifier.StepContents).Code, "%+v", r.Steps)
		require.Len(t, r.Parts, verifier.MaxParts)
	})
	t.Run("deep", func(t *testing.T) {
		inner := shown(holder.DID(), decoded(t, issued(t)))
		for range verifier.MaxLevels {
			inner = shown(holder.DID(), decoded(t, sign(t, inner, holder, made)))
		}
		require.False(t, verify(t, sign(t, inner, holder, made), asked(t)).Valid)
	})
}

func FuzzNoInputIsValidOrBreaksTheVerifier(f *testing.F) {
	for _, raw := range forms(f) {
		f.Add(raw[:len(raw)-1])
	}
	v := verifier.New(engine(f))
	opts := asked(f)
	good := map[string]bool{}
	for _, raw := range forms(f) {
		good[string(raw)] = true
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		r := v.Verify(context.Background(), raw, opts)
		require.Len(t, r.Steps, len(verifier.Steps()))
		if r.Valid {
			require.Equal(t, badgeID, r.ID, "only what the state has signed can be valid and say so")
			require.Equal(t, "Welcome All Families", r.Name)
		}
	})
}
