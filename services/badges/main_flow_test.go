package badges_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"testing"

	"github.com/gowebpki/jcs"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	"github.com/tandem-badges/tandem/services/badges"
	bt "github.com/tandem-badges/tandem/services/badges/internal/badgestest"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

func start(t testing.TB) *bt.World {
	t.Helper()
	return bt.Start(t, bt.Options{}, kittest.Deps(t, "badges", badges.Migrations), badges.New)
}

func both(t *testing.T, fn func(t *testing.T, w *bt.World)) {
	t.Helper()
	kittest.Databases(t, "badges", badges.Migrations, func(t *testing.T, db *sqldb.DB) {
		fn(t, bt.Start(t, bt.Options{DB: db}, kittest.Deps(t, "badges", badges.Migrations), badges.New))
	})
}

func TestASchoolEarnsABadgeThatVerifies(t *testing.T) {
	both(t, func(t *testing.T, w *bt.World) {
		a := w.Submit(w.Draft(bt.Journey, bt.Badge).GetName())
		require.Equal(t, badgesv1.Application_STATE_SUBMITTED, a.GetState())
		require.Equal(t, bt.Badge+"/versions/1", a.GetBadgeDefinitionVersion())
		checkSnapshot(t, w, a)

		for person, r := range w.Assign(a.GetName(), bt.Reviewer1, bt.Reviewer2) {
			w.Judge(person, r.GetName(), 2)
		}
		require.Equal(t, badgesv1.Application_STATE_REVIEWED, w.Application(a.GetName()).GetState())

		d := w.Propose(a.GetName(), &badgesv1.Decision{Outcome: badgesv1.Outcome_OUTCOME_AWARD, Rationale: "All criteria are met."})
		require.True(t, d.GetRuleMet(), d.GetRuleExplanation())
		d = w.Approve(d.GetName())
		require.True(t, d.GetApproved())
		require.Equal(t, bt.Admin, d.GetApprover())

		award, err := w.Awards.GetAward(w.As(bt.Principal), &badgesv1.GetAwardRequest{Name: d.GetAward()})
		require.NoError(t, err)
		require.Equal(t, badgesv1.Award_STATE_ACTIVE, award.GetState())
		require.Equal(t, w.Clock.Now().AddDate(3, 0, 0), award.GetExpireTime().AsTime())
		require.Equal(t, award.GetName(), w.Application(a.GetName()).GetAward())
		checkCredential(t, w, award)
		checkTrail(t, w, award)
		require.Equal(t, []string{
			"ApplicationSubmitted", "ReviewersAssigned", "ReviewFinalized", "ReviewFinalized",
			"DecisionMade", "BadgeAwarded", "CredentialIssued",
		}, w.Events())
	})
}

func checkSnapshot(t *testing.T, w *bt.World, a *badgesv1.Application) {
	t.Helper()
	s, err := w.Applications.GetSnapshot(w.As(bt.Principal), &badgesv1.GetSnapshotRequest{Name: a.GetSnapshot()})
	require.NoError(t, err)
	require.Equal(t, a.GetSnapshotDigest(), s.GetDigest())
	require.Equal(t, bt.Principal, s.GetSubmitter())
	content, err := json.Marshal(s.GetContent().AsMap())
	require.NoError(t, err)
	canonical, err := jcs.Transform(content)
	require.NoError(t, err)
	sum := sha256.Sum256(canonical)
	require.Equal(t, s.GetDigest(), hex.EncodeToString(sum[:]), "anyone can recompute the digest")
	require.Contains(t, string(canonical), "East Elementary")
	require.Contains(t, string(canonical), `"value":120`, "the numbers of the survey are frozen")
	require.Contains(t, string(canonical), "Notes of the family evening")
}

