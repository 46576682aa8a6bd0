package issuing_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/credential/openbadge"
	"github.com/tandem-badges/tandem/services/badges/internal/application"
	"github.com/tandem-badges/tandem/services/badges/internal/award"
	"github.com/tandem-badges/tandem/services/badges/internal/badgestest/memory"
	"github.com/tandem-badges/tandem/services/badges/internal/decision"
	"github.com/tandem-badges/tandem/services/badges/internal/issuing"
	"github.com/tandem-badges/tandem/services/badges/internal/rule"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

const (
	site = "https://badges.example.org"
	won  = memory.School + "/awards/w1"
)

type desk struct {
	*memory.Store
	clock  *clock.Fake
	issuer *issuing.Issuer
}

func open(t *testing.T, seed byte) *desk {
	t.Helper()
	set, err := contexts.Standard()
	require.NoError(t, err)
	signer, err := keys.FromSeed([]byte(strings.Repeat(string(rune(seed)), 32)))
	require.NoError(t, err)
	d := &desk{Store: memory.Loaded(t), clock: memory.Clock()}
	d.issuer = issuing.New(openbadge.New(set), signer, d.Store, site, d.clock.Now)
	return d
}

// facts are those of an award with medians of 0, 1, 1.5, 2.5 and 3.
func (d *desk) facts(t *testing.T) decision.Facts {
	t.Helper()
	def, err := d.Definition(t.Context(), memory.Badge)
	require.NoError(t, err)
	edition, err := d.Edition(t.Context(), memory.Edition)
	require.NoError(t, err)
	guide, err := d.Guide(t.Context(), memory.Guide)
	require.NoError(t, err)
	expire, lapse := award.Ends(memory.Begin(), 36, 90)
	return decision.Facts{
		Definition: def, Edition: edition, Guide: guide,
		Scores: rule.Summarize(guide.CriterionIDs(), [][]int{{0, 0}, {1, 1}, {1, 2}, {2, 3}, {3, 3}}),
		Snapshot: application.Snapshot{SchoolTitle: "East Elementary", Evidence: []application.Evidence{
			{SHA256: strings.Repeat("ab", 32), MediaType: "text/plain", Caption: "Notes"}, {SHA256: strings.Repeat("cd", 32), MediaType: "image/png"},
		}},
		Award: award.Award{
			Name: won, State: award.Active, Standard: def.Standard, Credential: "credentials/c1",
			AwardTime: memory.Begin(), ExpireTime: expire, LapseTime: lapse, Version: 1,
		},
	}
}

// issued is a credential that is kept with its award.
func (d *desk) issued(t *testing.T) award.Credential {
	t.Helper()
	f := d.facts(t)
	c, err := d.issuer.Issue(t.Context(), f)
	require.NoError(t, err)
	require.NoError(t, d.InsertAward(t.Context(), f.Award))
	require.NoError(t, d.InsertCredential(t.Context(), c))
	return c
}

func (d *desk) put(t *testing.T, change func(*award.Award)) {
	t.Helper()
	a, err := d.Award(t.Context(), won)
	require.NoError(t, err)
	change(&a)
	a.Version++
	require.NoError(t, d.UpdateAward(t.Context(), a))
}

func TestACredentialSaysWhatWasAwarded(t *testing.T) {
	d := open(t, 'a')
	c := d.issued(t)
	require.Equal(t, []string{"credentials/c1", won}, []string{c.Name, c.Award})
	sum := sha256.Sum256(c.Document)
	require.Equal(t, hex.EncodeToString(sum[:]), c.Digest)
	var doc struct {
		ID, Name, ValidFrom, ValidUntil string
		Issuer                          struct{ ID string }
		CredentialSubject               struct {
			ID, Name    string
			Achievement struct{ ID, Version string }
			Result      []struct{ AchievedLevel, Value string }
		}
		Evidence []struct{ Name, Narrative string }
	}
	require.NoError(t, json.Unmarshal(c.Document, &doc))
	require.Equal(t, site+"/v1/credentials/c1", doc.ID)
	require.Equal(t, d.issuer.Profile().DID, doc.Issuer.ID)
	require.Equal(t, site+"/v1/"+memory.School, doc.CredentialSubject.ID)
	require.Equal(t, "East Elementary", doc.CredentialSubject.Name)
	require.Equal(t, site+"/v1/"+memory.Edition, doc.CredentialSubject.Achievement.ID)
	require.Equal(t, "2026-09-01T09:00:00Z", doc.ValidFrom)
	require.Equal(t, "2029-09-01T09:00:00Z", doc.ValidUntil)
	var values []string
	for _, r := range doc.CredentialSubject.Result {
		values = append(values, r.Value)
		require.True(t, strings.HasSuffix(r.AchievedLevel, "-"+r.Value), r.AchievedLevel)
	}
	require.Equal(t, []string{"0", "1", "1", "2", "3"}, values, "a median between levels counts as the lower one")
	require.Equal(t, "Evidence 1", doc.Evidence[0].Name, "captions may name people, and a credential is public")
	require.Equal(t, "Evidence 2", doc.Evidence[1].Name)
	require.Contains(t, doc.Evidence[1].Narrative, strings.Repeat("cd", 32))
	require.NotContains(t, string(c.Document), "people/")
}

