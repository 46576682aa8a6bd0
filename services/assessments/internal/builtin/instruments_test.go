package builtin

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
	"github.com/tandem-badges/tandem/services/assessments/internal/interchange"
	"github.com/tandem-badges/tandem/services/assessments/internal/reading"
)

// eachInstrument runs a test on every built-in instrument.
func eachInstrument(t *testing.T, test func(t *testing.T, i instrumentFile)) {
	for _, file := range instrumentFiles() {
		t.Run(file, func(t *testing.T) { test(t, survey(t, file)) })
	}
}

func TestEveryFileOfTheFolderIsLoaded(t *testing.T) {
	found, err := data.ReadDir("data")
	require.NoError(t, err)
	loaded := append([]string{"national-standards-2022.yaml", "district-inventory-1.yaml"}, instrumentFiles()...)
	for _, f := range found {
		require.Contains(t, loaded, f.Name())
	}
	require.Len(t, found, len(loaded))
}

func TestEveryInstrumentCanBePublished(t *testing.T) {
	eachInstrument(t, func(t *testing.T, i instrumentFile) {
		bad, err := i.Body.Check(t.Context(), "v", source{standards(t)})
		require.NoError(t, err)
		require.Empty(t, bad)
		require.NotEmpty(t, i.FamilyTitle)
		require.NotEmpty(t, i.Description)
	})
}

// TestEveryTextIsThereInEveryLanguage looks at all texts: none is missing, none has a blank too
// many, none is the same in two languages, and none is asked or offered twice.
func TestEveryTextIsThereInEveryLanguage(t *testing.T) {
	blanks := regexp.MustCompile(`^\s|\s$|\s\s`)
	eachInstrument(t, func(t *testing.T, i instrumentFile) {
		require.Equal(t, []string{"en", "es"}, i.Body.Languages[:2])
		whole := func(at string, text map[string]string) {
			require.Len(t, text, len(i.Body.Languages), at)
			said := map[string]bool{}
			for language, words := range text {
				require.False(t, words == "" || blanks.MatchString(words), "%s in %s: %q", at, language, words)
				require.False(t, said[words], "%s is the same in two languages", at)
				said[words] = true
			}
		}
		asked := map[string]string{}
		for _, q := range i.Body.Questions() {
			whole(q.ID, q.Text)
			for language, words := range q.Text {
				require.Empty(t, asked[language+words], "%s asks the same", q.ID)
				asked[language+words] = q.ID
			}
		}
		for _, it := range i.Body.Items {
			whole(it.ID, it.Text)
			require.True(t, strings.HasSuffix(it.Text["en"], "?"), "%s asks", it.ID)
			require.Contains(t, it.Text["es"], "¿", it.ID)
			if it.Hint != nil {
				whole(it.ID, it.Hint)
			}
			for _, o := range it.Options {
				whole(it.ID+" "+o.ID, o.Text)
			}
		}
		for _, s := range i.Body.Sections {
			whole(s.ID, s.Title)
		}
		for _, m := range i.Body.Scales {
			whole(m.ID, m.Title)
		}
		for _, n := range i.Body.Preview("en", "v").Notes {
			require.NotEqual(t, "translation_missing", n.Rule, n.Field)
		}
	})
}

// TestACarefulReaderHasNothingToSay: what the preview warns others of, our own do not do. The
// rubric of the self-assessment has four levels on purpose, and questions that stand alone are
// meant to.
func TestACarefulReaderHasNothingToSay(t *testing.T) {
	eachInstrument(t, func(t *testing.T, i instrumentFile) {
		for _, n := range i.Body.Preview("en", "v").Notes {
			if n.Rule == "item_without_scale" || (n.Rule == "few_options" && i.Instrument == "team-self-assessment") {
				continue
			}
			require.Fail(t, n.Rule, "%s: %s", n.Field, n.Advice)
		}
	})
}

// TestFamiliesCanReadEveryQuestion holds every text that families read, one by one, to grade 8.
func TestFamiliesCanReadEveryQuestion(t *testing.T) {
	eachInstrument(t, func(t *testing.T, i instrumentFile) {
		if i.Body.Audience != instrument.Families { // the first editions do not say whom they ask, and never change
			return
		}
		for _, level := range i.Body.Preview("en", "v").Levels {
			require.True(t, level.Plain, "%s: %+v", level.Language, level)
			if level.Language == "en" {
				require.LessOrEqual(t, level.Grade, 6.0)
			}
		}
		check := func(at, text string) {
			level, ok := reading.Of("en", text)
			require.True(t, text == "" || ok && level.Grade <= reading.Plain, "%s: %q is grade %.1f", at, text, level.Grade)
		}
		for _, it := range i.Body.Items {
			check(it.ID, it.Text["en"])
			check(it.ID, it.Hint["en"])
		}
		for _, s := range i.Body.Sections {
			check(s.ID, s.Text["en"])
		}
	})
}

