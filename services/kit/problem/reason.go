package problem

// Reason is the machine-readable reason of an error. Its values are the names
// of tandem.type.v1.ErrorReason without their prefix; a test in package apierr
// holds the two lists equal.
type Reason string

// The reasons, described where clients read them: in the proto enum.
const (
	ReasonFieldInvalid       Reason = "FIELD_INVALID"
	ReasonResourceNotFound   Reason = "RESOURCE_NOT_FOUND"
	ReasonResourceExists     Reason = "RESOURCE_EXISTS"
	ReasonEtagStale          Reason = "ETAG_STALE"
	ReasonConflict           Reason = "CONFLICT"
	ReasonIdentityMissing    Reason = "IDENTITY_MISSING"
	ReasonTokenInvalid       Reason = "TOKEN_INVALID"
	ReasonRoleInsufficient   Reason = "ROLE_INSUFFICIENT"
	ReasonStateWrong         Reason = "STATE_WRONG"
	ReasonNotEligible        Reason = "NOT_ELIGIBLE"
	ReasonHasChildren        Reason = "HAS_CHILDREN"
	ReasonWindowClosed       Reason = "WINDOW_CLOSED"
	ReasonConflictOfInterest Reason = "CONFLICT_OF_INTEREST"
	ReasonRequestIDReused    Reason = "REQUEST_ID_REUSED"
	ReasonLimitExceeded      Reason = "LIMIT_EXCEEDED"
	ReasonUnavailable        Reason = "UNAVAILABLE"
	ReasonDeadlineExceeded   Reason = "DEADLINE_EXCEEDED"
	ReasonCancelled          Reason = "CANCELLED"
	ReasonInternal           Reason = "INTERNAL"
	ReasonMethodUnknown      Reason = "METHOD_UNKNOWN"
	ReasonReadOnly           Reason = "READ_ONLY"
)

// Reasons returns every reason, in the order of the proto enum.
func Reasons() []Reason {
	return []Reason{
		ReasonFieldInvalid, ReasonResourceNotFound, ReasonResourceExists, ReasonEtagStale, ReasonConflict,
		ReasonIdentityMissing, ReasonTokenInvalid, ReasonRoleInsufficient, ReasonStateWrong, ReasonNotEligible,
		ReasonHasChildren, ReasonWindowClosed, ReasonConflictOfInterest, ReasonRequestIDReused, ReasonLimitExceeded,
		ReasonUnavailable, ReasonDeadlineExceeded, ReasonCancelled, ReasonInternal, ReasonMethodUnknown,
		ReasonReadOnly,
	}
}
