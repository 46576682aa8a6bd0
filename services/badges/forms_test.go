package badges_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	"github.com/tandem-badges/tandem/services/badges/credential/bake"
	bt "github.com/tandem-badges/tandem/services/badges/internal/badgestest"
)

// Every form of an awarded badge leads back to a credential that is verified as the original is, and
// after the badge was taken back none does.
func TestEveryFormOfABadgeIsVerified(t *testing.T) {
	w := start(t)
	award := w.Award(bt.Journey, bt.Badge)
	name := award.GetCredential()
	render := func(format badgesv1.RenderCredentialRequest_Format, language string) []byte {
		t.Helper()
		body, err := w.Credentials.RenderCredential(t.Context(), &badgesv1.RenderCredentialRequest{Name: name, Format: format, Language: language})
		require.NoError(t, err)
		return body.GetData()
	}
	forms := map[string]badgesv1.RenderCredentialRequest_Format{
		"json": badgesv1.RenderCredentialRequest_FORMAT_JSON, "jwt": badgesv1.RenderCredentialRequest_FORMAT_JWT,
		"png": badgesv1.RenderCredentialRequest_FORMAT_PNG, "svg": badgesv1.RenderCredentialRequest_FORMAT_SVG, "pdf": badgesv1.RenderCredentialRequest_FORMAT_PDF,
	}
	for form, format := range forms {
		t.Run(form, func(t *testing.T) {
			v, err := w.Credentials.VerifyCredential(t.Context(), &badgesv1.VerifyCredentialRequest{Document: render(format, "")})
			require.NoError(t, err)
			require.True(t, v.GetValid(), "%v", v.GetSteps())
			require.True(t, v.GetIssuerKnown())
			require.Equal(t, form, v.GetForm())
		})
	}
	english, share := render(forms["pdf"], "en"), render(badgesv1.RenderCredentialRequest_FORMAT_SHARE, "")
	require.NotEqual(t, english, render(forms["pdf"], "es"))
	_, err := bake.Unbake(share)
	require.Error(t, err, "a picture to share has no credential inside")
	_, err = w.Awards.RevokeAward(w.As(bt.Admin), &badgesv1.RevokeAwardRequest{Name: award.GetName(), Reason: "Given by mistake."})
	require.NoError(t, err)
	require.NotEqual(t, english, render(forms["pdf"], "en"), "the certificate says that the badge was taken back")
	for form, format := range forms {
		v, err := w.Credentials.VerifyCredential(t.Context(), &badgesv1.VerifyCredentialRequest{Document: render(format, "")})
		require.NoError(t, err)
		require.False(t, v.GetValid(), form)
	}
}

func TestThePicturesThatCredentialsReferToAreForEverybody(t *testing.T) {
	w := start(t)
	for _, name := range []string{"badgeDefinitions/welcome-all-families", "badgeDefinitions/partnership-school"} {
		body, err := w.Definitions.RenderBadgeDefinition(t.Context(), &badgesv1.RenderBadgeDefinitionRequest{Name: name})
		require.NoError(t, err)
		require.Equal(t, "image/png", body.GetContentType())
	}
	for _, name := range []string{"badgeDefinitions/none", "badgeDefinitions/-", "rubrics/x"} {
		_, err := w.Definitions.RenderBadgeDefinition(t.Context(), &badgesv1.RenderBadgeDefinitionRequest{Name: name})
		require.Equal(t, codes.NotFound, status.Code(err), name)
	}
	_, err := w.Credentials.RenderCredential(t.Context(), &badgesv1.RenderCredentialRequest{Name: "credentials/none"})
	require.Equal(t, codes.NotFound, status.Code(err))
}
