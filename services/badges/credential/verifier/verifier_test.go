package verifier_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/bake"
	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/openbadge"
	"github.com/tandem-badges/tandem/services/badges/credential/verifier"
)

// forms are one badge in every form in which it travels, by the form that the report tells.
func forms(t testing.TB) map[string][]byte {
	t.Helper()
	json := issued(t)
	jwt := token(t, built(t, sample(state(t))), state(t))
	png, err := bake.PNG(picture(t), json)
	require.NoError(t, err)
	svg, err := bake.SVG([]byte(drawing), json)
	require.NoError(t, err)
	return map[string][]byte{
		"json": json, "jwt": jwt, "png": png, "svg": svg,
		"envelope": rendered(t, map[string]any{
			"@context": []any{contexts.CredentialsV2}, "type": "EnvelopedVerifiableCredential", "id": "data:application/vc+jwt," + string(jwt),
		}),
	}
}

func TestABadgeIsVerifiedInEveryForm(t *testing.T) {
	for form, raw := range forms(t) {
		t.Run(form, func(t *testing.T) {
			r := verify(t, raw, asked(t))
			require.True(t, r.Valid, "%+v", r.Steps)
			require.True(t, r.IssuerKnown)
			require.Equal(t, form, r.Form)
			require.Equal(t, []string{badgeID, "Welcome All Families", stateName, stateName}, []string{r.ID, r.Name, r.IssuerName, r.RegisteredName})
			require.Equal(t, []string{"Cottonwood Elementary", schoolID}, []string{r.School, r.SchoolID})
			require.Equal(t, state(t).VerificationMethod(), r.Proofs[0].VerificationMethod)
			require.Equal(t, signedAt(), r.Proofs[0].Created.UTC())
			for _, step := range []string{
				verifier.StepRead, verifier.StepSchema, verifier.StepProof, verifier.StepIssuer, verifier.StepStatus, verifier.StepDates,
			} {
				require.Equal(t, verifier.Passed, r.Step(step).Outcome, r.Step(step).Reason)
			}
			for _, step := range []string{verifier.StepRecipient, verifier.StepContents, verifier.StepEndorsements, verifier.StepLog} {
				require.Equal(t, verifier.Skipped, r.Step(step).Outcome, r.Step(step).Reason)
			}
			require.Contains(t, r.Step(verifier.StepRefresh).Reason, badgeID+":refresh")
		})
	}
}

// TestOfflineNothingIsSaidToHavePassedThatWasNotLookedUp holds the difference between no answer and a good one.
func TestOfflineNothingIsSaidToHavePassedThatWasNotLookedUp(t *testing.T) {
	r := verify(t, issued(t), verifier.Options{Now: now()})
	require.True(t, r.Valid)
	require.False(t, r.IssuerKnown)
	require.Equal(t, verifier.Skipped, r.Step(verifier.StepIssuer).Outcome)
	require.Equal(t, "status_unchecked", r.Step(verifier.StepStatus).Code)
	opts := asked(t)
	opts.Lists = shelf{}
	r = verify(t, issued(t), opts)
	require.True(t, r.Valid)
	require.Equal(t, verifier.Warning, r.Step(verifier.StepStatus).Outcome)
	require.Equal(t, "status_unreachable", r.Step(verifier.StepStatus).Code)
}

func TestAReportSpeaksSpanish(t *testing.T) {
	opts := asked(t)
	opts.Language = verifier.Spanish
	for _, raw := range [][]byte{issued(t), []byte("{"), rendered(t, map[string]any{"a": "b"})} {
		english := verify(t, raw, asked(t))
		spanish := verify(t, raw, opts)
		require.Equal(t, english.Valid, spanish.Valid)
		for i := range english.Steps {
			require.Equal(t, english.Steps[i].Code, spanish.Steps[i].Code)
			require.NotEqual(t, english.Steps[i].Title, spanish.Steps[i].Title)
			require.NotEqual(t, english.Steps[i].Reason, spanish.Steps[i].Reason)
		}
	}
	require.Contains(t, verify(t, issued(t), opts).Step(verifier.StepDates).Reason, "1 de mayo de 2026")
}

