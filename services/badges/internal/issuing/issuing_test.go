package issuing_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/jsonld"
	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/credential/openbadge"
	"github.com/tandem-badges/tandem/services/badges/credential/registry"
	"github.com/tandem-badges/tandem/services/badges/credential/translog"
	"github.com/tandem-badges/tandem/services/badges/credential/verifier"
	"github.com/tandem-badges/tandem/services/badges/internal/application"
	"github.com/tandem-badges/tandem/services/badges/internal/award"
	"github.com/tandem-badges/tandem/services/badges/internal/badgestest/memory"
	"github.com/tandem-badges/tandem/services/badges/internal/decision"
	"github.com/tandem-badges/tandem/services/badges/internal/definition"
	"github.com/tandem-badges/tandem/services/badges/internal/issuer"
	"github.com/tandem-badges/tandem/services/badges/internal/issuing"
	"github.com/tandem-badges/tandem/services/badges/internal/rule"
	"github.com/tandem-badges/tandem/services/badges/internal/status"
	"github.com/tandem-badges/tandem/services/badges/internal/store"
	"github.com/tandem-badges/tandem/services/badges/internal/store/migrations"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

const (
	site = "https://badges.example.org"
	won  = memory.School + "/awards/w1"
)

// desk issues in the name of one issuer, with a database of its own.
type desk struct {
	*store.Store
	clock   *clock.Fake
	signer  keys.Signer
	issuer  *issuing.Issuer
	checker *issuing.Checker
	entered []translog.Entry
}

// SignerFor and Signer implement issuing.Offices.
func (d *desk) SignerFor(ctx context.Context, _ string) (issuer.Issuer, keys.Signer, error) {
	return d.Signer(ctx, issuer.State)
}

// Signer is the one issuer.
func (d *desk) Signer(_ context.Context, name string) (issuer.Issuer, keys.Signer, error) {
	profile := issuer.Profile{Title: "State Office", URL: site, Email: "badges@example.org", ImageURL: site + "/logo.png"}
	return issuer.Issuer{Name: name, DID: d.signer.DID(), Profile: profile}, d.signer, nil
}

// Registry implements issuing.Known.
func (d *desk) Registry(ctx context.Context) ([]byte, error) {
	id, public, _ := strings.Cut(d.signer.VerificationMethod(), "#")
	return registry.Sign(ctx, &registry.Registry{
		ID: site + "/v1/issuers:registry", Name: "State Office", Issued: d.clock.Now(), Expires: d.clock.Now().Add(time.Hour),
		Issuers: []registry.Issuer{{ID: id, Name: "State Office", URL: site, Keys: []registry.Key{{
			VerificationMethod: d.signer.VerificationMethod(), PublicKeyMultibase: public, Created: memory.Begin(),
		}}}},
	}, d.signer)
}

// Append implements issuing.Log.
func (d *desk) Append(_ context.Context, e translog.Entry) error {
	d.entered = append(d.entered, e)
	return nil
}

func open(t *testing.T, seed byte) *desk {
	t.Helper()
	set, err := contexts.Standard()
	require.NoError(t, err)
	signer, err := keys.FromSeed([]byte(strings.Repeat(string(rune(seed)), 32)))
	require.NoError(t, err)
	verify, err := verifier.Standard()
	require.NoError(t, err)
	d := &desk{Store: store.New(kittest.SQLite(t, "badges", migrations.FS)), clock: memory.Clock(), signer: signer}
	require.NoError(t, definition.NewCatalog(d.Store, d.clock.Now, memory.Numbers()).Load(kittest.All(t)))
	own := func(context.Context, string) (keys.Signer, error) { return signer, nil }
	statuses := status.New(d.Store, own, dataintegrity.New(jsonld.New(set)), site, d.clock.Now)
	d.checker = issuing.NewChecker(issuing.CheckerOptions{
		Verifier: verify, Store: d.Store, Known: d, Statuses: statuses, PublicURL: site, Now: d.clock.Now,
	})
	d.issuer = issuing.New(issuing.Parts{
		Engine: openbadge.New(set), Offices: d, Statuses: statuses, Log: d, Store: d.Store, Checker: d.checker,
		PublicURL: site, Now: d.clock.Now, NewID: memory.Numbers(),
	})
	return d
}

