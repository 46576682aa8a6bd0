package main

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/tandem-badges/tandem/proto/internal/schema"
)

// committed reads the platform's document as plain YAML, and the protos.
func committed(t *testing.T) (string, object, *schema.Schema) {
	t.Helper()
	protos, err := schema.Load(t.Context(), "../..")
	require.NoError(t, err)
	text, err := os.ReadFile("../../gen/asyncapi/asyncapi.yaml")
	require.NoError(t, err)
	var doc object
	require.NoError(t, yaml.Unmarshal(text, &doc))
	return string(text), doc, protos
}

func TestTheDocumentIsWhatTheProtosGive(t *testing.T) {
	text, _, protos := committed(t)
	fresh, err := Encode(Build(protos))
	require.NoError(t, err)
	require.Equal(t, string(fresh), text, "run make generate")
}

// This does not go through Build: a mistake there cannot hide.
func TestEverySubjectAndFieldOfAnEventIsInTheDocument(t *testing.T) {
	_, doc, protos := committed(t)
	channels := doc["channels"].(object)
	messages := doc["components"].(object)["messages"].(object)
	count := 0
	for _, m := range protos.Messages() {
		event, ok := schema.Event(m)
		if !ok {
			continue
		}
		count++
		name := string(m.FullName())
		want := "tandem." + event.GetService() + "." + event.GetResource() + "." + event.GetEvent() + ".v1.{district}"
		require.Contains(t, channels, name)
		require.Equal(t, want, channels[name].(object)["address"])
		described := messages[name].(object)
		require.NotEmpty(t, described["summary"], name)
		properties := described["payload"].(object)["properties"].(object)
		require.Len(t, properties, m.Fields().Len(), name)
		for i := range m.Fields().Len() {
			property := properties[m.Fields().Get(i).JSONName()].(object)
			require.NotEmpty(t, property["type"], "%s.%s", name, m.Fields().Get(i).Name())
			require.NotEmpty(t, property["description"], "%s.%s", name, m.Fields().Get(i).Name())
		}
	}
	require.NotZero(t, count)
	require.Len(t, channels, count, "a subject that no event has")
	require.Len(t, messages, count)
	require.Len(t, doc["operations"], count)
}

func TestEveryReferenceLeadsSomewhere(t *testing.T) {
	_, doc, _ := committed(t)
	var follow func(value any)
	follow = func(value any) {
		switch value := value.(type) {
		case object:
			if ref, ok := value["$ref"].(string); ok {
				var at any = doc
				for part := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
					at = at.(object)[part]
				}
				require.NotNil(t, at, ref)
			}
			for _, inner := range value {
				follow(inner)
			}
		case []any:
			for _, inner := range value {
				follow(inner)
			}
		}
	}
	follow(doc)
}
