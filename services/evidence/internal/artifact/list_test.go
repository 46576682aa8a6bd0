package artifact_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/evidence/internal/artifact"
)

// HasSchool knows one school.
func (plans) HasSchool(_ context.Context, name string) (bool, error) {
	return name == ref("").SchoolName(), nil
}

func TestASchoolThatDoesNotExistIsNotOneWithoutEvidence(t *testing.T) {
	w := newWorld(t, sqlite(t))
	list, err := w.artifacts.List(w.ctx, ref(""), nil, "", 10)
	require.NoError(t, err)
	require.Empty(t, list)
	never := artifact.Ref{District: "0880", School: "never"}
	_, err = w.artifacts.List(w.ctx, never, nil, "", 10)
	require.True(t, problem.Is(err, problem.KindNotFound), "%v", err)
	require.ErrorContains(t, err, never.SchoolName())
}