// TestWhetherABadgeStandsIsToldWithItsCheck holds what everybody may ask of a badge: one in force
// stands; one in its days of grace stands with a warning; a lapsed or revoked one does not.
func TestWhetherABadgeStandsIsToldWithItsCheck(t *testing.T) {
	for state, tt := range map[award.State]struct {
		outcome openbadge.Outcome
		code    string
		reason  string
		valid   bool
	}{
		award.Active:  {openbadge.Passed, "", "stands", true},
		award.Grace:   {openbadge.Warning, "status_grace", "ended on 2029-09-01; the school may renew it until 2029-11-30", true},
		award.Lapsed:  {openbadge.Failed, "status_lapsed", "ended on 2029-09-01 and was not renewed", false},
		award.Revoked: {openbadge.Failed, "status_revoked", "Evidence of another school.", false},
	} {
		t.Run(string(state), func(t *testing.T) {
			d := open(t, 'a')
			c := d.issued(t)
			d.put(t, func(a *award.Award) { a.State, a.RevokeReason = state, "Evidence of another school." })
			d.clock.Advance(time.Hour)
			byName, err := d.issuer.Check(t.Context(), c.Name)
			require.NoError(t, err)
			byText, err := d.issuer.Verify(t.Context(), c.Document)
			require.NoError(t, err)
			require.Equal(t, byName, byText, "a badge and its address get one answer")
			status := byName.Step(openbadge.StepStatus)
			require.Equal(t, tt.outcome, status.Outcome)
			require.Equal(t, tt.code, status.Code)
			require.Contains(t, status.Reason, tt.reason)
			require.Equal(t, tt.valid, byName.Valid)
			require.Equal(t, openbadge.Passed, byName.Step(openbadge.StepProof).Outcome, "the signature holds whatever became of the badge")
			require.Equal(t, openbadge.Passed, byName.Step(openbadge.StepIssuer).Outcome)
			require.Equal(t, "East Elementary", byName.School)
			require.Equal(t, d.clock.Now(), byName.Time)
		})
	}
}

func TestADocumentPastItsEndIsOverAndTheIssuerTellsOfTheGrace(t *testing.T) {
	d := open(t, 'a')
	c := d.issued(t)
	d.put(t, func(a *award.Award) { a.State = award.Grace })
	d.clock.Set(memory.Begin().AddDate(3, 0, 1))
	v, err := d.issuer.Check(t.Context(), c.Name)
	require.NoError(t, err)
	require.Equal(t, openbadge.Failed, v.Step(openbadge.StepDates).Outcome, "the document itself says when it ends")
	require.Equal(t, openbadge.Warning, v.Step(openbadge.StepStatus).Outcome, "the state adds that it may be renewed")
}

func TestOnlyWhatThisIssuerSignedIsLookedUp(t *testing.T) {
	ours, theirs := open(t, 'a'), open(t, 'b')
	c := ours.issued(t)
	t.Run("a badge that the issuer does not keep is not confirmed", func(t *testing.T) {
		forgetful := open(t, 'a')
		v, err := forgetful.issuer.Verify(t.Context(), c.Document)
		require.NoError(t, err)
		require.False(t, v.Valid)
		require.Equal(t, "status_unknown", v.Step(openbadge.StepStatus).Code)
		_, err = forgetful.issuer.Check(t.Context(), c.Name)
		require.True(t, problem.Is(err, problem.KindNotFound))
	})
	t.Run("a badge of another issuer is valid for what it is, and its issuer unknown", func(t *testing.T) {
		v, err := theirs.issuer.Verify(t.Context(), c.Document)
		require.NoError(t, err)
		require.True(t, v.Valid)
		require.Equal(t, openbadge.Warning, v.Step(openbadge.StepIssuer).Outcome)
		require.Equal(t, openbadge.Skipped, v.Step(openbadge.StepStatus).Outcome, "another issuer's awards are not ours to look up")
	})
	t.Run("a changed badge gets no word on its status", func(t *testing.T) {
		v, err := ours.issuer.Verify(t.Context(), []byte(strings.Replace(string(c.Document), "East Elementary", "West Elementary", 1)))
		require.NoError(t, err)
		require.False(t, v.Valid)
		require.Equal(t, openbadge.Failed, v.Step(openbadge.StepProof).Outcome)
		require.NotEqual(t, openbadge.Passed, v.Step(openbadge.StepStatus).Outcome)
	})
	t.Run("what is no badge is an answer, too", func(t *testing.T) {
		for _, raw := range []string{"", "{", "[]", "{}", `{"credentialSubject": 3}`} {
			v, err := ours.issuer.Verify(t.Context(), []byte(raw))
			require.NoError(t, err, raw)
			require.False(t, v.Valid, raw)
			require.Empty(t, v.School)
		}
	})
}
