package stream

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/gateway/internal/problems"
	"github.com/tandem-badges/tandem/services/kit/bus"
)

// wish is which events a client asks for.
type wish struct {
	after    string    // position of the last event seen
	since    time.Time // product time from which on events count
	stored   time.Time // real time before which none of those was stored
	types    map[string]bool
	resource string
}

// readWish reads the query and Last-Event-ID, which wins over since.
func (h *Handler) readWish(r *http.Request) (wish, []problems.Violation) {
	var want wish
	var wrong []problems.Violation
	query := r.URL.Query()
	for name, values := range query {
		if !slices.Contains([]string{"types", "resource", "since"}, name) {
			wrong = append(wrong, problems.Violation{Field: name, Rule: "unknown_parameter", Fix: "Remove it; known here: resource, since, types."})
		} else if len(values) > 1 && name != "types" {
			wrong = append(wrong, problems.Violation{Field: name, Rule: "once", Fix: "Give it once."})
		}
	}
	want.resource = query.Get("resource")
	if types := strings.Join(query["types"], ","); types != "" {
		want.types = map[string]bool{}
		for _, name := range strings.Split(types, ",") {
			full, known := h.kinds.Find(strings.TrimSpace(name))
			if !known {
				wrong = append(wrong, problems.Violation{Field: "types", Rule: "unknown_type", Fix: "There is no event type " + quoted(name) + "; give names such as BadgeAwarded with commas between them."})
			}
			want.types[full] = true
		}
	}
	if since := query.Get("since"); since != "" {
		at, err := time.Parse(time.RFC3339, since)
		if err != nil {
			wrong = append(wrong, problems.Violation{Field: "since", Rule: "timestamp", Fix: "Give a time such as 2026-09-01T08:00:00Z."})
		}
		// The product's clock only ever runs further ahead, so nothing of that
		// time was stored earlier than this.
		want.since, want.stored = at, at.Add(-h.opts.Ahead())
	}
	if id := r.Header.Get("Last-Event-ID"); id != "" {
		position, err := h.seal.open(id)
		if err != nil {
			wrong = append(wrong, badCursor())
		}
		want.after = position
	}
	return want, wrong
}

func badCursor() problems.Violation {
	return problems.Violation{
		Field: "Last-Event-ID", Rule: "known_event",
		Fix: "Send the id of an event received here, or leave it out and begin anew, with since if need be.",
	}
}

func quoted(name string) string {
	const longest = 60
	if len(name) > longest {
		name = name[:longest]
	}
	return `"` + strings.ToValidUTF8(name, "?") + `"`
}

// wants tells whether the client asked for the event.
func (w wish) wants(ev bus.Event) bool {
	if w.types != nil && !w.types[ev.Type] {
		return false
	}
	if w.after == "" && ev.Time.Before(w.since) {
		return false
	}
	return w.resource == "" || ev.Name == w.resource || strings.HasPrefix(ev.Name, strings.TrimSuffix(w.resource, "/")+"/")
}
