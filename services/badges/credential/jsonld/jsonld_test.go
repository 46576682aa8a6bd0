package jsonld_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
	"github.com/tandem-badges/tandem/services/badges/credential/internal/vectors"
	"github.com/tandem-badges/tandem/services/badges/credential/jsonld"
	"github.com/tandem-badges/tandem/services/badges/credential/rdfc"
)

func production(t testing.TB) *jsonld.Processor {
	t.Helper()
	set, err := contexts.Standard()
	require.NoError(t, err)
	return jsonld.New(set)
}

// canonical decodes, converts and canonicalizes in one go.
func canonical(t testing.TB, p *jsonld.Processor, text string) (string, error) {
	t.Helper()
	doc, err := jsonld.Decode([]byte(text))
	if err != nil {
		return "", err
	}
	dataset, err := p.ToRDF(doc)
	if err != nil {
		return "", err
	}
	result, err := rdfc.Canonicalize(dataset, rdfc.Options{})
	require.NoError(t, err)
	return result.NQuads, nil
}

const head = `{"@context":["https://www.w3.org/ns/credentials/v2","https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],`

func TestPublishedCredentialsHaveTheirPublishedCanonicalForm(t *testing.T) {
	for _, name := range []string{"ob", "clr"} {
		t.Run(name, func(t *testing.T) {
			var vector struct{ Unsigned json.RawMessage }
			require.NoError(t, json.Unmarshal(vectors.Read(t, "open-badges/vectors/"+name+".json", "1EdTech vectors"), &vector))
			got, err := canonical(t, production(t), string(vector.Unsigned))
			require.NoError(t, err)
			require.Equal(t, string(vectors.Read(t, "open-badges/vectors/"+name+"-document-canon.nq", "1EdTech vectors")), got)
		})
	}
}

func TestASmallBadgeGivesEveryValueAQuad(t *testing.T) {
	got, err := canonical(t, production(t), head+`
		"id":"urn:uuid:1","type":["VerifiableCredential","OpenBadgeCredential"],
		"name":{"@value":"Bienvenidos","@language":"es"},
		"credentialSubject":{"type":"AchievementSubject","achievement":{"id":"urn:a","type":"Achievement",
			"resultDescription":[{"type":"ResultDescription","allowedValue":["low","high"],"valueMax":1e21,"valueMin":-0}]}}}`)
	require.NoError(t, err)
	for _, want := range []string{
		`<https://schema.org/name> "Bienvenidos"@es .`,
		`valueMax> "1.0E21"^^<http://www.w3.org/2001/XMLSchema#double> .`,
		`valueMin> "0"^^<http://www.w3.org/2001/XMLSchema#integer> .`,
		`#first> "low" .`, `#first> "high" .`, `#rest> <http://www.w3.org/1999/02/22-rdf-syntax-ns#nil> .`,
	} {
		require.Contains(t, got, want)
	}
	require.Equal(t, 16, strings.Count(got, "\n"))
}

func TestNumbersHaveTheLexicalFormOfJSONLD(t *testing.T) {
	for number, want := range map[string]string{
		"0": `"0"^^I`, "-0": `"0"^^I`, "-0.0": `"0"^^I`, "1.0": `"1"^^I`, "-7": `"-7"^^I`, "1e3": `"1000"^^I`,
		"9007199254740992": `"9007199254740992"^^I`, "1e20": `"100000000000000000000"^^I`,
		"1e21": `"1.0E21"^^D`, "5.3": `"5.3E0"^^D`, "-0.00012": `"-1.2E-4"^^D`, "1.5e300": `"1.5E300"^^D`, "100.5": `"1.005E2"^^D`,
	} {
		got, err := canonical(t, production(t), head+`"type":"AchievementSubject","role":`+number+`}`)
		require.NoError(t, err, number)
		want = strings.NewReplacer("^^I", "^^<http://www.w3.org/2001/XMLSchema#integer>", "^^D", "^^<http://www.w3.org/2001/XMLSchema#double>").Replace(want)
		require.Contains(t, got, "role> "+want+" .", number)
	}
}

