package peers_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/peers"
)

// line answers calls with a function.
type line struct {
	grpc.ClientConnInterface
	answer func(method string, req any) (proto.Message, error)
	calls  []string
}

func (l *line) Invoke(_ context.Context, method string, req, reply any, _ ...grpc.CallOption) error {
	l.calls = append(l.calls, method)
	m, err := l.answer(method, req)
	if err == nil && m != nil {
		proto.Merge(reply.(proto.Message), m)
	}
	return err
}

func TestTheOpenSchoolsOfADistrictAreReadPageByPage(t *testing.T) {
	pages := map[string]*schoolsv1.ListSchoolsResponse{
		"": {NextPageToken: "2", Schools: []*schoolsv1.School{
			{Name: "districts/d/schools/oak", Title: "Oak", State: schoolsv1.School_STATE_OPEN},
			{Name: "districts/d/schools/ash", Title: "Ash", State: schoolsv1.School_STATE_CLOSED},
		}},
		"2": {NextPageToken: "3"}, // a page may be empty and not the last
		"3": {Schools: []*schoolsv1.School{{Name: "districts/d/schools/elm", Title: "Elm", State: schoolsv1.School_STATE_OPEN}}},
	}
	l := &line{answer: func(_ string, req any) (proto.Message, error) {
		r := req.(*schoolsv1.ListSchoolsRequest)
		require.Equal(t, "districts/d", r.GetParent())
		return pages[r.GetPageToken()], nil
	}}
	got, err := peers.NewSchools(l).Schools(t.Context(), "d")
	require.NoError(t, err)
	require.Equal(t, []campaign.School{{ID: "oak", Title: "Oak"}, {ID: "elm", Title: "Elm"}}, got)
	require.Len(t, l.calls, 3)
}

func TestAPageThatFailsIsNoShorterList(t *testing.T) {
	l := &line{}
	l.answer = func(string, any) (proto.Message, error) {
		if len(l.calls) > 1 {
			return nil, status.Error(codes.Unavailable, "away")
		}
		return &schoolsv1.ListSchoolsResponse{NextPageToken: "2", Schools: []*schoolsv1.School{{Name: "districts/d/schools/oak"}}}, nil
	}
	got, err := peers.NewSchools(l).Schools(t.Context(), "d")
	require.Equal(t, codes.Unavailable, status.Code(err))
	require.Empty(t, got)
}

func TestWhatAnAnswerSaysOfAName(t *testing.T) {
	for name, tt := range map[string]struct {
		err   error
		known bool
		fails bool
	}{
		"found":                              {nil, true, false},
		"not found":                          {status.Error(codes.NotFound, ""), false, false},
		"no name at all":                     {status.Error(codes.InvalidArgument, ""), false, false},
		"denied, which is no answer":         {status.Error(codes.PermissionDenied, ""), false, true},
		"away, which is no answer":           {status.Error(codes.Unavailable, ""), false, true},
		"an error from below the connection": {errors.New("broken pipe"), false, true},
	} {
		t.Run(name, func(t *testing.T) {
			l := &line{answer: func(string, any) (proto.Message, error) { return nil, tt.err }}
			s := peers.NewSchools(l)
			for what, ask := range map[string]func(context.Context, string) (bool, error){
				"districts/d/schools/s": s.HasSchool, "districts/d/schools/s/teams/t": s.HasTeam, "cycles/2026": s.HasCycle,
			} {
				known, err := ask(t.Context(), what)
				require.Equal(t, tt.known, known, what)
				require.Equal(t, tt.fails, err != nil, what)
			}
			require.Len(t, l.calls, 3)
		})
	}
}

func TestWhatIsNoNameOfACycleIsNotAskedFor(t *testing.T) {
	l := &line{answer: func(string, any) (proto.Message, error) { return nil, nil }}
	for _, name := range []string{"", "2026", "cycles/", "cycles/a/b", "schools/2026"} {
		known, err := peers.NewSchools(l).HasCycle(t.Context(), name)
		require.NoError(t, err)
		require.False(t, known, name)
	}
	require.Empty(t, l.calls)
}
