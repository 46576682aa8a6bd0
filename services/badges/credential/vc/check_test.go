package vc_test

import (
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/mr-tron/base58"
	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
	"github.com/tandem-badges/tandem/services/badges/credential/vc"
)

type object = map[string]any

func TestEveryRuleOfACredentialIsToldAtItsPlace(t *testing.T) {
	const good = ""
	for name, c := range map[string]struct {
		key   string
		value any
		field string // of the only violation
		rule  string
	}{
		"as it should be":                {"id", "urn:uuid:1", good, ""},
		"no id":                          {"id", nil, good, ""},
		"id that is no address":          {"id", "https ://not-a-url/1", "id", "iri"},
		"relative id":                    {"id", "//example.org/1", "id", "iri"},
		"several ids":                    {"id", []any{"urn:a", "urn:b"}, "id", "iri"},
		"id is null-like":                {"id", false, "id", "iri"},
		"no context":                     {"@context", nil, "@context", "context"},
		"context as a text":              {"@context", v2, "@context", "context"},
		"empty list of contexts":         {"@context", []any{}, "@context", "context"},
		"base context second":            {"@context", []any{examples, v2}, "@context", "context"},
		"base context of another time":   {"@context", []any{"https://www.w3.org/2018/credentials/v1"}, "@context", "context"},
		"a context twice":                {"@context", []any{v2, v2}, "@context[1]", "context"},
		"a number as context":            {"@context", []any{v2, 5.0}, "@context[1]", "context"},
		"an inline context has a shape":  {"@context", []any{v2, object{"a": "urn:a"}}, good, ""},
		"no type":                        {"type", nil, "type", "type"},
		"type as a text":                 {"type", "VerifiableCredential", good, ""},
		"another type only":              {"type", []any{"https://example.org/T"}, "type", "type"},
		"type twice":                     {"type", []any{"VerifiableCredential", "VerifiableCredential"}, "type", "type"},
		"number as type":                 {"type", []any{"VerifiableCredential", 2.0}, "type", "type"},
		"undefined type":                 {"type", []any{"VerifiableCredential", "GoldMedal"}, "type", "undefined"},
		"type by its address":            {"type", []any{"https://example.org/T", "VerifiableCredential"}, good, ""},
		"undefined word":                 {"honours", "first", "honours", "undefined"},
		"word by its address":            {"https://example.org/honours", "first", good, ""},
		"no issuer":                      {"issuer", nil, "issuer", "iri"},
		"issuer that is no address":      {"issuer", "Example Department", "issuer", "iri"},
		"issuer object":                  {"issuer", object{"id": "did:example:1", "name": "x"}, good, ""},
		"issuer object without id":       {"issuer", object{"name": "x"}, "issuer.id", "iri"},
		"several issuers":                {"issuer", []any{"did:example:1"}, "issuer", "iri"},
		"issuer's name in a language":    {"issuer", object{"id": "urn:i", "name": object{"@value": "x", "@language": "en"}}, good, ""},
		"issuer's name with more":        {"issuer", object{"id": "urn:i", "name": object{"@value": "x", "url": "u"}}, "issuer.name.url", "language"},
		"no beginning":                   {"validFrom", nil, good, ""},
		"beginning with an offset":       {"validFrom", "2026-05-01T00:00:00.5-07:00", good, ""},
		"beginning without a zone":       {"validFrom", "2026-05-01T00:00:00", "validFrom", "date_time"},
		"beginning as a list":            {"validFrom", []any{"2026-05-01T00:00:00Z"}, "validFrom", "date_time"},
		"end before the beginning":       {"validUntil", "2026-04-30T23:59:59Z", "validUntil", "after_valid_from"},
		"end at the beginning":           {"validUntil", "2026-05-01T01:00:00+01:00", good, ""},
		"end that is a day":              {"validUntil", "2027-05-01", "validUntil", "date_time"},
		"name":                           {"name", "Welcome", good, ""},
		"name in languages":              {"name", []any{object{"@value": "a", "@language": "en"}, object{"@value": "b", "@language": "ar", "@direction": "rtl"}}, good, ""},
		"name that is a number":          {"name", 5.0, "name", "text"},
		"name without its text":          {"name", object{"@language": "en"}, "name", "text"},
		"name in no language":            {"name", object{"@value": "a", "@language": "not a language"}, "name.@language", "language"},
		"name in no direction":           {"name", object{"@value": "a", "@direction": "up"}, "name.@direction", "language"},
		"names, one of them a number":    {"description", []any{"a", 5.0}, "description[1]", "text"},
		"empty list of names":            {"description", []any{}, "description", "text"},
		"no subject":                     {"credentialSubject", nil, "credentialSubject", "required"},
		"empty subject":                  {"credentialSubject", object{}, "credentialSubject", "required"},
		"empty list of subjects":         {"credentialSubject", []any{}, "credentialSubject", "required"},
		"one of two subjects is empty":   {"credentialSubject", []any{object{"id": "urn:s"}, object{}}, "credentialSubject[1]", "required"},
		"several subjects":               {"credentialSubject", []any{object{"id": "urn:s"}, object{"name": "x"}}, good, ""},
		"subject as a text":              {"credentialSubject", "urn:s", "credentialSubject", "object"},
		"subject that is no address":     {"credentialSubject", object{"id": "s", "name": "x"}, "credentialSubject.id", "iri"},
		"status":                         {"credentialStatus", object{"id": "urn:s", "type": "https://example.org/T"}, good, ""},
		"status without a type":          {"credentialStatus", object{"id": "urn:s"}, "credentialStatus.type", "type"},
		"status whose type is a number":  {"credentialStatus", []any{object{"type": 2.0}}, "credentialStatus[0].type", "type"},
		"status that is no address":      {"credentialStatus", object{"id": "https ://x", "type": "T"}, "credentialStatus.id", "iri"},
		"schema without id":              {"credentialSchema", object{"type": "JsonSchema"}, "credentialSchema.id", "iri"},
		"schema without type":            {"credentialSchema", object{"id": "urn:s"}, "credentialSchema.type", "type"},
		"refresh without id":             {"refreshService", object{"type": "https://example.org/R"}, good, ""},
		"refresh without type":           {"refreshService", object{"id": "urn:r"}, "refreshService.type", "type"},
		"terms without type":             {"termsOfUse", []any{object{"id": "urn:r"}}, "termsOfUse[0].type", "type"},
		"evidence as a text":             {"evidence", []any{"urn:e"}, "evidence[0]", "object"},
		"evidence without type":          {"evidence", object{"id": "urn:r"}, "evidence.type", "type"},
		"proof without type":             {"proof", object{"proofValue": "z"}, "proof.type", "type"},
		"a hostile number of types":      {"type", manyTypes(100_000), "type", "type"},
		"a hostile number of contexts":   {"@context", append([]any{v2}, manyTypes(100_000)...), "@context", "context"},
		"a word that the type brings in": {"holder", "urn:h", "holder", "undefined"},
	} {
		t.Run(name, func(t *testing.T) {
			doc := credential("did:example:issuer")
			doc[c.key] = c.value
			if c.value == nil {
				delete(doc, c.key)
			}
			got := vc.Check(doc)
			if c.field == good {
				require.Empty(t, got)
				return
			}
			require.Len(t, got, 1)
			require.Equal(t, c.field, got[0].Field)
			require.Equal(t, c.rule, got[0].Rule)
			require.NotEmpty(t, got[0].Fix)
		})
	}
}

