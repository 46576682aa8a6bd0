package problems

import "github.com/tandem-badges/tandem/services/kit/problem"

// title is the kind of problem in a few words, the same for every occurrence.
func title(reason problem.Reason) string {
	switch reason {
	case problem.ReasonFieldInvalid:
		return "The request breaks a rule"
	case problem.ReasonResourceNotFound:
		return "Not found"
	case problem.ReasonResourceExists:
		return "Exists already"
	case problem.ReasonEtagStale:
		return "Changed in the meantime"
	case problem.ReasonConflict:
		return "Two changes met"
	case problem.ReasonIdentityMissing:
		return "Not signed in"
	case problem.ReasonTokenInvalid:
		return "The token is not valid"
	case problem.ReasonRoleInsufficient:
		return "Not allowed"
	case problem.ReasonStateWrong:
		return "Not in this state"
	case problem.ReasonNotEligible:
		return "Something is still missing"
	case problem.ReasonHasChildren:
		return "Others depend on it"
	case problem.ReasonWindowClosed:
		return "The window is closed"
	case problem.ReasonConflictOfInterest:
		return "Conflict of interest"
	case problem.ReasonRequestIDReused:
		return "Request id used before"
	case problem.ReasonLimitExceeded:
		return "Limit exceeded"
	case problem.ReasonUnavailable:
		return "Not available at the moment"
	case problem.ReasonDeadlineExceeded:
		return "Took too long"
	case problem.ReasonCancelled:
		return "Cancelled"
	case problem.ReasonReadOnly:
		return "Nothing can be changed at the moment"
	case problem.ReasonMethodUnknown:
		return "No such route"
	default:
		return "Something went wrong"
	}
}