func TestAValueThatWouldNotBeSignedIsRefused(t *testing.T) {
	long := "https://example.org/" + strings.Repeat("a", 3000)
	deep := strings.Repeat(`{"criteria":`, 70) + "1" + strings.Repeat("}", 70)
	for name, c := range map[string]struct {
		body string
		code jsonld.Code
	}{
		"undefined term":               {`"type":"AchievementSubject","colour":"red"`, jsonld.CodeUndefinedTerm},
		"undefined term, empty list":   {`"colour":[]`, jsonld.CodeUndefinedTerm},
		"undefined nested term":        {`"type":"Achievement","criteria":{"narrative":"x","colour":"red"}`, jsonld.CodeUndefinedTerm},
		"undefined type":               {`"type":["Unicorn"]`, jsonld.CodeUndefinedTerm},
		"term outside its type":        {`"achievement":{"type":"Achievement"}`, jsonld.CodeUndefinedTerm},
		"undefined in a reset context": {`"type":"VerifiablePresentation","verifiableCredential":[{"colour":"red","id":"urn:x"}]`, jsonld.CodeUndefinedTerm},
		"empty key":                    {`"":"x"`, jsonld.CodeUndefinedTerm},
		"undefined datatype":           {`"name":{"@value":"x","@type":"colour"}`, jsonld.CodeUndefinedTerm},
		"null":                         {`"name":null`, jsonld.CodeDroppedValue},
		"null in a list":               {`"name":["a",null]`, jsonld.CodeDroppedValue},
		"nothing but an id":            {`"id":"urn:x"`, jsonld.CodeDroppedValue},
		"a bare reference in a graph":  {`"type":"VerifiableCredential","proof":"urn:x"`, jsonld.CodeDroppedValue},
		"text in a graph":              {`"type":"VerifiableCredential","proof":5`, jsonld.CodeDroppedValue},
		"array in an array":            {`"name":[["a"]]`, jsonld.CodeDroppedValue},
		"same value twice":             {`"name":["a","b","a"]`, jsonld.CodeDroppedValue},
		"same type twice":              {`"type":["Image","Image"]`, jsonld.CodeDroppedValue},
		"same object twice":            {`"image":[{"id":"urn:x","name":"x"},{"id":"urn:x","name":"x"}]`, jsonld.CodeDroppedValue},
		"same value by another name":   {`"name":"a","https://schema.org/name":"a"`, jsonld.CodeDroppedValue},
		"relative id":                  {`"id":"badges/1","name":"x"`, jsonld.CodeRelativeIRI},
		"empty id":                     {`"id":"","name":"x"`, jsonld.CodeRelativeIRI},
		"id like a keyword":            {`"id":"@foo","name":"x"`, jsonld.CodeRelativeIRI},
		"type like a keyword":          {`"type":"@json","name":"x"`, jsonld.CodeRelativeIRI},
		"relative reference":           {`"image":"logo.png"`, jsonld.CodeRelativeIRI},
		"id with a space":              {`"id":"https://example.org/a b","name":"x"`, jsonld.CodeInvalidIRI},
		"key that is a bad IRI":        {`"https://example.org/a b":"x"`, jsonld.CodeInvalidIRI},
		"blank node as key":            {`"_:p":"x"`, jsonld.CodeRelativeIRI},
		"blank node without a label":   {`"id":"_:","name":"x"`, jsonld.CodeInvalidIRI},
		"over-long id":                 {`"id":"` + long + `","name":"x"`, jsonld.CodeLongIRI},
		"over-long key":                {`"` + long + `":"x"`, jsonld.CodeLongIRI},
		"object under an over-long id": {`"name":"x","image":{"id":"` + long + `","name":"y"}`, jsonld.CodeLongIRI},
		"over-long type":               {`"type":"` + long + `"`, jsonld.CodeLongIRI},
		"type with a space":            {`"type":"https://example.org/a b"`, jsonld.CodeInvalidIRI},
		"reference with a space":       {`"image":"https://example.org/a b"`, jsonld.CodeInvalidIRI},
		"reference with a wrong port":  {`"image":"https://example.org:port/"`, jsonld.CodeInvalidIRI},
		"datatype with a space":        {`"name":{"@value":"x","@type":"https://example.org/a b"}`, jsonld.CodeInvalidIRI},
		"over-long datatype":           {`"name":{"@value":"x","@type":"` + long + `"}`, jsonld.CodeLongIRI},
		"over-long reference":          {`"image":"` + long + `"`, jsonld.CodeLongIRI},
		"list in a list":               {`"type":"ResultDescription","allowedValue":[["x"]]`, jsonld.CodeDroppedValue},
		"null in a JSON value":         {`"_sd":[null]`, jsonld.CodeDroppedValue},
		"context in a JSON value":      {`"_sd":{"@context":"https://www.w3.org/ns/credentials/v2","a":1}`, jsonld.CodeDroppedValue},
		"language map":                 {`"name":{"en":"x"}`, jsonld.CodeUndefinedTerm},
		"list object":                  {`"name":{"@list":["x"]}`, jsonld.CodeKeyword},
		"base":                         {`"@base":"https://example.org/","id":"x"`, jsonld.CodeKeyword},
		"protected term redefined":     {`"image":{"@context":"https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json","type":"Achievement","image":"urn:x"}`, jsonld.CodeProtected},
		"direction":                    {`"name":{"@value":"x","@language":"ar","@direction":"rtl"}`, jsonld.CodeDirection},
		"direction of a node":          {`"@direction":"rtl","name":"x"`, jsonld.CodeKeyword},
		"index":                        {`"name":{"@value":"x","@index":"1"}`, jsonld.CodeKeyword},
		"set":                          {`"name":{"@set":["x"]}`, jsonld.CodeKeyword},
		"graph":                        {`"@graph":[{"name":"x"}]`, jsonld.CodeKeyword},
		"reverse":                      {`"@reverse":{"name":{"id":"urn:x"}}`, jsonld.CodeKeyword},
		"included":                     {`"@included":{"name":"x"}`, jsonld.CodeKeyword},
		"keyword of the future":        {`"@note":"x"`, jsonld.CodeKeyword},
		"keyword beside its alias":     {`"id":"urn:a","@id":"urn:a","name":"x"`, jsonld.CodeKeyword},
		"wrong language":               {`"name":{"@value":"x","@language":"en us"}`, jsonld.CodeLanguage},
		"unknown context inside":       {`"image":{"@context":"https://example.org/c","id":"urn:x","name":"x"}`, jsonld.CodeUnknownContext},
		"inline context":               {`"image":{"@context":{"name":"urn:evil"},"name":"x"}`, jsonld.CodeUnknownContext},
		"vocabulary injection":         {`"image":{"@context":{"@vocab":"urn:any:"},"colour":"x"}`, jsonld.CodeUnknownContext},
		"null context":                 {`"image":{"@context":null,"name":"x"}`, jsonld.CodeUnknownContext},
		"context twice":                {`"image":{"@context":["https://www.w3.org/ns/credentials/v2","https://www.w3.org/ns/credentials/v2"],"name":"x"}`, jsonld.CodeUnknownContext},
		"value with a stranger":        {`"name":{"@value":"x","name":"y"}`, jsonld.CodeExpansion},
		"id that is a number":          {`"id":5,"name":"x"`, jsonld.CodeExpansion},
		"type that is an object":       {`"type":{"name":"x"}`, jsonld.CodeExpansion},
		"duplicate key":                {`"name":"x","name":"y"`, jsonld.CodeDuplicateKey},
		"duplicate key by escape":      {`"name":"x","n\u0061me":"y"`, jsonld.CodeDuplicateKey},
		"number with lost digits":      {`"type":"AchievementSubject","role":1.00000000000000000001`, jsonld.CodeInexactNumber},
		"integer with lost digits":     {`"type":"AchievementSubject","role":9007199254740993`, jsonld.CodeInexactNumber},
		"seventeen digits":             {`"type":"AchievementSubject","role":0.30000000000000004`, jsonld.CodeInexactNumber},
		"number too large":             {`"type":"AchievementSubject","role":1e999`, jsonld.CodeInexactNumber},
		"number too small":             {`"type":"AchievementSubject","role":1e-999`, jsonld.CodeInexactNumber},
		"lone high surrogate":          {`"name":"\ud800x"`, jsonld.CodeInvalidJSON},
		"lone low surrogate":           {`"name":"x\udc00"`, jsonld.CodeInvalidJSON},
		"surrogates swapped":           {`"name":"\udc00\ud800"`, jsonld.CodeInvalidJSON},
		"broken UTF-8":                 {"\"name\":\"\xff\"", jsonld.CodeInvalidJSON},
		"too deep":                     {`"type":"Achievement","criteria":` + deep, jsonld.CodeTooDeep},
		"too large":                    {`"name":"` + strings.Repeat("x", 1<<20) + `"`, jsonld.CodeTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			p := production(t)
			_, err := canonical(t, p, head+c.body+"}")
			if doc, err := jsonld.Decode([]byte(head + c.body + "}")); err == nil {
				_, took := p.Compiled(doc)
				require.False(t, took, "the compiled path refuses it too")
			}
			var refusal *jsonld.Error
			require.ErrorAs(t, err, &refusal)
			require.Equal(t, c.code, refusal.Code, refusal.Error())
			require.NotEmpty(t, refusal.Detail)
			require.Less(t, len(refusal.Error()), 400)
		})
	}
}

