package api_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"

	"github.com/tandem-badges/tandem/services/kit/apierr"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/evidence"
	"github.com/tandem-badges/tandem/services/evidence/internal/evidencetest"
)

func world(t *testing.T) *evidencetest.World {
	t.Helper()
	return evidencetest.New(t, evidence.DefaultConfig(), nil)
}

// broken lists the rules that an error names, as field: rule, sorted.
func broken(err error) []string {
	var out []string
	for _, detail := range status.Convert(err).Details() {
		switch d := detail.(type) {
		case *errdetails.BadRequest:
			for _, v := range d.GetFieldViolations() {
				out = append(out, v.GetField()+": "+v.GetReason())
			}
		case *errdetails.PreconditionFailure:
			for _, v := range d.GetViolations() {
				out = append(out, v.GetSubject()+": "+v.GetType())
			}
		}
	}
	slices.Sort(out)
	return out
}

// refused holds an error to a reason and to all the rules it names.
func refused(t *testing.T, err error, reason problem.Reason, rules ...string) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, reason, apierr.Reason(err), "%v", err)
	require.Equal(t, rules, broken(err), "%v", err)
}

// alike compares two refusals but for the names that were sent.
func alike(t *testing.T, a error, nameA string, b error, nameB string) {
	t.Helper()
	require.Error(t, a)
	require.Equal(t, strings.ReplaceAll(whole(a), nameA, "NAME"), strings.ReplaceAll(whole(b), nameB, "NAME"))
}

// whole is an error with all its details but the request id.
func whole(err error) string {
	s := status.Convert(err)
	out := s.Code().String() + " " + s.Message()
	for _, detail := range s.Details() {
		switch d := detail.(type) {
		case *errdetails.RequestInfo:
		case *errdetails.ErrorInfo:
			out += " " + d.GetReason()
		case *errdetails.ResourceInfo:
			out += " " + d.GetResourceName() // its type is a part of the name
		default:
			out += fmt.Sprintf(" %T", d)
		}
	}
	return out
}
