package restclient

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// StreamEvent is one event of the event stream.
type StreamEvent struct {
	ID      string          `json:"id"`
	Type    string          `json:"type"`
	Time    string          `json:"time"`
	Subject string          `json:"subject"`
	Data    json.RawMessage `json:"data"`
}

// Stream reads the event stream until ctx ends. With Resume it connects again
// after a break and goes on where it was.
func (c *Client) Stream(ctx context.Context, query url.Values, fn func(StreamEvent)) error {
	last := ""
	for {
		err := c.streamOnce(ctx, query, &last, fn)
		if ctx.Err() != nil {
			return nil
		}
		if !c.resume {
			return err
		}
		if err := pause(ctx, resumePause); err != nil {
			return nil
		}
	}
}

func (c *Client) streamOnce(ctx context.Context, query url.Values, last *string, fn func(StreamEvent)) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/v1/events:stream?"+query.Encode(), nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Accept", "text/event-stream")
	if *last != "" {
		req.Header.Set("Last-Event-ID", *last)
	}
	resp, err := (&http.Client{Transport: c.http.Transport}).Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("GET /v1/events:stream: %s", resp.Status)
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if id, ok := strings.CutPrefix(lines.Text(), "id:"); ok {
			*last = strings.TrimSpace(id)
		}
		if data, ok := strings.CutPrefix(lines.Text(), "data:"); ok {
			var event StreamEvent
			if err := json.Unmarshal([]byte(data), &event); err != nil {
				return fmt.Errorf("event stream: %w", err)
			}
			fn(event)
		}
	}
	return lines.Err()
}
