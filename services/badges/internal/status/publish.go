package status

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/credential/status"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/tenant"
	"github.com/tandem-badges/tandem/services/kit/upkeep"
)

const (
	// fresh is how long a replica serves its copy without a look at the rows.
	fresh = time.Second
	// valid is how long a signed list tells anything. It is short, so that nobody can show an old one for long, and
	// long enough for an outage.
	valid = 12 * time.Hour
	// renew is when a list is signed anew though nothing changed.
	renew = valid / 2
	// keep is how long verifiers are asked to use their copy.
	keep = time.Minute
	// saves is how often a replica tries again when another published the list at the same moment.
	saves = 5
)

// List is the signed list of a name, with what the rows say now.
func (b *Book) List(ctx context.Context, name string) (Published, error) {
	ctx = tenant.With(ctx, tenant.State) // a list belongs to no district, whoever asks
	ctx = upkeep.With(ctx, "a list that is due is signed for who asks in read-only mode, too")
	return b.copyOf(ctx, name, func(ctx context.Context) (Published, error) {
		l, err := b.store.StatusList(ctx, name)
		if err != nil {
			return Published{}, err
		}
		return b.publish(ctx, l)
	})
}

// RevocationList is the list of an issuer in the form of 1EdTech, which is not signed.
func (b *Book) RevocationList(ctx context.Context, issuer string) (Published, error) {
	ctx = tenant.With(ctx, tenant.State)
	name := issuer + "/revocationList"
	return b.copyOf(ctx, name, func(ctx context.Context) (Published, error) {
		signer, err := b.signers(ctx, issuer)
		if err != nil {
			return Published{}, err
		}
		rows, err := b.store.RevokedBy(ctx, issuer)
		if err != nil {
			return Published{}, err
		}
		l := status.Revocations{ID: b.base + name, Issuer: signer.DID()}
		for _, e := range rows {
			l.Revoked = append(l.Revoked, status.Revoked{ID: b.base + e.Credential, Reason: e.Reason})
		}
		raw, err := l.JSON()
		return Published{Document: raw, ETag: digest(raw), Expires: b.now().Add(keep)}, err
	})
}

// Publish signs every list whose rows changed, and returns how many lists there are. One replica runs it on a lease,
// so that a change is published though nobody asks.
func (b *Book) Publish(ctx context.Context) (int, error) {
	ctx = tenant.With(ctx, tenant.State)
	lists, err := b.store.StatusLists(ctx)
	if err != nil {
		return 0, err
	}
	for _, l := range lists {
		if _, err := b.publish(ctx, l); err != nil {
			return 0, fmt.Errorf("publish %s: %w", l.Name, err)
		}
	}
	return len(lists), nil
}

// copyOf serves the copy of this replica while it is fresh, and lets one caller make a new one.
func (b *Book) copyOf(ctx context.Context, name string, read func(context.Context) (Published, error)) (Published, error) {
	b.mu.Lock()
	have, ok := b.copies[name]
	b.mu.Unlock()
	if age := b.now().Sub(have.checked); ok && age >= 0 && age < fresh {
		return have.Published, nil
	}
	out, err, _ := b.flight.Do(name, func() (any, error) {
		at := b.now()
		p, err := read(context.WithoutCancel(ctx)) // others wait for it, too
		if err != nil {
			return Published{}, err
		}
		b.mu.Lock()
		b.copies[name] = served{Published: p, checked: at}
		b.mu.Unlock()
		return p, nil
	})
	p, _ := out.(Published)
	return p, err
}

// forget has the copies looked at again: a bit of the list was changed here.
func (b *Book) forget(list string) {
	if list == "" {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.copies)
}

// publish returns the signed list that says what the rows say, signing it when there is none. It reads the version
// before the rows: when it saves the version after that one, nobody else published rows that are newer than those.
// When others are faster every time, theirs is as new as anybody may expect.
func (b *Book) publish(ctx context.Context, l List) (Published, error) {
	for range saves {
		p, err := b.publishOnce(ctx, l)
		if raced := problem.Is(err, problem.KindAborted) || problem.Is(err, problem.KindAlreadyExists); !raced {
			return p, err
		}
	}
	theirs, err := b.store.SignedStatusList(ctx, l.Name)
	return published(theirs), err
}

func (b *Book) publishOnce(ctx context.Context, l List) (Published, error) {
	last, err := b.store.SignedStatusList(ctx, l.Name)
	if err != nil {
		return Published{}, err
	}
	signer, err := b.signers(ctx, l.Issuer)
	if err != nil {
		return Published{}, err
	}
	rows, err := b.store.StatusRows(ctx, l.Name)
	if err != nil {
		return Published{}, err
	}
	bits, sum, err := bitsOf(rows)
	if err != nil {
		return Published{}, err
	}
	now := b.now()
	if age := now.Sub(last.SignTime); last.Bits == sum && last.Method == signer.VerificationMethod() && age >= 0 && age < renew {
		return published(last), nil
	}
	raw, err := b.sign(ctx, l, bits, signer, now)
	if err != nil {
		return Published{}, err
	}
	next := Signed{
		List: l.Name, Document: raw, ETag: digest(raw), Bits: sum, Method: signer.VerificationMethod(), SignTime: now, Version: last.Version + 1,
	}
	if err := b.store.SaveSignedStatusList(ctx, next); err != nil {
		return Published{}, err
	}
	if last.Bits != sum && last.Version > 0 {
		b.latency(ctx, now.Sub(rows.Change))
	}
	return published(next), nil
}

func bitsOf(rows Rows) (status.Bits, string, error) {
	bits, err := status.NewBits(entries)
	if err != nil {
		return bits, "", err
	}
	for _, i := range rows.Set {
		if err := bits.Set(i); err != nil {
			return bits, "", err
		}
	}
	return bits, digest(bits.Bytes()), nil
}

// sign makes the list credential.
func (b *Book) sign(ctx context.Context, l List, bits status.Bits, signer keys.Signer, now time.Time) ([]byte, error) {
	doc, err := status.Build(status.List{
		ID: b.base + l.Name, Issuer: signer.DID(), Purposes: []string{l.Purpose},
		ValidFrom: now, ValidUntil: now.Add(valid), TTL: keep, Bits: bits,
	})
	if err != nil {
		return nil, err
	}
	signed, err := b.proofs.Sign(ctx, doc, signer, dataintegrity.CreateOptions{Created: now})
	if err != nil {
		return nil, errors.Join(errors.New("sign status list"), err)
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	err = enc.Encode(signed)
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), err
}

func published(s Signed) Published {
	return Published{Document: s.Document, ETag: s.ETag, Expires: s.SignTime.Add(valid)}
}

func digest(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}
