package api_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	evidencev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/evidence/v1"
	"github.com/tandem-badges/tandem/services/kit/blob"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/run"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/evidence"
	et "github.com/tandem-badges/tandem/services/evidence/internal/evidencetest"
)

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// folder is a blob store in a folder, which is returned to look into.
func folder(t *testing.T) (*blob.Store, string) {
	t.Helper()
	dir := t.TempDir()
	store, err := blob.Open(t.Context(), "file://"+filepath.ToSlash(dir))
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close() })
	return store, dir
}

func TestContentIsTakenOnceAndServedBack(t *testing.T) {
	for name, open := range map[string]func(t *testing.T, d *run.Deps){
		"memory": func(*testing.T, *run.Deps) {},
		"folder": func(t *testing.T, d *run.Deps) { d.Blobs, _ = folder(t) },
	} {
		t.Run(name, func(t *testing.T) {
			w := et.New(t, evidence.DefaultConfig(), func(d *run.Deps) { open(t, d) })
			content := et.PDF(1_000_000)
			described := w.Create(t, "a", nil)
			got, err := w.Upload(et.Member(t), described.GetName(), content)
			require.NoError(t, err)
			described.State, described.MediaType, described.SizeBytes = evidencev1.Artifact_STATE_ACCEPTED, "application/pdf", int64(len(content))
			described.Sha256, described.AcceptTime, described.Etag = digest(content), timestamppb.New(kittest.Start()), `"2"`
			require.Empty(t, cmp.Diff(described, got, protocmp.Transform()))

			head, back, err := w.Download(et.Member(t), described.GetName())
			require.NoError(t, err)
			require.Equal(t, content, back)
			require.Equal(t, "application/pdf", head.GetMediaType())
			require.Equal(t, "a.pdf", head.GetFileName())

			again, err := w.Upload(et.Member(t), described.GetName(), content)
			require.NoError(t, err, "the same bytes again")
			require.Empty(t, cmp.Diff(got, again, protocmp.Transform()))
			_, err = w.Upload(et.Member(t), described.GetName(), et.PNG(1))
			refused(t, err, problem.ReasonStateWrong, described.GetName()+": content_once")
		})
	}
}

func TestContentThatIsRefusedLeavesNothing(t *testing.T) {
	blobs, dir := folder(t)
	w := et.New(t, evidence.Config{MaxContentBytes: 1000, MaxArtifacts: 10}, func(d *run.Deps) { d.Blobs = blobs })
	name := w.Create(t, "a", nil).GetName()
	cases := map[string]struct {
		content []byte
		reason  problem.Reason
		rule    string
	}{
		"empty":     {nil, problem.ReasonFieldInvalid, "content: not_empty"},
		"too large": {et.PDF(2000), problem.ReasonLimitExceeded, "content: max_bytes"},
		"HTML":      {[]byte("<!doctype html><script>alert(1)</script>"), problem.ReasonFieldInvalid, "content: media_type"},
	}
	for title, c := range cases {
		t.Run(title, func(t *testing.T) {
			_, err := w.Upload(et.Member(t), name, c.content)
			refused(t, err, c.reason, c.rule)
		})
	}
	_, err := w.Upload(et.Member(t), name, et.PDF(2000))
	require.ErrorContains(t, err, "at most 1000 bytes")
	require.Empty(t, files(t, dir))
	require.Empty(t, files(t, w.Deps.DataDir), "nor does an upload stay behind")
	_, _, err = w.Download(et.Member(t), name)
	refused(t, err, problem.ReasonStateWrong, name+": has_content")
	exact := et.PDF(1000)
	for len(exact) < 1000 {
		exact = append(exact, '\n')
	}
	_, err = w.Upload(et.Member(t), name, exact[:1000])
	require.NoError(t, err, "the limit itself is allowed")
}

// files lists the files below a folder.
func files(t *testing.T, dir string) (out []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			out = append(out, filepath.ToSlash(rel))
		}
		return err
	}))
	return out
}

