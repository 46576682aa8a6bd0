package jsonld_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"

	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
)

// generator writes random credentials: mostly well formed, now and then with something odd in them.
type generator struct {
	*rand.Rand
	oddity int // one value in so many is odd; 0 for none
}

// shapes lists for each type its words and what stands under them: a kind of text, or the type of an object.
var shapes = map[string]map[string]string{
	"Achievement": {
		"name": "text", "description": "text", "achievementType": "plain", "alignment": "*Alignment", "creator": "Profile",
		"creditsAvailable": "number", "criteria": "Criteria", "fieldOfStudy": "text", "humanCode": "plain", "image": "Image",
		"otherIdentifier": "*IdentifierEntry", "related": "*Related", "resultDescription": "*ResultDescription",
		"specialization": "text", "tag": "*plain", "version": "plain", "inLanguage": "plain", "endorsement": "*Endorsement",
	},
	"Alignment":            {"targetCode": "plain", "targetDescription": "text", "targetFramework": "text", "targetName": "text", "targetType": "plain", "targetUrl": "iri"},
	"Criteria":             {"narrative": "text"},
	"Profile":              {"name": "text", "url": "iri", "phone": "plain", "email": "plain", "image": "Image", "address": "Address", "official": "text", "parentOrg": "Profile", "otherIdentifier": "*IdentifierEntry", "dateOfBirth": "plain", "familyName": "text"},
	"Address":              {"addressCountry": "text", "addressLocality": "text", "geo": "GeoCoordinates", "postalCode": "plain", "streetAddress": "text"},
	"GeoCoordinates":       {"latitude": "number", "longitude": "number"},
	"Image":                {"caption": "text"},
	"IdentifierEntry":      {"identifier": "plain", "identifierType": "plain"},
	"IdentityObject":       {"hashed": "boolean", "identityHash": "plain", "identityType": "plain", "salt": "plain"},
	"Related":              {"version": "plain", "inLanguage": "plain"},
	"ResultDescription":    {"name": "text", "resultType": "plain", "allowedValue": "*plain", "requiredLevel": "iri", "requiredValue": "plain", "valueMax": "number", "valueMin": "plain", "alignment": "*Alignment", "rubricCriterionLevel": "*RubricCriterionLevel"},
	"RubricCriterionLevel": {"name": "text", "description": "text", "level": "plain", "points": "plain", "alignment": "*Alignment"},
	"Result":               {"achievedLevel": "iri", "resultDescription": "iri", "status": "plain", "value": "plain", "alignment": "*Alignment"},
	"AchievementSubject":   {"name": "text", "achievement": "Achievement", "activityEndDate": "plain", "creditsEarned": "number", "identifier": "*IdentityObject", "image": "Image", "licenseNumber": "plain", "result": "*Result", "role": "text", "source": "Profile", "term": "plain", "narrative": "text"},
	"ClrSubject":           {"name": "text", "achievement": "*Achievement", "association": "*Association", "identifier": "*IdentityObject", "verifiableCredential": "*Credential"},
	"Association":          {"associationType": "plain", "sourceId": "iri", "targetId": "iri"},
	"Evidence":             {"name": "text", "description": "text", "narrative": "text", "genre": "plain", "audience": "text", "digestSRI": "plain", "mediaType": "plain"},
	"EndorsementSubject":   {"endorsementComment": "text"},
	"BitstringStatusListEntry": {
		"statusPurpose": "plain", "statusListIndex": "plain", "statusListCredential": "iri", "statusSize": "number", "statusReference": "*iri", "statusMessage": "*Message",
	},
	"BitstringStatusList": {"statusPurpose": "plain", "encodedList": "plain", "ttl": "number"},
	"DataIntegrityProof":  {"cryptosuite": "plain", "created": "plain", "expires": "plain", "verificationMethod": "iri", "proofPurpose": "purpose", "proofValue": "plain", "domain": "*plain", "challenge": "plain", "nonce": "plain", "previousProof": "*iri"},
	"JsonSchema":          {"jsonSchema": "json"},
	"Message":             {"status": "plain", "message": "text"},
	"Credential": {
		"name": "text", "description": "text", "issuer": "Profile", "validFrom": "plain", "validUntil": "plain", "awardedDate": "plain", "evidence": "*Evidence",
		"credentialStatus": "*BitstringStatusListEntry", "credentialSchema": "*1EdTechJsonSchemaValidator2019", "refreshService": "1EdTechCredentialRefresh",
		"termsOfUse": "iri", "image": "Image", "proof": "*DataIntegrityProof", "relatedResource": "iri", "endorsement": "*Endorsement",
	},
	"1EdTechJsonSchemaValidator2019": {}, "1EdTechCredentialRefresh": {}, "1EdTechRevocationList": {},
}

