package bus

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/nats-io/nats.go"
)

// Attributes of a CloudEvent in binary mode, as NATS headers.
const (
	headerID          = "ce-id"
	headerSource      = "ce-source"
	headerSpecVersion = "ce-specversion"
	headerType        = "ce-type"
	headerTime        = "ce-time"
	headerSubject     = "ce-subject" // the resource name; the NATS subject is another thing
	headerContentType = "ce-datacontenttype"
	headerTraceParent = "ce-traceparent"

	specVersion = "1.0"
	contentType = "application/protobuf"
)

// toMessage writes an event as a CloudEvent in binary mode.
func toMessage(ev Event) *nats.Msg {
	m := nats.NewMsg(ev.Subject)
	m.Data = ev.Data
	for name, value := range map[string]string{
		headerID: ev.ID, headerSource: "/tandem/" + ev.Service(), headerSpecVersion: specVersion,
		headerType: ev.Type, headerTime: ev.Time.UTC().Format(time.RFC3339Nano), headerSubject: ev.Name,
		headerContentType: contentType, headerTraceParent: ev.TraceParent,
	} {
		if value != "" {
			m.Header[name] = []string{encodeHeader(value)}
		}
	}
	return m
}

// FromMessage reads a CloudEvent in binary mode, as a consumer received it.
func FromMessage(subject string, header nats.Header, data []byte) (Event, error) {
	ev := Event{Subject: subject, Data: data}
	values := map[string]string{}
	for _, name := range []string{headerID, headerSpecVersion, headerType, headerTime, headerSubject, headerContentType, headerTraceParent} {
		value, err := decodeHeader(header.Get(name))
		if err != nil {
			return ev, fmt.Errorf("header %s: %w", name, err)
		}
		values[name] = value
	}
	ev.ID, ev.Type, ev.Name, ev.TraceParent = values[headerID], values[headerType], values[headerSubject], values[headerTraceParent]
	switch {
	case values[headerSpecVersion] != specVersion:
		return ev, fmt.Errorf("header %s: want %s", headerSpecVersion, specVersion)
	case ev.ID == "" || ev.Type == "":
		return ev, fmt.Errorf("headers %s and %s: must not be empty", headerID, headerType)
	case values[headerContentType] != contentType:
		return ev, fmt.Errorf("header %s: want %s", headerContentType, contentType)
	}
	var err error
	if ev.Time, err = time.Parse(time.RFC3339Nano, values[headerTime]); err != nil {
		return ev, fmt.Errorf("header %s: want a time such as 2026-09-01T08:00:00Z", headerTime)
	}
	ev.Time = ev.Time.UTC()
	return ev, nil
}

// encodeHeader percent-encodes what the NATS binding of CloudEvents does not
// allow bare: space, quote, percent and everything outside printable ASCII.
func encodeHeader(value string) string {
	var b strings.Builder
	for i := range len(value) {
		c := value[i]
		if c <= ' ' || c > '~' || c == '"' || c == '%' {
			fmt.Fprintf(&b, "%%%02X", c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// decodeHeader undoes encodeHeader, and accepts the quoted form other senders
// may use: quotes and backslashes are taken off first, then the value is decoded
// once.
func decodeHeader(value string) (string, error) {
	if len(value) >= 2 && value[0] == '"' && value[len(value)-1] == '"' {
		value = unquote(value[1 : len(value)-1])
	}
	var b strings.Builder
	for i := 0; i < len(value); i++ {
		if value[i] != '%' {
			b.WriteByte(value[i])
			continue
		}
		if i+2 >= len(value) || !isHex(value[i+1]) || !isHex(value[i+2]) {
			return "", errors.New("a percent sign without two hexadecimal digits")
		}
		b.WriteByte(unhex(value[i+1])<<4 | unhex(value[i+2]))
		i += 2
	}
	if !utf8.ValidString(b.String()) {
		return "", errors.New("not UTF-8 after decoding")
	}
	return b.String(), nil
}

func unquote(value string) string {
	var b strings.Builder
	for i := 0; i < len(value); i++ {
		if value[i] == '\\' && i+1 < len(value) {
			i++
		}
		b.WriteByte(value[i])
	}
	return b.String()
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	default:
		return c - 'a' + 10
	}
}