// facts are those of an award with medians of 0, 1, 1.5, 2.5 and 3.
func (d *desk) facts(t *testing.T) decision.Facts {
	t.Helper()
	def, err := d.Definition(kittest.All(t), memory.Badge)
	require.NoError(t, err)
	edition, err := d.Edition(kittest.All(t), memory.Edition)
	require.NoError(t, err)
	guide, err := d.Guide(kittest.All(t), memory.Guide)
	require.NoError(t, err)
	expire, lapse := award.Ends(memory.Begin(), 36, 90)
	return decision.Facts{
		Definition: def, Edition: edition, Guide: guide,
		Scores: rule.Summarize(guide.CriterionIDs(), [][]int{{0, 0}, {1, 1}, {1, 2}, {2, 3}, {3, 3}}),
		Snapshot: application.Snapshot{
			SchoolTitle: "East Elementary",
			About: application.About{StateIdentifier: "0470-2012", Standard: application.Standard{
				Title: "Share power", Description: "Families take part in decisions.",
				Goals: []application.Goal{{ID: "voice", Title: "A voice", Indicators: []application.Indicator{{ID: "voice-1", Title: "Families vote"}}}},
			}},
			Evidence: []application.Evidence{
				{SHA256: strings.Repeat("ab", 32), MediaType: "text/plain", Caption: "Notes of Ms. Rivera", PublicSummary: "Notes of an evening with families"},
				{SHA256: strings.Repeat("cd", 32), MediaType: "image/png", Caption: "The council"},
			},
		},
		Award: award.Award{
			Name: won, State: award.Active, Standard: def.Standard, FrameworkVersion: memory.FrameworkVersion, Credential: "credentials/c1",
			AwardTime: memory.Begin(), ExpireTime: expire, LapseTime: lapse, Version: 1,
		},
	}
}

// issued is a credential that is kept with its award.
func (d *desk) issued(t *testing.T) award.Credential {
	t.Helper()
	f := d.facts(t)
	c, err := d.issuer.Issue(kittest.All(t), f)
	require.NoError(t, err)
	require.NoError(t, d.InsertAward(kittest.All(t), f.Award))
	require.NoError(t, d.InsertCredential(kittest.All(t), c))
	return c
}

func (d *desk) put(t *testing.T, change func(*award.Award)) {
	t.Helper()
	a, err := d.Award(kittest.All(t), won)
	require.NoError(t, err)
	change(&a)
	a.Version++
	require.NoError(t, d.UpdateAward(kittest.All(t), a))
}