func checkCredential(t *testing.T, w *bt.World, award *badgesv1.Award) {
	t.Helper()
	body, err := w.Credentials.GetCredential(t.Context(), &badgesv1.GetCredentialRequest{Name: award.GetCredential()})
	require.NoError(t, err)
	require.Equal(t, "application/vc+ld+json", body.GetContentType())
	var doc struct {
		ID      string
		Subject struct {
			ID, Name    string
			Achievement struct {
				ID                string
				ResultDescription []struct{ ID string }
			}
			Result []struct{ AchievedLevel string }
		} `json:"credentialSubject"`
		Evidence []struct{ Name, DigestSRI string }
	}
	require.NoError(t, json.Unmarshal(body.GetData(), &doc))
	base := w.Deps.PublicURL + "/v1/"
	require.Equal(t, base+award.GetCredential(), doc.ID)
	require.Equal(t, base+bt.School, doc.Subject.ID)
	require.Equal(t, "East Elementary", doc.Subject.Name)
	require.Equal(t, base+bt.Badge+"/versions/1", doc.Subject.Achievement.ID)
	require.Len(t, doc.Subject.Achievement.ResultDescription, 5)
	require.Equal(t, doc.Subject.Achievement.ID+"#process-over-time-2", doc.Subject.Result[0].AchievedLevel)
	require.Len(t, doc.Evidence, 1, "what the school did not make public is not in the credential")
	require.Equal(t, bt.PublicSummary, doc.Evidence[0].Name)
	require.NotContains(t, string(body.GetData()), "Notes of the family evening", "captions are the school's own: people may be named in them")
	require.Contains(t, doc.Evidence[0].DigestSRI, "sha256-")

	v, err := w.Credentials.CheckCredential(t.Context(), &badgesv1.CheckCredentialRequest{Name: award.GetCredential()})
	require.NoError(t, err)
	require.True(t, v.GetValid(), v.String())
	require.True(t, v.GetIssuerKnown())
	require.Equal(t, "East Elementary", v.GetSchool())
	require.Equal(t, badgesv1.StepOutcome_STEP_OUTCOME_PASSED, step(t, v, "status").GetOutcome())
}

func step(t *testing.T, v *badgesv1.Verification, id string) *badgesv1.VerificationStep {
	t.Helper()
	for _, s := range v.GetSteps() {
		if s.GetId() == id {
			return s
		}
	}
	require.Fail(t, "no such step", id)
	return nil
}

func checkTrail(t *testing.T, w *bt.World, award *badgesv1.Award) {
	t.Helper()
	trail, err := w.Awards.GetAwardTrail(w.As(bt.Principal), &badgesv1.GetAwardTrailRequest{Name: award.GetName()})
	require.NoError(t, err)
	require.Equal(t, award.GetCredential(), "credentials/"+lastSegment(trail.GetCredential().GetFields()["id"].GetStringValue()))
	require.Equal(t, badgesv1.Outcome_OUTCOME_AWARD, trail.GetDecision().GetOutcome())
	require.Len(t, trail.GetReviews(), 2)
	for _, r := range trail.GetReviews() {
		require.Len(t, r.GetScores(), 5)
		require.Empty(t, r.GetReviewer(), "the school is not told who reviewed")
	}
	require.Equal(t, "rubrics/partnership-badge/versions/1", trail.GetRubricVersion().GetName())
	require.Equal(t, bt.Badge+"/versions/1", trail.GetBadgeDefinitionVersion().GetName())
	require.Len(t, trail.GetEvidence(), 2)
	require.Equal(t, int64(1<<40), trail.GetEvidence()[1].GetSizeBytes())
	require.NotEmpty(t, trail.GetManifestDigest())
	require.NotEmpty(t, trail.GetSnapshotDigest())
	staff, err := w.Awards.GetAwardTrail(w.As(bt.Admin), &badgesv1.GetAwardTrailRequest{Name: award.GetName()})
	require.NoError(t, err)
	require.NotEmpty(t, staff.GetReviews()[0].GetReviewer())
}

func lastSegment(s string) string {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] == '/' {
			return s[i+1:]
		}
	}
	return s
}

func TestACredentialVerifiesFromItsTextAndFailsWhenChanged(t *testing.T) {
	w := start(t)
	award := w.Award(bt.Journey, bt.Badge)
	trail, err := w.Awards.GetAwardTrail(w.As(bt.Admin), &badgesv1.GetAwardTrailRequest{Name: award.GetName()})
	require.NoError(t, err)
	v, err := w.Credentials.VerifyCredential(t.Context(), &badgesv1.VerifyCredentialRequest{Credential: trail.GetCredential()})
	require.NoError(t, err)
	require.True(t, v.GetValid(), protojson.Format(v))

	forged := trail.GetCredential()
	forged.Fields["credentialSubject"].GetStructValue().Fields["name"].GetKind()
	forged.Fields["name"].Kind = trail.GetCredential().Fields["id"].GetKind()
	v, err = w.Credentials.VerifyCredential(t.Context(), &badgesv1.VerifyCredentialRequest{Credential: forged})
	require.NoError(t, err)
	require.False(t, v.GetValid())
	require.Equal(t, badgesv1.StepOutcome_STEP_OUTCOME_FAILED, step(t, v, "proof").GetOutcome())
}
