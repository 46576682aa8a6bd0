package rendering_test

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/artwork"
	"github.com/tandem-badges/tandem/services/badges/credential/bake"
	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/credential/openbadge"
	"github.com/tandem-badges/tandem/services/badges/credential/vc"
	"github.com/tandem-badges/tandem/services/badges/internal/award"
	"github.com/tandem-badges/tandem/services/badges/internal/definition"
	"github.com/tandem-badges/tandem/services/badges/internal/issuer"
	"github.com/tandem-badges/tandem/services/badges/internal/rendering"
	"github.com/tandem-badges/tandem/services/badges/internal/status"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

const site = "https://badges.example.org"

// platform has a credential, one from elsewhere and one from elsewhere as a token.
type platform struct {
	credentials map[string]award.Credential
	signer      *keys.Local
	state       status.State
	now         time.Time
	broken      error

	mu    sync.Mutex
	signs int
}

func (p *platform) Credential(_ context.Context, name string) (award.Credential, error) {
	c, ok := p.credentials[name]
	if !ok {
		return c, problem.NotFound(name)
	}
	return c, p.broken
}

func (p *platform) Definition(_ context.Context, name string) (definition.Definition, error) {
	if name != "badgeDefinitions/welcome-all-families" {
		return definition.Definition{}, problem.NotFound(name)
	}
	return definition.Definition{Name: name, Title: "Welcoming All Families", Standard: "welcome-all-families"}, nil
}

func (p *platform) Issuer(context.Context, string) (issuer.Issuer, error) {
	return issuer.Issuer{Name: issuer.State, DID: p.signer.DID(), Profile: issuer.Profile{Title: "State Office"}}, nil
}

func (p *platform) Signer(ctx context.Context, name string) (issuer.Issuer, keys.Signer, error) {
	i, err := p.Issuer(ctx, name)
	return i, counted{p.signer, p}, err
}

func (p *platform) State(context.Context, string) (status.State, error) { return p.state, nil }

// counted counts signatures.
type counted struct {
	*keys.Local
	p *platform
}

func (c counted) Sign(ctx context.Context, data []byte) ([]byte, error) {
	c.p.mu.Lock()
	c.p.signs++
	c.p.mu.Unlock()
	return c.Local.Sign(ctx, data)
}

func key(t *testing.T, fill byte) *keys.Local {
	t.Helper()
	k, err := keys.FromSeed(bytes.Repeat([]byte{fill}, 32))
	require.NoError(t, err)
	return k
}

func open(t *testing.T) (*platform, *rendering.Renderer) {
	t.Helper()
	p := &platform{signer: key(t, 1), now: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)}
	set, err := contexts.Standard()
	require.NoError(t, err)
	at := p.now.AddDate(0, -1, 0)
	doc, err := openbadge.Build(openbadge.Badge{
		ID: site + "/v1/credentials/c1", Name: "Welcoming All Families",
		Issuer: openbadge.Issuer{ID: p.signer.DID(), Name: "State Office"}, ValidFrom: at, ValidUntil: at.AddDate(3, 0, 0), AwardedDate: at,
		School: openbadge.School{ID: site + "/v1/districts/aspen/schools/elm", Name: "Cottonwood Elementary"},
		Achievement: openbadge.Achievement{
			ID: site + "/v1/badgeDefinitions/w/versions/1", Name: "Welcoming All Families", Description: "Every family belongs.", CriteriaNarrative: "A year of work.",
			Alignments: []openbadge.Alignment{{TargetName: "Welcome", TargetURL: site + "/v1/frameworks/f#welcome", TargetCode: "welcome-all-families"}},
		},
	})
	require.NoError(t, err)
	signed, err := openbadge.New(set).Issue(t.Context(), doc, p.signer, at)
	require.NoError(t, err)
	own := award.Credential{Name: "credentials/c1", Kind: award.KindBadge, Title: "Welcoming All Families", IssuerName: issuer.State, Document: signed, Digest: "d1", IssueTime: at}
	elsewhere, token := own, own
	elsewhere.Name, elsewhere.Kind = "credentials/e1", award.KindExternal
	token.Name, token.Kind, token.Document = "credentials/e2", award.KindExternal, []byte("YQ.Yg.Yw")
	p.credentials = map[string]award.Credential{own.Name: own, elsewhere.Name: elsewhere, token.Name: token}
	return p, rendering.New(rendering.Options{
		Credentials: p, Definitions: p, Office: p, Statuses: p, PublicURL: site, Now: func() time.Time { return p.now },
	})
}

func TestEveryFormHasTheCredentialInside(t *testing.T) {
	p, r := open(t)
	own := p.credentials["credentials/c1"].Document
	for form, media := range map[rendering.Form]string{rendering.PNG: "image/png", rendering.SVG: "image/svg+xml", rendering.PDF: "application/pdf"} {
		t.Run(string(form), func(t *testing.T) {
			f, err := r.Render(t.Context(), "credentials/c1", form, "es")
			require.NoError(t, err)
			require.Equal(t, media, f.MediaType)
			inside, err := bake.Unbake(f.Data)
			require.NoError(t, err)
			require.Equal(t, string(own), string(inside))
			again, err := r.Render(t.Context(), "credentials/c1", form, "es")
			require.NoError(t, err)
			require.Equal(t, f, again)
		})
	}
	f, err := r.Render(t.Context(), "credentials/c1", rendering.JSON, "")
	require.NoError(t, err)
	require.Equal(t, rendering.File{MediaType: "application/vc+ld+json", Data: own}, f)
	f, err = r.Render(t.Context(), "credentials/c1", rendering.Share, "")
	require.NoError(t, err)
	require.True(t, bake.IsPNG(f.Data))
	require.NotContains(t, string(f.Data), "openbadgecredential")
}

