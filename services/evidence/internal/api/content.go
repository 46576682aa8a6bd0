package api

import (
	"errors"
	"io"

	"google.golang.org/grpc"

	evidencev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/evidence/v1"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// chunkSize is how many bytes a message of a download carries at most.
const chunkSize = 256 << 10

// UploadArtifact takes the content of an artifact. The access rule of the method is
// applied by the chain to the first message, before anything of it is seen here.
func (s *artifacts) UploadArtifact(stream grpc.ClientStreamingServer[evidencev1.UploadArtifactRequest, evidencev1.Artifact]) error {
	head, err := stream.Recv()
	if errors.Is(err, io.EOF) {
		return problem.Invalid(problem.Violation{Field: "name", Rule: "required", Fix: "Name the artifact in the first message."})
	}
	if err != nil {
		return err
	}
	r, err := parseArtifact("name", head.GetName())
	if err != nil {
		return err
	}
	a, err := s.domain.Upload(stream.Context(), r, &upload{stream: stream, name: head.GetName(), rest: head.GetChunk()})
	if err != nil {
		return err
	}
	return stream.SendAndClose(encodeArtifact(a))
}

// upload reads the bytes of an upload's messages. A stream that breaks off ends with
// its error, never like one that was closed.
type upload struct {
	stream grpc.ClientStreamingServer[evidencev1.UploadArtifactRequest, evidencev1.Artifact]
	name   string
	rest   []byte
}

// Read gives out the bytes of one message at a time.
func (u *upload) Read(p []byte) (int, error) {
	for len(u.rest) == 0 {
		part, err := u.stream.Recv()
		if err != nil {
			return 0, err
		}
		// Only the first message was checked for access, so no other may name anything else.
		if part.GetName() != "" && part.GetName() != u.name {
			return 0, problem.Invalid(problem.Violation{Field: "name", Rule: "first_message_only", Fix: "Name the artifact in the first message only."})
		}
		u.rest = part.GetChunk()
	}
	n := copy(p, u.rest)
	u.rest = u.rest[n:]
	return n, nil
}

// DownloadArtifact sends the content of an artifact.
func (s *artifacts) DownloadArtifact(req *evidencev1.DownloadArtifactRequest, stream grpc.ServerStreamingServer[evidencev1.DownloadArtifactResponse]) error {
	r, err := parseArtifact("name", req.GetName())
	if err != nil {
		return err
	}
	a, content, err := s.domain.Open(stream.Context(), r)
	if err != nil {
		return err
	}
	defer func() { _ = content.Close() }()
	part := &evidencev1.DownloadArtifactResponse{MediaType: a.MediaType, FileName: a.DownloadName()}
	for {
		chunk := make([]byte, chunkSize) // sent messages may be read later
		n, err := io.ReadFull(content, chunk)
		if part.Chunk = chunk[:n]; n > 0 {
			if err := stream.Send(part); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		if err != nil {
			return err
		}
		part = &evidencev1.DownloadArtifactResponse{}
	}
}
