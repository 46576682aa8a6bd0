package app

import (
	"context"
	"fmt"
	"sync"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	devv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/dev/v1"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/identity"
)

// clockSetting is where development mode keeps how far its clock is ahead, so
// that a process started later agrees.
const clockSetting = "dev-clock-offset"

// clockServer moves the clock of this process.
type clockServer struct {
	devv1.UnimplementedClockServiceServer
	clock *clock.Adjustable
	mu    sync.Mutex
}

// SetClockOffset never goes back: a domain that has seen a later time would
// hold contradictions.
func (s *clockServer) SetClockOffset(_ context.Context, req *devv1.SetClockOffsetRequest) (*devv1.SetClockOffsetResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if offset := req.GetOffset().AsDuration(); offset > s.clock.Offset() {
		s.clock.SetOffset(offset)
	}
	return &devv1.SetClockOffsetResponse{Now: timestamppb.New(s.clock.Now())}, nil
}

// restoreClock takes up the clock of an earlier run in development mode.
func (a *App) restoreClock(ctx context.Context) error {
	if !a.settings.Dev {
		return nil
	}
	value, err := a.bus.Setting(ctx, clockSetting)
	if err != nil || value == nil {
		return err
	}
	offset, err := time.ParseDuration(string(value))
	if err != nil {
		return fmt.Errorf("setting %s: %w", clockSetting, err)
	}
	a.clock.SetOffset(offset)
	return nil
}

// advanceClock moves the clock of all processes and returns once each has
// moved: stored first, so that a process that starts meanwhile agrees. Of several
// replicas of a service one hears of it: development mode is for one of each.
func (a *App) advanceClock(ctx context.Context, by time.Duration) (time.Time, error) {
	offset := a.clock.Offset() + by
	if err := a.bus.StoreSetting(ctx, clockSetting, []byte(offset.String())); err != nil {
		return time.Time{}, err
	}
	a.clock.SetOffset(offset)
	token, err := a.signers[Gateway].MintSubject(access.Identity{
		Subject: identity.Admin,
		Grants:  []access.Grant{{Role: accessv1.Role_ROLE_STATE_ADMIN}},
	})
	if err != nil {
		return time.Time{}, err
	}
	ctx = identity.WithToken(ctx, token)
	for _, service := range serviceNames {
		if a.Runs(service) {
			continue
		}
		_, err := devv1.NewClockServiceClient(a.conns[Gateway][service]).SetClockOffset(ctx,
			&devv1.SetClockOffsetRequest{Offset: durationpb.New(offset)})
		if err != nil {
			return time.Time{}, fmt.Errorf("move the clock of %s: %w", service, err)
		}
	}
	return a.clock.Now(), nil
}
