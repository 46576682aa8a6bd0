package proto_test

import (
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/tandem-badges/tandem/proto/internal/schema"
)

// personal are words in field names that would put personal data on the bus,
// where it could never be erased.
var personal = []string{
	"email", "phone", "given_name", "family_name", "first_name", "last_name", "display_name", "full_name",
	"birth", "address", "postal", "answer", "free_text", "comment", "note", "ip_address", "user_agent", "token",
}

// events lists the messages of the events.proto files.
func events(t *testing.T) []protoreflect.MessageDescriptor {
	t.Helper()
	var found []protoreflect.MessageDescriptor
	for _, m := range load(t).Messages() {
		_, nested := m.Parent().(protoreflect.MessageDescriptor)
		if path.Base(m.ParentFile().Path()) == "events.proto" && !nested {
			found = append(found, m)
		}
	}
	require.NotEmpty(t, found, "no event was found: the rules would hold of nothing")
	return found
}

func TestEveryEventSaysWhereItIsPublished(t *testing.T) {
	for _, m := range events(t) {
		event, ok := schema.Event(m)
		require.True(t, ok, "%s: add option (tandem.events.v1.event)", m.FullName())
		pkg := strings.Split(string(m.ParentFile().Package()), ".")
		require.Equal(t, pkg[1], event.GetService(), "%s: a service publishes only its own events", m.FullName())
		for _, word := range []string{event.GetService(), event.GetResource(), event.GetEvent()} {
			require.Regexp(t, `^[a-z]+$`, word, "%s: a part of the subject is one lower-case word", m.FullName())
		}
	}
}

func TestSubjectsOfEventsAreUnique(t *testing.T) {
	subjects := map[string]protoreflect.FullName{}
	for _, m := range events(t) {
		event, _ := schema.Event(m)
		subject := strings.Join([]string{event.GetService(), event.GetResource(), event.GetEvent()}, ".")
		require.Empty(t, subjects[subject], "%s has the subject %s of another event", m.FullName(), subject)
		subjects[subject] = m.FullName()
	}
}

func TestEveryEventNamesItsResource(t *testing.T) {
	for _, m := range events(t) {
		require.True(t, isString(m.Fields().ByName("name")), "%s: an event has the field `string name`", m.FullName())
	}
}

func TestEventsCarryNoPersonalData(t *testing.T) {
	for _, m := range events(t) {
		requireImpersonal(t, m, map[protoreflect.FullName]bool{})
	}
}

// requireImpersonal looks at the field names of a message and of those within.
func requireImpersonal(t *testing.T, m protoreflect.MessageDescriptor, seen map[protoreflect.FullName]bool) {
	t.Helper()
	if seen[m.FullName()] {
		return
	}
	seen[m.FullName()] = true
	for i := range m.Fields().Len() {
		f := m.Fields().Get(i)
		for _, word := range personal {
			require.NotContains(t, string(f.Name()), word, "%s: events carry ids and public facts only", f.FullName())
		}
		if f.Message() != nil && strings.HasPrefix(string(f.Message().FullName()), "tandem.") {
			requireImpersonal(t, f.Message(), seen)
		}
	}
}

func TestEventsAreDeclaredNowhereElse(t *testing.T) {
	for _, m := range load(t).Messages() {
		if _, ok := schema.Event(m); ok {
			require.Equal(t, "events.proto", path.Base(m.ParentFile().Path()), "%s: events live in events.proto", m.FullName())
		}
	}
}
