package webhook

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/tandem-badges/tandem/services/kit/audit"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/egress"
	"github.com/tandem-badges/tandem/services/kit/measure"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/tenant"

	"github.com/tandem-badges/tandem/gateway/internal/seal"
)

const (
	workers     = 32 // tries at once in this process
	perEndpoint = 2  // of those, for one endpoint: a slow one leaves the others room
	// dueAtOnce is more than can be busy, so that who is not is always among them.
	dueAtOnce = 4 * workers
	// tick is how often to look for what became due by time alone.
	tick = time.Second
	// readMost is how much of an answer is read, for the connection's sake only.
	readMost = 4 << 10

	gone       = "The address answered 410: it wants nothing any more."
	allFailed  = "Nothing was taken for five days."
	userAgent  = "Tandem-Webhooks/1"
	jsonType   = "application/json"
	badSecret  = "The signing secret cannot be read; rotate it."
	notBuilt   = "The request could not be made."
	noRedirect = "The address answered %d; redirects are not followed."
	answered   = "The address answered %d."
)

// Sender sends what is due. It is safe for concurrent use; several replicas may
// each run one.
type Sender struct {
	Store  Store
	Clock  clock.Clock // real time
	Box    seal.Box
	Client *http.Client // of kit/egress
	Log    *slog.Logger
	// Wakes is heard when there is something new to send.
	Wakes <-chan struct{}
	// Results counts tries by what came of them; nil: nobody counts.
	Results *measure.Counter
	// Tick replaces the usual pause between looks in tests.
	Tick time.Duration

	mu    sync.Mutex
	busy  map[string]int // tries under way, by endpoint
	total int
}

// Run sends until ctx ends, and then waits for the tries under way, which are
// bounded by the client's timeout.
func (s *Sender) Run(ctx context.Context) error {
	ctx = audit.Work(ctx, "webhooks.send", "")
	every := s.Tick
	if every <= 0 {
		every = tick
	}
	look := time.NewTicker(every)
	defer look.Stop()
	freed := make(chan struct{}, 1)
	var tries sync.WaitGroup
	defer tries.Wait()
	for {
		if err := s.round(ctx, &tries, freed); err != nil && ctx.Err() == nil {
			s.Log.WarnContext(ctx, "webhooks are not sent for the moment", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
		case <-s.Wakes:
		case <-freed:
		}
	}
}

// round starts tries for what is due, as far as there is room.
func (s *Sender) round(ctx context.Context, tries *sync.WaitGroup, freed chan<- struct{}) error {
	names, err := s.Store.Due(tenant.Everything(ctx, "deliveries of all districts are sent"), s.Clock.Now(), dueAtOnce)
	if err != nil {
		return err
	}
	//nolint:gosec // gives every address its turn, guards nothing
	rand.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for _, name := range names {
		room := s.room(name)
		if room == 0 {
			continue
		}
		now := s.Clock.Now()
		claimed, err := s.Store.Claim(tenant.With(ctx, districtID(name)), name, now, now.Add(claim), room)
		if err != nil {
			return err
		}
		for _, d := range claimed {
			s.count(name, 1)
			tries.Go(func() {
				defer func() {
					s.count(name, -1)
					select {
					case freed <- struct{}{}:
					default:
					}
				}()
				// A try that has begun is finished: the receiver may have it already.
				s.deliver(context.WithoutCancel(ctx), d)
			})
		}
	}
	return nil
}

// room is how many more tries the endpoint may have at once.
func (s *Sender) room(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return max(0, min(perEndpoint-s.busy[name], workers-s.total))
}

func (s *Sender) count(name string, by int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy == nil {
		s.busy = map[string]int{}
	}
	s.total += by
	s.busy[name] += by
	if s.busy[name] == 0 {
		delete(s.busy, name)
	}
}

// deliver tries a claimed delivery and writes down what came of it.
func (s *Sender) deliver(ctx context.Context, d Delivery) {
	ctx, span := d.begin(tenant.With(ctx, districtID(d.Endpoint)))
	defer span.End()
	e, err := s.Store.Endpoint(ctx, d.Endpoint)
	if problem.Is(err, problem.KindNotFound) {
		return // deleted meanwhile, with its deliveries
	}
	if err == nil {
		o := s.try(ctx, e, d)
		o.tell(span)
		err = s.finish(ctx, d, o)
	}
	if err != nil { // it becomes due again when the claim ends
		s.Log.WarnContext(ctx, "result of a webhook is not kept", "delivery", d.Endpoint+"/deliveries/"+d.Event, "error", err)
	}
}

// outcome is what came of a try.
type outcome struct {
	status int
	words  string // why it failed; empty when the event was taken
	after  time.Duration
}

// try posts the delivery. The status decides: what follows it is not waited for.
func (s *Sender) try(ctx context.Context, e Endpoint, d Delivery) outcome {
	now := s.Clock.Now()
	keys, err := secrets(s.Box, e, now)
	if err != nil {
		return outcome{words: badSecret}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.URL, bytes.NewReader(d.Body))
	if err != nil {
		return outcome{words: notBuilt}
	}
	req.Header.Set("Content-Type", jsonType)
	req.Header.Set("User-Agent", userAgent)
	if err := sign(req.Header, keys, d.Event, now, d.Body); err != nil {
		return outcome{words: badSecret}
	}
	resp, err := s.Client.Do(req)
	if err != nil {
		return outcome{words: egress.Reason(err).Error()}
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.CopyN(io.Discard, resp.Body, readMost)
	return judge(resp, now)
}

func judge(resp *http.Response, now time.Time) outcome {
	o := outcome{status: resp.StatusCode, after: retryAfter(resp.Header, now)}
	switch resp.StatusCode / 100 {
	case 2:
	case 3:
		o.words = fmt.Sprintf(noRedirect, resp.StatusCode)
	default:
		o.words = fmt.Sprintf(answered, resp.StatusCode)
	}
	return o
}
