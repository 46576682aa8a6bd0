package backup

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/tandem-badges/tandem/services/kit/bus"
)

// message is an event as a line of a backup.
type message struct {
	Sequence uint64              `json:"seq"`
	Subject  string              `json:"subject"`
	Header   map[string][]string `json:"header,omitempty"`
	Data     []byte              `json:"data"`
}

// setting is a setting as a line of a backup.
type setting struct {
	Key   string `json:"key"`
	Value []byte `json:"value"`
}

// headerID is the header with the id of an event.
const headerID = "ce-id"

// streamEnds is how far each stream is now.
func (c *creation) streamEnds(ctx context.Context) (map[string]bus.StreamState, error) {
	ends := map[string]bus.StreamState{}
	if c.from.Bus == nil {
		c.m.StreamsLeftOut = true
		return ends, nil
	}
	for _, service := range c.from.Publishers {
		state, err := c.from.Bus.StreamState(ctx, service)
		if err != nil {
			return nil, err
		}
		ends[service] = state
	}
	return ends, nil
}

// streams copies the events that were published at the moment of the databases: all up to
// where the streams ended before it, and of those that came since the ones that the outbox
// of the moment knows. An event of a change that the backup does not hold would tell
// other services of what never happened.
func (c *creation) streams(ctx context.Context, ends map[string]bus.StreamState) error {
	if c.from.Bus == nil {
		return nil
	}
	for _, service := range c.from.Publishers {
		now, err := c.from.Bus.StreamState(ctx, service)
		if err != nil {
			return err
		}
		if now.Last == 0 {
			continue
		}
		s := Stream{Service: service, Last: ends[service].Last}
		path := fmt.Sprintf("%s/streams/%s%s", c.m.ID, service, packed)
		s.Part, err = c.to.write(ctx, path, c.Report, func(w writer) error { return c.events(ctx, &s, now.Last, w) })
		if err != nil {
			return fmt.Errorf("stream of %s: %w", service, err)
		}
		if s.First == 0 {
			s.First = s.Last + 1
		}
		c.m.Streams = append(c.m.Streams, s)
		c.Report.Part(s.Line())
	}
	return c.settings(ctx)
}

func (c *creation) events(ctx context.Context, s *Stream, upTo uint64, w writer) error {
	sure := s.Last
	return c.from.Bus.ReadStream(ctx, s.Service, upTo, func(m bus.Stored) error {
		if m.Sequence > sure {
			known, err := c.inOutbox(ctx, s.Service, m)
			if err != nil || !known {
				return err
			}
			s.Last = m.Sequence
		}
		if s.First == 0 {
			s.First = m.Sequence
		}
		return writeMessage(w, m)
	})
}

// inOutbox tells whether the databases of the backup hold the change that an event tells.
func (c *creation) inOutbox(ctx context.Context, service string, m bus.Stored) (known bool, err error) {
	ids := m.Header[headerID]
	if len(ids) != 1 || c.source.of[service] == nil {
		return false, nil
	}
	err = c.source.of[service].strings(ctx, service, `SELECT id FROM outbox WHERE id = $1`, []any{ids[0]}, func([]string) error {
		known = true
		return nil
	})
	return known, err
}

func writeMessage(w io.Writer, m bus.Stored) error {
	line, err := json.Marshal(message{Sequence: m.Sequence, Subject: m.Subject, Header: m.Header, Data: m.Data})
	if err == nil {
		_, err = w.Write(append(line, '\n'))
	}
	return err
}

// settings copies what processes share.
func (c *creation) settings(ctx context.Context) error {
	p, err := c.to.write(ctx, c.m.ID+"/settings"+packed, c.Report, func(w writer) error { return writeSettings(ctx, c.from.Bus, w) })
	if err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	c.m.Settings = &p
	c.Report.Part(p.line("settings"))
	return nil
}

func writeSettings(ctx context.Context, b *bus.Bus, w io.Writer) error {
	keys, values, err := b.Settings(ctx)
	if err != nil {
		return err
	}
	for _, key := range keys {
		line, err := json.Marshal(setting{Key: key, Value: values[key]})
		if err != nil {
			return err
		}
		if _, err := w.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return nil
}

// eachLine reads JSON lines.
func eachLine[T any](r io.Reader, fn func(T) error) error {
	lines := json.NewDecoder(bufio.NewReader(r))
	for {
		var one T
		err := lines.Decode(&one)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := fn(one); err != nil {
			return err
		}
	}
}