// resolver knows one key.
type resolver struct{ *keys.Local }

func (r resolver) Resolve(_ context.Context, method string) (dataintegrity.Method, error) {
	if method != r.VerificationMethod() {
		return dataintegrity.Method{}, errors.New("unknown")
	}
	_, public, err := keys.ParseVerificationMethod(method)
	return dataintegrity.Method{Controller: r.DID(), Key: public}, err
}

func TestTheTokenIsSignedAndKept(t *testing.T) {
	p, r := open(t)
	f, err := r.Render(t.Context(), "credentials/c1", rendering.JWT, "")
	require.NoError(t, err)
	require.Equal(t, "text/plain", f.MediaType)
	require.NoError(t, vc.VerifyJWT(t.Context(), string(f.Data), resolver{p.signer}, p.signer.DID(), p.now))
	p.now = p.now.Add(time.Hour)
	again, err := r.Render(t.Context(), "credentials/c1", rendering.JWT, "")
	require.NoError(t, err)
	require.Equal(t, f, again)
	require.Equal(t, 1, p.signs)
	t.Run("a credential under a former identifier is not signed in the name of another", func(t *testing.T) {
		p.signer = key(t, 2)
		_, err := r.Render(t.Context(), "credentials/c1", rendering.JWT, "")
		require.True(t, problem.Is(err, problem.KindPrecondition), err)
	})
}

func TestABadgeFromElsewhereIsGivenAsItCame(t *testing.T) {
	p, r := open(t)
	f, err := r.Render(t.Context(), "credentials/e1", rendering.JSON, "")
	require.NoError(t, err)
	require.Equal(t, p.credentials["credentials/e1"].Document, f.Data)
	for _, form := range []rendering.Form{rendering.JSON, rendering.JWT} {
		f, err = r.Render(t.Context(), "credentials/e2", form, "")
		require.NoError(t, err)
		require.Equal(t, rendering.File{MediaType: "text/plain", Data: []byte("YQ.Yg.Yw")}, f)
	}
	for _, form := range []rendering.Form{rendering.JWT, rendering.PNG, rendering.SVG, rendering.PDF, rendering.Share} {
		_, err = r.Render(t.Context(), "credentials/e1", form, "")
		require.True(t, problem.Is(err, problem.KindPrecondition), "%s: %v", form, err)
	}
	_, err = r.Render(t.Context(), "credentials/none", rendering.PNG, "")
	require.True(t, problem.Is(err, problem.KindNotFound))
}

// What became of a badge changes its certificate at once, also when the one before is kept.
func TestACertificateSaysWhatBecameOfTheBadge(t *testing.T) {
	p, r := open(t)
	seen := map[string]string{}
	for name, change := range map[string]func(){
		"stands":    func() {},
		"suspended": func() { p.state = status.State{Suspended: true} },
		"revoked":   func() { p.state = status.State{Revoked: true} },
		"ended":     func() { p.now = p.now.AddDate(5, 0, 0) },
	} {
		p.state, p.now = status.State{}, time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
		change()
		for _, form := range []rendering.Form{rendering.PDF, rendering.Share} {
			f, err := r.Render(t.Context(), "credentials/c1", form, "en")
			require.NoError(t, err)
			require.Empty(t, seen[string(f.Data)], "%s looks like another", name)
			seen[string(f.Data)] = name
		}
	}
}

func TestPicturesOfDefinitions(t *testing.T) {
	_, r := open(t)
	for _, name := range []string{"badgeDefinitions/welcome-all-families", "badgeDefinitions/partnership-school"} {
		f, err := r.Image(t.Context(), name, rendering.SVG)
		require.NoError(t, err)
		require.NoError(t, bake.SafeSVG(f.Data))
		f, err = r.Image(t.Context(), name, rendering.PNG)
		require.NoError(t, err)
		require.Equal(t, "image/png", f.MediaType)
	}
	drawing, err := r.Image(t.Context(), "badgeDefinitions/welcome-all-families", rendering.SVG)
	require.NoError(t, err)
	want, err := artwork.Badge{Kind: "welcome-all-families", Title: "Welcoming All Families", Issuer: "State Office"}.SVG()
	require.NoError(t, err)
	require.Equal(t, string(want), string(drawing.Data))
	_, err = r.Image(t.Context(), "badgeDefinitions/none", rendering.PNG)
	require.True(t, problem.Is(err, problem.KindNotFound))
}

func TestManyWhoAskAtOnceAreAnsweredAlike(t *testing.T) {
	_, r := open(t)
	var all sync.WaitGroup
	files := make([]rendering.File, 16)
	for i := range files {
		all.Go(func() { files[i], _ = r.Render(t.Context(), "credentials/c1", rendering.PNG, "") })
	}
	all.Wait()
	for _, f := range files {
		require.NotEmpty(t, f.Data)
		require.Equal(t, files[0], f)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := r.Render(gone, "credentials/c1", rendering.PDF, "")
	require.ErrorIs(t, err, context.Canceled)
}