func TestACredentialSaysWhatWasAwarded(t *testing.T) {
	d := open(t, 'a')
	c := d.issued(t)
	document := c.Document
	c.Document = nil
	require.Equal(t, award.Credential{
		Name: "credentials/c1", Award: won, Kind: award.KindBadge, School: memory.School, Title: "Sharing Power", Issuer: d.signer.DID(),
		IssuerName: issuer.State, Key: d.signer.VerificationMethod(), FrameworkVersion: memory.FrameworkVersion, Version: 1,
		Digest: c.Digest, IssueTime: memory.Begin(), ExpireTime: time.Date(2029, 11, 30, 9, 0, 0, 0, time.UTC),
	}, c)
	c.Document = document
	sum := sha256.Sum256(document)
	require.Equal(t, hex.EncodeToString(sum[:]), c.Digest)
	require.Equal(t, []translog.Entry{{
		Kind: translog.Issued, Issuer: c.Issuer, Subject: site + "/v1/credentials/c1", Digest: c.Digest, Time: memory.Begin(),
	}}, d.entered)
	type thing struct{ ID string }
	var doc struct {
		ID, Name, ValidFrom, ValidUntil string
		Issuer                          struct{ ID, Name, URL, Email string }
		CredentialSubject               struct {
			ID, Name    string
			Identifier  []struct{ IdentityHash, IdentityType string }
			Achievement struct {
				ID, Version, InLanguage string
				Criteria                struct{ ID, Narrative string }
				Image                   struct{ ID, Caption string }
				Creator                 thing
				Tag                     []string
				Alignment               []struct{ TargetCode, TargetName, TargetURL, TargetFramework string }
				ResultDescription       []struct{ ID, RequiredLevel string }
			}
			Result []struct{ AchievedLevel, Value string }
		}
		Evidence         []struct{ Name, MediaType, DigestSRI string }
		CredentialStatus struct{ Type, StatusPurpose string }
		More             []struct{ Type, StatusPurpose string } `json:"https://www.w3.org/2018/credentials#credentialStatus"`
		RefreshService   thing
	}
	require.NoError(t, json.Unmarshal(c.Document, &doc))
	require.Equal(t, site+"/v1/credentials/c1", doc.ID)
	require.Equal(t, d.signer.DID(), doc.Issuer.ID)
	require.Equal(t, []string{"State Office", site, "badges@example.org"}, []string{doc.Issuer.Name, doc.Issuer.URL, doc.Issuer.Email})
	require.Equal(t, "2026-09-01T09:00:00Z", doc.ValidFrom)
	require.Equal(t, "2029-11-30T09:00:00Z", doc.ValidUntil, "to the end of the days of grace")

	subject := doc.CredentialSubject
	require.Equal(t, site+"/v1/"+memory.School, subject.ID)
	require.Equal(t, "East Elementary", subject.Name)
	require.Equal(t, "systemId", subject.Identifier[0].IdentityType)
	require.Equal(t, "0470-2012", subject.Identifier[1].IdentityHash)
	achievement := subject.Achievement
	require.Equal(t, site+"/v1/"+memory.Edition, achievement.ID)
	require.NotEmpty(t, achievement.Criteria.Narrative)
	require.Equal(t, []string{"1", "en"}, []string{achievement.Version, achievement.InLanguage})
	require.Equal(t, site+"/badges/images/share-power.png", achievement.Image.ID)
	require.NotEmpty(t, achievement.Image.Caption)
	require.Equal(t, d.signer.DID(), achievement.Creator.ID)
	require.Contains(t, achievement.Tag, "share-power")
	var codes []string
	for _, a := range achievement.Alignment {
		codes = append(codes, a.TargetCode)
		require.Equal(t, memory.FrameworkVersion, a.TargetFramework)
		require.Equal(t, site+"/v1/"+memory.FrameworkVersion+"#"+a.TargetCode, a.TargetURL)
	}
	require.Equal(t, []string{"share-power", "voice", "voice-1"}, codes, "the standard with its goals and their indicators")
	for n, r := range achievement.ResultDescription {
		require.Equal(t, r.ID+"-2", r.RequiredLevel, "the rule asks for a median of 2 in criterion %d", n)
	}
	var values []string
	for _, r := range subject.Result {
		values = append(values, r.Value)
		require.True(t, strings.HasSuffix(r.AchievedLevel, "-"+r.Value), r.AchievedLevel)
	}
	require.Equal(t, []string{"0", "1", "1", "2", "3"}, values, "a median between levels counts as the lower one")

	require.Len(t, doc.Evidence, 1, "one of two was made public")
	require.Equal(t, "Notes of an evening with families", doc.Evidence[0].Name)
	require.Equal(t, "sha256-"+base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{0xab}, 32)), doc.Evidence[0].DigestSRI)
	for _, hidden := range []string{"people/", "Rivera", "council", strings.Repeat("cd", 32)} {
		require.NotContains(t, string(c.Document), hidden)
	}
	require.Equal(t, site+"/v1/credentials/c1:refresh", doc.RefreshService.ID)
	var places []string
	for _, s := range append(doc.More, doc.CredentialStatus) {
		places = append(places, s.Type+" "+s.StatusPurpose)
	}
	require.Equal(t, []string{"BitstringStatusListEntry suspension", "1EdTechRevocationList ", "BitstringStatusListEntry revocation"}, places)
}

// TestTheRequiredLevelIsWhatTheRuleAsksFor follows decision rules into the levels that a badge says
// are required.
func TestTheRequiredLevelIsWhatTheRuleAsksFor(t *testing.T) {
	for rule, want := range map[string]string{
		"criteria.all(c, c.median >= 3.0)": "3",
		"criteria[0].median >= 1.0":        "1",
		"mean >= 1.0":                      "",
		"criteria[0].median >= 9.0":        "",
	} {
		d := open(t, 'a')
		f := d.facts(t)
		f.Edition.Asks.DecisionRule = rule
		c, err := d.issuer.Issue(kittest.All(t), f)
		require.NoError(t, err)
		var doc struct {
			CredentialSubject struct {
				Achievement struct {
					ResultDescription []struct{ ID, RequiredLevel string }
				}
			}
		}
		require.NoError(t, json.Unmarshal(c.Document, &doc))
		first := doc.CredentialSubject.Achievement.ResultDescription[0]
		if want != "" {
			want = first.ID + "-" + want
		}
		require.Equal(t, want, first.RequiredLevel, rule)
	}
}

func TestABadgeThatCannotBeEnteredInTheLogIsNotIssued(t *testing.T) {
	d := open(t, 'a')
	parts := d.issuer.Parts
	parts.Log = noLog{}
	_, err := issuing.New(parts).Issue(kittest.All(t), d.facts(t))
	require.ErrorIs(t, err, errNoLog)
}

var errNoLog = errors.New("the log is away")

type noLog struct{}

// Append refuses.
func (noLog) Append(context.Context, translog.Entry) error { return errNoLog }