func manyTypes(n int) []any {
	out := make([]any, n)
	for i := range out {
		out[i] = fmt.Sprint("https://example.org/types/", i)
	}
	return out
}

func TestRelatedResourcesHaveTheirOwnDigests(t *testing.T) {
	set, err := contexts.Standard()
	require.NoError(t, err)
	file := set.Content(v2)[0]
	sum384, sum512 := sha512.Sum384(file), sha512.Sum512(file)
	base := base64.StdEncoding.EncodeToString
	for name, c := range map[string]struct {
		resources any
		rule      string
	}{
		"another file is not compared":                     {object{"id": "urn:r", "digestSRI": "sha256-" + base(sum384[:32])}, ""},
		"sha384 of the embedded context":                   {object{"id": v2, "digestSRI": "sha384-" + base(sum384[:])}, ""},
		"sha512 in base64url":                              {object{"id": v2, "digestSRI": "sha512-" + base64.URLEncoding.EncodeToString(sum512[:])}, ""},
		"sha384 as a multihash":                            {object{"id": v2, "digestMultibase": "z" + base58.Encode(append([]byte{0x20, 48}, sum384[:]...))}, ""},
		"the digest that the standard prints":              {object{"id": v2, "digestMultibase": "uEiBZlVztZpfWHgPyslVv6-UwirFoQoRvW1htfx963sknNA"}, ""},
		"canonical form of the context":                    {object{"id": contexts.OpenBadges303, "digestMultibase": "uEiDF5VWpGkWmHPQx0KyjDAoVWm0RNYNK_mZ9zPgpG_3Ngw"}, "digest_mismatch"},
		"sha384 of another file":                           {object{"id": v2, "digestSRI": "sha384-" + base(sum512[:48])}, "digest_mismatch"},
		"digest of another length":                         {object{"id": v2, "digestSRI": "sha256-" + base(sum384[:])}, "digest_mismatch"},
		"multihash of another kind":                        {object{"id": v2, "digestMultibase": "z" + base58.Encode(append([]byte{0x15, 48}, sum384[:]...))}, "digest_mismatch"},
		"two digests, one of them wrong":                   {object{"id": v2, "digestSRI": "sha384-" + base(sum384[:]), "digestMultibase": "uEgA"}, "digest_mismatch"},
		"digest of a length of its own":                    {object{"id": "urn:r", "digestSRI": "sha256-" + strings.Repeat("ca3d163b", 8)}, ""},
		"multihash of an algorithm unknown here":           {object{"id": "urn:r", "digestMultibase": "u" + base64.RawURLEncoding.EncodeToString(append([]byte{0xa0, 0xe4, 0x02, 4}, "abcd"...))}, ""},
		"multihash of another length than it says":         {object{"id": "urn:r", "digestMultibase": "uEiA"}, "digest"},
		"bytes that are no multihash":                      {object{"id": "urn:r", "digestMultibase": "u" + base64.RawURLEncoding.EncodeToString([]byte("a plain sentence"))}, "digest"},
		"our own text of the examples":                     {object{"id": examples, "digestSRI": "sha384-" + base(sum384[:])}, ""},
		"no digest":                                        {object{"id": "urn:r"}, "digest"},
		"digest without algorithm":                         {object{"id": "urn:r", "digestSRI": base(sum384[:])}, "digest"},
		"digest of an odd algorithm":                       {object{"id": "urn:r", "digestSRI": "md5-" + base(sum384[:16])}, "digest"},
		"multibase of an odd base":                         {object{"id": "urn:r", "digestMultibase": "f1220ab"}, "digest"},
		"no id":                                            {object{"digestMultibase": "uEgA"}, "iri"},
		"the same resource twice":                          {[]any{object{"id": "urn:r", "digestMultibase": "uEgA"}, object{"id": "urn:r", "digestMultibase": "uEgA"}}, "unique"},
		"texts instead of objects":                         {[]any{"urn:r"}, "object"},
		"media type without a slash":                       {object{"id": "urn:r", "digestMultibase": "uEgA", "mediaType": "json"}, "media_type"},
		"media type":                                       {object{"id": "urn:r", "digestMultibase": "uEgA", "mediaType": "application/json"}, ""},
		"a base58 text without end is refused":             {object{"id": v2, "digestMultibase": "z" + strings.Repeat("1", 100_000)}, "digest"},
		"our own text of a context is not held against it": {object{"id": contexts.CLR201, "digestMultibase": "uEgA"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			doc := credential("did:example:issuer")
			doc["relatedResource"] = c.resources
			got := vc.Check(doc)
			if c.rule == "" {
				require.Empty(t, got)
				return
			}
			require.Len(t, got, 1)
			require.Equal(t, c.rule, got[0].Rule)
		})
	}
}

