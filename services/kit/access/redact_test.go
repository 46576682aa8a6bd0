package access_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/internal/echo"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

const (
	withPeople = `{"name": "x", "item": {"name": "i", "author": "Ada", "owner": "people/other"},
		"items": [{"name": "j", "author": "Bo", "owner": "people/p"}, {"author": "Cy"}],
		"by_key": {"k": {"name": "m", "author": "Di"}}}`
	withoutPeople = `{"name": "x", "item": {"name": "i"}, "items": [{"name": "j", "owner": "people/p"}, {}], "by_key": {"k": {"name": "m"}}}`
)

func as(role accessv1.Role) context.Context {
	return access.WithIdentity(context.Background(), access.Identity{Subject: "people/p", Grants: grant(role, "districts/0880")})
}

// answered is what a caller gets of an answer with people in it.
func answered(t *testing.T, ctx context.Context, method, request string) (text string, original proto.Message) {
	t.Helper()
	original = echo.New(t, withPeople)
	got, err := access.UnaryInterceptor(nil)(ctx, echo.New(t, request), &grpc.UnaryServerInfo{FullMethod: method},
		func(context.Context, any) (any, error) { return original, nil })
	require.NoError(t, err)
	out, err := protojson.Marshal(got.(proto.Message))
	require.NoError(t, err)
	return string(out), original
}

func TestWhoReadsWithoutPeopleGetsNoPersonalField(t *testing.T) {
	requests := map[string]string{
		echo.Get: `{"name": "` + maple + `"}`, echo.Update: `{"item": {"name": "` + maple + `"}}`, echo.BatchGet: `{"names": ["` + maple + `"]}`,
	}
	for method, request := range requests {
		for role, want := range map[accessv1.Role]string{
			accessv1.Role_ROLE_OUTSIDE_EVALUATOR:    withoutPeople,
			accessv1.Role_ROLE_STATE_ANALYST:        withoutPeople,
			accessv1.Role_ROLE_DISTRICT_COORDINATOR: withPeople,
		} {
			got, original := answered(t, as(role), method, request)
			require.JSONEq(t, jsonOf(t, want), got, "%s by %s", method, role)
			require.True(t, proto.Equal(echo.New(t, withPeople), original), "what the handler keeps is untouched")
		}
	}
}

// jsonOf writes a message's JSON as the program does.
func jsonOf(t *testing.T, text string) string {
	t.Helper()
	out, err := protojson.Marshal(echo.New(t, text))
	require.NoError(t, err)
	return string(out)
}

func TestARoleThatShowsPeopleShowsThemBesideOneThatDoesNot(t *testing.T) {
	both := append(grant(accessv1.Role_ROLE_STATE_ANALYST, ""), grant(accessv1.Role_ROLE_TEAM_MEMBER, maple)...)
	ctx := access.WithIdentity(context.Background(), access.Identity{Subject: "people/p", Grants: both})
	own, _ := answered(t, ctx, echo.Get, `{"name": "`+maple+`"}`)
	require.JSONEq(t, jsonOf(t, withPeople), own)
	elsewhere, _ := answered(t, ctx, echo.Get, `{"name": "`+cedar+`"}`)
	require.JSONEq(t, jsonOf(t, withoutPeople), elsewhere)
	mixed, _ := answered(t, ctx, echo.BatchGet, `{"names": ["`+maple+`", "`+cedar+`"]}`)
	require.JSONEq(t, jsonOf(t, withoutPeople), mixed, "an answer about several is as careful as for the most careful one")
}

func TestMachinesReadWithoutPeople(t *testing.T) {
	ctx := access.WithIdentity(context.Background(), access.Identity{Subject: "districts/0880/apiClients/c", Scopes: []string{"journeys.read"}})
	got, _ := answered(t, ctx, echo.Get, `{"name": "`+maple+`"}`)
	require.NotContains(t, got, "Ada")
	require.NotContains(t, got, "people/")
}

// answers is a stream that keeps what is sent.
type answers struct {
	fakeStream
	kept []proto.Message
}

func (s *answers) SendMsg(m any) error {
	s.kept = append(s.kept, m.(proto.Message))
	return nil
}

func TestStreamsAreWithoutPeopleToo(t *testing.T) {
	stream := &answers{fakeStream: fakeStream{ctx: as(accessv1.Role_ROLE_OUTSIDE_EVALUATOR), request: echo.New(t, `{"name": "`+maple+`"}`)}}
	err := access.StreamInterceptor(nil)(nil, stream, &grpc.StreamServerInfo{FullMethod: echo.Watch}, func(_ any, s grpc.ServerStream) error {
		if err := s.RecvMsg(echo.New(t, `{}`)); err != nil {
			return err
		}
		return s.SendMsg(echo.New(t, withPeople))
	})
	require.NoError(t, err)
	require.True(t, proto.Equal(echo.New(t, withoutPeople), stream.kept[0]), "%v", stream.kept[0])
}

func TestResearchersAreRefusedPeopleFilesAndNotes(t *testing.T) {
	for _, role := range []accessv1.Role{accessv1.Role_ROLE_STATE_ANALYST, accessv1.Role_ROLE_OUTSIDE_EVALUATOR} {
		for _, action := range []string{
			"people.get", "people.list", "members.list", "teams.get", "notes.get", "reflections.list", "artifacts.download", "artifacts.get",
			"selfAssessments.get", "journeys.snapshot", "snapshots.get", "people.export", "goals.get", "awards.trail",
		} {
			err := access.Check(t.Context(), access.Identity{Subject: "people/p", Grants: grant(role, "")}, rule(action), maple)
			require.True(t, problem.Is(err, problem.KindDenied), "%s by %s", action, role)
		}
	}
}
