package stream

import (
	"bytes"
	"fmt"
	"net/http"
	"time"
)

// sink writes the text of a server-sent event stream. Every write has a
// deadline: who does not take it is gone.
type sink struct {
	w  http.ResponseWriter
	rc *http.ResponseController
}

// retry is how long a client waits before it comes back, in milliseconds.
const retry = 2000

func (s *sink) begin() error {
	_ = s.rc.SetReadDeadline(time.Time{}) // there is nothing more to read, and no end to wait for
	h := s.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // proxies must not hold events back
	s.w.WriteHeader(http.StatusOK)
	return s.put(fmt.Appendf(nil, "retry: %d\n: connected\n\n", retry))
}

func (s *sink) comment(text string) error {
	return s.put(fmt.Appendf(nil, ": %s\n\n", text))
}

// event writes one event; data is JSON in one line.
func (s *sink) event(id, name string, data []byte) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "id: %s\nevent: %s\ndata: %s\n\n", id, name, data)
	return s.put(b.Bytes())
}

func (s *sink) put(text []byte) error {
	_ = s.rc.SetWriteDeadline(time.Now().Add(writeTimeout)) // real time: a limit on the connection
	if _, err := s.w.Write(text); err != nil {
		return err
	}
	return s.rc.Flush()
}
