// Package rendering gives the credentials of this service the forms that people use: a token, a picture
// with the credential inside, a certificate, a picture for social media.
//
// It reads what a signed credential says and hands it to the libraries below services/badges/credential:
// artwork draws, bake puts the credential in, certificate prints, vc signs the token. A credential that was
// revoked or suspended has all its forms as before, since copies of it exist anyway; its certificate says
// what became of it, and so does everybody who verifies it.
//
// Drawing costs far more than reading and anybody may ask, so pictures are kept for a while, and few are
// drawn at a time. Neighbours: package issuing signs what is drawn here, the API's RenderCredential and
// RenderBadgeDefinition serve it, and pages of the gateway show it.
package rendering

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"
	"golang.org/x/sync/singleflight"

	"github.com/tandem-badges/tandem/services/badges/credential/artwork"
	"github.com/tandem-badges/tandem/services/badges/credential/bake"
	"github.com/tandem-badges/tandem/services/badges/credential/certificate"
	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/credential/vc"
	"github.com/tandem-badges/tandem/services/badges/internal/award"
	"github.com/tandem-badges/tandem/services/badges/internal/definition"
	"github.com/tandem-badges/tandem/services/badges/internal/issuer"
	"github.com/tandem-badges/tandem/services/badges/internal/names"
	"github.com/tandem-badges/tandem/services/badges/internal/status"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

// Form is a form of a credential.
type Form string

// The forms.
const (
	JSON  Form = "json"
	JWT   Form = "jwt"
	PNG   Form = "png"
	SVG   Form = "svg"
	PDF   Form = "pdf"
	Share Form = "share"
)

// The media types of the forms.
const (
	typeJSON = "application/vc+ld+json"
	typeJWT  = "text/plain" // as Open Badges has it
	typePNG  = "image/png"
	typeSVG  = "image/svg+xml"
	typePDF  = "application/pdf"
)

const (
	kept    = 256       // files that are kept; most are below 100 kB
	keptFor = time.Hour // so that nothing is kept for good
	atOnce  = 2         // drawings at a time
)

// Credentials knows the credentials of the platform.
type Credentials interface {
	Credential(ctx context.Context, name string) (award.Credential, error)
}

// Definitions knows the badges that can be earned.
type Definitions interface {
	Definition(ctx context.Context, name string) (definition.Definition, error)
}

// Office knows who issues, and signs for them.
type Office interface {
	Issuer(ctx context.Context, name string) (issuer.Issuer, error)
	Signer(ctx context.Context, name string) (issuer.Issuer, keys.Signer, error)
}

// Statuses tells what became of credentials.
type Statuses interface {
	State(ctx context.Context, credential string) (status.State, error)
}

// Options of New; all are required.
type Options struct {
	Credentials Credentials
	Definitions Definitions
	Office      Office
	Statuses    Statuses
	PublicURL   string           // without a slash at the end
	Now         func() time.Time // system time
}

// File is a rendered form.
type File struct {
	MediaType string
	Data      []byte
}

// Renderer renders. It is safe for concurrent use.
type Renderer struct {
	Options
	files *expirable.LRU[string, File]
	once  singleflight.Group
	slots chan struct{}
}

// New returns a renderer.
func New(o Options) *Renderer {
	return &Renderer{Options: o, files: expirable.NewLRU[string, File](kept, nil, keptFor), slots: make(chan struct{}, atOnce)}
}

// Render gives a credential a form, with words around it in a language ("en", also when empty, or "es").
func (r *Renderer) Render(ctx context.Context, name string, form Form, language string) (File, error) {
	c, err := r.Credentials.Credential(ctx, name)
	if err != nil {
		return File{}, err
	}
	isToken := !strings.HasPrefix(strings.TrimSpace(string(c.Document)), "{")
	switch {
	case form == JSON && !isToken:
		return File{typeJSON, c.Document}, nil
	case (form == JWT || form == JSON) && isToken:
		return File{typeJWT, c.Document}, nil
	case c.Kind == award.KindExternal:
		return File{}, problem.Precondition(problem.ReasonStateWrong, problem.Violation{
			Field: name, Rule: "issued_here",
			Fix: "A badge from elsewhere is kept as it came. Ask who issued it for other forms.",
		})
	case form == JWT:
		return r.token(ctx, c)
	}
	return r.picture(ctx, c, form, language)
}

