package app

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/readonly"
)

// What is answered in read-only mode besides GET: calls that read and have no GET since
// a secret or much stands in the request, or since only services make them; and those
// that go on although they change something. A new one is a decision.
var (
	readsBesideGet = []string{
		"/tandem.assessments.v1.ResponsesService/ResumeResponse", "/tandem.badges.v1.CredentialsService/VerifyCredential",
		"/tandem.evidence.v1.ArtifactsService/DownloadArtifact", "/tandem.records.v1.RecordKeeperService/CollectPerson",
		"/tandem.records.v1.RecordKeeperService/CountDue", "/tandem.records.v1.RecordKeeperService/ExportDistrict",
		"/tandem.records.v1.RecordKeeperService/ReadAudit", "/tandem.records.v1.RecordKeeperService/ReadDisclosures",
		"/tandem.records.v1.RecordKeeperService/VerifyAudit", "/tandem.schools.v1.SubjectsService/ListNodeGrants",
		"/tandem.schools.v1.SubjectsService/ResolveSubject",
	}
	goesOn = []string{
		"/tandem.dev.v1.ClockService/SetClockOffset",        // moves no row
		"/tandem.gateway.v1.SessionsService/EndAllSessions", // people sign out
		"/tandem.gateway.v1.SessionsService/EndSession",     // the same
		"/tandem.records.v1.RecordsService/ExportRecords",   // a district is given its records, and that is written down
		"/tandem.schools.v1.SubjectsService/SignInAccount",  // people sign in to look; a new link is refused by the database
	}
)

// methods are all RPCs of the platform.
func methods() (all []protoreflect.MethodDescriptor) {
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			service := file.Services().Get(i)
			for m := range service.Methods().Len() {
				if strings.HasPrefix(string(service.FullName()), "tandem.") {
					all = append(all, service.Methods().Get(m))
				}
			}
		}
		return true
	})
	return all
}

func TestEveryChangeOfTheAPIIsRefusedInReadOnlyMode(t *testing.T) {
	mode := readonly.New(true)
	unary, stream := readonly.UnaryInterceptor(mode), readonly.StreamInterceptor(mode)
	all, changes := methods(), 0
	require.Greater(t, len(all), 200)
	var besideGet, on []string
	for _, m := range all {
		name := "/" + string(m.Parent().FullName()) + "/" + string(m.Name())
		options, _ := m.Options().(*descriptorpb.MethodOptions)
		rule, _ := proto.GetExtension(options, annotations.E_Http).(*annotations.HttpRule)
		reached := false
		_, err := unary(t.Context(), nil, &grpc.UnaryServerInfo{FullMethod: name}, func(context.Context, any) (any, error) {
			reached = true
			return nil, nil
		})
		streamErr := stream(nil, silent{}, &grpc.StreamServerInfo{FullMethod: name}, func(_ any, s grpc.ServerStream) error { return s.RecvMsg(nil) })
		switch {
		case rule.GetGet() != "":
			require.NoError(t, err, name)
		case options.GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS:
			besideGet = append(besideGet, name)
		case reached:
			on = append(on, name)
		default:
			changes++
			refusal, ok := problem.As(err)
			require.True(t, ok, name)
			require.Equal(t, problem.ReasonReadOnly, refusal.Reason, name)
			require.Positive(t, refusal.Retry)
			require.Error(t, streamErr, name)
			continue
		}
		require.True(t, reached, name)
		require.NoError(t, streamErr, name)
	}
	require.ElementsMatch(t, readsBesideGet, besideGet)
	require.ElementsMatch(t, goesOn, on)
	require.Greater(t, changes, 100)
}

// silent is a stream on which everything arrives.
type silent struct{ grpc.ServerStream }

func (silent) RecvMsg(any) error { return nil }
func (silent) SendMsg(any) error { return nil }
