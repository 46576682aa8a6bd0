package dev

import "context"

// Listed is somebody who can be signed in as.
type Listed struct{ Identity, Name, Title string }

// People lists whom one can sign in as.
func (h *Handler) People(ctx context.Context) ([]Listed, error) {
	all, err := h.all(ctx)
	listed := make([]Listed, len(all))
	for i, p := range all {
		listed[i] = Listed{Identity: p.Identity, Name: p.Name, Title: p.Title}
	}
	return listed, err
}
