package dataintegrity

// Code is a stable word for the reason why a proof does not hold.
type Code string

// The reasons for which a proof is refused.
const (
	CodeProofMissing Code = "proof_missing"
	CodeProofShape   Code = "proof_malformed"
	CodeCryptosuite  Code = "cryptosuite_unknown"
	CodePurpose      Code = "purpose_wrong"
	CodeCreated      Code = "created_wrong"
	CodeExpired      Code = "proof_expired"
	CodeDomain       Code = "domain_wrong"
	CodeChallenge    Code = "challenge_wrong"
	CodeMethod       Code = "method_unknown"
	CodeController   Code = "method_foreign"
	CodePurposeKey   Code = "purpose_not_allowed"
	CodeCompromised  Code = "key_compromised"
	CodeProofID      Code = "proof_id_twice"
	CodePrevious     Code = "previous_proof_missing"
	CodeCircular     Code = "proof_chain_circular"
	CodeUnsecured    Code = "previous_proof_refused"
	CodeDocument     Code = "document_refused"
	CodeSignature    Code = "signature_wrong"
)

// Error says in plain words why a proof does not hold.
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