func TestEveryRuleOfAPresentationIsToldAtItsPlace(t *testing.T) {
	good := func() object {
		return object{
			"@context": []any{v2}, "type": []any{"VerifiablePresentation"}, "holder": "did:example:school",
			"verifiableCredential": []any{credential("did:example:issuer"), envelope(vc.TypeEnvelopedCredential, "application/vc+jwt", "a.b.c")},
		}
	}
	require.Empty(t, vc.Check(good()))
	for name, c := range map[string]struct {
		key   string
		value any
		field string
	}{
		"holder without id":       {"holder", object{"name": "x"}, "holder.id"},
		"holder not an address":   {"holder", "x", "holder"},
		"credential as a text":    {"verifiableCredential", []any{"urn:c"}, "verifiableCredential[0]"},
		"credential as a number":  {"verifiableCredential", 5.0, "verifiableCredential"},
		"credential that is none": {"verifiableCredential", object{"@context": []any{v2}, "type": "VerifiableCredential", "issuer": "urn:i"}, "verifiableCredential.credentialSubject"},
		"envelope without token":  {"verifiableCredential", []any{envelope(vc.TypeEnvelopedCredential, "application/vc+jwt", "a")}, "verifiableCredential[0].id"},
		"word of a credential":    {"credentialSubject", object{"id": "urn:s"}, "credentialSubject"},
		"terms without type":      {"termsOfUse", object{"id": "urn:t"}, "termsOfUse.type"},
		"id not an address":       {"id", "1", "id"},
		"base context not first":  {"@context", []any{examples}, "@context"},
	} {
		t.Run(name, func(t *testing.T) {
			doc := good()
			doc[c.key] = c.value
			got := vc.Check(doc)
			require.Len(t, got, 1)
			require.Equal(t, c.field, got[0].Field)
		})
	}
}

