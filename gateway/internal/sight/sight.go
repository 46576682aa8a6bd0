// Package sight knows the event types of the platform, as the protos declare
// them, and which events a caller may see.
//
// Neighbours: stream shows events to clients that follow them, webhook sends them
// to addresses outside; both ask here, so that one rule holds for both ways.
package sight

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	eventsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/events/v1"
	// The events of these services are read from the protos linked into the program.
	_ "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	_ "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	_ "github.com/tandem-badges/tandem/proto/gen/go/tandem/evidence/v1"
	_ "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"

	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/bus"
)

// kind is an event type of the platform.
type kind struct {
	message protoreflect.MessageDescriptor
	service string
	roles   []accessv1.Role // that may see it; none means all
}

// Kinds are all event types, by full name.
type Kinds map[string]kind

// Read reads the event types from the protos linked into the program.
func Read() (Kinds, error) {
	found := Kinds{}
	short := map[string]bool{}
	var failed error
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		for i := range file.Messages().Len() {
			d := file.Messages().Get(i)
			option, ok := proto.GetExtension(d.Options(), eventsv1.E_Event).(*eventsv1.Event)
			if !ok || option == nil {
				continue
			}
			name := string(d.FullName())
			if short[ShortName(name)] {
				failed = fmt.Errorf("two event types are called %s", ShortName(name))
			}
			short[ShortName(name)] = true
			found[name] = kind{message: d, service: option.GetService(), roles: option.GetVisibleTo()}
		}
		return failed == nil
	})
	return found, failed
}

// Find returns the full name of a type given in full or in short.
func (k Kinds) Find(name string) (string, bool) {
	for full := range k {
		if full == name || ShortName(full) == name {
			return full, true
		}
	}
	return "", false
}

// Services are the services that publish events.
func (k Kinds) Services() []string {
	var names []string
	for _, one := range k {
		names = append(names, one.service)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// ShortName is the last word of an event type.
func ShortName(full string) string { return full[strings.LastIndexByte(full, '.')+1:] }

// shown is an event as a client reads it.
type shown struct {
	ID      string          `json:"id"`
	Type    string          `json:"type"`
	Time    time.Time       `json:"time"`
	Subject string          `json:"subject"` // name of the resource
	Data    json.RawMessage `json:"data"`
}

// Data returns the event's message as JSON in one line.
func (k Kinds) Data(ev bus.Event) (json.RawMessage, error) {
	one, ok := k[ev.Type]
	if !ok {
		return nil, fmt.Errorf("unknown event type %s", ev.Type)
	}
	m := dynamicpb.NewMessage(one.message)
	if err := proto.Unmarshal(ev.Data, m); err != nil {
		return nil, err
	}
	return protojson.MarshalOptions{EmitDefaultValues: true}.Marshal(m)
}

// Render returns the event with its message as JSON in one line.
func (k Kinds) Render(ev bus.Event) ([]byte, error) {
	data, err := k.Data(ev)
	if err != nil {
		return nil, err
	}
	return json.Marshal(shown{ID: ev.ID, Type: ev.Type, Time: ev.Time, Subject: ev.Name, Data: data})
}

// Sight is which events a caller may see.
type Sight struct {
	kinds  Kinds
	caller access.Identity
}

// Of returns the sight of a caller.
func (k Kinds) Of(caller access.Identity) Sight { return Sight{k, caller} }

// Subjects narrows a watch to where the caller holds a role; Sees decides.
func (s Sight) Subjects() []string {
	districts := []string{bus.State}
	for _, g := range s.caller.Grants {
		if g.Node == access.State {
			districts = []string{"*"}
			break
		}
		if id, err := bus.DistrictOf(g.Node); err == nil {
			districts = append(districts, id)
		}
	}
	slices.Sort(districts)
	districts = slices.Compact(districts)
	var subjects []string
	for _, service := range s.kinds.Services() {
		for _, district := range districts {
			subjects = append(subjects, fmt.Sprintf("tandem.%s.*.*.v1.%s", service, district))
		}
	}
	return subjects
}

// Sees tells whether the caller holds, on the event's node or above it, a role
// that the type is visible to. What concerns the whole state and no role in
// particular, everybody who is signed in may see. Reviewers see of a school what
// was assigned to them and nothing else, which a grant does not tell: a type
// must name them, or the stream would give away applications that do not exist
// for them elsewhere.
func (s Sight) Sees(ev bus.Event) bool {
	one, known := s.kinds[ev.Type]
	if !known {
		return false
	}
	node := access.NodeOf(ev.Name)
	if node == access.State && len(one.roles) == 0 {
		return true
	}
	return slices.ContainsFunc(s.caller.Grants, func(g access.Grant) bool {
		named := slices.Contains(one.roles, g.Role)
		return access.Covers(g.Node, node) && (named || len(one.roles) == 0 && g.Role != accessv1.Role_ROLE_REVIEWER)
	})
}
