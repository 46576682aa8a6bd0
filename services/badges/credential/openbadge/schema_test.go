package openbadge_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/badges/credential/internal/vectors"
	"github.com/tandem-badges/tandem/services/badges/credential/openbadge"
)

// published is the JSON schema of 1EdTech, which is not part of the repository.
func published(t testing.TB) *jsonschema.Schema {
	t.Helper()
	path := vectors.Path(t, "open-badges/ob_v3p0_achievementcredential_schema.json", "Open Badges JSON schema")
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	schema, err := compiler.Compile(path)
	require.NoError(t, err)
	return schema
}

func TestAnIssuedBadgeMeetsTheOpenBadgesSchema(t *testing.T) {
	schema := published(t)
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(issued(t))))
	require.NoError(t, err)
	require.NoError(t, schema.Validate(doc))
	require.Empty(t, openbadge.CheckSchema(parsed(t, issued(t))))
	spoiled := parsed(t, issued(t))
	delete(spoiled, "validFrom")
	require.Error(t, schema.Validate(spoiled), "the schema is really applied")
}

// Every change of one place of a full badge has the same verdict here and by the published schema.
func TestTheVerdictOnEveryChangeIsThatOfThePublishedSchema(t *testing.T) {
	schema := published(t)
	raw := rendered(t, everything(t))
	accepted, refused := 0, 0
	seen := map[string]bool{}
	for n, place := range places(parsed(t, raw), nil) {
		if seen[place.kind()] {
			continue // the same field of the same kind of object has the same rules
		}
		seen[place.kind()] = true
		for i, value := range replacements() {
			if (n+i)%2 == 1 {
				continue // half of them, in turns: the documents by chance see to the rest
			}
			doc := parsed(t, raw)
			place.set(doc, value)
			if sameVerdict(t, schema, doc, fmt.Sprint(place, " = ", value)) {
				accepted++
			} else {
				refused++
			}
		}
	}
	require.Greater(t, accepted, 500)
	require.Greater(t, refused, 1000)
}

// Many changes at once, by chance: shorter or longer lists, fields moved elsewhere, odd times and words.
func TestTheVerdictOnRandomDocumentsIsThatOfThePublishedSchema(t *testing.T) {
	schema := published(t)
	raw := rendered(t, everything(t))
	rapid.Check(t, func(r *rapid.T) {
		doc := parsed(t, raw)
		for range rapid.IntRange(0, 3).Draw(r, "changes") {
			all := places(doc, nil)
			if len(all) == 0 {
				return
			}
			place := rapid.SampledFrom(all).Draw(r, "place")
			switch rapid.IntRange(0, 4).Draw(r, "how") {
			case 0:
				place.set(doc, removed)
			case 1:
				place.set(doc, rapid.SampledFrom(replacements()).Draw(r, "value"))
			case 2:
				place.set(doc, oddText().Draw(r, "text"))
			case 3:
				other := rapid.SampledFrom(all).Draw(r, "other")
				place.set(doc, clone(t, other.get(doc)))
			case 4:
				place.set(doc, []any{clone(t, place.get(doc)), rapid.SampledFrom(replacements()).Draw(r, "second")})
			}
		}
		sameVerdict(t, schema, doc, string(rendered(t, doc)))
	})
}

func sameVerdict(t testing.TB, schema *jsonschema.Schema, doc map[string]any, what string) bool {
	t.Helper()
	want := schema.Validate(any(doc))
	got := openbadge.CheckSchema(doc)
	if (want == nil) != (len(got) == 0) {
		require.Failf(t, "the verdicts differ", "%.2000s\nschema: %v\nours: %v", what, want, got)
	}
	return want == nil
}

// everything is a badge that uses every field of the data model.
func everything(t testing.TB) map[string]any {
	t.Helper()
	key := issuerKey(t, 1)
	doc, err := openbadge.Build(full(key))
	require.NoError(t, err)
	signed := parsed(t, issued(t))
	out := parsed(t, rendered(t, doc))
	out["proof"] = signed["proof"]
	out["endorsementJwt"] = []any{"aaa.bbb.ccc"}
	endorsement, err := openbadge.BuildEndorsement(endorsementOf(key, full(key).ID))
	require.NoError(t, err)
	endorsement["proof"], endorsement["awardedDate"], endorsement["description"] = signed["proof"], "2026-05-01T09:00:00Z", "x"
	endorsement["validUntil"] = "2027-05-01T09:00:00Z"
	endorsement["credentialStatus"], endorsement["refreshService"], endorsement["termsOfUse"] = out["credentialStatus"], out["refreshService"], out["termsOfUse"]
	out["endorsement"] = []any{clone(t, endorsement)}
	subject, _ := out["credentialSubject"].(map[string]any)
	subject["image"] = map[string]any{"id": "https://example.org/i.png", "type": "Image"}
	source, _ := subject["source"].(map[string]any)
	for _, name := range []string{"familyName", "givenName", "additionalName", "patronymicName", "honorificPrefix", "honorificSuffix", "familyNamePrefix"} {
		source[name] = "x"
	}
	source["dateOfBirth"] = "1990-02-28"
	return out
}

