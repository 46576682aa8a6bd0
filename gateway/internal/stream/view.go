package stream

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/bus"
	"github.com/tandem-badges/tandem/services/kit/identity"
)

// Callers finds out again who follows a stream; package caller does.
type Callers interface {
	// Again returns a context with the caller of a request that is still being
	// answered, and false when the request proves nobody any more.
	Again(r *http.Request) (ctx context.Context, known bool, err error)
}

// view is what one client sees of the events while it stays: its rights are asked
// for again with each heartbeat, and before the next event is looked at when one
// tells that they changed. Grants begin and end by the product's clock.
type view struct {
	handler  *Handler
	request  *http.Request
	subjects []string // that the watch follows
	caller   atomic.Pointer[access.Identity]
	mu       sync.Mutex // one question at a time
}

func (h *Handler) view(r *http.Request) *view {
	v := &view{handler: h, request: r}
	id, _ := access.FromContext(r.Context())
	v.caller.Store(&id)
	v.subjects = h.subjects(id)
	return v
}

// subjects are what the caller may see, and what tells of their own rights.
func (h *Handler) subjects(id access.Identity) []string {
	subjects := h.kinds.Of(id).Subjects()
	if slices.ContainsFunc(id.Grants, func(g access.Grant) bool { return g.Node == access.State }) {
		return subjects // everything, and no subject may be followed twice
	}
	if home, err := bus.DistrictOf(access.NodeOf(id.Subject)); err == nil {
		if own := fmt.Sprintf("tandem.schools.*.*.v1.%s", home); !slices.Contains(subjects, own) {
			subjects = append(subjects, own)
		}
	}
	return subjects
}

func (v *view) sees(ev bus.Event) bool {
	now := identity.At(*v.caller.Load(), v.handler.opts.Now())
	return v.handler.kinds.Of(now).Sees(ev)
}

// refresh asks for the rights again. It says false when the stream must end: the
// caller is gone or cannot be asked for, or sees more than the watch follows. A
// client that comes back has missed nothing.
func (v *view) refresh() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	ctx, known, err := v.handler.opts.Callers.Again(v.request)
	if err != nil || !known || !access.May(ctx, action, access.State) {
		return false
	}
	id, _ := access.FromContext(ctx)
	for _, subject := range v.handler.subjects(id) {
		if !v.follows(subject) {
			return false
		}
	}
	v.caller.Store(&id)
	return true
}

func (v *view) follows(subject string) bool {
	all := subject[:strings.LastIndexByte(subject, '.')+1] + "*"
	return slices.Contains(v.subjects, subject) || slices.Contains(v.subjects, all)
}

// The events that tell of rights that changed.
var aboutRights = []string{"tandem.schools.v1.GrantGiven", "tandem.schools.v1.GrantEnded", "tandem.schools.v1.PersonChanged"}

// concerns tells whether an event is about the rights of who follows.
func (v *view) concerns(ev bus.Event) bool {
	if !slices.Contains(aboutRights, ev.Type) {
		return false
	}
	subject := v.caller.Load().Subject
	return ev.Name == subject || strings.HasPrefix(ev.Name, subject+"/")
}
