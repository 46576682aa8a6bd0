package work_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/credential/openbadge"
	"github.com/tandem-badges/tandem/services/badges/credential/translog"
	"github.com/tandem-badges/tandem/services/badges/internal/award"
	"github.com/tandem-badges/tandem/services/badges/internal/issuer"
	"github.com/tandem-badges/tandem/services/badges/internal/issuing"
	"github.com/tandem-badges/tandem/services/badges/internal/status"
	"github.com/tandem-badges/tandem/services/badges/internal/store"
	"github.com/tandem-badges/tandem/services/badges/internal/store/migrations"
	"github.com/tandem-badges/tandem/services/badges/internal/work"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

// howMany is how many badges the test signs anew: a state's worth with TANDEM_REISSUE=12000.
func howMany(t *testing.T) int {
	t.Helper()
	n, err := strconv.Atoi(os.Getenv("TANDEM_REISSUE"))
	if err != nil {
		return 230
	}
	return n
}

// office signs with one key at a time, and breaks when it is told to.
type office struct {
	*store.Store
	signer  keys.Signer
	entered int
	breaks  atomic.Int64 // at which entry of the log the process dies; 0 never
	die     context.CancelFunc
}

func (o *office) SignerFor(ctx context.Context, _ string) (issuer.Issuer, keys.Signer, error) {
	return o.Signer(ctx, issuer.State)
}

func (o *office) Signer(_ context.Context, name string) (issuer.Issuer, keys.Signer, error) {
	return issuer.Issuer{Name: name, DID: o.signer.DID(), Profile: issuer.Profile{Title: "State Office"}}, o.signer, nil
}

func (o *office) Issuer(context.Context, string) (issuer.Issuer, error) {
	return issuer.Issuer{Name: issuer.State, DID: o.signer.DID()}, nil
}

func (o *office) Keys(context.Context, string, issuer.Slice) ([]issuer.SigningKey, error) {
	return nil, nil
}

func (o *office) Allocate(context.Context, string, string) ([]openbadge.Status, error) {
	return nil, nil
}

func (o *office) Set(context.Context, string, string, bool, string) error { return nil }

func (o *office) State(context.Context, string) (status.State, error) { return status.State{}, nil }

// Append counts entries; at the one at which it breaks, the process is gone in the middle of a
// transaction.
func (o *office) Append(ctx context.Context, _ translog.Entry) error {
	if o.entered++; o.die != nil && int64(o.entered) == o.breaks.Load() {
		o.die()
		return errors.Join(ctx.Err(), context.Canceled)
	}
	return nil
}

func signer(t *testing.T, seed string) keys.Signer {
	t.Helper()
	s, err := keys.FromSeed([]byte(strings.Repeat(seed, 32)))
	require.NoError(t, err)
	return s
}

