package jsonld

import (
	"strconv"

	"github.com/tandem-badges/tandem/services/badges/credential/rdfc"
)

// literal makes the term of a value object.
func literal(object map[string]any) (rdfc.Term, error) {
	datatype, err := datatypeOf(object)
	if err != nil {
		return rdfc.Term{}, err
	}
	if datatype == rdfJSON {
		return jsonLiteral(object["@value"])
	}
	language, hasLanguage := object["@language"].(string)
	switch v := object["@value"].(type) {
	case string:
		if hasLanguage {
			if !rdfc.ValidLanguage(language) {
				return rdfc.Term{}, refuse(CodeLanguage, language, "a language tag is not well formed, so its text would be dropped")
			}
			return rdfc.LangLiteral(v, language), nil
		}
		return rdfc.Literal(v, orDefault(datatype, rdfc.XSDString)), nil
	case bool:
		return rdfc.Literal(strconv.FormatBool(v), orDefault(datatype, xsdBoolean)), nil
	case float64:
		return numberLiteral(v, datatype), nil
	}
	return rdfc.Term{}, refuse(CodeDroppedValue, "@value", "a value is no text, number or truth value")
}

func numberLiteral(v float64, datatype string) rdfc.Term {
	text := numberText(v, datatype)
	if isInteger(text) {
		return rdfc.Literal(text, orDefault(datatype, xsdInteger))
	}
	return rdfc.Literal(text, orDefault(datatype, xsdDouble))
}

// datatypeOf checks the keys of a value object and returns its datatype, empty if it has none.
func datatypeOf(object map[string]any) (string, error) {
	for key := range object {
		if key != "@value" && key != "@type" && key != "@language" {
			return "", refuse(CodeKeyword, key, "this JSON-LD keyword cannot be signed")
		}
	}
	value, has := object["@type"]
	if !has {
		return "", nil
	}
	text, isText := value.(string)
	if !isText {
		return "", refuse(CodeInvalidIRI, "@type", "a value has more than one datatype")
	}
	if text == "@json" {
		return rdfJSON, nil
	}
	term, err := iri(text)
	return term.Value, err
}

func jsonLiteral(value any) (rdfc.Term, error) {
	canonical, err := Encode(value)
	return rdfc.Literal(string(canonical), rdfJSON), err
}

func isInteger(text string) bool {
	for i := range len(text) {
		if (text[i] < '0' || text[i] > '9') && (i > 0 || text[i] != '-') {
			return false
		}
	}
	return true
}

func orDefault(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}
