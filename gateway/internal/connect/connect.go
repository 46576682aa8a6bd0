// Package connect lets programs of others act for a school at the Open Badges
// API: wallets, backpacks and displays that a principal or team lead connects.
//
// It is the authorization server that the Open Badges 3.0 specification asks for
// in its section 7: a program registers itself (RFC 7591), sends the person to
// our page, where they see what it asks for and choose the school, and gets a
// code that it redeems with PKCE for a token of an hour and a refresh token that
// is used once. The protocol itself is that of the library ory/fosite; this package
// keeps what it needs to keep and shows the page.
//
// A token is good at the Open Badges API only and says no more than who connected
// what for which school: the rights of the person are asked anew with every call,
// so that whoever loses the role at the school, or is disabled, takes the program
// along. People see what they connected at /account/programs and end it there.
//
// Neighbours: package openbadges asks Find with every call; package store keeps
// programs and tokens; package signin knows who looks at the page.
package connect

import (
	"context"
	"time"
)

// The scopes of the Open Badges API (Open Badges 3.0, section 6.2.1).
const (
	scopeBase          = "https://purl.imsglobal.org/spec/ob/v3p0/scope/"
	CredentialReadonly = scopeBase + "credential.readonly"
	CredentialUpsert   = scopeBase + "credential.upsert"
	ProfileReadonly    = scopeBase + "profile.readonly"
	ProfileUpdate      = scopeBase + "profile.update"
	// OfflineAccess asks for a refresh token.
	OfflineAccess = "offline_access"
)

// Scopes are all scopes with what they let a program do, in the words of the page.
func Scopes() map[string]string {
	return map[string]string{
		CredentialReadonly: "Read the badges that the school has here.",
		CredentialUpsert:   "Add badges that the school earned elsewhere.",
		ProfileReadonly:    "Read the school's name and address here.",
		ProfileUpdate:      "Change the school's name, if you may.",
		OfflineAccess:      "Keep doing so while you are not signed in, until you end it.",
	}
}

// How long things last.
const (
	codeTTL    = 5 * time.Minute
	accessTTL  = time.Hour
	refreshTTL = 60 * 24 * time.Hour
	// unusedTTL is how long a program that nobody connected is remembered.
	unusedTTL = 30 * 24 * time.Hour
)

// Program is a program of somebody else that registered itself. All it says about
// itself is its own claim.
type Program struct {
	ID           string
	SecretDigest string // SHA-256, hex; empty for one that cannot keep a secret
	Name         string
	URI          string // home page, optional
	LogoURI      string // optional; never shown, since it would tell others who looks at our page
	TermsURI     string
	PolicyURI    string
	SoftwareID   string
	Version      string
	RedirectURIs []string
	Scopes       []string
	CreateTime   time.Time
}

// Kind is what a Token is.
type Kind string

// The kinds of token.
const (
	Code    Kind = "code"
	Proof   Kind = "proof" // the code challenge (PKCE) of a code
	Access  Kind = "access"
	Refresh Kind = "refresh"
)

// Token is a token that was given out. Its value is not kept, only a signature that
// finds it.
type Token struct {
	Kind       Kind
	Signature  string
	Grant      string // id shared by all tokens that come from one consent
	Program    string
	Person     string
	School     string
	Scopes     []string
	Form       map[string][]string // what the protocol compares later, such as the redirect address
	Active     bool                // false: it was used and must not be used again
	CreateTime time.Time
	ExpireTime time.Time
}

// Connection is a consent that still holds, as its owner sees it.
type Connection struct {
	Grant, Program, School string
	Scopes                 []string
	CreateTime, ExpireTime time.Time
}

// Store keeps programs and tokens.
type Store interface {
	Tx(ctx context.Context, fn func(ctx context.Context) error) error
	InsertProgram(ctx context.Context, p Program) error
	// Program returns a program, or problem.NotFound.
	Program(ctx context.Context, id string) (Program, error)
	InsertToken(ctx context.Context, t Token) error
	// Token returns a token of any district, used up or not, or problem.NotFound.
	Token(ctx context.Context, kind Kind, signature string) (Token, error)
	// UseToken marks a token as used up and says whether it was not before.
	UseToken(ctx context.Context, kind Kind, signature string) (first bool, err error)
	DeleteToken(ctx context.Context, kind Kind, signature string) error
	// EndGrant removes the tokens of these kinds that come from a consent.
	EndGrant(ctx context.Context, grant string, kinds ...Kind) error
	// UseGrant marks the refresh tokens of a consent as used up.
	UseGrant(ctx context.Context, grant string) error
	// Connections lists the consents of a person that hold at a time.
	Connections(ctx context.Context, person string, now time.Time) ([]Connection, error)
	// Clean removes tokens that expired, and programs older than a time without any.
	Clean(ctx context.Context, expired, unused time.Time) error
}
