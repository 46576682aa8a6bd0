package main

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/reflect/protoreflect"

	eventsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/events/v1"
	"github.com/tandem-badges/tandem/proto/internal/schema"
)

// object is a mapping of the document; YAML writes its keys sorted.
type object = map[string]any

// Document is an AsyncAPI document with its parts in the order people read them.
type Document struct {
	AsyncAPI    string `yaml:"asyncapi"`
	Info        object `yaml:"info"`
	ContentType string `yaml:"defaultContentType"`
	Channels    object `yaml:"channels"`
	Operations  object `yaml:"operations"`
	Components  object `yaml:"components"`
}

const about = `Events of the platform on NATS JetStream, as CloudEvents 1.0 in binary mode: attributes in the headers, the protobuf message as payload.
There is a stream per service, TANDEM_<SERVICE>, for tandem.<service>.>. An event is published at least once and keeps its order per
resource; consumers tell repeats by ce-id, which is also the Nats-Msg-Id. Events carry ids and public facts, never personal data.
Payloads are described here in their JSON form, in which the event stream of the gateway shows them.`

// Build describes every event message.
func Build(protos *schema.Schema) Document {
	doc := Document{
		AsyncAPI: "3.0.0",
		Info: object{
			"title": "Tandem events", "version": "v1", "description": about,
			"license": object{"name": "Apache-2.0"},
		},
		ContentType: "application/protobuf",
		Channels:    object{}, Operations: object{},
	}
	messages := object{}
	for _, m := range protos.Messages() {
		if event, ok := schema.Event(m); ok {
			name := string(m.FullName())
			doc.Channels[name] = channel(m, event)
			doc.Operations["publish."+name] = operation(m, event)
			messages[name] = message(m, event)
		}
	}
	doc.Components = object{
		"messages": messages,
		"schemas":  object{"CloudEvent": cloudEvent()},
		"parameters": object{"district": object{
			"description": "Id of the district the resource belongs to; _state where it belongs to the whole state.",
		}},
	}
	return doc
}

// Subject is where an event is published, with {district} for the last part.
func Subject(m protoreflect.MessageDescriptor, event *eventsv1.Event) string {
	pkg := strings.Split(string(m.ParentFile().Package()), ".")
	version := pkg[len(pkg)-1]
	return strings.Join([]string{"tandem", event.GetService(), event.GetResource(), event.GetEvent(), version, "{district}"}, ".")
}

// channel is the subject of an event.
func channel(m protoreflect.MessageDescriptor, event *eventsv1.Event) object {
	name := string(m.FullName())
	return object{
		"address":    Subject(m, event),
		"parameters": object{"district": ref("parameters", "district")},
		"messages":   object{string(m.Name()): ref("messages", name)},
	}
}

// operation says which service publishes an event.
func operation(m protoreflect.MessageDescriptor, event *eventsv1.Event) object {
	name := string(m.FullName())
	return object{
		"action":  "send",
		"summary": "The " + event.GetService() + " service publishes " + string(m.Name()) + ".",
		"channel": object{"$ref": "#/channels/" + name},
	}
}

// message is an event with its headers and fields.
func message(m protoreflect.MessageDescriptor, event *eventsv1.Event) object {
	described := object{
		"name":    string(m.FullName()),
		"title":   string(m.Name()),
		"summary": text(m),
		"headers": ref("schemas", "CloudEvent"),
		"payload": fields(m),
	}
	var roles []string
	for _, role := range event.GetVisibleTo() {
		roles = append(roles, strings.TrimPrefix(role.String(), "ROLE_"))
	}
	if len(roles) > 0 {
		described["x-tandem-visible-to"] = roles
	}
	return described
}

// cloudEvent describes the headers that all events share.
func cloudEvent() object {
	header := func(description string) object {
		return object{"type": "string", "description": description}
	}
	return object{
		"type":     "object",
		"required": []string{"ce-id", "ce-source", "ce-specversion", "ce-type", "ce-time", "ce-subject", "Nats-Msg-Id"},
		"properties": object{
			"ce-id":              header("Id of the event, a UUIDv7."),
			"ce-source":          header("The service that published it."),
			"ce-specversion":     object{"type": "string", "const": "1.0", "description": "Version of CloudEvents."},
			"ce-type":            header("Full name of the message, e.g. tandem.badges.v1.BadgeAwarded."),
			"ce-time":            object{"type": "string", "format": "date-time", "description": "When it happened."},
			"ce-subject":         header("Name of the resource it happened to, the field `name` of the message."),
			"ce-datacontenttype": object{"type": "string", "const": "application/protobuf", "description": "Form of the payload."},
			"Nats-Msg-Id":        header("The id once more; the stream drops repeats by it."),
		},
	}
}

// ref refers to a component.
func ref(kind, name string) object {
	return object{"$ref": "#/components/" + kind + "/" + name}
}

// text is a comment as running text.
func text(d protoreflect.Descriptor) string {
	return strings.Join(strings.Fields(schema.Comment(d)), " ")
}

// Encode writes the document; the same protos always give the same bytes.
func Encode(doc Document) ([]byte, error) {
	var out bytes.Buffer
	out.WriteString("# Generated from the event messages of the protos; do not edit.\n")
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(doc); err != nil {
		return nil, err
	}
	return out.Bytes(), encoder.Close()
}
