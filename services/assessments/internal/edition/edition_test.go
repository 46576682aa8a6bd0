package edition_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/internal/check"
	"github.com/tandem-badges/tandem/services/assessments/internal/edition"
)

var kind = edition.Kind{Collection: "books", Field: "book", VersionOf: "book_version"}

// shelf is a Store in memory of documents that are a word.
type shelf struct {
	families map[string]edition.Family
	versions map[string]edition.Edition[string]
	events   []string
}

func newShelf() *shelf {
	return &shelf{families: map[string]edition.Family{}, versions: map[string]edition.Edition[string]{}}
}

func (s *shelf) Tx(ctx context.Context, fn func(ctx context.Context) error) error { return fn(ctx) }

func (s *shelf) AddFamily(_ context.Context, f edition.Family) error {
	if _, taken := s.families[f.ID]; taken {
		return problem.AlreadyExists(kind.FamilyName(f.ID))
	}
	s.families[f.ID] = f
	return nil
}

func (s *shelf) Family(_ context.Context, id string) (edition.Family, error) {
	f, ok := s.families[id]
	if !ok {
		return f, problem.NotFound(kind.FamilyName(id))
	}
	return f, nil
}

func (s *shelf) Families(context.Context, string, int) ([]edition.Family, error) { return nil, nil }

func (s *shelf) AddEdition(_ context.Context, e edition.Edition[string]) error {
	if _, taken := s.versions[e.Family+e.ID]; taken {
		return problem.AlreadyExists(kind.VersionName(e.Family, e.ID))
	}
	s.versions[e.Family+e.ID] = e
	return nil
}

func (s *shelf) Edition(_ context.Context, family, id string) (edition.Edition[string], error) {
	e, ok := s.versions[family+id]
	if !ok {
		return e, problem.NotFound(kind.VersionName(family, id))
	}
	return e, nil
}

func (s *shelf) Editions(context.Context, string, string, int) ([]edition.Edition[string], error) {
	return nil, nil
}

func (s *shelf) SaveEdition(_ context.Context, e edition.Edition[string]) error {
	s.versions[e.Family+e.ID] = e
	return nil
}

func (s *shelf) Announce(_ context.Context, e edition.Edition[string]) error {
	s.events = append(s.events, e.Family+e.ID)
	return nil
}

// service publishes any document but the empty one.
func service(s *shelf) *edition.Service[string] {
	return edition.NewService(kind, s, clock.NewFake(time.Unix(0, 0)), func(_ context.Context, prefix, body string) (check.List, error) {
		var bad check.List
		bad.Need(body != "", prefix+".body", "required", "Write something.")
		return bad, nil
	})
}

func TestPublishedIsFinalOnEveryPath(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shelf, ctx := newShelf(), context.Background()
		s := service(shelf)
		_, err := s.CreateFamily(ctx, "f", "F", "")
		require.NoError(t, err)
		final := map[string]edition.Edition[string]{}
		id := rapid.SampledFrom([]string{"1", "2"})
		word := rapid.SampledFrom([]string{"", "a", "b"})
		t.Repeat(map[string]func(*rapid.T){
			"create": func(t *rapid.T) { _, _ = s.Create(ctx, "f", id.Draw(t, "id"), "T", word.Draw(t, "word")) },
			"update": func(t *rapid.T) {
				_, _ = s.Update(ctx, "f", id.Draw(t, "id"), "", func(e *edition.Edition[string]) error {
					e.Body = word.Draw(t, "word")
					return nil
				})
			},
			"publish": func(t *rapid.T) { _, _ = s.Publish(ctx, "f", id.Draw(t, "id"), "") },
			"seed": func(t *rapid.T) {
				_ = s.Seed(ctx, edition.Family{ID: "f"}, edition.Edition[string]{ID: id.Draw(t, "id"), Body: "built in"})
			},
			"": func(t *rapid.T) {
				for key, e := range shelf.versions {
					if before, ok := final[key]; ok && before != e {
						t.Fatalf("published %v became %v", before, e)
					}
					if e.State == edition.Published {
						final[key] = e
						if e.Body == "" {
							t.Fatalf("%s was published unchecked", key)
						}
					}
				}
				if len(shelf.events) != len(final) {
					t.Fatalf("%d published, %d events", len(final), len(shelf.events))
				}
			},
		})
	})
}

func TestRefusalsOfEditions(t *testing.T) {
	ctx, s := t.Context(), service(newShelf())
	_, err := s.CreateFamily(ctx, "No Id", " ", "")
	p, _ := problem.As(err)
	require.Len(t, p.Violations, 2)
	require.Equal(t, []string{"book_id", "book.title"}, []string{p.Violations[0].Field, p.Violations[1].Field})
	_, err = s.Create(ctx, "none", "1", "T", "a")
	require.True(t, problem.Is(err, problem.KindNotFound))
	_, err = s.CreateFamily(ctx, "f", "F", "")
	require.NoError(t, err)
	e, err := s.Create(ctx, "f", "", "T", "a")
	require.NoError(t, err)
	require.Len(t, e.ID, 26)
	_, err = s.Publish(ctx, "f", e.ID, etag.Of(7))
	require.True(t, problem.Is(err, problem.KindAborted))
	_, err = s.Update(ctx, "f", e.ID, etag.Of(1), func(e *edition.Edition[string]) error { e.Title = ""; return nil })
	require.True(t, problem.Is(err, problem.KindInvalid))
}

func TestNamesOfVersions(t *testing.T) {
	family, id, ok := edition.ParseName(kind, "books/f/versions/1")
	require.Equal(t, []any{"f", "1", true}, []any{family, id, ok})
	_, _, ok = edition.ParseName(kind, "papers/f/versions/1")
	require.False(t, ok)
}
