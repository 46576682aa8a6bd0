package contexts_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
)

func TestEmbeddedContextsAreThePinnedOnes(t *testing.T) {
	s, err := contexts.Standard()
	require.NoError(t, err)
	for url, want := range map[string]string{
		contexts.CredentialsV2:        "b463c8d6a066214123ddd9827b135e1b50e1fc73322cc52a9b12a4f1fc7d86cf",
		contexts.OpenBadges303:        "c5e555a91a5cf48e32ae0a05674c61ddd5c053b680b5643b2f57f9965e386d99",
		contexts.OpenBadgesExtensions: "15f4c347c6fe4380d9b6b93795859e33747ef48d5c55b91a71c52fb51c7bcbd7",
	} {
		require.Equal(t, want, s.Digest(url), url)
		_, known := s.Document(url)
		require.True(t, known)
	}
}

func TestTheExamplesContextIsUnknownOutsideDevelopment(t *testing.T) {
	s, err := contexts.Standard()
	require.NoError(t, err)
	_, known := s.Document(contexts.ExamplesV2)
	require.False(t, known)
	dev, err := contexts.Development()
	require.NoError(t, err)
	_, known = dev.Document(contexts.ExamplesV2)
	require.True(t, known)
}

// The strict reading of documents in package jsonld rests on these properties of the closed set.
func TestNoEmbeddedContextCanHideAValue(t *testing.T) {
	s, err := contexts.Standard()
	require.NoError(t, err)
	require.Contains(t, s.Addresses(), contexts.CLR201)
	for _, url := range s.Addresses() {
		doc, _ := s.Document(url)
		require.Len(t, doc, 1, url)
		checkDefinitions(t, url, doc["@context"])
	}
}

func checkDefinitions(t *testing.T, path string, node any) {
	definitions, ok := node.(map[string]any)
	if !ok {
		require.Nil(t, node, path)
		return
	}
	for term, value := range definitions {
		here := path + " " + term
		switch term {
		case "@protected":
			continue
		case "@vocab", "@base", "@import", "@language", "@direction", "@propagate":
			require.Fail(t, "the context changes how others are read", here)
		}
		require.NotNil(t, value, "%s: a null term drops its value in silence", here)
		d, isObject := value.(map[string]any)
		if !isObject {
			if text, _ := value.(string); strings.HasPrefix(text, "@") {
				require.Contains(t, []string{"id @id", "type @type"}, term+" "+text, here)
			}
			continue
		}
		for _, keyword := range []string{"@reverse", "@nest", "@index", "@prefix"} {
			require.NotContains(t, d, keyword, here)
		}
		if c, has := d["@container"]; has {
			require.Contains(t, []any{"@set", "@list", "@graph"}, c, here)
		}
		if nested, has := d["@context"]; has {
			checkDefinitions(t, here, nested)
		}
	}
}
