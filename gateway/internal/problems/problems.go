// Package problems writes refusals and failures the way REST clients read them:
// as the problem documents of RFC 9457.
//
// Services answer with a gRPC status whose details name the reason, the broken
// rules and the fixes (kit/apierr). FromError makes a problem of such a status,
// or of a domain error of the gateway itself, so that both look the same; New
// makes those that only HTTP knows, such as a body that is too large. The JSON
// form is fixed in the OpenAPI document (schema Problem).
//
// Field paths are those of the proto request message in lower camel case, as in
// JSON: school.title, requests[3].school.title. Where a body holds one part of
// the request (POST .../schools has the school), paths begin with that part.
package problems

import (
	"context"
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"

	"github.com/tandem-badges/tandem/services/kit/apierr"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/requestid"
)

// ContentType is the media type of a problem.
const ContentType = "application/problem+json"

// typePrefix begins the type of every problem; the reason in lower-kebab case
// ends it.
const typePrefix = "urn:tandem:problem:"

// Violation is one broken rule.
type Violation struct {
	Field string `json:"field"` // path in the request, or the resource in the way
	Rule  string `json:"rule"`  // stable name of the rule
	Fix   string `json:"fix"`   // what to do, in a sentence
}

// Problem is a problem document.
type Problem struct {
	Type       string         `json:"type"`
	Title      string         `json:"title"`
	Status     int            `json:"status"`
	Detail     string         `json:"detail,omitempty"`
	Instance   string         `json:"instance,omitempty"`
	Reason     problem.Reason `json:"reason"`
	Violations []Violation    `json:"violations,omitempty"`
	RequestID  string         `json:"request_id"`

	retry time.Duration
}

// New returns a problem with a status that no gRPC code stands for.
func New(httpStatus int, reason problem.Reason, detail string, violations ...Violation) *Problem {
	return &Problem{
		Type:       typePrefix + strings.ReplaceAll(strings.ToLower(string(reason)), "_", "-"),
		Title:      title(reason),
		Status:     httpStatus,
		Detail:     detail,
		Reason:     reason,
		Violations: violations,
	}
}

// Invalid refuses a request that could not be read, with all that is wrong.
func Invalid(violations ...Violation) *Problem {
	var detail strings.Builder
	detail.WriteString("The request breaks a rule.")
	for _, v := range violations {
		detail.WriteString(" " + v.Field + ": " + v.Fix)
	}
	return New(http.StatusBadRequest, problem.ReasonFieldInvalid, detail.String(), violations...)
}

// FromError returns the problem of a service's answer or of a domain error.
// Whatever is neither becomes an internal error without its cause.
func FromError(ctx context.Context, err error) *Problem {
	s := status.Convert(apierr.ToStatus(ctx, err))
	p := New(runtime.HTTPStatusFromCode(s.Code()), problem.ReasonInternal, s.Message())
	for _, detail := range s.Details() {
		p.add(detail)
	}
	return p
}

// add takes over one detail of a status.
func (p *Problem) add(detail any) {
	switch d := detail.(type) {
	case *errdetails.ErrorInfo:
		named := New(p.Status, problem.Reason(d.GetReason()), p.Detail)
		p.Type, p.Title, p.Reason = named.Type, named.Title, named.Reason
	case *errdetails.BadRequest:
		for _, v := range d.GetFieldViolations() {
			p.violate(v.GetField(), v.GetReason(), v.GetDescription())
		}
	case *errdetails.PreconditionFailure:
		for _, v := range d.GetViolations() {
			p.violate(v.GetSubject(), v.GetType(), v.GetDescription())
		}
	case *errdetails.RetryInfo:
		p.retry = d.GetRetryDelay().AsDuration()
	case *errdetails.RequestInfo:
		p.RequestID = d.GetRequestId()
	}
}

// violate adds a violation, and makes the detail speak of the field as it does.
func (p *Problem) violate(field, rule, fix string) {
	name := FieldPath(field)
	if name != field {
		p.Detail = strings.ReplaceAll(p.Detail, field+": ", name+": ")
	}
	p.Violations = append(p.Violations, Violation{Field: name, Rule: rule, Fix: fix})
}

// FieldPath is a proto field path as REST clients write it. A resource name,
// which also stands for what is in the way, stays as it is.
func FieldPath(path string) string {
	if strings.Contains(path, "/") {
		return path
	}
	var b strings.Builder
	bracket, upper := false, false
	for _, c := range path {
		switch {
		case c == '[' || c == ']':
			bracket = c == '['
		case c == '_' && !bracket:
			upper = true
			continue
		}
		if upper && 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		upper = false
		b.WriteRune(c)
	}
	return b.String()
}

// Write sends the problem as the answer to the request.
func Write(w http.ResponseWriter, r *http.Request, p *Problem) {
	p.Instance = r.URL.EscapedPath()
	if id := requestid.From(r.Context()); id != "" {
		p.RequestID = id
	}
	h := w.Header()
	h.Del("Content-Length")
	h.Set("Content-Type", ContentType)
	h.Set("Cache-Control", "no-store")
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", challenge(p.Reason))
	}
	if p.retry > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(p.retry.Seconds()))))
	}
	w.WriteHeader(p.Status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(p) // who has gone needs no answer
}

// Error writes the problem of an error.
func Error(w http.ResponseWriter, r *http.Request, err error) {
	Write(w, r, FromError(r.Context(), err))
}

// ReadOnly tells whether a change was refused for read-only mode, with the reason that
// people are given, and after how many seconds to come back.
func ReadOnly(ctx context.Context, err error) (why, retryAfter string, refused bool) {
	if err == nil {
		return "", "", false
	}
	p := FromError(ctx, err)
	why = strings.TrimPrefix(p.Detail, apierr.ReadOnlyText)
	return why, strconv.Itoa(int(math.Ceil(p.retry.Seconds()))), p.Reason == problem.ReasonReadOnly
}

// challenge tells a client how to identify itself (RFC 6750).
func challenge(reason problem.Reason) string {
	if reason == problem.ReasonTokenInvalid {
		return `Bearer realm="tandem", error="invalid_token"`
	}
	return `Bearer realm="tandem"`
}
