// Package files carries the content of evidence: raw bytes in and out of
// /v1/{artifact}/content, as streams to and from the evidence service. Nothing
// is held in memory but one chunk, and nothing is judged here but the size: media
// types, digests and rights are the service's business. Exports of districts leave
// the same way, as package records makes them.
package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"

	evidencev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/evidence/v1"

	"github.com/tandem-badges/tandem/gateway/internal/edge"
	"github.com/tandem-badges/tandem/gateway/internal/problems"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

const (
	// Template is the path of a content.
	Template = "/v1/{artifact=districts/*/schools/*/artifacts/*}/content"
	// DefaultLimit is the size of the biggest content taken in.
	DefaultLimit = 50 << 20

	chunkSize = 256 << 10
	pause     = 30 * time.Second // how long a client may take for one chunk
)

// Handler serves the content of artifacts.
type Handler struct {
	artifacts evidencev1.ArtifactsServiceClient
	limit     int64
}

// New returns a handler that speaks to the evidence service; a limit of 0 means
// DefaultLimit.
func New(conn grpc.ClientConnInterface, limit int64) *Handler {
	if limit <= 0 {
		limit = DefaultLimit
	}
	return &Handler{artifacts: evidencev1.NewArtifactsServiceClient(conn), limit: limit}
}

// name is the artifact of the path.
func name(r *http.Request) string {
	return strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/v1/"), "/content")
}

// Upload takes the content of an artifact and answers with the artifact.
func (h *Handler) Upload(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength > h.limit {
		problems.Write(w, r, h.tooLarge())
		return
	}
	// Ended without CloseAndRecv the stream is cancelled, and half a content is
	// never taken for a whole one.
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	stream, err := h.artifacts.UploadArtifact(ctx)
	if err == nil {
		err = stream.Send(&evidencev1.UploadArtifactRequest{Name: name(r)})
	}
	if err == nil {
		err = h.pump(w, r, stream)
	}
	if refusal := h.broken(err); refusal != nil {
		problems.Write(w, r, refusal)
		return
	}
	if err != nil && !errors.Is(err, io.EOF) { // EOF: the service has answered already
		problems.Error(w, r, err)
		return
	}
	artifact, err := stream.CloseAndRecv()
	var answer []byte
	if err == nil {
		answer, err = protojson.MarshalOptions{EmitDefaultValues: true}.Marshal(artifact)
	}
	if err != nil {
		problems.Error(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(answer)
}

// errBody marks what went wrong on the client's side.
type errBody struct{ error }

// pump sends the body in chunks.
func (h *Handler) pump(w http.ResponseWriter, r *http.Request, stream evidencev1.ArtifactsService_UploadArtifactClient) error {
	body, control := http.MaxBytesReader(w, r.Body, h.limit), http.NewResponseController(w)
	defer func() { _ = control.SetReadDeadline(time.Time{}) }()
	for {
		_ = control.SetReadDeadline(time.Now().Add(pause)) // real time: a limit on the connection
		chunk := make([]byte, chunkSize)                   // sent messages may be read later
		n, err := fill(body, chunk)
		if n > 0 {
			if err := stream.Send(&evidencev1.UploadArtifactRequest{Chunk: chunk[:n]}); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return errBody{err}
		}
	}
}

// fill reads until the buffer is full. Unlike io.ReadFull it tells the end of
// the body (io.EOF) from a body that broke off.
func fill(r io.Reader, buffer []byte) (n int, err error) {
	for n < len(buffer) && err == nil {
		var m int
		m, err = r.Read(buffer[n:])
		n += m
	}
	return n, err
}

// broken is the refusal of a body that could not be read, nil for other errors.
func (h *Handler) broken(err error) *problems.Problem {
	var body errBody
	var large *http.MaxBytesError
	switch {
	case !errors.As(err, &body):
		return nil
	case errors.As(body.error, &large):
		return h.tooLarge()
	default:
		return problems.Invalid(problems.Violation{Field: "content", Rule: "incomplete", Fix: "Send the whole content, without a pause."})
	}
}

func (h *Handler) tooLarge() *problems.Problem {
	return problems.New(http.StatusRequestEntityTooLarge, problem.ReasonLimitExceeded,
		fmt.Sprintf("The content is larger than %d MiB. Send a smaller file.", h.limit>>20),
		problems.Violation{Field: "content", Rule: "max_bytes", Fix: fmt.Sprintf("Send at most %d bytes.", h.limit)})
}

// Download sends the content of an artifact, for keeping and not for showing:
// what somebody uploaded never runs in the pages of the product.
func (h *Handler) Download(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	stream, err := h.artifacts.DownloadArtifact(ctx, &evidencev1.DownloadArtifactRequest{Name: name(r)})
	var part *evidencev1.DownloadArtifactResponse
	if err == nil {
		part, err = stream.Recv()
	}
	if err != nil {
		problems.Error(w, r, err)
		return
	}
	head := w.Header()
	head.Set("Content-Type", mediaType(part.GetMediaType()))
	head.Set("Content-Disposition", disposition(part.GetFileName()))
	head.Set("Content-Security-Policy", "sandbox; default-src 'none'; frame-ancestors 'none'")
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // a long content is not cut off for how long ago it was asked for
	for ; err == nil; part, err = stream.Recv() {
		_ = control.SetWriteDeadline(time.Now().Add(pause)) // real time: a limit on the connection
		if _, err := w.Write(part.GetChunk()); err != nil {
			return
		}
	}
	_ = control.SetWriteDeadline(time.Time{})
	if !errors.Is(err, io.EOF) {
		edge.Abort(w)
	}
}

func mediaType(media string) string {
	if media == "" {
		return "application/octet-stream"
	}
	return media
}

func disposition(fileName string) string {
	if value := mime.FormatMediaType("attachment", map[string]string{"filename": fileName}); fileName != "" && value != "" {
		return value
	}
	return "attachment"
}
