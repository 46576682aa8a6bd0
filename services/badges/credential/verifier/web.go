package verifier

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

const (
	maxList     = MaxDocument
	listTimeout = 5 * time.Second
	listTypes   = "application/vc+ld+json, application/vc+jwt, application/vc, application/ld+json, application/json"
)

// WebLists fetches status lists over the network. The client decides which addresses may be
// reached: hand in one that refuses private networks (kit/egress), since the address comes from
// whoever wrote the credential. A redirect is no answer.
type WebLists struct{ Client *http.Client }

// List implements ListSource.
func (w WebLists) List(ctx context.Context, address string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("status list: %w", err)
	}
	req.Header.Set("Accept", listTypes)
	direct := *w.Client
	direct.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := direct.Do(req)
	if err != nil {
		return nil, fmt.Errorf("status list: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status list: the server answered %s", resp.Status)
	}
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxList+1))
	if err == nil && len(raw) > maxList {
		err = fmt.Errorf("status list: larger than %d bytes", maxList)
	}
	return raw, err
}