func TestNobodyUploadsWithoutARight(t *testing.T) {
	blobs, dir := folder(t)
	w := et.New(t, evidence.DefaultConfig(), func(d *run.Deps) { d.Blobs = blobs })
	name := w.Create(t, "a", nil).GetName()
	mine := et.As(t, accessv1.Role_ROLE_TEAM_MEMBER, et.Neighbour)
	_, err := w.Upload(mine, name, et.PNG(1))
	require.Equal(t, codes.NotFound, et.Code(err))
	_, err = w.Upload(et.Member(t), "", et.PNG(1))
	refused(t, err, problem.ReasonFieldInvalid, "name: required")

	stream, err := w.Artifacts.UploadArtifact(mine)
	require.NoError(t, err)
	require.NoError(t, stream.Send(&evidencev1.UploadArtifactRequest{Name: et.Neighbour + "/artifacts/none", Chunk: et.PNG(1)}))
	require.NoError(t, stream.Send(&evidencev1.UploadArtifactRequest{Name: name, Chunk: et.PNG(1)}))
	_, err = stream.CloseAndRecv()
	require.Equal(t, codes.NotFound, et.Code(err), "what the first message names decides")
	require.Empty(t, files(t, dir))
}

func TestLaterMessageCannotNameAnotherArtifact(t *testing.T) {
	w := world(t)
	a, b := w.Create(t, "a", nil).GetName(), w.Create(t, "b", nil).GetName()
	stream, err := w.Artifacts.UploadArtifact(et.Member(t))
	require.NoError(t, err)
	require.NoError(t, stream.Send(&evidencev1.UploadArtifactRequest{Name: a, Chunk: et.PNG(1)}))
	require.NoError(t, stream.Send(&evidencev1.UploadArtifactRequest{Name: b, Chunk: et.PNG(1)}))
	_, err = stream.CloseAndRecv()
	refused(t, err, problem.ReasonFieldInvalid, "name: first_message_only")

	stream, err = w.Artifacts.UploadArtifact(et.Member(t))
	require.NoError(t, err)
	_, err = stream.CloseAndRecv()
	refused(t, err, problem.ReasonFieldInvalid, "name: required")
}

func TestUploadThatBreaksOffIsNotTaken(t *testing.T) {
	w := world(t)
	name := w.Create(t, "a", nil).GetName()
	ctx, cut := cancelled(et.Member(t))
	stream, err := w.Artifacts.UploadArtifact(ctx)
	require.NoError(t, err)
	require.NoError(t, stream.Send(&evidencev1.UploadArtifactRequest{Name: name, Chunk: et.PNG(1)}))
	cut()
	_, err = stream.CloseAndRecv()
	require.Equal(t, codes.Canceled, et.Code(err))
	a, err := w.Artifacts.GetArtifact(et.Member(t), &evidencev1.GetArtifactRequest{Name: name})
	require.NoError(t, err)
	require.Equal(t, evidencev1.Artifact_STATE_AWAITING_CONTENT, a.GetState())
	_, err = w.Upload(et.Member(t), name, et.PNG(2))
	require.NoError(t, err)
}

func TestEqualContentsLieOncePerDistrict(t *testing.T) {
	blobs, dir := folder(t)
	w := et.New(t, evidence.DefaultConfig(), func(d *run.Deps) { d.Blobs = blobs })
	a, b := w.Accepted(t, "a", et.PNG(1)), w.Accepted(t, "b", et.PNG(1))
	require.Equal(t, a.GetSha256(), b.GetSha256())
	far := et.As(t, accessv1.Role_ROLE_TEAM_MEMBER, et.FarSchool)
	other := et.Evidence()
	other.Journey, other.Step = et.FarJourney, et.FarStep
	c, err := w.Artifacts.CreateArtifact(far, &evidencev1.CreateArtifactRequest{Parent: et.FarSchool, Artifact: other})
	require.NoError(t, err)
	_, err = w.Upload(far, c.GetName(), et.PNG(1))
	require.NoError(t, err)
	require.Equal(t, []string{"0880/" + a.GetSha256(), "0990/" + a.GetSha256()}, files(t, dir))
}

