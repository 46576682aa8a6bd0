// Package work runs what takes longer than a call: signing credentials anew.
//
// Start records an operation; a leased worker (kit/operations) goes through the credentials batch by
// batch. A batch, its progress and all that comes with it are one transaction: a process that dies
// leaves whole batches, and the next one goes on after the last of them. That no credential is
// signed twice by one operation does not rest on that alone; a unique constraint holds it, too.
//
// What signing anew means is package issuing's; the operations' rows are the kit's.
package work

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	"github.com/tandem-badges/tandem/services/badges/credential/registry"
	"github.com/tandem-badges/tandem/services/badges/internal/award"
	"github.com/tandem-badges/tandem/services/badges/internal/issuer"
	"github.com/tandem-badges/tandem/services/badges/internal/issuing"
	"github.com/tandem-badges/tandem/services/badges/internal/names"
	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/operations"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

// batch is how many credentials one transaction looks at: enough to be quick, few enough not to keep
// others waiting.
const batch = 50

// Credentials signs credentials anew.
type Credentials interface {
	CountReissuable(ctx context.Context, sel award.Selection) (int64, error)
	ReissueBatch(ctx context.Context, operation string, sel award.Selection, after string, most int,
		done func(ctx context.Context, r issuing.Reissued) error) (issuing.Reissued, error)
}

// Issuers knows issuers and their keys.
type Issuers interface {
	Issuer(ctx context.Context, name string) (issuer.Issuer, error)
	Keys(ctx context.Context, issuer string, p issuer.Slice) ([]issuer.SigningKey, error)
}

// Reissuer signs credentials anew as operations.
type Reissuer struct {
	db          *sqldb.DB
	credentials Credentials
	issuers     Issuers
	now         func() time.Time
	batch       int
}

// NewReissuer returns a reissuer; now is system time.
func NewReissuer(db *sqldb.DB, credentials Credentials, issuers Issuers, now func() time.Time) *Reissuer {
	return &Reissuer{db: db, credentials: credentials, issuers: issuers, now: now, batch: batch}
}

// Start begins to sign credentials anew: those of an issuer, those signed with a key, or all.
func (r *Reissuer) Start(ctx context.Context, issuerName, key string) (*longrunningpb.Operation, error) {
	if key != "" && issuerName == "" {
		issuerName = names.Parent(key)
	}
	sel, err := r.selection(ctx, issuerName, key)
	if err != nil {
		return nil, err
	}
	total, err := r.credentials.CountReissuable(ctx, sel)
	if err != nil {
		return nil, err
	}
	return operations.Start(ctx, r.db, names.Child("", "credentialOperations", ids.New()), &badgesv1.ReissueProgress{
		Issuer: issuerName, Key: key, Total: total, StartTime: timestamppb.New(r.now()),
	})
}

// selection says which credentials are meant, by all names that a key has or had in proofs.
func (r *Reissuer) selection(ctx context.Context, issuerName, key string) (award.Selection, error) {
	sel := award.Selection{IssuerName: issuerName}
	if issuerName == "" {
		return sel, nil
	}
	who, err := r.issuers.Issuer(ctx, issuerName)
	if problem.Is(err, problem.KindNotFound) {
		return sel, unknown("issuer", "Name an issuer of this platform, issuers/{issuer}.")
	}
	if err != nil || key == "" {
		return sel, err
	}
	all, err := r.issuers.Keys(ctx, issuerName, issuer.Slice{})
	if err != nil {
		return sel, err
	}
	n := slices.IndexFunc(all, func(k issuer.SigningKey) bool { return k.Name == key })
	if n < 0 {
		return sel, unknown("key", "Name a key of the issuer, issuers/{issuer}/keys/{key}.")
	}
	sel.Keys = registry.Names(who.DID, who.FormerDIDs, all[n].Method, all[n].Public)
	return sel, nil
}

func unknown(field, fix string) error {
	return problem.Invalid(problem.Violation{Field: field, Rule: "known", Fix: fix})
}

// Get reads an operation.
func (r *Reissuer) Get(ctx context.Context, name string) (*longrunningpb.Operation, error) {
	return operations.Get(ctx, r.db, name)
}

// Run works until ctx ends.
func (r *Reissuer) Run(ctx context.Context, log *slog.Logger) error {
	w := operations.NewWorker(r.db, log)
	w.On(&badgesv1.ReissueProgress{}, r.reissue)
	return w.Run(ctx)
}

// reissue goes through the credentials from where the operation is.
func (r *Reissuer) reissue(ctx context.Context, op operations.Operation) (proto.Message, error) {
	at := &badgesv1.ReissueProgress{}
	if err := op.Metadata(at); err != nil {
		return nil, err
	}
	sel, err := r.selection(ctx, at.GetIssuer(), at.GetKey())
	if err != nil {
		return nil, err
	}
	for {
		next := proto.CloneOf(at)
		_, err := r.credentials.ReissueBatch(ctx, op.Name, sel, at.GetLast(), r.batch, func(ctx context.Context, b issuing.Reissued) error {
			next = proto.CloneOf(at) // a transaction may run again
			if b.Looked == 0 {
				return operations.Succeed(ctx, r.db, op.Name, outcome(at))
			}
			next.Last, next.Done, next.Reissued = b.Last, at.GetDone()+b.Looked, at.GetReissued()+b.Reissued
			next.Total = max(next.GetTotal(), next.GetDone())
			return operations.Progress(ctx, r.db, op.Name, next)
		})
		if err != nil {
			return nil, err
		}
		if next.GetLast() == at.GetLast() {
			return outcome(at), nil
		}
		at = next
	}
}

func outcome(at *badgesv1.ReissueProgress) *badgesv1.ReissueCredentialsResponse {
	return &badgesv1.ReissueCredentialsResponse{Reissued: at.GetReissued(), Skipped: at.GetDone() - at.GetReissued()}
}
