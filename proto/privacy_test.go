package proto_test

import (
	_ "embed"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/tandem-badges/tandem/proto/internal/schema"
)

// publicTexts are texts without personal data, each with the reason.
//
//go:embed testdata/public-texts.tsv
var publicTexts string

// technical are names of fields that hold an identifier, a digest, a token, a date,
// an address or the name of a language or format, and never words of a person.
var technical = regexp.MustCompile(`(^id|_ids?|_token|^etag|^digest|_digest|sha256|hash|_date|^url|_url|^languages?|media_type)$`)

// resourceWords are names of fields that hold the name of a resource, or the id of a
// part of one: those of the resources, but not of people, and the general ones.
func resourceWords(t *testing.T) map[string]bool {
	t.Helper()
	words := map[string]bool{"name": true, "parent": true, "node": true, "resource": true}
	for _, r := range load(t).Resources() {
		words[snake(r.GetSingular())], words[snake(r.GetPlural())] = true, true
	}
	for word := range strings.FieldsSeq(`standard standards indicator indicators item criterion rule event survey_result survey_results
		framework_version instrument_version badge_definition_version rubric_version`) {
		words[word] = true
	}
	require.True(t, words["journey"] && words["person"])
	delete(words, "person")
	delete(words, "people")
	return words
}

func snake(camel string) string {
	return strings.ToLower(regexp.MustCompile(`([a-z])([A-Z])`).ReplaceAllString(camel, "${1}_$2"))
}

// texts are all fields that hold text or bytes.
func texts(t *testing.T) (all []protoreflect.FieldDescriptor) {
	t.Helper()
	for _, m := range load(t).Messages() {
		for i := range m.Fields().Len() {
			f := m.Fields().Get(i)
			kind := f.Kind()
			if f.IsMap() {
				kind = f.MapValue().Kind()
			}
			if kind == protoreflect.StringKind || kind == protoreflect.BytesKind {
				all = append(all, f)
			}
		}
	}
	return all
}

func TestEveryTextIsMarkedAsPersonalOrIsPublicForAReason(t *testing.T) {
	public := map[string]bool{}
	for line := range strings.Lines(publicTexts) {
		name, reason, _ := strings.Cut(strings.TrimSpace(line), "\t")
		require.NotEmpty(t, reason, "%s: say why it is no personal data", name)
		require.False(t, public[name], "%s is listed twice", name)
		public[name] = true
	}
	words := resourceWords(t)
	var unsaid []string
	for _, f := range texts(t) {
		name := strings.TrimPrefix(string(f.FullName()), "tandem.")
		_, personal := schema.Personal(f)
		_, reference := schema.Reference(f)
		plain := reference || schema.HasBehavior(f, annotations.FieldBehavior_IDENTIFIER) ||
			technical.MatchString(string(f.Name())) || words[string(f.Name())]
		if personal || plain {
			require.False(t, public[name], "%s needs no line in testdata/public-texts.tsv", name)
		} else if !public[name] {
			unsaid = append(unsaid, name)
		}
		delete(public, name)
	}
	require.Empty(t, unsaid, "mark these with (tandem.privacy.v1.personal), or say in testdata/public-texts.tsv why they are no personal data")
	require.Empty(t, public, "testdata/public-texts.tsv has lines of fields that are gone")
}

// Fields that are kept are declared by the service that keeps them (package
// records of the services); those of no service would be declared by nobody.
func TestPersonalDataIsOnlyInMessagesOfServicesThatDeclareWhatTheyKeep(t *testing.T) {
	services := []string{"tandem.assessments.v1", "tandem.badges.v1", "tandem.evidence.v1", "tandem.gateway.v1", "tandem.records.v1", "tandem.schools.v1"}
	for _, m := range load(t).Messages() {
		for i := range m.Fields().Len() {
			f := m.Fields().Get(i)
			_, personal := schema.Personal(f)
			event := strings.HasSuffix(f.ParentFile().Path(), "/events.proto")
			if personal {
				require.Contains(t, services, string(f.ParentFile().Package()), f.FullName())
				require.False(t, event, "%s: events go to everybody who listens and hold ids only", f.FullName())
			}
		}
	}
}
