package connect

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"net/url"
	"slices"
	"time"

	"github.com/ory/fosite"
	"github.com/ory/fosite/compose"
	"github.com/ory/fosite/handler/oauth2"
	"github.com/ory/fosite/handler/pkce"

	"github.com/tandem-badges/tandem/services/kit/problem"
)

// session is what a consent says, as the library carries it from code to token.
type session struct {
	*fosite.DefaultSession
	school string
}

// Clone implements fosite.Session.
func (s *session) Clone() fosite.Session {
	inner, _ := s.DefaultSession.Clone().(*fosite.DefaultSession)
	return &session{DefaultSession: inner, school: s.school}
}

func newSession(person, school string) *session {
	return &session{DefaultSession: &fosite.DefaultSession{Subject: person}, school: school}
}

// provider puts the library together: codes with PKCE, refresh, revocation.
func (s *Server) provider() fosite.OAuth2Provider {
	conf := &fosite.Config{
		AccessTokenLifespan: accessTTL, RefreshTokenLifespan: refreshTTL, AuthorizeCodeLifespan: codeTTL,
		// PKCE does what a state is for, so that it need not be long.
		EnforcePKCE: true, MinParameterEntropy: 1, ScopeStrategy: fosite.ExactScopeStrategy, RefreshTokenScopes: []string{OfflineAccess},
		GlobalSecret: s.opts.Secret, TokenURL: s.opts.PublicURL + TokenPath, ClientSecretsHasher: digests{},
		RedirectSecureChecker: func(_ context.Context, u *url.URL) bool { return s.secure(u) },
	}
	return compose.Compose(conf, keeper{s.opts.Store, s.opts.Clock.Now}, compose.NewOAuth2HMACStrategy(conf),
		compose.OAuth2AuthorizeExplicitFactory, compose.OAuth2RefreshTokenGrantFactory, compose.OAuth2PKCEFactory,
		compose.OAuth2TokenRevocationFactory, compose.OAuth2TokenIntrospectionFactory)
}

// digests compares secrets by their SHA-256. They are random and long, so that a
// slow hash would only let strangers keep us busy.
type digests struct{}

// Compare implements fosite.Hasher.
func (digests) Compare(_ context.Context, hash, data []byte) error {
	if len(hash) == 0 || subtle.ConstantTimeCompare(hash, []byte(digest(string(data)))) != 1 {
		return errors.New("the secret is another one")
	}
	return nil
}