func TestARecordIsAsGoodAsItsBadges(t *testing.T) {
	whole := func(t *testing.T, change func(c *openbadge.CLR)) []byte {
		t.Helper()
		return sign(t, record(t, change), state(t), dataintegrity.CreateOptions{})
	}
	t.Run("all hold", func(t *testing.T) {
		r := verify(t, whole(t, nil), asked(t))
		require.True(t, r.Valid, "%+v", r.Steps)
		require.Len(t, r.Parts, 6)
		require.Equal(t, verifier.Passed, r.Step(verifier.StepContents).Outcome)
		for _, p := range r.Parts {
			require.Equal(t, verifier.RoleBadge, p.Role)
			require.True(t, p.Valid)
			require.Equal(t, verifier.Passed, p.Step(verifier.StepStatus).Outcome)
		}
	})
	t.Run("one badge was withdrawn", func(t *testing.T) {
		opts := asked(t)
		opts.Lists = shelf{revoking: listing(t, state(t), nil, place), suspends: listing(t, state(t), suspending), revoked: revocations(t, state(t))}
		r := verify(t, whole(t, nil), opts)
		require.False(t, r.Valid)
		require.Equal(t, "contents_invalid", r.Step(verifier.StepContents).Code)
		require.Equal(t, verifier.Passed, r.Step(verifier.StepProof).Outcome, "the record itself was not changed")
	})
	t.Run("one badge was changed before the record was signed", func(t *testing.T) {
		r := verify(t, whole(t, func(c *openbadge.CLR) { c.Badges[3]["name"] = "Gold" }), asked(t))
		require.False(t, r.Valid)
		require.Equal(t, "contents_invalid", r.Step(verifier.StepContents).Code)
		require.Equal(t, "signature_wrong", r.Parts[3].Step(verifier.StepProof).Code)
	})
	t.Run("a badge of another school", func(t *testing.T) {
		r := verify(t, whole(t, func(c *openbadge.CLR) {
			c.Badges[2] = decoded(t, issuedWith(t, func(b *openbadge.Badge) { b.ID += "-x"; b.School.ID += "1" }))
		}), asked(t))
		require.Equal(t, "contents_subject", r.Step(verifier.StepContents).Code)
	})
	t.Run("the lists of the badges were not looked up", func(t *testing.T) {
		r := verify(t, whole(t, nil), verifier.Options{Now: now()})
		require.True(t, r.Valid)
		require.Equal(t, "contents_warning", r.Step(verifier.StepContents).Code)
	})
}

func TestEndorsementsAreVerifiedAndCannotSpoilABadge(t *testing.T) {
	endorse := func(t *testing.T, target string, change func(doc map[string]any)) map[string]any {
		t.Helper()
		friend := key(t, 5)
		doc, err := openbadge.BuildEndorsement(openbadge.Endorsement{
			ID: "https://friends.example.org/endorsements/1", Name: "We agree", SubjectID: target, Comment: "Well earned.",
			Issuer: openbadge.Issuer{ID: friend.DID(), Name: "Friends of Schools"}, ValidFrom: signedAt(),
		})
		require.NoError(t, err)
		signed := decoded(t, sign(t, doc, friend, dataintegrity.CreateOptions{}))
		if change != nil {
			change(signed)
		}
		return signed
	}
	for name, c := range map[string]struct {
		target  string
		change  func(doc map[string]any)
		outcome verifier.Outcome
	}{
		"signed and about the badge": {badgeID, nil, verifier.Passed},
		"changed afterwards":         {badgeID, func(d map[string]any) { d["name"] = "We agree!" }, verifier.Warning},
		"about something else":       {badgeID + "0", nil, verifier.Warning},
	} {
		t.Run(name, func(t *testing.T) {
			r := verify(t, issuedWith(t, func(b *openbadge.Badge) {
				b.Endorsements = []map[string]any{endorse(t, c.target, c.change)}
			}), asked(t))
			require.True(t, r.Valid)
			require.Equal(t, c.outcome, r.Step(verifier.StepEndorsements).Outcome, r.Step(verifier.StepEndorsements).Reason)
			require.Equal(t, verifier.RoleEndorsement, r.Parts[0].Role)
		})
	}
}