func envelope(kind, media, token string) object {
	return object{"@context": []any{v2}, "type": kind, "id": "data:" + media + "," + token}
}

func TestAnEnvelopeIsAnEnvelopeAndNothingElse(t *testing.T) {
	for name, c := range map[string]struct {
		change func(e object)
		field  string
	}{
		"as it should be":       {func(object) {}, ""},
		"type in a list":        {func(e object) { e["type"] = []any{vc.TypeEnvelopedCredential} }, ""},
		"context as a text":     {func(e object) { e["@context"] = v2 }, ""},
		"draft media type":      {func(e object) { e["id"] = "data:application/vc-ld+jwt,a.b.c" }, ""},
		"empty context":         {func(e object) { e["@context"] = []any{} }, "@context"},
		"other context":         {func(e object) { e["@context"] = examples }, "@context"},
		"two types":             {func(e object) { e["type"] = []any{vc.TypeEnvelopedCredential, "VerifiableCredential"} }, "type"},
		"no data address":       {func(e object) { e["id"] = "a.b.c" }, "id"},
		"web address":           {func(e object) { e["id"] = "https://example.org/a.b.c" }, "id"},
		"another kind of token": {func(e object) { e["id"] = "data:application/vc+sd-jwt,a.b.c" }, "id"},
		"picture":               {func(e object) { e["id"] = "data:image/png,a.b.c" }, "id"},
	} {
		t.Run(name, func(t *testing.T) {
			e := envelope(vc.TypeEnvelopedCredential, "application/vc+jwt", "a.b.c")
			c.change(e)
			got := vc.Check(e)
			if c.field == "" {
				require.Empty(t, got)
				return
			}
			require.Len(t, got, 1)
			require.Equal(t, c.field, got[0].Field)
		})
	}
}
