package problems_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/tandem-badges/tandem/gateway/internal/problems"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/requestid"
)

func TestEveryReasonHasATitleAndATypeOfItsOwn(t *testing.T) {
	titles, types := map[string]bool{}, map[string]bool{}
	for _, reason := range problem.Reasons() {
		p := problems.New(400, reason, "")
		require.NotEmpty(t, p.Title)
		require.Regexp(t, `^urn:tandem:problem:[a-z]+(-[a-z]+)*$`, p.Type)
		titles[p.Title], types[p.Type] = true, true
	}
	require.Len(t, titles, len(problem.Reasons()))
	require.Len(t, types, len(problem.Reasons()))
}

func TestFieldPathsAreWrittenAsInJSON(t *testing.T) {
	for proto, json := range map[string]string{
		"title":                         "title",
		"school.grade_low":              "school.gradeLow",
		"requests[3].school.school_id":  "requests[3].school.schoolId",
		`labels["a_b"].the_value`:       `labels["a_b"].theValue`,
		"districts/a/schools/the_old":   "districts/a/schools/the_old",
		"update_mask":                   "updateMask",
		"answers[2].option_1_text":      "answers[2].option1Text",
		"self_assessment.items[0].name": "selfAssessment.items[0].name",
	} {
		require.Equal(t, json, problems.FieldPath(proto))
	}
}

func write(t *testing.T, err error) (*httptest.ResponseRecorder, map[string]any) {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/v1/a%2Fb?secret=1", http.NoBody)
	problems.Error(w, r.WithContext(requestid.With(r.Context(), "r1")), err)
	var p map[string]any
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &p))
	return w, p
}

func TestAProblemIsWhatItsDocumentationSays(t *testing.T) {
	w, p := write(t, problem.Invalid(
		problem.Violation{Field: "school.grade_low", Rule: "order", Fix: "Give a lower grade."},
		problem.Violation{Field: "title", Rule: "required", Fix: "Give a title."}))
	require.Equal(t, http.StatusBadRequest, w.Code)
	require.Equal(t, "application/problem+json", w.Header().Get("Content-Type"))
	require.Equal(t, map[string]any{
		"type": "urn:tandem:problem:field-invalid", "title": "The request breaks a rule", "status": 400.0,
		"detail":   "The request breaks a rule. school.gradeLow: Give a lower grade. title: Give a title.",
		"instance": "/v1/a%2Fb", "reason": "FIELD_INVALID", "request_id": "r1",
		"violations": []any{
			map[string]any{"field": "school.gradeLow", "rule": "order", "fix": "Give a lower grade."},
			map[string]any{"field": "title", "rule": "required", "fix": "Give a title."},
		},
	}, p)
}

func TestCausesStayInside(t *testing.T) {
	for name, err := range map[string]error{
		"any error":                     errors.New("dial tcp 10.0.0.7: secret"),
		"a status of the transport":     status.Error(codes.Unavailable, "10.0.0.7: secret"),
		"a status of nobody we know":    status.Error(codes.InvalidArgument, "secret"),
		"a domain error with its cause": problem.WithCause(problem.Unavailable("bus"), errors.New("secret")),
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := write(t, err)
			require.NotContains(t, w.Body.String(), "secret")
			require.GreaterOrEqual(t, w.Code, 500)
		})
	}
}

func TestWaitingTimesAreWholeSeconds(t *testing.T) {
	w, _ := write(t, problem.Exhausted("uploads", 1500*time.Millisecond))
	require.Equal(t, "2", w.Header().Get("Retry-After"))
	require.Equal(t, http.StatusTooManyRequests, w.Code)
}