func TestWhomABadgeIsAbout(t *testing.T) {
	for recipient, want := range map[string]verifier.Outcome{
		schoolID: verifier.Passed, "080336000999": verifier.Passed, "C-42": verifier.Passed,
		"C-43": verifier.Failed, site: verifier.Failed, "": verifier.Skipped,
	} {
		opts := asked(t)
		opts.Recipient = recipient
		r := verify(t, issued(t), opts)
		require.Equal(t, want, r.Step(verifier.StepRecipient).Outcome, recipient)
		require.Equal(t, want != verifier.Failed, r.Valid)
	}
}

func TestAPresentationAnswersWhoAskedForIt(t *testing.T) {
	holder := key(t, 7)
	doc := shown(holder.DID(), decoded(t, issued(t)))
	opts := asked(t)
	opts.Challenge, opts.Domain = "c1", "verifier.example.org"
	made := dataintegrity.CreateOptions{Purpose: dataintegrity.Authentication, Challenge: "c1", Domain: "verifier.example.org"}
	r := verify(t, sign(t, doc, holder, made), opts)
	require.True(t, r.Valid, "%+v", r.Steps)
	require.True(t, r.IssuerKnown)
	require.Equal(t, "Welcome All Families", r.Name)
	require.Equal(t, verifier.RoleCredential, r.Parts[0].Role)
	for name, c := range map[string]struct {
		change func(o *dataintegrity.CreateOptions)
		code   string
	}{
		"another challenge": {func(o *dataintegrity.CreateOptions) { o.Challenge = "c2" }, "challenge_wrong"},
		"no challenge":      {func(o *dataintegrity.CreateOptions) { o.Challenge = "" }, "challenge_wrong"},
		"another domain":    {func(o *dataintegrity.CreateOptions) { o.Domain = "other.example.org" }, "domain_wrong"},
		"another purpose":   {func(o *dataintegrity.CreateOptions) { o.Purpose = "" }, "purpose_wrong"},
	} {
		t.Run(name, func(t *testing.T) {
			changed := made
			c.change(&changed)
			r := verify(t, sign(t, doc, holder, changed), opts)
			require.False(t, r.Valid)
			require.Equal(t, c.code, r.Step(verifier.StepProof).Code)
			require.Empty(t, r.Parts, "nothing is told of what somebody else may have shown")
		})
	}
	t.Run("somebody else's key", func(t *testing.T) {
		require.Equal(t, "method_foreign", verify(t, sign(t, doc, key(t, 8), made), opts).Step(verifier.StepProof).Code)
	})
	t.Run("unsigned", func(t *testing.T) {
		require.Equal(t, "proof_missing", verify(t, rendered(t, doc), opts).Step(verifier.StepProof).Code)
	})
	t.Run("a credential in it was changed", func(t *testing.T) {
		bad := decoded(t, issued(t))
		bad["name"] = "Gold"
		r := verify(t, sign(t, shown(holder.DID(), bad), holder, made), opts)
		require.False(t, r.Valid)
		require.Equal(t, "contents_invalid", r.Step(verifier.StepContents).Code)
	})
	t.Run("the recipient is asked of what is shown", func(t *testing.T) {
		about := opts
		about.Recipient = "somebody else"
		r := verify(t, sign(t, doc, holder, made), about)
		require.False(t, r.Valid)
		require.Equal(t, "recipient_wrong", r.Parts[0].Step(verifier.StepRecipient).Code)
	})
	t.Run("as a token", func(t *testing.T) {
		r := verify(t, token(t, doc, holder), asked(t))
		require.True(t, r.Valid, "%+v", r.Steps)
		require.Equal(t, "challenge_wrong", verify(t, token(t, doc, holder), opts).Step(verifier.StepProof).Code)
	})
}

func TestAVerificationEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r := verifier.New(engine(t)).Verify(ctx, issued(t), asked(t))
	require.False(t, r.Valid)
	require.Equal(t, "budget", r.Step(verifier.StepProof).Code)
}
