package issuer

import (
	"context"
	"net/mail"
	"net/url"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/translog"
	"github.com/tandem-badges/tandem/services/badges/internal/names"
	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// New is an issuer to be registered.
type New struct {
	ID       string // chosen here when empty
	District string
	Profile
	Method DIDMethod // as usual when empty
}

// Create registers an issuer for a district, with its first key. A district has one.
func (o *Office) Create(ctx context.Context, n New) (Issuer, error) {
	violations := n.check()
	id, inDistrict := strings.CutPrefix(n.District, "districts/")
	if !inDistrict || id == "" || strings.Contains(id, "/") {
		violations = append(violations, problem.Violation{
			Field: "issuer.district", Rule: "district_name", Fix: "Name the district that issues, districts/{district}; the state's own issuer is made by itself.",
		})
	}
	if len(violations) > 0 {
		return Issuer{}, problem.Invalid(violations...)
	}
	if err := o.Districts.District(ctx, n.District); err != nil {
		return Issuer{}, err
	}
	now := o.Now()
	i := Issuer{
		Name: names.Child("", "issuers", orElse(n.ID, o.NewID)), District: n.District, Profile: n.Profile,
		Method: DIDMethod(orElse(string(n.Method), func() string { return string(o.usual()) })), CreateTime: now, UpdateTime: now, Version: 1,
	}
	err := o.Store.Tx(ctx, func(ctx context.Context) error {
		other, err := o.Store.IssuerOf(ctx, n.District)
		if err == nil {
			return problem.AlreadyExists(other.Name)
		}
		if !problem.Is(err, problem.KindNotFound) {
			return err
		}
		return o.open(ctx, &i, Legacy{})
	})
	return i, err
}

func orElse(value string, other func() string) string {
	if value == "" {
		return other()
	}
	return value
}

// Update changes the profile of an issuer. What was issued before keeps what it says.
func (o *Office) Update(ctx context.Context, name, tag string, change func(Profile) Profile) (i Issuer, err error) {
	err = o.Store.Tx(ctx, func(ctx context.Context) error {
		if i, err = o.Store.Issuer(ctx, name); err != nil {
			return err
		}
		if err := etag.Check(tag, i.Version, name); err != nil {
			return err
		}
		i.Profile = change(i.Profile)
		if violations := i.check(); len(violations) > 0 {
			return problem.Invalid(violations...)
		}
		i.UpdateTime, i.Version = o.Now(), i.Version+1
		return o.Store.UpdateIssuer(ctx, i)
	})
	return i, err
}

// check finds what would not be good in a credential or on a page.
func (p Profile) check() (out []problem.Violation) {
	if strings.TrimSpace(p.Title) == "" {
		out = append(out, problem.Violation{Field: "issuer.title", Rule: "required", Fix: "Give the name by which people know the office."})
	}
	for field, value := range map[string]string{"issuer.url": p.URL, "issuer.image_url": p.ImageURL} {
		if u, err := url.Parse(value); value != "" && (err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http") {
			out = append(out, problem.Violation{Field: field, Rule: "web_address", Fix: "Give an address that begins with https://, or none."})
		}
	}
	if a, err := mail.ParseAddress(p.Email); p.Email != "" && (err != nil || a.Address != p.Email) {
		out = append(out, problem.Violation{Field: "issuer.email", Rule: "mail_address", Fix: "Give the mail address of the office alone, such as badges@example.org, or none."})
	}
	return out
}

// Rotate lets a new key sign from now on. What older keys signed stays valid.
func (o *Office) Rotate(ctx context.Context, name string) (next SigningKey, err error) {
	err = o.Store.Tx(ctx, func(ctx context.Context) error {
		i, err := o.Store.Issuer(ctx, name)
		if err != nil {
			return err
		}
		// The newest key is the one that signs. It is not read with CurrentKey, whose lock two
		// rotations would share, and then both wait for the other.
		newest, err := o.Store.Keys(ctx, name, Slice{Limit: 1})
		if err != nil {
			return err
		}
		next, err = o.replace(ctx, i, newest[0])
		return err
	})
	return next, err
}

// replace retires the current key, destroys its private half, and makes the next one.
func (o *Office) replace(ctx context.Context, i Issuer, current SigningKey) (SigningKey, error) {
	now := o.Now()
	if current.State == Current {
		current.State = Retired
	}
	current.RetireTime, current.Sealed = now, nil
	current.UpdateTime, current.Version = now, current.Version+1
	if err := o.Store.UpdateKey(ctx, current); err != nil {
		return SigningKey{}, err
	}
	if err := o.enter(ctx, translog.KeyRetired, i, now, i.method(current)); err != nil {
		return SigningKey{}, err
	}
	next, err := o.Keyring.add(ctx, i.Name, nil, now)
	if err != nil {
		return SigningKey{}, err
	}
	before := i.DID
	if err := o.identify(&i, next); err != nil {
		return SigningKey{}, err
	}
	next.Method = i.method(next)
	if i.DID != before {
		i.UpdateTime, i.Version = now, i.Version+1
		if err := o.Store.UpdateIssuer(ctx, i); err != nil {
			return SigningKey{}, err
		}
	}
	if err := o.enter(ctx, translog.KeyAdded, i, now, next.Method); err != nil {
		return SigningKey{}, err
	}
	return next, o.Store.Record(ctx, now, KeyRotated{Key: next})
}

// Compromise declares that a key may be in wrong hands since a time. It cannot be taken back; it
// can be said again with an earlier time, when somebody finds out more.
func (o *Office) Compromise(ctx context.Context, name string, at time.Time, reason string) (k SigningKey, err error) {
	at = at.UTC().Truncate(time.Second) // as exact as proofs are about their time, and no later
	err = o.Store.Tx(ctx, func(ctx context.Context) error {
		if k, err = o.Store.Key(ctx, name); err != nil {
			return err
		}
		i, err := o.Store.Issuer(ctx, k.Issuer)
		if err != nil {
			return err
		}
		if err := o.compromisable(k, at); err != nil {
			return err
		}
		now := o.Now()
		current := k.State == Current
		k.State, k.CompromiseTime, k.Reason = Compromised, at, reason
		if current {
			if _, err := o.replace(ctx, i, k); err != nil {
				return err
			}
			k, err = o.Store.Key(ctx, name)
		} else {
			k.UpdateTime, k.Version = now, k.Version+1
			err = o.Store.UpdateKey(ctx, k)
		}
		if err != nil {
			return err
		}
		k.Method = i.method(k)
		if err := o.enter(ctx, translog.KeyCompromised, i, at, i.methods(k)...); err != nil {
			return err
		}
		return o.Store.Record(ctx, now, KeyCompromised{Key: k})
	})
	return k, err
}

func (o *Office) compromisable(k SigningKey, at time.Time) error {
	if k.State == Compromised && !at.Before(k.CompromiseTime) {
		return problem.Precondition(problem.ReasonStateWrong, problem.Violation{
			Field: k.Name, Rule: "key_state", Fix: "The key is compromised since " + k.CompromiseTime.Format(time.RFC3339) + ", for good. Only an earlier time can be declared.",
		})
	}
	refuse := func(rule, fix string) error {
		return problem.Invalid(problem.Violation{Field: "compromise_time", Rule: rule, Fix: fix})
	}
	if at.After(o.Now()) {
		return refuse("not_in_the_future", "Give the last moment at which the key surely was in good hands.")
	}
	if made := k.CreateTime.Truncate(time.Second); at.Before(made) {
		return refuse("not_before_the_key", "Give a time from "+made.Format(time.RFC3339)+" on, when the key was made.")
	}
	return nil
}
