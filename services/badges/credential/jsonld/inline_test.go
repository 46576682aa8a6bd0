package jsonld_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
	"github.com/tandem-badges/tandem/services/badges/credential/jsonld"
)

// trusting is a processor that lets documents define words themselves.
func trusting(t testing.TB) *jsonld.Processor {
	t.Helper()
	set, err := contexts.Standard()
	require.NoError(t, err)
	return jsonld.New(set, jsonld.InlineContexts())
}

func inline(context, body string) string {
	return `{"@context":["https://www.w3.org/ns/credentials/v2",` + context + `],"id":"urn:uuid:1",` + body + `}`
}

func TestADocumentMayDefineWordsItselfOnlyWhereThatIsAllowed(t *testing.T) {
	text := inline(`{"@protected":true,"@version":1.1,"Club":{"@id":"https://example.org/Club","@context":{"id":"@id","type":"@type","motto":"urn:example:motto"}},`+
		`"club":{"@id":"https://example.org/club","@type":"@id"},"ClubCredential":"https://example.org/ClubCredential"}`,
		`"type":["VerifiableCredential","ClubCredential"],"credentialSubject":{"id":"urn:s","club":{"type":"Club","motto":"Read on"}}`)
	got, err := canonical(t, trusting(t), text)
	require.NoError(t, err)
	for _, want := range []string{
		`<urn:uuid:1> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <https://example.org/ClubCredential> .`,
		`<urn:s> <https://example.org/club> _:c14n0 .`, `_:c14n0 <urn:example:motto> "Read on" .`,
	} {
		require.Contains(t, got, want)
	}
	doc, err := jsonld.Decode([]byte(text))
	require.NoError(t, err)
	_, compiled := trusting(t).Compiled(doc)
	require.False(t, compiled, "the compiled path is for known contexts")
	require.NoError(t, trusting(t).CheckContexts(doc))

	var refusal *jsonld.Error
	_, err = canonical(t, production(t), text)
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, jsonld.CodeUnknownContext, refusal.Code)
	require.ErrorAs(t, production(t).CheckContexts(doc), &refusal)
	require.Equal(t, jsonld.CodeUnknownContext, refusal.Code)
}

func TestAnInlineContextCanHideNothing(t *testing.T) {
	for name, c := range map[string]struct {
		context string
		code    jsonld.Code
	}{
		"a vocabulary for everything":       {`{"@vocab":"https://example.org/"}`, jsonld.CodeContext},
		"a base":                            {`{"@base":"https://example.org/"}`, jsonld.CodeContext},
		"an import":                         {`{"@import":"https://example.org/c"}`, jsonld.CodeContext},
		"propagation":                       {`{"@propagate":false}`, jsonld.CodeContext},
		"a language for everything":         {`{"@language":"en"}`, jsonld.CodeContext},
		"another version":                   {`{"@version":1.0}`, jsonld.CodeContext},
		"protection that is a text":         {`{"@protected":"yes"}`, jsonld.CodeContext},
		"null":                              {`null`, jsonld.CodeUnknownContext},
		"a number":                          {`5`, jsonld.CodeUnknownContext},
		"an unknown address":                {`"https://example.org/c"`, jsonld.CodeUnknownContext},
		"a word without meaning":            {`{"club":null}`, jsonld.CodeContext},
		"a word that means a number":        {`{"club":5}`, jsonld.CodeContext},
		"a relative meaning":                {`{"club":"club"}`, jsonld.CodeContext},
		"a meaning that is no address":      {`{"club":"https ://example.org/club"}`, jsonld.CodeContext},
		"a blank node":                      {`{"club":"_:b"}`, jsonld.CodeContext},
		"another name of a keyword":         {`{"club":"@value"}`, jsonld.CodeContext},
		"id by another name":                {`{"club":"@id"}`, jsonld.CodeContext},
		"an empty word":                     {`{"":"https://example.org/club"}`, jsonld.CodeContext},
		"an address that means another one": {`{"https://example.org/a":"https://example.org/b"}`, jsonld.CodeContext},
		"a definition without meaning":      {`{"club":{"@type":"@id"}}`, jsonld.CodeContext},
		"a reverse property":                {`{"club":{"@id":"https://example.org/club","@reverse":"urn:a"}}`, jsonld.CodeContext},
		"an index":                          {`{"club":{"@id":"https://example.org/club","@container":"@index"}}`, jsonld.CodeContext},
		"a nest":                            {`{"club":{"@id":"https://example.org/club","@nest":"name"}}`, jsonld.CodeContext},
		"a type that drops itself":          {`{"club":{"@id":"https://example.org/club","@type":"@none"}}`, jsonld.CodeContext},
		"null inside a definition":          {`{"club":{"@id":"https://example.org/club","@context":null}}`, jsonld.CodeUnknownContext},
		"a vocabulary inside a definition":  {`{"club":{"@id":"https://example.org/club","@context":{"@vocab":"urn:a:"}}}`, jsonld.CodeContext},
		"a protected word of the base":      {`{"description":"https://example.org/description"}`, jsonld.CodeProtected},
		"a protected type of the base":      {`{"VerifiableCredential":"https://example.org/VerifiableCredential"}`, jsonld.CodeProtected},
		"a word protected by itself":        {`{"@protected":true,"club":"https://example.org/club"},{"club":"https://example.org/other"}`, jsonld.CodeProtected},
	} {
		t.Run(name, func(t *testing.T) {
			doc, err := jsonld.Decode([]byte(inline(c.context, `"type":"VerifiableCredential","credentialSubject":{"id":"urn:s"}`)))
			require.NoError(t, err)
			p := trusting(t)
			_, err = p.ToRDF(doc)
			var refusal *jsonld.Error
			require.ErrorAs(t, err, &refusal)
			require.Equal(t, c.code, refusal.Code, refusal.Error())
			require.ErrorAs(t, p.CheckContexts(doc), &refusal)
			require.Equal(t, c.code, refusal.Code, "the same where only the contexts are looked at")
		})
	}
}

func TestWordsOfAnInlineContextHoldToTheOtherRules(t *testing.T) {
	context := `{"club":{"@id":"https://example.org/club","@type":"@id"},"Club":"https://example.org/Club"}`
	for name, c := range map[string]struct {
		body string
		code jsonld.Code
	}{
		"an undefined word beside":   {`"type":"VerifiableCredential","colour":"red"`, jsonld.CodeUndefinedTerm},
		"an undefined type":          {`"type":["VerifiableCredential","Team"]`, jsonld.CodeUndefinedTerm},
		"a relative reference":       {`"type":"Club","club":"chess"`, jsonld.CodeRelativeIRI},
		"the same value twice":       {`"type":"Club","club":["urn:a","urn:a"]`, jsonld.CodeDroppedValue},
		"a vocabulary further down":  {`"type":"Club","club":{"@context":{"@vocab":"urn:a:"},"colour":"red"}`, jsonld.CodeContext},
		"a new meaning further down": {`"type":"Club","credentialSubject":{"@context":{"type":"https://example.org/type"},"id":"urn:s","type":"Club"}`, jsonld.CodeProtected},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := canonical(t, trusting(t), inline(context, c.body))
			var refusal *jsonld.Error
			require.ErrorAs(t, err, &refusal)
			require.Equal(t, c.code, refusal.Code, refusal.Error())
		})
	}
}
