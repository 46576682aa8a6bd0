package issuer

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/did"
	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/credential/translog"
	"github.com/tandem-badges/tandem/services/badges/internal/names"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// Districts knows which districts there are.
type Districts interface {
	District(ctx context.Context, name string) error
}

// Options of NewOffice; all are required.
type Options struct {
	Store     Store
	Keyring   *Keyring
	Log       Log
	Districts Districts
	PublicURL string // without a slash at the end
	Now       func() time.Time
	NewID     func() string
}

// Office keeps issuers and signs in their names. It is safe for concurrent use.
type Office struct {
	Options
	mu     sync.Mutex
	signed signedRegistry
}

// NewOffice returns the office; Start makes it ready.
func NewOffice(o Options) *Office { return &Office{Options: o} }

// Legacy is the key of an installation from before there were issuers; a nil Key is none.
type Legacy struct {
	Key  *keys.Local
	Made time.Time
}

// Start makes the state's issuer when there is none, with the key that signed before or a new one,
// gives issuers the identifiers that belong to the present address, and checks that every key that
// signs can be opened. Replicas that start together end with one issuer and one key.
func (o *Office) Start(ctx context.Context, legacy Legacy) error {
	if err := again(func() error { return o.Store.Tx(ctx, func(ctx context.Context) error { return o.found(ctx, legacy) }) }); err != nil {
		return fmt.Errorf("the state's issuer: %w", err)
	}
	if err := again(func() error { return o.Store.Tx(ctx, o.move) }); err != nil {
		return fmt.Errorf("identifiers of issuers: %w", err)
	}
	if _, err := o.Keyring.Platform(ctx, registryPurpose); err != nil {
		return err
	}
	return o.Keyring.Check(ctx)
}

func (o *Office) found(ctx context.Context, legacy Legacy) error {
	_, err := o.Store.IssuerOf(ctx, "")
	if !problem.Is(err, problem.KindNotFound) {
		return err
	}
	now := o.Now()
	state := Issuer{
		Name: State, Profile: Profile{Title: stateTitle, URL: o.PublicURL}, Method: o.usual(),
		CreateTime: now, UpdateTime: now, Version: 1,
	}
	if legacy.Key != nil {
		state.DID = legacy.Key.DID() // its badges say so; what it becomes now follows below
	}
	return o.open(ctx, &state, legacy)
}

// open keeps a new issuer with its first key.
func (o *Office) open(ctx context.Context, i *Issuer, legacy Legacy) error {
	k, err := o.Keyring.add(ctx, i.Name, legacy.Key, legacy.Made)
	if err != nil {
		return err
	}
	if err := o.identify(i, k); err != nil {
		return err
	}
	if err := o.Store.InsertIssuer(ctx, *i); err != nil {
		return err
	}
	return o.enter(ctx, translog.KeyAdded, *i, k.CreateTime, i.method(k))
}

// usual is the method of issuers that nobody chose one for: where there is no address on the web
// that others can read, the key itself is the identifier.
func (o *Office) usual() DIDMethod {
	if _, err := did.ForAddress(o.address(State)); err != nil {
		return Key
	}
	return Web
}

// address is where the issuer's page and document lie.
func (o *Office) address(name string) string { return o.PublicURL + "/" + name }

// identify gives an issuer the identifier that belongs to its method, its key and the address.
func (o *Office) identify(i *Issuer, k SigningKey) error {
	if i.Method == Key {
		i.become(keys.DID(k.Public))
		return nil
	}
	id, err := did.ForAddress(o.address(i.Name))
	if err != nil {
		return problem.Precondition(problem.ReasonStateWrong, problem.Violation{
			Field: i.Name, Rule: "public_address",
			Fix: "Give the platform a public address that begins with https:// first, or let the issuer's method be DID_METHOD_KEY.",
		})
	}
	i.become(id)
	return nil
}