// removed stands for taking a value away.
var removed = struct{}{}

func replacements() []any {
	return []any{
		removed, nil, "", "x", "urn:x", "ext:own", "ext:", "ext:-", "see ext:a", "EN", "en-US", "zh-Hant-TW", "2026-05-01T09:00:00Z",
		"2026-05-01t09:00:00.5z", "2026-05-01T23:59:60Z", "2026-05-01T22:59:60-01:00", "2026-05-01T09:00:60Z", "2026-05-01T24:00:00Z",
		"2026-05-01T09:00:00+23:59", "2026-02-30T09:00:00Z", "2026-05-01", "2026-05-32", "a.b.c", "a..c", "a.b", 1.0, true,
		[]any{},
		[]any{"x"},
		[]any{1.0},
		[]any{"VerifiableCredential", "OpenBadgeCredential"},
		[]any{"Profile"},
		"Profile", "Badge", "Completed",
		map[string]any{},
		map[string]any{"id": "urn:x"},
		map[string]any{"id": "urn:x", "type": "x"},
		map[string]any{"id": "urn:x", "type": []any{"Profile"}},
		[]any{map[string]any{}},
		[]any{map[string]any{"id": "urn:x", "type": "x"}},
		map[string]any{"type": "x"},
	}
}

func oddText() *rapid.Generator[any] {
	return rapid.Custom(func(r *rapid.T) any {
		return rapid.OneOf(
			rapid.StringMatching(`[0-9]{4}-[0-1][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-5][0-9]:[0-6][0-9](\.[0-9]{0,3})?([Zz]|[+-][0-2][0-9]:[0-6][0-9])?`),
			rapid.StringMatching(`(ext:)?[a-zA-Z|._-]{0,6}`),
			rapid.StringMatching(`[a-zA-Z]{1,5}(-[A-Za-z0-9]{2,4}){0,2}`),
			rapid.StringMatching(`[a-zA-Z0-9_-]{0,3}(\.[a-zA-Z0-9_+-]{0,3}){1,3}`),
			rapid.StringMatching(`https://purl\.imsglobal\.org/spec/ob/v3p0/context(-3\.[0-9]\.[0-9]{1,2}){0,2}\.json`),
		).Draw(r, "odd")
	})
}

// place is a way from the top of a document to a value.
type place []any

// places lists the ways to all values of a document, in a fixed order.
func places(node any, way place) []place {
	var out []place
	switch v := node.(type) {
	case map[string]any:
		keys := make([]string, 0, len(v))
		for key := range v {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		for _, key := range keys {
			here := append(slices.Clone(way), key)
			out = append(append(out, here), places(v[key], here)...)
		}
	case []any:
		for i, item := range v {
			here := append(slices.Clone(way), i)
			out = append(append(out, here), places(item, here)...)
		}
	}
	return out
}

// kind is the end of the way without the positions in lists: the field and the object it is in.
func (p place) kind() string {
	var b strings.Builder
	for _, step := range p[max(0, len(p)-3):] {
		if key, isKey := step.(string); isKey {
			b.WriteString("." + key)
		} else {
			b.WriteString("[]")
		}
	}
	return b.String()
}

func (p place) get(doc any) any {
	for _, step := range p {
		switch v := doc.(type) {
		case map[string]any:
			key, _ := step.(string)
			doc = v[key]
		case []any:
			i, _ := step.(int)
			doc = v[i]
		}
	}
	return doc
}

// set puts a value at the place, or takes the value there away.
func (p place) set(doc map[string]any, value any) {
	last := p[len(p)-1]
	switch parent := p[:len(p)-1].get(doc).(type) {
	case map[string]any:
		key, _ := last.(string)
		if value == removed {
			delete(parent, key)
			return
		}
		parent[key] = value
	case []any:
		i, _ := last.(int)
		if value == removed {
			p[:len(p)-1].set(doc, slices.Delete(slices.Clone(parent), i, i+1))
			return
		}
		parent[i] = value
	}
}

func clone(t testing.TB, value any) any {
	t.Helper()
	raw, err := json.Marshal(value)
	require.NoError(t, err)
	var out any
	require.NoError(t, json.Unmarshal(raw, &out))
	return out
}