// seeded has signed badges of three districts.
func seeded(t *testing.T, db *sqldb.DB, n int) (*office, *issuing.Issuer) {
	t.Helper()
	set, err := contexts.Standard()
	require.NoError(t, err)
	o := &office{Store: store.New(db), signer: signer(t, "a")}
	now := clock.NewAdjustable().Now
	i := issuing.New(issuing.Parts{
		Engine: openbadge.New(set), Offices: o, Statuses: o, Log: o, Store: o.Store, PublicURL: "https://badges.example.org", Now: now,
	})
	ctx := kittest.All(t)
	document, err := openbadge.Build(openbadge.Badge{
		ID: "https://badges.example.org/v1/credentials/c", Name: "Welcome", Issuer: openbadge.Issuer{ID: o.signer.DID(), Name: "State Office"},
		ValidFrom: now(), ValidUntil: now().AddDate(3, 0, 0), School: openbadge.School{ID: "https://badges.example.org/v1/districts/d0/schools/s"},
		Achievement: openbadge.Achievement{ID: "https://badges.example.org/v1/badgeDefinitions/b", Name: "Welcome", Description: "Welcome.", CriteriaNarrative: "Welcome."},
	})
	require.NoError(t, err)
	signed, err := openbadge.New(set).Issue(ctx, document, o.signer, now())
	require.NoError(t, err)
	require.NoError(t, o.Tx(ctx, func(ctx context.Context) error {
		for k := range n {
			school := fmt.Sprintf("districts/d%d/schools/s", k%3)
			name := fmt.Sprintf("%05d", k)
			a := award.Award{
				Name: school + "/awards/" + name, Decision: name, State: award.Active, Credential: "credentials/" + name, AwardTime: now(),
				ExpireTime: now().AddDate(3, 0, 0), CreateTime: now(), UpdateTime: now(), Version: 1,
			}
			c := award.Credential{
				Name: a.Credential, Award: a.Name, Kind: award.KindBadge, School: school, Issuer: o.signer.DID(), IssuerName: issuer.State,
				Key: o.signer.VerificationMethod(), Document: signed, Digest: name, Version: 1, IssueTime: now(), ExpireTime: now().AddDate(3, 0, 0),
			}
			if err := errors.Join(o.InsertAward(ctx, a), o.InsertCredential(ctx, c)); err != nil {
				return err
			}
		}
		return nil
	}))
	return o, i
}

// TestAProcessThatDiesSignsNothingTwice kills the work in the middle of a batch, again and again, and
// begins anew each time, as after kill -9: what was not committed is gone with the process.
func TestAProcessThatDiesSignsNothingTwice(t *testing.T) {
	kittest.Databases(t, "badges", migrations.FS, func(t *testing.T, db *sqldb.DB) {
		n := howMany(t)
		o, i := seeded(t, db, n)
		o.signer = signer(t, "b")
		now := clock.NewAdjustable().Now
		op, err := work.NewReissuer(db, i, o, now).Start(kittest.All(t), "", "")
		require.NoError(t, err)
		began := time.Now()
		for _, at := range []int64{1, 77, 130} {
			ctx, die := context.WithCancel(t.Context())
			o.die, o.entered = die, 0
			o.breaks.Store(at)
			require.NoError(t, work.NewReissuer(db, i, o, now).Run(ctx, kittest.Log(t)))
			die()
			require.Less(t, versions(t, db), 2*n, "the work is not done")
		}
		o.die = nil
		r := work.NewReissuer(db, i, o, now)
		stop := kittest.Go(t, func(ctx context.Context) error { return r.Run(ctx, kittest.Log(t)) })
		var at badgesv1.ReissueProgress
		for !op.GetDone() {
			before := at.GetDone()
			kittest.Eventually(t, func() bool {
				op, err = r.Get(kittest.All(t), op.GetName())
				require.NoError(t, err)
				require.NoError(t, op.GetMetadata().UnmarshalTo(&at))
				return op.GetDone() || at.GetDone() > before
			}, "the operation goes on")
		}
		stop()
		t.Logf("%d badges signed anew, %.0f a second", n, float64(n)/time.Since(began).Seconds())
		var out badgesv1.ReissueCredentialsResponse
		require.NoError(t, op.GetResponse().UnmarshalTo(&out))
		require.EqualValues(t, n, out.GetReissued())
		require.Zero(t, out.GetSkipped())
		require.Equal(t, 2*n, versions(t, db), "one more version of each")
		var others int
		require.NoError(t, db.Conn(kittest.All(t)).QueryRowContext(kittest.All(t),
			"SELECT count(*) FROM credentials WHERE revision <> 2 OR signed_with <> $1", o.signer.VerificationMethod()).Scan(&others))
		require.Zero(t, others)
	})
}

func versions(t *testing.T, db *sqldb.DB) (n int) {
	t.Helper()
	require.NoError(t, db.Conn(kittest.All(t)).QueryRowContext(kittest.All(t), "SELECT count(*) FROM credential_versions").Scan(&n))
	return n
}