// Hash implements fosite.Hasher.
func (digests) Hash(_ context.Context, data []byte) ([]byte, error) {
	return []byte(digest(string(data))), nil
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// client is a program as the library sees it.
func client(p Program) fosite.Client {
	return &fosite.DefaultClient{
		ID: p.ID, Secret: []byte(p.SecretDigest), RedirectURIs: p.RedirectURIs, Scopes: p.Scopes, Public: p.SecretDigest == "",
		GrantTypes: grantTypes(), ResponseTypes: []string{"code"},
	}
}

// keeper is the store as the library asks for it.
type keeper struct {
	store Store
	now   clockFunc
}

var (
	_ fosite.Storage                = keeper{}
	_ oauth2.CoreStorage            = keeper{}
	_ oauth2.TokenRevocationStorage = keeper{}
	_ pkce.PKCERequestStorage       = keeper{}
)

// GetClient implements fosite.Storage.
func (k keeper) GetClient(ctx context.Context, id string) (fosite.Client, error) {
	p, err := k.store.Program(ctx, id)
	if err != nil {
		return nil, absent(err)
	}
	return client(p), nil
}

// ClientAssertionJWTValid implements fosite.Storage: no program signs in that way.
func (keeper) ClientAssertionJWTValid(context.Context, string) error { return fosite.ErrInvalidClient }

// SetClientAssertionJWT implements fosite.Storage.
func (keeper) SetClientAssertionJWT(context.Context, string, time.Time) error {
	return fosite.ErrInvalidClient
}

// add keeps a token of a request.
func (k keeper) add(ctx context.Context, kind Kind, signature string, r fosite.Requester) error {
	own, ok := r.GetSession().(*session)
	if !ok {
		return errors.New("a token without a session")
	}
	now := k.now()
	expires := own.GetExpiresAt(tokenType(kind))
	if expires.IsZero() {
		expires = now.Add(codeTTL)
	}
	form := map[string][]string{}
	for _, name := range []string{"redirect_uri", "code_challenge", "code_challenge_method"} {
		if r.GetRequestForm().Has(name) {
			form[name] = r.GetRequestForm()[name]
		}
	}
	return k.store.InsertToken(ctx, Token{
		Kind: kind, Signature: signature, Grant: r.GetID(), Program: r.GetClient().GetID(), Person: own.Subject,
		School: own.school, Scopes: r.GetGrantedScopes(), Form: form, Active: true, CreateTime: now, ExpireTime: expires,
	})
}

func tokenType(kind Kind) fosite.TokenType {
	switch kind {
	case Access:
		return fosite.AccessToken
	case Refresh:
		return fosite.RefreshToken
	default:
		return fosite.AuthorizeCode
	}
}

// get reads a token back as the request it came from.
func (k keeper) get(ctx context.Context, kind Kind, signature string, used error) (fosite.Requester, error) {
	t, err := k.store.Token(ctx, kind, signature)
	if err != nil {
		return nil, absent(err)
	}
	p, err := k.store.Program(ctx, t.Program)
	if err != nil {
		return nil, absent(err)
	}
	own := newSession(t.Person, t.School)
	own.SetExpiresAt(tokenType(kind), t.ExpireTime)
	r := &fosite.Request{
		ID: t.Grant, RequestedAt: t.CreateTime, Client: client(p), RequestedScope: slices.Clone(t.Scopes),
		GrantedScope: slices.Clone(t.Scopes), Form: url.Values(t.Form), Session: own,
	}
	if !t.Active {
		return r, used
	}
	return r, nil
}

func absent(err error) error {
	if problem.Is(err, problem.KindNotFound) {
		return fosite.ErrNotFound.WithWrap(err)
	}
	return err
}

// CreateAuthorizeCodeSession implements oauth2.AuthorizeCodeStorage.
func (k keeper) CreateAuthorizeCodeSession(ctx context.Context, code string, r fosite.Requester) error {
	return k.add(ctx, Code, code, r)
}

// GetAuthorizeCodeSession implements oauth2.AuthorizeCodeStorage.
func (k keeper) GetAuthorizeCodeSession(ctx context.Context, code string, _ fosite.Session) (fosite.Requester, error) {
	return k.get(ctx, Code, code, fosite.ErrInvalidatedAuthorizeCode)
}

// InvalidateAuthorizeCodeSession implements oauth2.AuthorizeCodeStorage. Of two who
// redeem a code at the same moment, one is too late.
func (k keeper) InvalidateAuthorizeCodeSession(ctx context.Context, code string) error {
	return k.use(ctx, Code, code, fosite.ErrInvalidatedAuthorizeCode)
}

func (k keeper) use(ctx context.Context, kind Kind, signature string, late error) error {
	first, err := k.store.UseToken(ctx, kind, signature)
	if err == nil && !first {
		return late
	}
	return err
}

// CreatePKCERequestSession implements pkce.PKCERequestStorage.
func (k keeper) CreatePKCERequestSession(ctx context.Context, signature string, r fosite.Requester) error {
	return k.add(ctx, Proof, signature, r)
}

// GetPKCERequestSession implements pkce.PKCERequestStorage.
func (k keeper) GetPKCERequestSession(ctx context.Context, signature string, _ fosite.Session) (fosite.Requester, error) {
	return k.get(ctx, Proof, signature, fosite.ErrNotFound)
}

// DeletePKCERequestSession implements pkce.PKCERequestStorage.
func (k keeper) DeletePKCERequestSession(ctx context.Context, signature string) error {
	return k.store.DeleteToken(ctx, Proof, signature)
}

// CreateAccessTokenSession implements oauth2.AccessTokenStorage.
func (k keeper) CreateAccessTokenSession(ctx context.Context, signature string, r fosite.Requester) error {
	return k.add(ctx, Access, signature, r)
}

// GetAccessTokenSession implements oauth2.AccessTokenStorage.
func (k keeper) GetAccessTokenSession(ctx context.Context, signature string, _ fosite.Session) (fosite.Requester, error) {
	return k.get(ctx, Access, signature, fosite.ErrInactiveToken)
}

// DeleteAccessTokenSession implements oauth2.AccessTokenStorage.
func (k keeper) DeleteAccessTokenSession(ctx context.Context, signature string) error {
	return k.store.DeleteToken(ctx, Access, signature)
}

// CreateRefreshTokenSession implements oauth2.RefreshTokenStorage.
func (k keeper) CreateRefreshTokenSession(ctx context.Context, signature, _ string, r fosite.Requester) error {
	return k.add(ctx, Refresh, signature, r)
}

// GetRefreshTokenSession implements oauth2.RefreshTokenStorage.
func (k keeper) GetRefreshTokenSession(ctx context.Context, signature string, _ fosite.Session) (fosite.Requester, error) {
	return k.get(ctx, Refresh, signature, fosite.ErrInactiveToken)
}

// DeleteRefreshTokenSession implements oauth2.RefreshTokenStorage.
func (k keeper) DeleteRefreshTokenSession(ctx context.Context, signature string) error {
	return k.store.DeleteToken(ctx, Refresh, signature)
}

// RotateRefreshToken implements oauth2.RefreshTokenStorage: the token is used up, and
// the access tokens that came with it end.
func (k keeper) RotateRefreshToken(ctx context.Context, grant, signature string) error {
	if err := k.use(ctx, Refresh, signature, fosite.ErrInactiveToken); err != nil {
		return err
	}
	return k.store.EndGrant(ctx, grant, Access)
}

// RevokeRefreshToken implements oauth2.TokenRevocationStorage. What was used up stays
// known, so that its use again is noticed.
func (k keeper) RevokeRefreshToken(ctx context.Context, grant string) error {
	return k.store.UseGrant(ctx, grant)
}

// RevokeAccessToken implements oauth2.TokenRevocationStorage.
func (k keeper) RevokeAccessToken(ctx context.Context, grant string) error {
	return k.store.EndGrant(ctx, grant, Access)
}
