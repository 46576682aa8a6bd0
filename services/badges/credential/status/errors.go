package status

// Code is a stable word for what is wrong with an entry or a list.
type Code string

// The reasons for which an entry or a list is refused.
const (
	CodeEntry     Code = "status_malformed"           // the entry in the credential
	CodeSize      Code = "status_size_unsupported"    // more than one bit per entry
	CodeRange     Code = "status_range"               // the list has no such index
	CodeList      Code = "status_list_malformed"      // the list credential
	CodeEncoding  Code = "status_list_encoding"       // its encoded bits
	CodeShort     Code = "status_list_short"          // fewer entries than privacy asks for
	CodeAddress   Code = "status_list_wrong"          // another list than the entry names
	CodePurpose   Code = "status_purpose_wrong"       // the list is for something else
	CodeIssuer    Code = "status_list_foreign"        // the list is somebody else's
	CodeNotYet    Code = "status_list_not_yet_valid"  // the list is from the future
	CodeExpired   Code = "status_list_expired"        // the list is too old to tell
	CodeForbidden Code = "status_purpose_unsupported" // a purpose that nobody defined
)

// Error says in plain words what is wrong.
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

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

func refuse(code Code, detail string) error { return &Error{Code: code, Detail: detail} }

func refuseFor(code Code, detail string, cause error) error {
	return &Error{Code: code, Detail: detail, cause: cause}
}