var untyped = []string{"Message"} // objects that the contexts know by their place only

func (g *generator) chance(one int) bool { return one > 0 && g.IntN(one) == 0 }

func pick[T any](g *generator, from []T) T { return from[g.IntN(len(from))] }

func (g *generator) document() map[string]any {
	base := []any{contexts.CredentialsV2}
	switch g.IntN(8) {
	case 0, 1:
		base = append(base, contexts.CLR201, contexts.OpenBadges303)
	case 2:
		base = append(base, contexts.OpenBadges302)
	case 3: // no Open Badges at all
	default:
		base = append(base, contexts.OpenBadges303)
	}
	base = append(base, contexts.OpenBadgesExtensions)
	var doc map[string]any
	if g.chance(12) {
		doc = map[string]any{"type": []any{"VerifiablePresentation"}, "verifiableCredential": g.list(func() any { return g.credential(base, 1) })}
		if g.chance(2) {
			doc["proof"] = g.object("DataIntegrityProof", 0)
		}
		if g.chance(2) {
			doc["holder"] = g.text("iri")
		}
	} else {
		doc, _ = g.credential(base, 0).(map[string]any)
	}
	doc["@context"] = base
	return doc
}

func (g *generator) credential(base []any, depth int) any {
	embedded := depth > 0
	doc := g.object("Credential", depth)
	kind, subject := "OpenBadgeCredential", "AchievementSubject"
	switch {
	case len(base) == 2:
		kind, subject = "BitstringStatusListCredential", "BitstringStatusList"
	case slices.Contains(base, any(contexts.CLR201)) && !embedded && g.chance(2):
		kind, subject = "ClrCredential", "ClrSubject"
		if g.chance(2) {
			doc["partial"] = g.chance(2)
		}
	case g.chance(5):
		kind, subject = "EndorsementCredential", "EndorsementSubject"
	}
	doc["type"] = []any{"VerifiableCredential", kind}
	doc["credentialSubject"] = g.single(g.object(subject, depth+1))
	if embedded || g.chance(9) {
		doc["@context"] = base
	}
	return doc
}

// object writes a random part of a shape.
func (g *generator) object(shape string, depth int) map[string]any {
	out := map[string]any{}
	if !slices.Contains(untyped, shape) {
		out["type"] = g.single(shape)
		if g.chance(40) {
			out["type"] = []any{shape, pick(g, []string{"Image", "Related", "Profile", "https://example.org/Type"})}
		}
	}
	if g.chance(2) {
		out["id"] = g.text("iri")
	}
	if shape == "DataIntegrityProof" {
		out["nonce"] = g.text("plain") // a proof without any value is refused
	}
	for _, word := range slices.Sorted(maps.Keys(shapes[shape])) {
		if g.IntN(8+4*depth) > 1 {
			continue
		}
		out[word] = g.value(shapes[shape][word], depth)
	}
	if g.chance(g.oddity) {
		g.spoil(out)
	}
	return out
}

func (g *generator) value(kind string, depth int) any {
	if kind, many := strings.CutPrefix(kind, "*"); many {
		return g.list(func() any { return g.value(kind, depth) })
	}
	switch kind {
	case "Endorsement":
		if depth > 2 {
			return g.text("iri")
		}
		return g.credential([]any{contexts.CredentialsV2, contexts.OpenBadges303}, depth+3)
	case "Credential":
		return g.credential([]any{contexts.CredentialsV2, contexts.OpenBadges303, contexts.OpenBadgesExtensions}, depth+2)
	}
	if _, isShape := shapes[kind]; isShape {
		if kind != "DataIntegrityProof" && g.chance(6) {
			return g.text("iri")
		}
		return g.object(kind, depth+1)
	}
	return g.scalar(kind)
}

func (g *generator) scalar(kind string) any {
	switch kind {
	case "boolean":
		return g.chance(2)
	case "number":
		return pick(g, []any{0.0, 1.0, -7.0, 1e21, 0.5, 100.25, 1.5e300, 65536.0, 9007199254740992.0})
	case "json":
		return pick(g, []any{map[string]any{"b": 1.0, "a": []any{"x", true}}, "x", 5.0, []any{"b", "a"}})
	case "text":
		if g.chance(4) {
			return map[string]any{"@value": g.text("plain"), "@language": pick(g, []string{"en", "es-MX", "AR", "zh-Hans"})}
		}
		if g.chance(8) {
			return g.list(func() any {
				return map[string]any{"@value": g.text("plain"), "@language": pick(g, []string{"en", "es", "uk", "ar"})}
			})
		}
		if g.chance(20) {
			return map[string]any{"@value": g.text("plain"), "@type": pick(g, []string{"http://www.w3.org/2001/XMLSchema#token", "Image", "xsd:string"})}
		}
	}
	return g.text(kind)
}

