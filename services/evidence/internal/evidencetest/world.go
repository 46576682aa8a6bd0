package evidencetest

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	evidencev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/evidence/v1"
	typev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/type/v1"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/run"

	"github.com/tandem-badges/tandem/services/evidence"
)

// World is the evidence service and what is around it.
type World struct {
	Conn       *grpc.ClientConn
	Artifacts  evidencev1.ArtifactsServiceClient
	Portfolios evidencev1.PortfoliosServiceClient
	Deps       run.Deps
	Clock      *clock.Fake
	Schools    *Schools
}

// New serves the evidence service; change may replace what it is built from.
func New(t testing.TB, c evidence.Config, change func(*run.Deps)) *World {
	t.Helper()
	w := &World{Schools: NewSchools(), Clock: clock.NewFake(kittest.Start())}
	w.Deps = kittest.Deps(t, evidence.Name, evidence.Migrations)
	w.Deps.Clock = w.Clock
	if change != nil {
		change(&w.Deps)
	}
	signer := kittest.Signer(t)
	w.Deps.Peers = map[string]grpc.ClientConnInterface{"schools": kittest.Serve(t, w.Schools.Service(), kittest.ServeOptions{Signer: signer})}
	svc, err := evidence.NewWith(w.Deps, c)
	require.NoError(t, err)
	conn := kittest.Serve(t, svc, kittest.ServeOptions{Signer: signer, DB: w.Deps.DB})
	w.Conn = conn
	w.Artifacts, w.Portfolios = evidencev1.NewArtifactsServiceClient(conn), evidencev1.NewPortfoliosServiceClient(conn)
	return w
}

// As is a person with a role on a node.
func As(t testing.TB, role accessv1.Role, node string) context.Context {
	t.Helper()
	return kittest.Context(t, "people/ana", access.Grant{Role: role, Node: node})
}

// Member is a member of the school's team.
func Member(t testing.TB) context.Context {
	t.Helper()
	return As(t, accessv1.Role_ROLE_TEAM_MEMBER, School)
}

// Lead leads the school's team.
func Lead(t testing.TB) context.Context {
	t.Helper()
	return As(t, accessv1.Role_ROLE_TEAM_LEAD, School)
}

// Evidence is a good description.
func Evidence() *evidencev1.Artifact {
	return &evidencev1.Artifact{
		Journey: Journey, Step: Step, Indicator: Indicator, OccurDate: "2026-08-30", Caption: "Families greet each other at the open evening",
		Groups: []typev1.StakeholderGroup{typev1.StakeholderGroup_STAKEHOLDER_GROUP_STAFF, typev1.StakeholderGroup_STAKEHOLDER_GROUP_FAMILY},
	}
}

// Create describes evidence under an id.
func (w *World) Create(t testing.TB, id string, change func(*evidencev1.Artifact)) *evidencev1.Artifact {
	t.Helper()
	a := Evidence()
	if change != nil {
		change(a)
	}
	out, err := w.Artifacts.CreateArtifact(Member(t), &evidencev1.CreateArtifactRequest{Parent: School, ArtifactId: id, Artifact: a})
	require.NoError(t, err)
	return out
}

// Accepted describes evidence under an id and uploads its content.
func (w *World) Accepted(t testing.TB, id string, content []byte) *evidencev1.Artifact {
	t.Helper()
	a, err := w.Upload(Member(t), w.Create(t, id, nil).GetName(), content)
	require.NoError(t, err)
	return a
}

// Upload sends a content in several messages.
func (w *World) Upload(ctx context.Context, name string, content []byte) (*evidencev1.Artifact, error) {
	stream, err := w.Artifacts.UploadArtifact(ctx)
	if err != nil {
		return nil, err
	}
	parts := []*evidencev1.UploadArtifactRequest{{Name: name}}
	const size = 64 << 10
	for ; len(content) > size; content = content[size:] {
		parts = append(parts, &evidencev1.UploadArtifactRequest{Chunk: content[:size]})
	}
	for _, part := range append(parts, &evidencev1.UploadArtifactRequest{Chunk: content}) {
		if err := stream.Send(part); err != nil && !errors.Is(err, io.EOF) { // EOF: answered already
			return nil, err
		}
	}
	return stream.CloseAndRecv()
}

// Download reads a content and what its first message says about it.
func (w *World) Download(ctx context.Context, name string) (head *evidencev1.DownloadArtifactResponse, content []byte, err error) {
	stream, err := w.Artifacts.DownloadArtifact(ctx, &evidencev1.DownloadArtifactRequest{Name: name})
	if err != nil {
		return nil, nil, err
	}
	for {
		part, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return head, content, nil
		}
		if err != nil {
			return head, content, err
		}
		if head == nil {
			head = part
		}
		content = append(content, part.GetChunk()...)
	}
}

// Code is the canonical code of an error.
func Code(err error) codes.Code { return status.Code(err) }