// Image draws the badge of a definition, without a credential: the picture that credentials refer to.
func (r *Renderer) Image(ctx context.Context, name string, form Form) (File, error) {
	ctx = tenant.With(ctx, tenant.State) // definitions are the state's, and strangers have no tenant
	badge := artwork.Badge{Kind: artwork.PartnershipSchool, Title: "Partnership School"}
	if names.ID(name) != artwork.PartnershipSchool {
		d, err := r.Definitions.Definition(ctx, name)
		if err != nil {
			return File{}, err
		}
		badge.Kind, badge.Title = d.Standard, d.Title
	}
	state, err := r.Office.Issuer(ctx, issuer.State)
	if err != nil {
		return File{}, err
	}
	badge.Issuer = state.Title
	return r.draw(ctx, []string{"image", string(form), badge.Kind, badge.Title, badge.Issuer}, func() (File, error) {
		data, err := plain(badge, form)
		return File{mediaType(form), data}, err
	})
}

// picture is a form that has to be drawn.
func (r *Renderer) picture(ctx context.Context, c award.Credential, form Form, language string) (File, error) {
	opened, err := vc.Open(c.Document)
	if err != nil {
		return File{}, fmt.Errorf("read %s: %w", c.Name, err)
	}
	state, err := r.Statuses.State(ctx, c.Name)
	if err != nil {
		return File{}, err
	}
	facts := factsOf(opened.Document, c)
	words := wordsOf(language)
	notice := words.notice(state, facts.until, r.Now())
	return r.draw(ctx, []string{"credential", string(form), language, c.Name, c.Digest, notice}, func() (File, error) {
		data, err := r.make(c, facts, form, words, notice)
		return File{mediaType(form), data}, err
	})
}

func (r *Renderer) make(c award.Credential, f facts, form Form, w words, notice string) ([]byte, error) {
	switch form {
	case PDF:
		page := r.PublicURL + "/badges/" + names.ID(c.Name)
		return certificate.Certificate{
			Language: w.language, Badge: f.badge, School: f.school, Description: f.description, Awarded: f.awarded, ValidUntil: f.until,
			PageURL: page, WebURL: page + "/certificate", Notice: notice, Credential: c.Document, Printed: c.IssueTime,
		}.PDF()
	case Share:
		return artwork.Share{Badge: f.badge, School: f.school, Line: w.line(f, notice)}.PNG()
	}
	image, err := plain(f.badge, form)
	if err != nil {
		return nil, err
	}
	if form == SVG {
		return bake.SVG(image, c.Document)
	}
	return bake.PNG(image, c.Document)
}

// token signs the credential in the form of a token, with the current key of its issuer. It is kept like a
// picture, so that who asks again soon gets the same one.
func (r *Renderer) token(ctx context.Context, c award.Credential) (File, error) {
	opened, err := vc.Open(c.Document)
	if err != nil {
		return File{}, fmt.Errorf("read %s: %w", c.Name, err)
	}
	of, signer, err := r.Office.Signer(ctx, c.IssuerName)
	if err != nil {
		return File{}, err
	}
	if said, _ := vc.IssuerOf(opened.Document); said != of.DID {
		return File{}, problem.Precondition(problem.ReasonStateWrong, problem.Violation{
			Field: c.Name, Rule: "current_identifier",
			Fix: "The issuer has another identifier by now. Sign the credential anew first.",
		})
	}
	unsigned := maps.Clone(opened.Document)
	delete(unsigned, "proof")
	return r.draw(ctx, []string{"token", c.Name, c.Digest, signer.VerificationMethod()}, func() (File, error) {
		signed, err := vc.SignJWT(context.WithoutCancel(ctx), unsigned, signer, r.Now())
		if err != nil {
			return File{}, fmt.Errorf("token of %s: %w", c.Name, err)
		}
		return File{typeJWT, []byte(signed)}, nil
	})
}

// draw answers a kept file or makes it: once for all who ask at the same time, and few at a time.
func (r *Renderer) draw(ctx context.Context, parts []string, produce func() (File, error)) (File, error) {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	key := hex.EncodeToString(sum[:])
	if f, ok := r.files.Get(key); ok {
		return f, nil
	}
	done := r.once.DoChan(key, func() (any, error) {
		r.slots <- struct{}{}
		defer func() { <-r.slots }()
		f, err := produce()
		if err == nil {
			r.files.Add(key, f)
		}
		return f, err
	})
	select {
	case <-ctx.Done():
		return File{}, ctx.Err()
	case result := <-done:
		f, _ := result.Val.(File)
		return f, result.Err
	}
}

func plain(b artwork.Badge, form Form) ([]byte, error) {
	if form == SVG {
		return b.SVG()
	}
	return b.PNG(artwork.Size)
}

func mediaType(form Form) string {
	switch form {
	case SVG:
		return typeSVG
	case PDF:
		return typePDF
	default:
		return typePNG
	}
}