// TestWhetherABadgeStandsIsToldWithItsCheck holds what everybody may ask of a badge: one in force
// stands; one in its days of grace stands with a warning; a lapsed or revoked one does not.
func TestWhetherABadgeStandsIsToldWithItsCheck(t *testing.T) {
	for state, tt := range map[award.State]struct {
		outcome verifier.Outcome
		code    string
		reason  string
		valid   bool
	}{
		award.Active:  {verifier.Passed, "", "stands", true},
		award.Grace:   {verifier.Warning, "status_grace", "ended on 2029-09-01; the school may renew it until 2029-11-30", true},
		award.Lapsed:  {verifier.Failed, "status_lapsed", "ended on 2029-09-01 and was not renewed", false},
		award.Revoked: {verifier.Failed, "status_revoked_because", "Evidence of another school.", false},
	} {
		t.Run(string(state), func(t *testing.T) {
			d := open(t, 'a')
			c := d.issued(t)
			d.put(t, func(a *award.Award) { a.State, a.RevokeReason = state, "Evidence of another school." })
			d.clock.Advance(time.Hour)
			byName, err := d.checker.Check(kittest.All(t), c.Name, issuing.Asked{})
			require.NoError(t, err)
			byText, err := d.checker.Verify(kittest.All(t), c.Document, issuing.Asked{})
			require.NoError(t, err)
			require.Equal(t, byName, byText, "a badge and its address get one answer")
			status := byName.Step(verifier.StepStatus)
			require.Equal(t, tt.outcome, status.Outcome)
			require.Equal(t, tt.code, status.Code)
			require.Contains(t, status.Reason, tt.reason)
			require.Equal(t, tt.valid, byName.Valid)
			require.Equal(t, verifier.Passed, byName.Step(verifier.StepProof).Outcome, "the signature holds whatever became of the badge")
			require.Equal(t, verifier.Passed, byName.Step(verifier.StepIssuer).Outcome)
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
	v, err := d.checker.Check(kittest.All(t), c.Name, issuing.Asked{})
	require.NoError(t, err)
	require.Equal(t, verifier.Passed, v.Step(verifier.StepDates).Outcome, "the document ends with the days of grace")
	require.Equal(t, verifier.Warning, v.Step(verifier.StepStatus).Outcome, "the state adds that it may be renewed")
	d.clock.Set(memory.Begin().AddDate(3, 3, 1))
	v, err = d.checker.Check(kittest.All(t), c.Name, issuing.Asked{})
	require.NoError(t, err)
	require.Equal(t, verifier.Failed, v.Step(verifier.StepDates).Outcome, "and says itself when those are over")
}

func TestOnlyWhatThisIssuerSignedIsLookedUp(t *testing.T) {
	ours, theirs := open(t, 'a'), open(t, 'b')
	c := ours.issued(t)
	t.Run("a badge that the issuer does not keep is not confirmed", func(t *testing.T) {
		forgetful := open(t, 'a')
		v, err := forgetful.checker.Verify(kittest.All(t), c.Document, issuing.Asked{})
		require.NoError(t, err)
		require.False(t, v.Valid)
		require.Equal(t, "status_unknown", v.Step(verifier.StepStatus).Code)
		_, err = forgetful.checker.Check(kittest.All(t), c.Name, issuing.Asked{})
		require.True(t, problem.Is(err, problem.KindNotFound))
	})
	t.Run("a badge of another issuer is valid for what it is, and its issuer unknown", func(t *testing.T) {
		v, err := theirs.checker.Verify(kittest.All(t), c.Document, issuing.Asked{})
		require.NoError(t, err)
		require.True(t, v.Valid)
		require.Equal(t, verifier.Warning, v.Step(verifier.StepIssuer).Outcome)
		require.Equal(t, verifier.Warning, v.Step(verifier.StepStatus).Outcome, "another issuer's awards are not ours to look up")
	})
	t.Run("a changed badge gets no word on its status", func(t *testing.T) {
		v, err := ours.checker.Verify(kittest.All(t), []byte(strings.Replace(string(c.Document), "East Elementary", "West Elementary", 1)), issuing.Asked{})
		require.NoError(t, err)
		require.False(t, v.Valid)
		require.Equal(t, verifier.Failed, v.Step(verifier.StepProof).Outcome)
		require.NotEqual(t, verifier.Passed, v.Step(verifier.StepStatus).Outcome)
	})
	t.Run("what is no badge is an answer, too", func(t *testing.T) {
		for _, raw := range []string{"", "{", "[]", "{}", `{"credentialSubject": 3}`} {
			v, err := ours.checker.Verify(kittest.All(t), []byte(raw), issuing.Asked{})
			require.NoError(t, err, raw)
			require.False(t, v.Valid, raw)
			require.Empty(t, v.School)
		}
	})
}
