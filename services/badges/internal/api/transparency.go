package api

import (
	"context"
	"strconv"

	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/protobuf/types/known/timestamppb"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	"github.com/tandem-badges/tandem/services/badges/internal/logbook"
)

// The media types of the log's files.
const (
	textType = "text/plain; charset=utf-8"
	tileType = "application/octet-stream"
)

type transparencyServer struct {
	badgesv1.UnimplementedTransparencyServiceServer
	book *logbook.Book
}

// GetCheckpoint reads the newest signed checkpoint.
func (s *transparencyServer) GetCheckpoint(ctx context.Context, _ *badgesv1.GetCheckpointRequest) (*httpbody.HttpBody, error) {
	raw, err := s.book.Checkpoint(ctx)
	return answer(raw, err, text)
}

// GetLogKey reads the public key of the log.
func (s *transparencyServer) GetLogKey(context.Context, *badgesv1.GetLogKeyRequest) (*httpbody.HttpBody, error) {
	return text([]byte(s.book.Key() + "\n")), nil
}

// GetTile reads a tile of the log.
func (s *transparencyServer) GetTile(ctx context.Context, req *badgesv1.GetTileRequest) (*httpbody.HttpBody, error) {
	raw, err := s.book.Tile(ctx, req.GetPath())
	return answer(raw, err, func(raw []byte) *httpbody.HttpBody {
		return &httpbody.HttpBody{ContentType: tileType, Data: raw}
	})
}

// GetCredentialProof reads the proof that a credential is in the log.
func (s *transparencyServer) GetCredentialProof(ctx context.Context, req *badgesv1.GetCredentialProofRequest) (*httpbody.HttpBody, error) {
	if err := named(credentialPattern, req.GetName()); err != nil {
		return nil, err
	}
	raw, err := s.book.Proof(ctx, req.GetName())
	return answer(raw, err, text)
}

// ListLogEntries lists entries, newest first.
func (s *transparencyServer) ListLogEntries(ctx context.Context, req *badgesv1.ListLogEntriesRequest) (*badgesv1.ListLogEntriesResponse, error) {
	rows, next, err := paged(req, func(r logbook.Row) []string { return []string{strconv.FormatInt(r.Position, 10)} },
		func(after []string, limit int) ([]logbook.Row, error) {
			if first(after) == "0" {
				return nil, nil // nothing comes before the first entry
			}
			before, err := strconv.ParseInt(first(after), 10, 64)
			if err != nil {
				before = 0 // the first page
			}
			return s.book.Newest(ctx, before, limit)
		})
	if err != nil {
		return nil, err
	}
	return &badgesv1.ListLogEntriesResponse{LogEntries: each(rows, logEntryProto), NextPageToken: next}, nil
}

func logEntryProto(r logbook.Row) *badgesv1.LogEntry {
	return &badgesv1.LogEntry{
		Index: r.Position, EntryTime: timestamppb.New(r.Time), Kind: r.Kind, Issuer: r.Issuer, Subject: r.Subject, Digest: r.Digest,
	}
}

func text(raw []byte) *httpbody.HttpBody {
	return &httpbody.HttpBody{ContentType: textType, Data: raw}
}
