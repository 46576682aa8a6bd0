package walkthrough

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/tandem-badges/tandem/services/tandem/internal/restclient"
)

// watcher gathers what the event stream shows about one school.
type watcher struct {
	cancel context.CancelFunc
	done   chan struct{}

	mu     sync.Mutex
	events []restclient.StreamEvent
	err    error
}

// watch follows the stream from now on, as the district coordinator.
func (p *player) watch(ctx context.Context) error {
	c, err := p.as(ctx, p.coordinator)
	if err != nil {
		return err
	}
	// A dropped stream is taken up again where it was; what must arrive is
	// checked in the end.
	ctx, cancel := context.WithCancel(ctx)
	w := &watcher{cancel: cancel, done: make(chan struct{})}
	p.watcher = w
	p.calls = []restclient.Call{{Method: "GET", Path: "/v1/events:stream", Status: 200}}
	query := url.Values{"resource": {p.school}, "since": {p.start.Format(time.RFC3339)}}
	go func() {
		defer close(w.done)
		err := c.Stream(ctx, query, func(event restclient.StreamEvent) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.events = append(w.events, event)
		})
		w.mu.Lock()
		defer w.mu.Unlock()
		w.err = err
	}()
	return nil
}

func (p *player) stopWatching() {
	if p.watcher != nil {
		p.watcher.cancel()
		<-p.watcher.done
	}
}

// types lists the kinds of events seen, in the order of their first sight, with
// their number.
func (w *watcher) types() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var order []string
	count := map[string]int{}
	for _, event := range w.events {
		kind := event.Type[strings.LastIndexByte(event.Type, '.')+1:]
		if count[kind] == 0 {
			order = append(order, kind)
		}
		count[kind]++
	}
	for i, kind := range order {
		if count[kind] > 1 {
			order[i] = fmt.Sprintf("%s ×%d", kind, count[kind])
		}
	}
	return order
}

func (w *watcher) saw(kind string) (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, event := range w.events {
		if strings.HasSuffix(event.Type, "."+kind) {
			return true, nil
		}
	}
	return false, w.err
}

func (p *player) showEvents(ctx context.Context) error {
	for _, kind := range []string{"JourneyBegun", "StandardChosen", "PlanSignedOff", "ApplicationSubmitted", "BadgeAwarded", "CredentialIssued"} {
		err := restclient.Wait(ctx, patience, kind+" on the event stream", func(context.Context) (bool, error) {
			return p.watcher.saw(kind)
		})
		if err != nil {
			return err
		}
	}
	kinds := p.watcher.types()
	p.remark = fmt.Sprintf("%d kinds:", len(kinds))
	p.calls = nil
	for _, kind := range kinds {
		p.remark += "\n       " + kind
	}
	return nil
}
