package schools_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"

	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"
)

func TestABrokenFormAndAMissingTextAreToldTogether(t *testing.T) {
	r := newRig(t)
	_, err := r.orgs.CreateSchool(r.state(), &schoolsv1.CreateSchoolRequest{
		Parent: "districts/d1", SchoolId: "Not An Id", School: &schoolsv1.School{GradeLow: "14"},
	})
	rules := map[string]string{}
	for _, detail := range status.Convert(err).Details() {
		if bad, ok := detail.(*errdetails.BadRequest); ok {
			for _, v := range bad.GetFieldViolations() {
				rules[v.GetField()] = v.GetReason()
				require.NotContains(t, v.GetDescription(), "regex", "a fix is a sentence")
			}
		}
	}
	require.Equal(t, map[string]string{
		"school_id": "string.pattern", "school.grade_low": "string.pattern", "school.title": "required",
	}, rules)
}