func TestRepetitionIsAcceptedWhereItIsKept(t *testing.T) {
	got, err := canonical(t, production(t), head+`"type":["Image"],"name":"a","description":"a",
		"image":{"type":"ResultDescription","allowedValue":["x","x"]},"alignment":[]}`)
	require.NoError(t, err)
	require.Equal(t, 2, strings.Count(got, `#first> "x" .`), "a list is ordered and keeps repeated values")
	require.NotContains(t, got, "alignment")
}

func TestTextThatIsNoDocumentIsRefused(t *testing.T) {
	for _, text := range []string{"", "5", "[]", "{", `{"a":1}x`, `{"a":1}{}`, `{"a" 1}`, `null`, `{"a":01}`} {
		_, err := jsonld.Decode([]byte(text))
		var refusal *jsonld.Error
		require.ErrorAs(t, err, &refusal, text)
		require.Equal(t, jsonld.CodeInvalidJSON, refusal.Code, text)
	}
	for _, text := range []string{`{"name":"x"}`, `{"@context":[],"name":"x"}`, `{"@context":"https://www.w3.org/ns/credentials/examples/v2","name":"x"}`} {
		_, err := canonical(t, production(t), text)
		require.Error(t, err, text)
	}
}

func TestSurrogatePairsAndEscapesAreUnderstood(t *testing.T) {
	doc, err := jsonld.Decode([]byte(`{"name":"\ud83d\ude00 \\ud800 \" \u00e9"}`))
	require.NoError(t, err)
	require.Equal(t, "😀 \\ud800 \" é", doc["name"])
}

