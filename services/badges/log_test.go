package badges_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	"github.com/tandem-badges/tandem/services/badges"
	"github.com/tandem-badges/tandem/services/badges/credential/translog"
	bt "github.com/tandem-badges/tandem/services/badges/internal/badgestest"
	"github.com/tandem-badges/tandem/services/kit/kittest"
)

// served reads the log as the gateway does, over gRPC.
type served struct {
	badgesv1.TransparencyServiceClient
}

func (s served) Read(ctx context.Context, path string) ([]byte, error) {
	switch path {
	case translog.CheckpointPath:
		body, err := s.GetCheckpoint(ctx, &badgesv1.GetCheckpointRequest{})
		return body.GetData(), err
	case translog.KeyPath:
		body, err := s.GetLogKey(ctx, &badgesv1.GetLogKeyRequest{})
		return body.GetData(), err
	}
	body, err := s.GetTile(ctx, &badgesv1.GetTileRequest{Path: path})
	if status.Code(err) == codes.NotFound {
		return nil, fmt.Errorf("%w: %w", translog.ErrNoFile, err)
	}
	return body.GetData(), err
}

// TestWhatIsIssuedAndTakenAwayIsInThePublicLog follows a badge through the log.
func TestWhatIsIssuedAndTakenAwayIsInThePublicLog(t *testing.T) {
	w := bt.Start(t, bt.Options{Tasks: true}, kittest.Deps(t, "badges", badges.Migrations), badges.New)
	log := served{badgesv1.NewTransparencyServiceClient(w.Conn)}
	var saved []byte
	kittest.EventuallyNoError(t, func() (err error) {
		saved, err = log.Read(t.Context(), translog.CheckpointPath)
		return err
	})
	award := w.Award(bt.Journey, bt.Badge)
	body, err := w.Credentials.GetCredential(t.Context(), &badgesv1.GetCredentialRequest{Name: award.GetCredential()})
	require.NoError(t, err)
	question := questionOf(t, body.GetData())
	source := &translog.Source{Files: log, Saved: saved}
	var found translog.Finding
	ask := func(code string) {
		kittest.Eventually(t, func() bool {
			found, err = source.Check(t.Context(), question)
			return err == nil && found.Code == code
		}, "the log says %q", code)
	}
	ask("")
	require.Equal(t, translog.Passed, found.Outcome)

	text, err := log.GetCredentialProof(t.Context(), &badgesv1.GetCredentialProofRequest{Name: award.GetCredential()})
	require.NoError(t, err)
	proof, err := translog.ParseProof(text.GetData())
	require.NoError(t, err)
	key, err := translog.ReadKey(t.Context(), log)
	require.NoError(t, err)
	entry, _, err := proof.Verify(key)
	require.NoError(t, err)
	require.Equal(t, question.ID, entry.Subject)
	require.Contains(t, question.Digests, entry.Digest)

	_, err = w.Awards.RevokeAward(w.As(bt.Admin), &badgesv1.RevokeAwardRequest{Name: award.GetName(), Reason: "Given by mistake."})
	require.NoError(t, err)
	ask(translog.CodeRevoked)
}

func questionOf(t *testing.T, document []byte) translog.Question {
	t.Helper()
	var doc struct {
		ID     string `json:"id"`
		Issuer struct {
			ID string `json:"id"`
		} `json:"issuer"`
	}
	require.NoError(t, json.NewDecoder(bytes.NewReader(document)).Decode(&doc))
	sum := sha256.Sum256(document)
	return translog.Question{ID: doc.ID, Issuer: doc.Issuer.ID, Digests: []string{hex.EncodeToString(sum[:])}}
}

func TestTheLogIsListedPageByPageAndItsFilesAreNamed(t *testing.T) {
	w := bt.Start(t, bt.Options{Tasks: true}, kittest.Deps(t, "badges", badges.Migrations), badges.New)
	client := badgesv1.NewTransparencyServiceClient(w.Conn)
	award := w.Award(bt.Journey, bt.Badge)
	_, err := w.Awards.RevokeAward(w.As(bt.Admin), &badgesv1.RevokeAwardRequest{Name: award.GetName(), Reason: "Given by mistake."})
	require.NoError(t, err)
	list := func(token string) *badgesv1.ListLogEntriesResponse {
		page, err := client.ListLogEntries(t.Context(), &badgesv1.ListLogEntriesRequest{PageSize: 1, PageToken: token})
		require.NoError(t, err)
		return page
	}
	kittest.Eventually(t, func() bool {
		first := list("").GetLogEntries()
		return len(first) == 1 && first[0].GetKind() == translog.Revoked
	}, "the newest entry is the revocation")
	var kinds []string
	for page := list(""); ; page = list(page.GetNextPageToken()) {
		for _, e := range page.GetLogEntries() {
			kinds = append(kinds, e.GetKind())
		}
		if page.GetNextPageToken() == "" {
			break
		}
	}
	require.Contains(t, kinds, translog.Issued)
	for _, path := range []string{"tile/0/999", "checkpoint", "../keys", "tile/entries/000.p/0"} {
		_, err := client.GetTile(t.Context(), &badgesv1.GetTileRequest{Path: path})
		require.Equal(t, codes.NotFound, status.Code(err), path)
	}
	_, err = client.GetCredentialProof(t.Context(), &badgesv1.GetCredentialProofRequest{Name: "credentials/none"})
	require.Equal(t, codes.NotFound, status.Code(err))
}
