// Package problem holds the errors of the domain.
//
// Domain packages and stores return these and know neither gRPC nor SQL;
// package apierr turns them into a status once, at the edge. Every error tells
// the caller three things: what (field or resource), which rule, and the fix.
// Causes stay inside: they reach the log, never the caller.
package problem

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kind is the family of an error; each kind becomes one canonical code.
type Kind int

// The kinds, in the order of the error map.
const (
	KindInternal Kind = iota // anything that is not the caller's doing
	KindInvalid
	KindNotFound
	KindAlreadyExists
	KindPrecondition
	KindAborted
	KindDenied
	KindUnauthenticated
	KindExhausted
	KindUnavailable
)

// Violation is one broken rule.
type Violation struct {
	Field string // where, as a proto field path, or the resource whose state is wrong
	Rule  string // which rule: a stable lower_snake word
	Fix   string // what to do, in one plain sentence
}

// Error is the one error type of the domain, found with errors.As.
type Error struct {
	Kind       Kind
	Reason     Reason
	Name       string // resource name, or the action, limit or dependency concerned
	Violations []Violation
	Retry      time.Duration // when to try again; 0 when retrying is no use
	cause      error
}

// Error describes the problem for logs; callers get the text of package apierr.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(strings.ToLower(string(e.Reason)))
	if e.Name != "" {
		fmt.Fprintf(&b, " %q", e.Name)
	}
	for i, v := range e.Violations {
		sep := "; "
		if i == 0 {
			sep = ": "
		}
		fmt.Fprintf(&b, "%s%s breaks %s", sep, v.Field, v.Rule)
	}
	if e.cause != nil {
		fmt.Fprintf(&b, ": %v", e.cause)
	}
	return b.String()
}

// Unwrap returns the hidden cause, or nil.
func (e *Error) Unwrap() error { return e.cause }

// As returns the domain error in err's chain.
func As(err error) (*Error, bool) {
	var e *Error
	ok := errors.As(err, &e)
	return e, ok
}

// Is tells whether err is a domain error of the kind.
func Is(err error, kind Kind) bool {
	e, ok := As(err)
	return ok && e.Kind == kind
}

// WithCause attaches the technical cause to a domain error, for the log only.
// Any other error is returned joined with the cause.
func WithCause(err, cause error) error {
	var e *Error
	if !errors.As(err, &e) {
		return errors.Join(err, cause)
	}
	withCause := *e
	withCause.cause = cause
	return &withCause
}

// Invalid refuses a request for its fields; give all violations at once.
func Invalid(v ...Violation) error {
	return &Error{Kind: KindInvalid, Reason: ReasonFieldInvalid, Violations: v}
}

// NotFound says that there is no such resource, or none in the caller's scope:
// the two are never told apart.
func NotFound(name string) error {
	return &Error{Kind: KindNotFound, Reason: ReasonResourceNotFound, Name: name}
}

// AlreadyExists says that the name, or something unique about it, is taken.
func AlreadyExists(name string) error {
	return &Error{Kind: KindAlreadyExists, Reason: ReasonResourceExists, Name: name}
}

// Precondition refuses a request because of the state something is in.
func Precondition(reason Reason, v ...Violation) error {
	return &Error{Kind: KindPrecondition, Reason: reason, Violations: v}
}

// Stale says that the resource changed since its etag was read.
func Stale(name string) error {
	return &Error{Kind: KindAborted, Reason: ReasonEtagStale, Name: name}
}

// Conflict says that concurrent work was in the way and the call may be
// repeated as it is.
func Conflict(detail string) error {
	return &Error{Kind: KindAborted, Reason: ReasonConflict, Name: detail, Retry: conflictRetry}
}

// Denied says that the caller may see the resource but not do this.
func Denied(action string) error {
	return &Error{Kind: KindDenied, Reason: ReasonRoleInsufficient, Name: action}
}

// Unauthenticated says that it is not known who calls.
func Unauthenticated(reason Reason) error {
	return &Error{Kind: KindUnauthenticated, Reason: reason}
}

// Exhausted says that a limit is reached, and when it opens again.
func Exhausted(limit string, retry time.Duration) error {
	return &Error{Kind: KindExhausted, Reason: ReasonLimitExceeded, Name: limit, Retry: retry}
}

// Unavailable says that something the service depends on does not answer.
func Unavailable(what string) error {
	return &Error{Kind: KindUnavailable, Reason: ReasonUnavailable, Name: what, Retry: unavailableRetry}
}

// ReadOnly refuses a change while the platform is in read-only mode. The text says why
// to people, in whole sentences.
func ReadOnly(text string, retry time.Duration) error {
	return &Error{Kind: KindUnavailable, Reason: ReasonReadOnly, Name: text, Retry: retry}
}

const (
	conflictRetry    = 100 * time.Millisecond
	unavailableRetry = time.Second
)