func TestMinusZeroIsReadAsZero(t *testing.T) {
	doc, err := jsonld.Decode([]byte(`{"points":-0.0}`))
	require.NoError(t, err)
	points, isNumber := doc["points"].(float64)
	require.True(t, isNumber)
	require.False(t, math.Signbit(points))
}

func TestOneProcessorServesManyCallersAtOnce(t *testing.T) {
	p := production(t)
	errs := make(chan error)
	const callers = 16
	for range callers {
		go func() {
			doc, err := jsonld.Decode([]byte(head + `"type":["VerifiableCredential"],"id":"urn:x","name":"x"}`))
			if err == nil {
				_, err = p.ToRDF(doc)
			}
			errs <- err
		}()
	}
	for range callers {
		require.NoError(t, <-errs)
	}
}

// Every text of a document must be found in its canonical form; the fuzzer looks for one that is not.
func FuzzDocument(f *testing.F) {
	f.Add(head + `"id":"urn:x","type":"VerifiableCredential","name":"x","validFrom":"2026-01-01T00:00:00Z"}`)
	f.Add(head + `"type":"Achievement","criteria":{"narrative":"x"},"tag":["a","b"]}`)
	f.Add(head + `"name":{"@value":"x","@language":"es"},"image":{"id":"urn:i","type":"Image"}}`)
	f.Add(head + `"type":"VerifiableCredential","proof":{"type":"DataIntegrityProof","nonce":"n"}}`)
	p := production(f)
	f.Fuzz(func(t *testing.T, text string) {
		doc, err := jsonld.Decode([]byte(text))
		if err != nil {
			return
		}
		dataset, err := p.ToRDF(doc)
		if err != nil {
			var refusal *jsonld.Error
			require.True(t, errors.As(err, &refusal))
			return
		}
		parsed, err := rdfc.Parse(dataset.NQuads())
		require.NoError(t, err)
		require.Equal(t, dataset.NQuads(), parsed.NQuads())
	})
}
