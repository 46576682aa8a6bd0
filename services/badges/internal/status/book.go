package status

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/openbadge"
	"github.com/tandem-badges/tandem/services/badges/credential/status"
	"github.com/tandem-badges/tandem/services/badges/internal/names"
)

const (
	entries = status.MinEntries
	half    = entries / 2
	// sample is in how many allocations one counts the list: a count in each would read half a list.
	sample = 64
	// probes at random places of a list that is at most half full find a free one but for one time in 2^64.
	probes = 64
)

// Purposes of the bits that every credential gets.
func purposes() [2]string { return [2]string{status.Revocation, status.Suspension} }

// Book is the use of status lists. It is safe for concurrent use.
type Book struct {
	store   Store
	signers SignerOf
	proofs  *dataintegrity.Engine
	base    string // where the API is reached, with /v1/ at the end
	now     func() time.Time
	latency func(ctx context.Context, d time.Duration)

	flight singleflight.Group
	mu     sync.Mutex
	copies map[string]served
}

// served is a copy of what was published last, and when it was compared with the rows.
type served struct {
	Published
	checked time.Time
}

// New returns the book of a platform at publicURL; now is system time, by which verifiers judge a list.
func New(store Store, signers SignerOf, proofs *dataintegrity.Engine, publicURL string, now func() time.Time) *Book {
	return &Book{
		store: store, signers: signers, proofs: proofs, base: publicURL + "/v1/", now: now,
		latency: meter(), copies: map[string]served{},
	}
}

// Allocate gives a credential of an issuer its places, in the transaction of ctx, and returns them as the credential
// names them. A credential that has places keeps them: signed anew it says the same.
func (b *Book) Allocate(ctx context.Context, issuer, credential string) ([]openbadge.Status, error) {
	have, err := b.store.StatusEntries(ctx, credential)
	if err != nil {
		return nil, err
	}
	var out []openbadge.Status
	for _, purpose := range purposes() {
		e, ok := place(have, purpose)
		if !ok {
			if e, err = b.allocate(ctx, issuer, credential, purpose); err != nil {
				return nil, err
			}
		}
		list := b.base + e.List
		out = append(out, openbadge.Status{
			ID: list + "#" + strconv.Itoa(e.Index), Type: status.TypeEntry, Purpose: purpose, List: list, Index: e.Index,
		})
	}
	return append(out, openbadge.Status{ID: b.base + issuer + "/revocationList", Type: status.TypeRevocation}), nil
}

func place(have []Entry, purpose string) (Entry, bool) {
	for _, e := range have {
		if e.Purpose == purpose {
			return e, true
		}
	}
	return Entry{}, false
}

func (b *Book) allocate(ctx context.Context, issuer, credential, purpose string) (Entry, error) {
	l, err := b.open(ctx, issuer, purpose)
	if err != nil {
		return Entry{}, err
	}
	e := Entry{List: l.Name, Credential: credential, Purpose: purpose, ChangeTime: b.now(), Version: 1}
	for range probes {
		e.Index = rand.N(entries) //nolint:gosec // which place it is guards nothing; it must only not follow the order of issue
		free, err := b.store.InsertStatusEntry(ctx, e)
		if err != nil {
			return Entry{}, err
		}
		if free {
			return e, b.fill(ctx, e)
		}
	}
	return Entry{}, fmt.Errorf("status list %s has no free place", l.Name)
}

// open is the list that takes entries now.
func (b *Book) open(ctx context.Context, issuer, purpose string) (List, error) {
	l, err := b.store.OpenStatusList(ctx, issuer, purpose)
	if err != nil || l.Name != "" && !l.Full {
		return l, err
	}
	next := List{Issuer: issuer, Purpose: purpose, Ordinal: l.Ordinal + 1, CreateTime: b.now()}
	next.Name = names.Child("", "statusLists", fmt.Sprintf("%s-%s-%d", names.ID(issuer), purpose, next.Ordinal))
	return next, b.store.InsertStatusList(ctx, next)
}

// fill says now and then whether the list is half full.
func (b *Book) fill(ctx context.Context, e Entry) error {
	if e.Index%sample != 0 {
		return nil
	}
	n, err := b.store.CountStatusEntries(ctx, e.List)
	if err != nil || n < half {
		return err
	}
	return b.store.FillStatusList(ctx, e.List)
}

// Set sets or clears a bit of a credential, in the transaction of ctx. The reason is a sentence of this program. A
// credential without places was issued before there were lists; its award tells.
func (b *Book) Set(ctx context.Context, credential, purpose string, on bool, reason string) error {
	list, err := b.store.SetStatusEntry(ctx, Entry{
		Credential: credential, Purpose: purpose, On: on, Reason: reason, ChangeTime: b.now(),
	})
	b.forget(list)
	return err
}

// State tells whether a credential stands.
func (b *Book) State(ctx context.Context, credential string) (s State, err error) {
	have, err := b.store.StatusEntries(ctx, credential)
	if err != nil {
		return State{}, err
	}
	for _, e := range have {
		if !e.On {
			continue
		}
		s.Revoked = s.Revoked || e.Purpose == status.Revocation
		s.Suspended = s.Suspended || e.Purpose == status.Suspension
		if e.Reason != "" {
			s.Reason = e.Reason
		}
	}
	if s.Reason == "" && (s.Revoked || s.Suspended) {
		s.Reason, err = b.store.AwardReason(ctx, credential)
	}
	return s, err
}
