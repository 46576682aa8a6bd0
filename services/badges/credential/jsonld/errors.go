package jsonld

import "fmt"

// Code is a stable word for the reason of a refusal.
type Code string

// The reasons for which a document is refused.
const (
	CodeInvalidJSON    Code = "invalid_json"
	CodeTooLarge       Code = "too_large"
	CodeTooDeep        Code = "too_deep"
	CodeDuplicateKey   Code = "duplicate_key"
	CodeInexactNumber  Code = "inexact_number"
	CodeUnknownContext Code = "unknown_context"
	CodeContext        Code = "invalid_context"
	CodeProtected      Code = "protected_term"
	CodeKeyword        Code = "keyword_refused"
	CodeUndefinedTerm  Code = "undefined_term"
	CodeDroppedValue   Code = "dropped_value"
	CodeRelativeIRI    Code = "relative_iri"
	CodeInvalidIRI     Code = "invalid_iri"
	CodeLongIRI        Code = "iri_too_long"
	CodeLanguage       Code = "invalid_language"
	CodeDirection      Code = "direction_unsigned"
	CodeExpansion      Code = "expansion_failed"
)

// Error is a refusal of a document.
type Error struct {
	Code Code
	// Subject is the key, value or IRI at fault, shortened.
	Subject string
	// Detail is a plain sentence.
	Detail string
}

// Error implements error.
func (e *Error) Error() string {
	if e.Subject == "" {
		return e.Detail
	}
	return fmt.Sprintf("%s: %q", e.Detail, e.Subject)
}

func refuse(code Code, subject, detail string) error {
	const shown = 80
	if runes := []rune(subject); len(runes) > shown {
		subject = string(runes[:shown]) + "…"
	}
	return &Error{Code: code, Subject: subject, Detail: detail}
}
