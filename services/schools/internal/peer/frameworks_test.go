package peer_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/schools/internal/journey"
	"github.com/tandem-badges/tandem/services/schools/internal/peer"
)

const v1 = "frameworks/national/versions/v1"

// assessments is a connection to a service that answers with what it holds.
type assessments struct {
	grpc.ClientConnInterface
	version *assessmentsv1.FrameworkVersion
	err     error
	calls   atomic.Int32
	asked   atomic.Value
}

func (a *assessments) Invoke(_ context.Context, _ string, in, out any, _ ...grpc.CallOption) error {
	a.calls.Add(1)
	if req, ok := in.(*assessmentsv1.GetFrameworkVersionRequest); ok {
		a.asked.Store(req.GetName())
	}
	if a.err != nil {
		return a.err
	}
	if v, ok := out.(*assessmentsv1.FrameworkVersion); ok {
		v.State, v.Standards = a.version.GetState(), a.version.GetStandards()
	}
	return nil
}

func version(state assessmentsv1.PublishState) *assessmentsv1.FrameworkVersion {
	indicators := func(ids ...string) *assessmentsv1.StandardGoal {
		g := &assessmentsv1.StandardGoal{}
		for _, id := range ids {
			g.Indicators = append(g.Indicators, &assessmentsv1.Indicator{Id: id})
		}
		return g
	}
	return &assessmentsv1.FrameworkVersion{State: state, Standards: []*assessmentsv1.Standard{
		{Id: "welcome", Goals: []*assessmentsv1.StandardGoal{indicators("w1", "w2"), indicators("w3")}},
		{Id: "bare"},
	}}
}

func TestAFrameworkIsHandedBackInTheWordsOfTheDomain(t *testing.T) {
	conn := &assessments{version: version(assessmentsv1.PublishState_PUBLISH_STATE_PUBLISHED)}
	got, err := peer.NewFrameworks(conn).Version(kittest.All(t), v1)
	require.NoError(t, err)
	require.Equal(t, journey.Framework{
		Published: true,
		Standards: map[string][]string{"welcome": {"w1", "w2", "w3"}, "bare": {}},
	}, got)
	require.Equal(t, v1, conn.asked.Load())
}

func TestOnlyWhatNeverChangesIsRemembered(t *testing.T) {
	for name, c := range map[string]struct {
		state assessmentsv1.PublishState
		calls int32
	}{
		"a published version is asked for once":        {assessmentsv1.PublishState_PUBLISH_STATE_PUBLISHED, 1},
		"a draft is asked for each time":               {assessmentsv1.PublishState_PUBLISH_STATE_DRAFT, 3},
		"a version of no state is asked for each time": {assessmentsv1.PublishState_PUBLISH_STATE_UNSPECIFIED, 3},
	} {
		t.Run(name, func(t *testing.T) {
			conn := &assessments{version: version(c.state)}
			frameworks := peer.NewFrameworks(conn)
			for range 3 {
				got, err := frameworks.Version(kittest.All(t), v1)
				require.NoError(t, err)
				require.Equal(t, c.state == assessmentsv1.PublishState_PUBLISH_STATE_PUBLISHED, got.Published)
			}
			require.Equal(t, c.calls, conn.calls.Load())
		})
	}
}

func TestADraftThatIsPublishedCountsFromThenOn(t *testing.T) {
	conn := &assessments{version: version(assessmentsv1.PublishState_PUBLISH_STATE_DRAFT)}
	frameworks := peer.NewFrameworks(conn)
	got, err := frameworks.Version(kittest.All(t), v1)
	require.NoError(t, err)
	require.False(t, got.Published)
	conn.version = version(assessmentsv1.PublishState_PUBLISH_STATE_PUBLISHED)
	got, err = frameworks.Version(kittest.All(t), v1)
	require.NoError(t, err)
	require.True(t, got.Published)
}

func TestWhatIsRememberedIsBounded(t *testing.T) {
	conn := &assessments{version: version(assessmentsv1.PublishState_PUBLISH_STATE_PUBLISHED)}
	frameworks := peer.NewFrameworks(conn)
	for i := range 201 {
		_, err := frameworks.Version(kittest.All(t), fmt.Sprint("frameworks/f/versions/", i))
		require.NoError(t, err)
	}
	require.Equal(t, int32(201), conn.calls.Load())
	_, err := frameworks.Version(kittest.All(t), "frameworks/f/versions/200")
	require.NoError(t, err)
	require.Equal(t, int32(201), conn.calls.Load(), "the newest is still known")
	_, err = frameworks.Version(kittest.All(t), "frameworks/f/versions/0")
	require.NoError(t, err)
	require.Equal(t, int32(202), conn.calls.Load(), "the oldest is asked for again")
}

func TestARefusalByThePeerIsNotAPeerThatIsAway(t *testing.T) {
	for name, c := range map[string]struct {
		code codes.Code
		kind problem.Kind
		of   string
	}{
		"a version that is not there":      {codes.NotFound, problem.KindNotFound, v1},
		"a name that the peer cannot read": {codes.InvalidArgument, problem.KindNotFound, v1},
		"a peer that is away":              {codes.Unavailable, problem.KindUnavailable, "assessments"},
		"a peer that does not answer":      {codes.DeadlineExceeded, problem.KindUnavailable, "assessments"},
	} {
		t.Run(name, func(t *testing.T) {
			conn := &assessments{err: status.Error(c.code, "no")}
			frameworks := peer.NewFrameworks(conn)
			_, err := frameworks.Version(kittest.All(t), v1)
			p, ok := problem.As(err)
			require.True(t, ok, "%v", err)
			require.Equal(t, c.kind, p.Kind)
			require.Equal(t, c.of, p.Name)
			require.ErrorIs(t, err, conn.err, "the cause is kept for the log")

			conn.err, conn.version = nil, version(assessmentsv1.PublishState_PUBLISH_STATE_PUBLISHED)
			_, err = frameworks.Version(kittest.All(t), v1)
			require.NoError(t, err, "an error is not remembered")
		})
	}
}

func TestAnyOtherRefusalIsPassedOnAsItIs(t *testing.T) {
	for _, code := range []codes.Code{codes.PermissionDenied, codes.Unauthenticated, codes.Internal, codes.Canceled} {
		t.Run(code.String(), func(t *testing.T) {
			conn := &assessments{err: status.Error(code, "no")}
			_, err := peer.NewFrameworks(conn).Version(kittest.All(t), v1)
			require.Equal(t, conn.err, err)
		})
	}
}