var words = []string{"Welcome", "Cottonwood Elementary", "Familias", "Bienvenidos a todos", "学校", "المدرسة", "школа", "\"quoted\"\n\\", "😀", "\u007f\u0001", "", " "}

func (g *generator) text(kind string) string {
	n := g.IntN(6)
	switch kind {
	case "iri":
		return pick(g, []string{
			fmt.Sprintf("https://badges.example.org/things/%d", n), fmt.Sprintf("urn:uuid:%d", n), fmt.Sprintf("_:b%d", n),
			fmt.Sprintf("did:key:z6Mk%d#z6Mk%d", n, n), fmt.Sprintf("https://example.org/é/%d?q=%%20#f", n), "did:example:" + fmt.Sprint(n), "xsd:thing",
		})
	case "purpose":
		return pick(g, []string{"assertionMethod", "authentication", "https://example.org/purpose"})
	}
	return pick(g, words) + pick(g, []string{"", fmt.Sprint(n)})
}

func (g *generator) single(v any) any {
	if g.chance(3) {
		return []any{v}
	}
	return v
}

// list writes none, one or a few values, one of them sometimes without the list around it.
func (g *generator) list(make func() any) any {
	n := pick(g, []int{0, 1, 1, 1, 2, 2, 3})
	if n == 1 && g.chance(2) {
		return make()
	}
	out := []any{}
	for range n {
		// A value that stands twice is refused, so the well formed documents have it rarely.
		if v := make(); !slices.ContainsFunc(out, func(other any) bool { return reflect.DeepEqual(other, v) }) {
			out = append(out, v)
		}
	}
	return out
}

// spoil puts something into an object that needs care, or must be refused.
func (g *generator) spoil(object map[string]any) {
	all := slices.Sorted(maps.Keys(shapes))
	shape := pick(g, all)
	key := pick(g, append(slices.Sorted(maps.Keys(shapes[shape])), "name", "colour", "https://schema.org/name", "xsd:word", "_:p", "", "@id", "@type", "@language", "@value", "@graph",
		"@set", "@list", "@index", "@direction", "@reverse", "id", "type", "cnf", "_sd", "aud", "exp", "verifiableCredential", "VerifiableCredential", "Image", "proof", "holder", "@context"))
	values := []any{
		nil, "text", "https://example.org/x", "relative", 5.0, true,
		[]any{},
		[]any{nil},
		[]any{[]any{"x"}},
		map[string]any{},
		map[string]any{"id": "urn:a"},
		map[string]any{"@id": "urn:a"},
		map[string]any{"@value": "x"},
		map[string]any{"@value": "x", "@direction": "rtl"},
		map[string]any{"@value": 5.0, "@language": "en"},
		map[string]any{"@value": "x", "@language": "e n"},
		map[string]any{"@value": "x", "type": "Image"},
		map[string]any{"@value": []any{"x"}, "@type": "@json"},
		map[string]any{"@list": []any{"x"}},
		map[string]any{"@set": []any{"x"}},
		map[string]any{"kid": "urn:k", "jwk": map[string]any{"a": 1.0}},
		map[string]any{"type": []any{"Image", "Image"}},
		map[string]any{"type": "Image", "@type": "Image"},
		[]any{"same", "same"},
		[]any{map[string]any{"id": "urn:x"}, "urn:x"},
		"@id", "@foo", "_:", "_:b1", "https://example.org/" + strings.Repeat("a", 2000), "https://example.org/a b", "urn:tandem:undefined-term:x",
		map[string]any{"@context": contexts.CredentialsV2, "type": "VerifiableCredential", "name": "x"},
		map[string]any{"@context": []any{contexts.OpenBadges303}, "type": "Image", "caption": "x"},
		map[string]any{"@context": nil},
		map[string]any{"@context": []any{}, "name": "x"},
		map[string]any{"@context": map[string]any{"name": "urn:x"}, "name": "x"},
		"http://[::1", "https://example.org:port/", "Image",
		[]any{"Achievement", "Profile"},
		contexts.CredentialsV2,
		[]any{contexts.OpenBadges303, contexts.CredentialsV2},
		contexts.ExamplesV2, contexts.CLR201,
		g.object(shape, 4),
	}
	object[key] = pick(g, values)
}
