package badges_test

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	"github.com/tandem-badges/tandem/services/badges"
	bt "github.com/tandem-badges/tandem/services/badges/internal/badgestest"
	"github.com/tandem-badges/tandem/services/kit/bus"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/run"
)

func TestAnIssuedCredentialFollowsTheOpenBadgesSchema(t *testing.T) {
	shared := os.Getenv("TANDEM_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	path := filepath.Join(shared, "data", "open-badges", "ob_v3p0_achievementcredential_schema.json")
	if _, err := os.Stat(path); err != nil {
		t.Skipf("the Open Badges JSON schema is not at %s; set TANDEM_SHARED to the folder that has it", path)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	schema, err := compiler.Compile(path)
	require.NoError(t, err)
	w := start(t)
	body, err := w.Credentials.GetCredential(t.Context(), &badgesv1.GetCredentialRequest{Name: w.Award(bt.Journey, bt.Badge).GetCredential()})
	require.NoError(t, err)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(body.GetData()))
	require.NoError(t, err)
	require.NoError(t, schema.Validate(doc))
}

func TestTheAwardIsHeardOnTheBus(t *testing.T) {
	w := bt.Start(t, bt.Options{Tasks: true}, kittest.Deps(t, "badges", badges.Migrations), badges.New)
	var mu sync.Mutex
	var heard []bus.Event
	kittest.Go(t, func(ctx context.Context) error {
		return w.Deps.Bus.Watch(ctx, bus.WatchOptions{Subjects: []string{"tandem.badges.award.awarded.v1.aspen"}, Since: time.Unix(0, 0)},
			func(ev bus.Event) {
				mu.Lock()
				defer mu.Unlock()
				heard = append(heard, ev)
			})
	})
	award := w.Award(bt.Journey, bt.Badge)
	kittest.Eventually(t, func() bool { mu.Lock(); defer mu.Unlock(); return len(heard) == 1 }, "the award is heard once")
	var ev badgesv1.BadgeAwarded
	require.NoError(t, heard[0].Unmarshal(&ev))
	require.Equal(t, award.GetName(), ev.GetName())
	require.Equal(t, award.GetCredential(), ev.GetCredential())
	require.Equal(t, bt.Journey, ev.GetJourney())
}

func TestTheIssuerKeepsItsKeyForItself(t *testing.T) {
	w := start(t)
	before, err := w.Credentials.GetIssuer(t.Context(), &badgesv1.GetIssuerRequest{Name: "issuers/state"})
	require.NoError(t, err)
	require.NoError(t, filepath.WalkDir(filepath.Join(w.Deps.DataDir, "keys"), func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		require.Zero(t, info.Mode().Perm()&0o077, "%s is for the owner only", d.Name())
		return err
	}))
	svc, err := badges.New(w.Deps)
	require.NoError(t, err)
	again := badgesv1.NewCredentialsServiceClient(kittest.Serve(t, svc, kittest.ServeOptions{NoTask: true}))
	after, err := again.GetIssuer(t.Context(), &badgesv1.GetIssuerRequest{Name: "issuers/state"})
	require.NoError(t, err)
	require.Equal(t, before.GetDid(), after.GetDid(), "a restart keeps the issuer")
}

// away is a peer that does not answer.
type away struct{}

// Invoke refuses as a connection does whose other end is gone.
func (away) Invoke(context.Context, string, any, any, ...grpc.CallOption) error {
	return status.Error(codes.Unavailable, "connection refused")
}

// NewStream refuses, too.
func (away) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, status.Error(codes.Unavailable, "connection refused")
}

func TestAServiceThatIsAwayChangesNothing(t *testing.T) {
	build := func(d run.Deps) (run.Service, error) {
		d.Peers["evidence"] = away{}
		return badges.New(d)
	}
	w := bt.Start(t, bt.Options{}, kittest.Deps(t, "badges", badges.Migrations), build)
	a := w.Draft(bt.Journey, bt.Badge)
	_, err := w.Applications.SubmitApplication(w.As(bt.Principal), &badgesv1.SubmitApplicationRequest{Name: a.GetName(), Attestation: "Ours."})
	refused(t, err, codes.Unavailable, problem.ReasonUnavailable)
	require.Equal(t, badgesv1.Application_STATE_DRAFT, w.Application(a.GetName()).GetState())
	require.Empty(t, w.Events())
}

func TestTheServiceNeedsItsNeighbors(t *testing.T) {
	deps := kittest.Deps(t, "badges", badges.Migrations)
	_, err := badges.New(deps)
	require.ErrorContains(t, err, "schools")
}
