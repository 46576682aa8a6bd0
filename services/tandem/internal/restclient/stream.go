package restclient

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

const (
	streamPath = "/v1/events:stream"
	maxEvent   = 1 << 20
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
// after a break and goes on where it was; a refusal ends it either way.
func (c *Client) Stream(ctx context.Context, query url.Values, fn func(StreamEvent)) error {
	last := ""
	for {
		err := c.streamOnce(ctx, query, &last, fn)
		if ctx.Err() != nil {
			return nil
		}
		var refusal *Problem
		if refused := errors.As(err, &refusal) && refusal.Status < http.StatusInternalServerError; refused || !c.resume {
			return err
		}
		if err := pause(ctx, resumePause); err != nil {
			return nil
		}
	}
}

func (c *Client) streamOnce(ctx context.Context, query url.Values, last *string, fn func(StreamEvent)) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+streamPath+"?"+query.Encode(), nil)
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
		answer, _ := io.ReadAll(io.LimitReader(resp.Body, maxEvent))
		return parseProblem(http.MethodGet, streamPath, resp.StatusCode, answer)
	}
	return readEvents(resp.Body, last, fn)
}

// readEvents gives every whole event to fn. An id counts once its event was
// given: one that a break cut off comes again.
func readEvents(body io.Reader, last *string, fn func(StreamEvent)) error {
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, maxEvent)
	id, data := "", ""
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ":")
		switch value = strings.TrimPrefix(value, " "); {
		case lines.Text() == "" && data != "":
			var event StreamEvent
			if err := json.Unmarshal([]byte(data), &event); err != nil {
				return fmt.Errorf("event stream: %w", err)
			}
			fn(event)
			*last, data = id, ""
		case field == "id":
			id = value
		case field == "data":
			data += value
		}
	}
	return lines.Err()
}
