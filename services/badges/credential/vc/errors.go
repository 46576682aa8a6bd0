package vc

// Code is a stable word for the reason why a token, an envelope or a presentation is refused.
type Code string

// The reasons of a refusal.
const (
	CodeForm         Code = "form_unknown"         // neither JSON nor a token
	CodeEnvelope     Code = "envelope_malformed"   // an envelope without a token in it
	CodeToken        Code = "token_malformed"      // not three parts of base64url with JSON inside
	CodeHeader       Code = "token_header_refused" // a header that we do not follow
	CodeAlgorithm    Code = "token_algorithm"      // not EdDSA
	CodeType         Code = "token_type"           // a token of another kind
	CodeClaims       Code = "token_claims_differ"  // the token says something else than its document
	CodeTime         Code = "token_time"           // not yet, no longer, or made in the future
	CodeSignature    Code = "signature_wrong"
	CodeMethod       Code = "method_unknown"
	CodeController   Code = "method_foreign"
	CodePurposeKey   Code = "purpose_not_allowed"
	CodeUnsigned     Code = "proof_missing"
	CodeHolder       Code = "holder_missing"     // unsigned credentials need a holder who issued them
	CodePresentation Code = "not_a_presentation" // a credential where a presentation was expected
	CodeChallenge    Code = "challenge_wrong"
	CodeDomain       Code = "domain_wrong"
)

// Error says in plain words why something was refused.
type Error struct {
	Code   Code
	Detail string
	cause  error
}

// Error implements error.
func (e *Error) Error() string {
	if e.cause != nil {
		return e.Detail + ": " + e.cause.Error()
	}
	return e.Detail
}

// Unwrap returns the cause, for example a *jsonld.Error.
func (e *Error) Unwrap() error { return e.cause }

func refuse(code Code, detail string) error { return &Error{Code: code, Detail: detail} }

func refuseFor(code Code, detail string, cause error) error {
	return &Error{Code: code, Detail: detail, cause: cause}
}