// move follows the platform to another address. An issuer that was made while it had none on the
// web stays with its did:key, but for the state's, for which nobody chose.
func (o *Office) move(ctx context.Context) error {
	all, err := o.Store.Issuers(ctx, Slice{})
	if err != nil || o.usual() != Web {
		return err
	}
	for _, i := range all {
		before := i.DID
		if i.Name == State {
			i.Method = Web
		}
		if i.Method != Web {
			continue
		}
		if err := o.identify(&i, SigningKey{}); err != nil {
			return err
		}
		if i.DID == before {
			continue
		}
		if err := o.rename(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

// rename keeps an issuer's new identifier, and enters its keys in the log by their new names.
func (o *Office) rename(ctx context.Context, i Issuer) error {
	i.UpdateTime, i.Version = o.Now(), i.Version+1
	if err := o.Store.UpdateIssuer(ctx, i); err != nil {
		return err
	}
	current, err := o.Store.CurrentKey(ctx, i.Name)
	if err != nil {
		return err
	}
	return o.enter(ctx, translog.KeyAdded, i, current.CreateTime, i.method(current))
}

// enter puts keys into the log.
func (o *Office) enter(ctx context.Context, kind string, i Issuer, at time.Time, methods ...string) error {
	for _, method := range methods {
		if err := o.Log.Append(ctx, translog.Entry{Kind: kind, Issuer: i.DID, Subject: method, Time: at}); err != nil {
			return err
		}
	}
	return nil
}

// Issuer reads one issuer.
func (o *Office) Issuer(ctx context.Context, name string) (Issuer, error) {
	return o.Store.Issuer(ctx, name)
}

// Issuers lists issuers by name.
func (o *Office) Issuers(ctx context.Context, p Slice) ([]Issuer, error) {
	return o.Store.Issuers(ctx, p)
}

// ByDID finds the issuer that has or had an identifier. Whether a proof is good is another question.
func (o *Office) ByDID(ctx context.Context, id string) (Issuer, bool, error) {
	i, err := o.Store.IssuerByDID(ctx, id)
	if problem.Is(err, problem.KindNotFound) {
		return Issuer{}, false, nil
	}
	return i, err == nil, err
}

// Keys lists the keys of an issuer, newest first.
func (o *Office) Keys(ctx context.Context, name string, p Slice) ([]SigningKey, error) {
	i, err := o.Store.Issuer(ctx, name)
	if err != nil {
		return nil, err
	}
	all, err := o.Store.Keys(ctx, name, p)
	for n := range all {
		all[n].Method = i.method(all[n])
	}
	return all, err
}

// SignerFor is who signs for a district, with its key: the district's own issuer where it has one,
// else the state's. In a transaction the key stays the issuer's until its end.
func (o *Office) SignerFor(ctx context.Context, district string) (Issuer, keys.Signer, error) {
	if district != "" && !strings.HasPrefix(district, "districts/") {
		district = names.DistrictNode("districts/" + district)
	}
	i, err := o.Store.IssuerOf(ctx, district)
	if problem.Is(err, problem.KindNotFound) {
		i, err = o.Store.Issuer(ctx, State)
	}
	if err != nil {
		return Issuer{}, nil, err
	}
	return o.signer(ctx, i)
}

// Signer is an issuer by its name, with its key.
func (o *Office) Signer(ctx context.Context, name string) (Issuer, keys.Signer, error) {
	i, err := o.Store.Issuer(ctx, name)
	if err != nil {
		return Issuer{}, nil, err
	}
	return o.signer(ctx, i)
}

func (o *Office) signer(ctx context.Context, i Issuer) (Issuer, keys.Signer, error) {
	current, err := o.Store.CurrentKey(ctx, i.Name)
	if err != nil {
		return Issuer{}, nil, err
	}
	key, err := o.Keyring.use(ctx, current)
	if err != nil {
		return Issuer{}, nil, err
	}
	return i, keys.As(key, i.DID, i.method(current)), nil
}

// Resolve implements dataintegrity.Resolver for all keys of all issuers, under every name that they
// have or had, and beside them for every did:key.
func (o *Office) Resolve(ctx context.Context, method string) (dataintegrity.Method, error) {
	if found, err := (dataintegrity.DIDKey{}).Resolve(ctx, method); err == nil {
		own, err := o.Store.KeyByPublic(ctx, found.Key)
		if problem.Is(err, problem.KindNotFound) {
			return found, nil
		}
		found.Compromised = own.CompromiseTime
		return found, err
	}
	controller, fragment, _ := strings.Cut(method, "#")
	i, known, err := o.ByDID(ctx, controller)
	if err != nil {
		return dataintegrity.Method{}, err
	}
	if !known || fragment == "" {
		return dataintegrity.Method{}, dataintegrity.ErrMethodUnknown
	}
	k, err := o.Store.Key(ctx, names.Child(i.Name, "keys", fragment))
	if problem.Is(err, problem.KindNotFound) {
		return dataintegrity.Method{}, dataintegrity.ErrMethodUnknown
	}
	return dataintegrity.Method{Controller: controller, Key: k.Public, Compromised: k.CompromiseTime}, err
}

var _ dataintegrity.Resolver = (*Office)(nil)
