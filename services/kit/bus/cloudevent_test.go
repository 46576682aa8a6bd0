package bus

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestAnEventTravelsUnchanged(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringN(0, 40, -1)
		want := Event{
			ID: rapid.StringN(1, 40, -1).Draw(t, "id"), Type: rapid.StringN(1, 40, -1).Draw(t, "type"),
			Subject: "tandem.schools.thing.made.v1.d1", Name: text.Draw(t, "name"), TraceParent: text.Draw(t, "trace"),
			Time: time.UnixMicro(rapid.Int64Range(0, 4e15).Draw(t, "time")).UTC(), Data: rapid.SliceOf(rapid.Byte()).Draw(t, "data"),
		}
		m := toMessage(want)
		for _, values := range m.Header {
			require.Regexp(t, `^[!-~]*$`, values[0], "headers are printable ASCII without space")
		}
		got, err := FromMessage(m.Subject, m.Header, m.Data)
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
}

func TestHeadersAreThoseOfTheBinding(t *testing.T) {
	m := toMessage(Event{
		ID: "01", Type: "tandem.schools.v1.SchoolRegistered", Subject: "tandem.schools.school.registered.v1.d1",
		Name: `districts/d1/schools/Ü "1"%`, Time: time.Date(2026, 9, 1, 8, 0, 0, 5000, time.UTC),
	})
	require.Equal(t, nats.Header{
		"ce-id": {"01"}, "ce-source": {"/tandem/schools"}, "ce-specversion": {"1.0"}, "ce-type": {"tandem.schools.v1.SchoolRegistered"},
		"ce-time": {"2026-09-01T08:00:00.000005Z"}, "ce-subject": {"districts/d1/schools/%C3%9C%20%221%22%25"},
		"ce-datacontenttype": {"application/protobuf"},
	}, m.Header)
}

func TestUnreadableEventsAreRefused(t *testing.T) {
	good := func() nats.Header {
		return nats.Header{
			"ce-id": {"1"}, "ce-specversion": {"1.0"}, "ce-type": {"x.Y"}, "ce-time": {"2026-09-01T08:00:00Z"},
			"ce-datacontenttype": {"application/protobuf"}, "ce-subject": {`"a\"b%20c"`},
		}
	}
	ev, err := FromMessage("s", good(), nil)
	require.NoError(t, err)
	require.Equal(t, `a"b c`, ev.Name, "quotes come off first, then one decoding")
	for name, change := range map[string]func(nats.Header){
		"no id":                  func(h nats.Header) { h.Del("ce-id") },
		"no type":                func(h nats.Header) { h.Del("ce-type") },
		"another version":        func(h nats.Header) { h.Set("ce-specversion", "0.3") },
		"another content":        func(h nats.Header) { h.Set("ce-datacontenttype", "application/json") },
		"no time":                func(h nats.Header) { h.Set("ce-time", "yesterday") },
		"a broken escape":        func(h nats.Header) { h.Set("ce-subject", "a%2") },
		"bytes that are no text": func(h nats.Header) { h.Set("ce-subject", "%FF") },
	} {
		t.Run(name, func(t *testing.T) {
			h := good()
			change(h)
			_, err := FromMessage("s", h, nil)
			require.Error(t, err)
		})
	}
}

func FuzzDecodeHeader(f *testing.F) {
	for _, s := range []string{"", "plain", "%20", `"quoted"`, "%", `"\`, "%C3%9C"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		decoded, err := decodeHeader(s)
		if err != nil {
			return
		}
		again, err := decodeHeader(encodeHeader(decoded))
		require.NoError(t, err)
		require.Equal(t, decoded, again)
	})
}