// TestTheSecondEditionsLieSideBySide: families and staff are asked the same by equal ids, about the
// same indicators, on the same options, and each standard has three questions or more.
func TestTheSecondEditionsLieSideBySide(t *testing.T) {
	family, staff := survey(t, "family-survey-2.yaml"), survey(t, "staff-survey-2.yaml")
	require.Equal(t, "instruments/staff-survey", family.Body.Parallel)
	require.Equal(t, "instruments/family-survey", staff.Body.Parallel)
	require.Equal(t, instrument.Families, family.Body.Audience)
	require.Equal(t, instrument.Staff, staff.Body.Audience)
	f, s := family.Body.Questions(), staff.Body.Questions()
	require.Len(t, s, len(f))
	covered := map[string]int{}
	for n := range f {
		require.Equal(t, []any{f[n].ID, f[n].Type, f[n].Standard, f[n].Goal, f[n].Indicator, f[n].Required},
			[]any{s[n].ID, s[n].Type, s[n].Standard, s[n].Goal, s[n].Indicator, s[n].Required})
		require.Len(t, s[n].Options, len(f[n].Options))
		for o := range f[n].Options {
			a, b := f[n].Options[o], s[n].Options[o]
			require.Equal(t, []any{a.ID, a.Score, a.Favorable, a.NotApplicable, a.Exclusive}, []any{b.ID, b.Score, b.Favorable, b.NotApplicable, b.Exclusive})
			require.Equal(t, []string{a.Text["en"], a.Text["es"]}, []string{b.Text["en"], b.Text["es"]})
		}
		if f[n].Type.Scored() {
			covered[f[n].Standard]++
		}
	}
	for _, st := range standards(t).Standards {
		require.GreaterOrEqual(t, covered[st.ID], 3, st.ID)
	}
	require.Equal(t, len(family.Body.Scales), len(staff.Body.Scales))
	for n, m := range family.Body.Scales {
		require.Equal(t, []any{m.ID, m.Kind, m.Items, m.Standard}, []any{staff.Body.Scales[n].ID, staff.Body.Scales[n].Kind, staff.Body.Scales[n].Items, staff.Body.Scales[n].Standard})
	}
}

// TestTheSecondEditionKeepsTheQuestionsOfTheFirst, word by word, so that waves of both can be compared:
// all but what was too hard to read.
func TestTheSecondEditionKeepsTheQuestionsOfTheFirst(t *testing.T) {
	easier := map[string]bool{"family/share-q1": true, "staff/share-q1": true, "family/collaborate-q3": true}
	for _, who := range []string{"family", "staff"} {
		first, second := survey(t, who+"-survey-1.yaml").Body, survey(t, who+"-survey-2.yaml").Body
		for _, it := range first.Items {
			now, ok := second.Item(it.ID)
			require.True(t, ok, it.ID)
			for language, words := range it.Text {
				require.Equal(t, words == now.Text[language], !easier[who+"/"+it.ID] || language != "en", it.ID)
			}
			require.Equal(t, it.Indicator, now.Indicator)
			require.Len(t, now.Options, len(it.Options))
		}
	}
}

// TestHighScoresAreTheGoodOnes everywhere, so that a mean of a standard never mixes directions; and
// who does not know is never scored.
func TestHighScoresAreTheGoodOnes(t *testing.T) {
	eachInstrument(t, func(t *testing.T, i instrumentFile) {
		for _, it := range i.Body.Items {
			if !it.Type.Scored() {
				continue
			}
			require.True(t, slices.ContainsFunc(it.Options, func(o instrument.Option) bool { return o.NotApplicable }), it.ID)
			good := false
			for _, o := range it.Options {
				if !o.NotApplicable {
					require.True(t, o.Favorable || !good, "%s %s", it.ID, o.ID)
					good = o.Favorable
				}
			}
			require.True(t, good, it.ID)
		}
	})
}

func TestArabicIsWrittenFromTheRightAndMarkedForReview(t *testing.T) {
	i := survey(t, "family-survey-2.yaml")
	require.Equal(t, []string{"ar"}, i.Unreviewed)
	f := i.Body.Form("ar")
	require.Equal(t, "rtl", f.Direction)
	arabic := regexp.MustCompile(`^[\p{Arabic}\p{M}\s،؟.]+$`)
	for _, it := range f.Items {
		require.Regexp(t, arabic, it.Text, it.ID)
		require.Empty(t, it.Language, "the item is in Arabic")
		for _, o := range it.Options {
			require.Regexp(t, arabic, o.Text, it.ID)
		}
	}
}

func TestEveryInstrumentComesBackFromItsFiles(t *testing.T) {
	eachInstrument(t, func(t *testing.T, i instrumentFile) {
		d := interchange.Document{Title: i.Title, Body: i.Body}
		asJSON, err := interchange.WriteJSON(d)
		require.NoError(t, err)
		back, err := interchange.ReadJSON(asJSON)
		require.NoError(t, err)
		require.Equal(t, d, back)

		workbook, err := interchange.WriteXLSForm(d)
		require.NoError(t, err)
		back, notes, err := interchange.ReadXLSForm(workbook)
		require.NoError(t, err)
		require.Empty(t, notes)
		require.Equal(t, d, back)

		codebook, err := interchange.WriteCodebook(d)
		require.NoError(t, err)
		require.Contains(t, string(codebook), i.Body.Questions()[0].Text["es"])
	})
}