func TestUploadsAtOnceAgree(t *testing.T) {
	kittest.Databases(t, evidence.Name, evidence.Migrations, func(t *testing.T, db *sqldb.DB) {
		w := et.New(t, evidence.DefaultConfig(), func(d *run.Deps) { d.DB = db })
		name := w.Create(t, "same", nil).GetName()
		const callers = 6
		errs := make([]error, 2*callers)
		var wg sync.WaitGroup
		for i := range callers {
			other := w.Create(t, fmt.Sprintf("other-%d", i), nil).GetName()
			wg.Go(func() { _, errs[i] = w.Upload(et.Member(t), name, et.PNG(byte(i%2))) })
			wg.Go(func() { _, errs[callers+i] = w.Upload(et.Member(t), other, et.PNG(7)) })
		}
		wg.Wait()
		a, err := w.Artifacts.GetArtifact(et.Member(t), &evidencev1.GetArtifactRequest{Name: name})
		require.NoError(t, err)
		for i, err := range errs[:callers] {
			if digest(et.PNG(byte(i%2))) == a.GetSha256() {
				require.NoError(t, err, "the same bytes have the same answer")
			} else {
				refused(t, err, problem.ReasonStateWrong, name+": content_once")
			}
		}
		for _, err := range errs[callers:] {
			require.NoError(t, err, "equal bytes of several artifacts are in nobody's way")
		}
	})
}

func TestDamagedOrMissingContentIsNeverTakenForTheEvidence(t *testing.T) {
	blobs, dir := folder(t)
	w := et.New(t, evidence.DefaultConfig(), func(d *run.Deps) { d.Blobs = blobs })
	a := w.Accepted(t, "a", et.PNG(1))
	path := filepath.Join(dir, "0880", a.GetSha256())
	require.NoError(t, os.WriteFile(path, bytes.ToUpper(et.PNG(2)), 0o600))
	_, _, err := w.Download(et.Member(t), a.GetName())
	require.Equal(t, codes.Internal, et.Code(err))
	require.NoError(t, os.Remove(path))
	_, _, err = w.Download(et.Member(t), a.GetName())
	require.Equal(t, codes.Internal, et.Code(err), "a lost file is not the caller's mistake")
	require.NotContains(t, whole(err), a.GetSha256())

	w.Accepted(t, "b", et.PNG(1))
	_, content, err := w.Download(et.Member(t), a.GetName())
	require.NoError(t, err, "the same bytes uploaded again heal it")
	require.Equal(t, et.PNG(1), content)
}

func TestContentNobodyUsesIsErased(t *testing.T) {
	blobs, dir := folder(t)
	w := et.New(t, evidence.DefaultConfig(), func(d *run.Deps) { d.Blobs = blobs })
	gone, shared, frozen := w.Accepted(t, "gone", et.PNG(1)), w.Accepted(t, "shared", et.PNG(2)), w.Accepted(t, "frozen", et.PNG(3))
	w.Accepted(t, "keeps", et.PNG(2))
	withdraw := func(a *evidencev1.Artifact) {
		_, err := w.Artifacts.DeleteArtifact(et.Member(t), &evidencev1.DeleteArtifactRequest{Name: a.GetName()})
		require.NoError(t, err)
	}
	withdraw(gone) // before the portfolio is frozen
	_, err := w.Portfolios.FreezePortfolio(et.Lead(t), &evidencev1.FreezePortfolioRequest{Name: et.Journey + "/portfolio"})
	require.NoError(t, err)
	withdraw(shared)
	withdraw(frozen)
	last := w.Accepted(t, "last", et.PNG(4))
	withdraw(last)
	kittest.Eventually(t, func() bool { return len(files(t, dir)) == 2 }, "what nothing uses is erased")
	require.ElementsMatch(t, []string{"0880/" + shared.GetSha256(), "0880/" + frozen.GetSha256()}, files(t, dir),
		"a manifest and another artifact keep their content")

	again := w.Accepted(t, "again", et.PNG(1))
	_, content, err := w.Download(et.Member(t), again.GetName())
	require.NoError(t, err, "bytes that were erased may come again")
	require.Equal(t, et.PNG(1), content)
	_, _, err = w.Download(et.Member(t), frozen.GetName())
	refused(t, err, problem.ReasonStateWrong, frozen.GetName()+": not_withdrawn")
}
