package bus

import (
	"fmt"
	"regexp"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	eventsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/events/v1"
)

// State stands in a subject where an event belongs to no district.
const State = "_state"

// subjectWord is what may stand between the dots of a subject: no wildcard, no
// dot, no space.
var subjectWord = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// Topic is where messages of one event type are published.
type Topic struct {
	Type     string // full name of the message
	Service  string // that publishes it
	resource string
	event    string
}

// TopicOf reads the event option of a message.
func TopicOf(msg proto.Message) (Topic, error) { return TopicOfType(msg.ProtoReflect().Descriptor()) }

// TopicOfType reads the event option of a message type.
func TopicOfType(d protoreflect.MessageDescriptor) (Topic, error) {
	opt, _ := proto.GetExtension(d.Options(), eventsv1.E_Event).(*eventsv1.Event)
	t := Topic{Type: string(d.FullName()), Service: opt.GetService(), resource: opt.GetResource(), event: opt.GetEvent()}
	for _, w := range []string{t.Service, t.resource, t.event} {
		if !subjectWord.MatchString(w) {
			return Topic{}, fmt.Errorf("message %s has no event option with service, resource and event", t.Type)
		}
	}
	return t, nil
}

// Subject is where an event about the district is published.
func (t Topic) Subject(district string) string {
	return fmt.Sprintf("tandem.%s.%s.%s.v1.%s", t.Service, t.resource, t.event, district)
}

// Filter matches the subjects of the topic in all districts.
func (t Topic) Filter() string { return t.Subject("*") }

// DistrictOf is the district's id in a resource name, or State where the name is
// not below a district.
func DistrictOf(name string) (string, error) {
	rest, ok := strings.CutPrefix(name, "districts/")
	if !ok {
		return State, nil
	}
	id, _, _ := strings.Cut(rest, "/")
	if !subjectWord.MatchString(id) {
		return "", fmt.Errorf("resource name %q: the district's id cannot stand in a subject", name)
	}
	return id, nil
}

// word is the i-th word of a subject, or "".
func word(subject string, i int) string {
	words := strings.SplitN(subject, ".", i+2)
	if i >= len(words) {
		return ""
	}
	return words[i]
}
