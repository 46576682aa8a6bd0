package survey

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"

	"github.com/tandem-badges/tandem/services/kit/problem"
)

var closes = time.Date(2027, 5, 31, 22, 0, 0, 0, time.UTC)

const path = "/s/" + goodCode

func TestTheFormAsksEachQuestionInAFieldset(t *testing.T) {
	s := newSite(t)
	p := s.get(path)
	require.Equal(t, http.StatusOK, p.Code)
	p.whole("en")
	require.Equal(t, "Family survey (en)", textOf(p.find("h1")...))
	main := textOf(p.find("main")...)
	for _, said := range []string{
		"Oak & Elm Elementary", "Aspen", "Nobody can see who answered what.", "about: 5", "31 May 2027, 22:00 UTC", "About the school", "Think of this year.",
		"How welcome do you feel? (needed)", "At any time.", "Most: 2.", "Please write no names.",
	} {
		require.Contains(t, main, said)
	}
	for _, item := range s.form.GetItems() {
		boxes := p.find("fieldset", "id=q-"+item.GetId())
		require.Len(t, boxes, 1, item.GetId())
		require.Equal(t, "legend", boxes[0].FirstChild.NextSibling.Data)
		require.Equal(t, item.GetRelevant() != "" || item.GetSection() == "second", has(boxes[0], "disabled"), item.GetId())
	}
	require.Len(t, p.find("fieldset", "data-row=office"), 1)
	require.Equal(t, "es", attr(p.find("fieldset", "id=q-words")[0], "lang"), "a text without a translation says its language")
	require.Equal(t, `(answers["visited"] == "yes") && (answers["times"] > 10)`, attr(p.find("fieldset", "id=q-often")[0], "data-relevant"))
	require.Empty(t, s.sent)
}

// minimal are the fields of an answer that is good.
func minimal(p seen) url.Values {
	fields := p.fields("answers")
	fields.Set("a/welcome", "high")
	fields.Set("do", "send")
	return fields
}

func TestAnAnswerIsSentWithTheIDOfItsForm(t *testing.T) {
	s := newSite(t)
	p := s.get(path)
	fields := minimal(p)
	for name, value := range map[string]string{
		"a/order/read": "2", "a/order/play": "1", "a/since/y": "٢٠٢٦", "a/since/m": "3", "a/since/d": "05", "a/words": " Gracias.\r\nMuchas. ", "a/helpers": "2,5",
	} {
		fields.Set(name, value)
	}
	fields["a/ways"] = []string{"mail", "phone"}
	done := s.submit(path, fields)
	require.Equal(t, http.StatusOK, done.Code, done.Body)
	done.whole("en")
	require.Equal(t, "Thank you", textOf(done.find("h1")...))
	id := fields.Get("response_id")
	require.True(t, validID(id))
	require.Contains(t, done.Body.String(), "receipt-of-"+id)
	require.Len(t, s.sent, 1)
	number := 2.5
	want := &assessmentsv1.SubmitResponseRequest{Code: goodCode, ResponseId: id, Language: "en", Answers: []*assessmentsv1.Answer{
		{Item: "welcome", Option: "high"},
		{Item: "ways", Options: []string{"mail", "phone"}},
		{Item: "order", Options: []string{"play", "read"}},
		{Item: "since", Date: "2026-03-05"},
		{Item: "words", Text: "Gracias.\nMuchas."},
		{Item: "helpers", Number: &number},
	}}
	require.True(t, proto.Equal(want, s.sent[0]), "%v", s.sent[0])

	again := s.submit(path, fields)
	require.Equal(t, http.StatusOK, again.Code, "a reload sends the same id")
	require.Equal(t, id, s.sent[1].GetResponseId())
	s.form.Open, s.form.Answered = false, true
	require.Equal(t, "Thank you", textOf(s.submit(path, fields).find("h1")...), "also when the code is used up by it")
	fields.Set("response_id", "another-one")
	require.Equal(t, http.StatusGone, s.submit(path, fields).Code)
	s.form.Open, s.form.Answered = true, false
	require.NotEqual(t, id, s.get(path).fields("answers").Get("response_id"), "the next form is another answer")
}

func TestWithoutAScriptQuestionsFollowOnTheNextPage(t *testing.T) {
	s := newSite(t)
	fields := minimal(s.get(path))
	fields.Set("a/visited", "yes")
	more := s.submit(path, fields)
	require.Equal(t, http.StatusOK, more.Code)
	more.whole("en")
	require.Empty(t, s.sent)
	require.Contains(t, textOf(more.find("div", "id=message")...), "more questions")
	require.Len(t, more.find("a", "href=#q-times"), 1)
	require.Len(t, more.find("a", "href=#q-staff"), 1)
	require.Empty(t, more.find("a", "href=#q-often"))

	fields = more.fields("answers")
	require.Equal(t, "high", fields.Get("a/welcome"), "what was answered is still there")
	fields.Set("a/times", "12")
	fields.Set("a/staff/office", "high")
	more = s.submit(path, fields)
	require.Len(t, more.find("a", "href=#q-often"), 1)
	require.Empty(t, s.sent)

	fields = more.fields("answers")
	fields.Set("a/often", "My garden")
	require.Equal(t, "Thank you", textOf(s.submit(path, fields).find("h1")...))
	require.Equal(t, map[string]string{"office": "high"}, s.sent[0].GetAnswers()[4].GetRows())

	fields.Set("a/visited", "no") // what is not asked any more is not sent
	s.submit(path, fields)
	items := []string{}
	for _, a := range s.sent[1].GetAnswers() {
		items = append(items, a.GetItem())
	}
	require.Equal(t, []string{"welcome", "visited"}, items)
}

func TestWhatIsWrongIsSaidAtItsPlaceAndNothingIsLost(t *testing.T) {
	for name, c := range map[string]struct {
		set  map[string]string
		item string
		text string
	}{
		"missing":            {map[string]string{"a/welcome": ""}, "welcome", "Please answer this question."},
		"a row missing":      {map[string]string{"a/visited": "yes", "shown": "*", "a/staff/teacher": "low"}, "staff", "Please answer each line that needs an answer."},
		"no number":          {map[string]string{"a/helpers": "two"}, "helpers", "Write a number."},
		"an infinite number": {map[string]string{"a/helpers": "inf"}, "helpers", "Write a number."},
		"no day":             {map[string]string{"a/since/y": "2026", "a/since/m": "2", "a/since/d": "30"}, "since", "Write a day that exists"},
		"half a day":         {map[string]string{"a/since/y": "2026"}, "since", "Write a day that exists"},
		"two in one place":   {map[string]string{"a/order/read": "1", "a/order/math": "1"}, "order", "Give each place to one answer only."},
		"a place left out":   {map[string]string{"a/order/read": "2"}, "order", "Begin with place 1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			fields := minimal(s.get(path))
			fields.Set("a/words", "kept <b>&")
			for field, value := range c.set {
				fields.Set(field, value)
			}
			if fields.Get("shown") == "*" {
				fields["shown"] = []string{"welcome", "visited", "ways", "times", "often", "staff", "order", "since", "words", "helpers"}
			}
			p := s.submit(path, fields)
			require.Equal(t, http.StatusUnprocessableEntity, p.Code)
			p.whole("en")
			require.Empty(t, s.sent)
			require.Contains(t, textOf(p.find("p", "id=e-"+c.item)...), c.text)
			require.Contains(t, textOf(p.find("a", "href=#q-"+c.item)...), c.text)
			require.Equal(t, "alert", attr(p.find("div", "id=alarm")[0], "role"))
			kept := p.fields("answers")
			require.Equal(t, "kept <b>&", kept.Get("a/words"))
			for field, value := range c.set {
				if field != "shown" && value != "" && c.item != "order" {
					require.Equal(t, value, kept.Get(field))
				}
			}
			require.Equal(t, fields.Get("response_id"), kept.Get("response_id"))
		})
	}
}

func TestWhatTheServiceFindsWrongIsSaidInTheWordsOfThePage(t *testing.T) {
	s := newSite(t)
	fields := minimal(s.get(path + "?lang=es"))
	fields.Set("a/helpers", "7")
	s.fail = problem.Invalid(
		problem.Violation{Field: "answers[1].number", Rule: "constraint", Fix: "English words."},
		problem.Violation{Field: "answers", Rule: "required_item", Fix: `Answer the item "ways": it is required.`},
		problem.Violation{Field: "answers[99].text", Rule: "max_length", Fix: "Of nobody."},
		problem.Violation{Field: "answers[0].option", Rule: "something_new", Fix: "English words."},
	)
	p := s.submit(path, fields)
	require.Equal(t, http.StatusUnprocessableEntity, p.Code)
	p.whole("es")
	require.Equal(t, "Not more than your visits.", textOf(p.find("p", "id=e-helpers")...))
	require.Equal(t, "Responda esta pregunta, por favor.", textOf(p.find("p", "id=e-ways")...))
	require.Equal(t, "Esta respuesta no corresponde a la pregunta. Revísela, por favor.", textOf(p.find("p", "id=e-welcome")...))
	require.NotContains(t, p.Body.String(), "English words.")
}

func TestWhenNothingCanBeStoredTheAnswersStay(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		code int
	}{
		"a flood":   {problem.Exhausted("answers", time.Minute), http.StatusTooManyRequests},
		"an outage": {problem.Unavailable("database"), http.StatusServiceUnavailable},
		"read-only": {problem.ReadOnly("We move.", 2*time.Minute), http.StatusServiceUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			fields := minimal(s.get(path))
			s.fail = c.err
			p := s.submit(path, fields)
			require.Equal(t, c.code, p.Code)
			p.whole("en")
			require.NotEmpty(t, p.Header().Get("Retry-After"))
			require.Equal(t, "high", p.fields("answers").Get("a/welcome"))
			s.gone = c.err
			lost := s.submit(path, fields)
			require.Equal(t, c.code, lost.Code)
			lost.whole("en")
			require.NotContains(t, s.log.String(), goodCode)
			require.NotContains(t, s.log.String(), "high")
		})
	}
}

func TestDoorsThatAreShutSaySo(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*fake)
		code   int
		text   string
	}{
		"answered":    {func(f *fake) { f.form.Answered = true; f.form.Open = false }, http.StatusGone, "This code was used"},
		"not open":    {func(f *fake) { f.form.Open = false }, http.StatusGone, "This survey is not open"},
		"over":        {func(f *fake) { f.gone = problem.Precondition(problem.ReasonStateWrong) }, http.StatusGone, "This survey is not open"},
		"unknown":     {func(f *fake) { f.gone = problem.NotFound("forms/x") }, http.StatusNotFound, "There is no survey with this code"},
		"not a code":  {func(f *fake) { f.gone = problem.Invalid(problem.Violation{Field: "code"}) }, http.StatusNotFound, "There is no survey with this code"},
		"read-only":   {func(f *fake) { f.gone = problem.ReadOnly("We move.", time.Minute) }, http.StatusServiceUnavailable, "Nothing can be stored at the moment"},
		"unreachable": {func(f *fake) { f.gone = problem.Unavailable("x") }, http.StatusServiceUnavailable, "The survey cannot be reached"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			fields := minimal(s.get(path))
			c.change(s.fake)
			for _, p := range []seen{s.get(path), s.submit(path, fields), s.submit(path+"/resume", url.Values{"resume_key": {"k"}})} {
				require.Equal(t, c.code, p.Code)
				p.whole("en")
				require.Contains(t, textOf(p.find("h1")...), c.text)
			}
			require.Empty(t, s.sent)
		})
	}
	t.Run("shut between reading and sending", func(t *testing.T) {
		s := newSite(t)
		fields := minimal(s.get(path))
		s.fail = problem.Precondition(problem.ReasonStateWrong)
		require.Equal(t, http.StatusServiceUnavailable, s.submit(path, fields).Code)
	})
}

func TestInReadOnlyModePeopleAreToldWhyAndWhenToComeBack(t *testing.T) {
	s := newSite(t)
	fields := minimal(s.get(path))
	s.fail = problem.ReadOnly("We move. It is planned to end at 2026-12-01 06:00 UTC.", 2*time.Minute)
	p := s.submit(path, fields)
	require.Equal(t, "120", p.Header().Get("Retry-After"))
	require.Contains(t, textOf(p.find("div", "id=alarm")...), "please send them again later. We move. It is planned to end at 2026-12-01 06:00 UTC.")
	require.Equal(t, "high", p.fields("answers").Get("a/welcome"), "the answers are still there")
	s.gone = s.fail
	lost := s.get(path)
	require.Equal(t, "120", lost.Header().Get("Retry-After"))
	require.Contains(t, lost.Body.String(), "We move. It is planned")
}

// Whoever tries codes learns nothing from the pages.
func TestUnknownCodesAllLookTheSame(t *testing.T) {
	s := newSite(t)
	first := s.get("/s/zzzzzzzzzzzzzzzzzzzzzzzzzz")
	other := s.get("/s/" + strings.Repeat("y", 100))
	require.Equal(t, http.StatusNotFound, first.Code)
	require.Equal(t, first.Body.String(), other.Body.String())
	require.NotContains(t, first.Body.String(), "zzzz")
}

func TestCodesMayBeTypedAsTheyArePrinted(t *testing.T) {
	s := newSite(t)
	p := s.get("/s", "Accept-Language: ar")
	p.whole("ar")
	for _, as := range []string{"ABCD-efgh ijkl-mnop-qrst uvwx yz", " " + goodCode + "\n", "abcd–efghijklmnopqrstuvwxyz"} {
		to := s.submit("/s", url.Values{"code": {as}})
		require.Equal(t, http.StatusSeeOther, to.Code)
		require.Equal(t, path, to.Header().Get("Location"))
	}
	require.Equal(t, path, s.get("/s/ABCD-EFGHijklmnopqrstuvwxyz").Header().Get("Location"))
	for _, bad := range []string{"", " - ", "../admin", "a/b", `a\b`} {
		no := s.submit("/s", url.Values{"code": {bad}})
		require.Equal(t, http.StatusUnprocessableEntity, no.Code, bad)
		no.whole("en")
		require.Len(t, no.find("p", "id=e-code"), 1)
	}
}

func TestLanguages(t *testing.T) {
	s := newSite(t)
	for name, c := range map[string]struct{ query, header, want string }{
		"asked in the address":         {"?lang=ar", "es", "ar"},
		"asked by the browser":         {"", "es-MX,es;q=0.9,en;q=0.5", "es"},
		"one that is not spoken":       {"?lang=xx", "fr", "en"},
		"a name that is no language":   {"?lang=" + strings.Repeat("x", 300), "", "en"},
		"nothing asked, the first one": {"", "", "en"},
	} {
		t.Run(name, func(t *testing.T) {
			p := s.get(path+c.query, "Accept-Language: "+c.header)
			require.Equal(t, http.StatusOK, p.Code)
			p.whole(c.want)
			require.Equal(t, c.want, p.fields("answers").Get("language"))
			require.Equal(t, "true", attr(p.find("button", "value=language:"+c.want)[0], "aria-pressed"))
		})
	}
	t.Run("switching keeps the answers", func(t *testing.T) {
		fields := minimal(s.get(path))
		fields.Set("a/visited", "yes")
		fields.Set("do", "language:ar")
		p := s.submit(path, fields)
		require.Equal(t, http.StatusOK, p.Code)
		p.whole("ar")
		require.Equal(t, "high", p.fields("answers").Get("a/welcome"))
		require.Equal(t, fields.Get("response_id"), p.fields("answers").Get("response_id"))
		require.Empty(t, s.sent)
	})
	t.Run("a form in a language that the page does not speak", func(t *testing.T) {
		s := newSite(t)
		s.form.Languages, s.form.Language = []string{"fa"}, "fa"
		p := s.get(path)
		p.whole("en")
		require.Equal(t, "rtl", attr(p.find("h1")[0], "dir"))
		require.Equal(t, "fa", attr(p.find("section", "id=s-first")[0], "lang"))
	})
}

func TestAnswersAreSavedAndResumed(t *testing.T) {
	s := newSite(t)
	fields := minimal(s.get(path + "?lang=es"))
	for name, value := range map[string]string{"a/visited": "yes", "a/order/play": "1", "a/since/y": "2026", "a/since/m": "3", "a/since/d": "5", "a/helpers": "x", "do": "save"} {
		fields.Set(name, value)
	}
	p := s.submit(path, fields)
	require.Equal(t, http.StatusOK, p.Code)
	p.whole("es")
	require.Equal(t, path+"#resume=key-to-come-back", attr(p.find("a", "id=link")[0], "href"), "the key is where browsers send it to nobody")
	require.Contains(t, textOf(p.find("main")...), "No se guardaron las respuestas que no se pudieron leer")

	back := s.submit(path+"/resume", url.Values{"resume_key": {" key-to-come-back "}})
	require.Equal(t, http.StatusOK, back.Code)
	back.whole("es")
	kept := back.fields("answers")
	for name, value := range map[string]string{
		"a/welcome": "high", "a/visited": "yes", "a/order/play": "1", "a/since/d": "5", "resume_key": "key-to-come-back", "response_id": fields.Get("response_id"),
	} {
		require.Equal(t, value, kept.Get(name), name)
	}
	require.Len(t, back.find("fieldset", "id=q-times", "disabled="), 1)
	require.False(t, has(back.find("fieldset", "id=q-times")[0], "disabled"), "what the answers lead to is there")

	kept.Set("do", "send")
	kept.Set("a/staff/office", "low")
	s.submit(path, kept)
	require.Equal(t, "key-to-come-back", s.sent[0].GetResumeKey())

	for _, key := range []string{"", "wrong", strings.Repeat("k", 200)} {
		lost := s.submit(path+"/resume", url.Values{"resume_key": {key}})
		require.Equal(t, http.StatusNotFound, lost.Code)
		lost.whole("en")
		require.Contains(t, textOf(lost.find("div", "id=alarm")...), "Nothing is saved under this key.")
	}
	require.Equal(t, path, s.get(path+"/resume").Header().Get("Location"))
	s.form.Resumable = false
	require.Empty(t, s.get(path).find("form", "id=resume"))
}

func TestAKioskShowsNoReceiptAndSavesNothing(t *testing.T) {
	s := newSite(t)
	s.form.Kind = assessmentsv1.LinkKind_LINK_KIND_KIOSK
	p := s.get(path)
	p.whole("en")
	require.Equal(t, "kiosk", attr(p.find("body")[0], "class"))
	require.True(t, has(p.find("form", "id=answers")[0], "data-kiosk"))
	require.Equal(t, "off", attr(p.find("form", "id=answers")[0], "autocomplete"))
	require.Empty(t, p.find("button", "value=save"))
	done := s.submit(path, minimal(p))
	done.whole("en")
	require.NotContains(t, done.Body.String(), "receipt-of-")
	require.Equal(t, path, attr(done.find("a", "class=button")[0], "href"))
	require.NotContains(t, done.Body.String(), "high")
}

func TestOptingOutNeedsAPress(t *testing.T) {
	s := newSite(t)
	p := s.get(path + "/opt-out")
	require.Equal(t, http.StatusOK, p.Code)
	p.whole("en")
	require.Empty(t, s.out, "programs that look at links in mails open them")
	for name, c := range map[string]struct {
		fields url.Values
		all    bool
		text   string
	}{
		"this survey":                   {url.Values{"which": {"this"}, "language": {"es"}}, false, "No recibirá más correos sobre esta encuesta."},
		"all":                           {url.Values{"which": {"all"}, "language": {"en"}}, true, "You get no more mail about surveys of this district."},
		"by the button of mail program": {url.Values{"List-Unsubscribe": {"One-Click"}}, false, "You get no more mail about this survey."},
	} {
		t.Run(name, func(t *testing.T) {
			s.out = nil
			p := s.submit(path+"/opt-out", c.fields)
			require.Equal(t, http.StatusOK, p.Code)
			require.Contains(t, textOf(p.find("main")...), c.text)
			require.Len(t, s.out, 1)
			require.Equal(t, c.all, s.out[0].GetAllSurveys())
			require.Equal(t, goodCode, s.out[0].GetCode())
		})
	}
	s.fail = problem.NotFound("x")
	require.Equal(t, http.StatusNotFound, s.submit(path+"/opt-out", url.Values{}).Code)
	require.Equal(t, http.StatusNotFound, s.get("/s/nobody/opt-out").Code)
}

func TestFilesOfThePages(t *testing.T) {
	s := newSite(t)
	p := s.get(path)
	for _, address := range []string{attr(p.find("link")[0], "href"), attr(p.find("script")[0], "src")} {
		a := s.get(address)
		require.Equal(t, http.StatusOK, a.Code)
		require.Contains(t, a.Header().Get("Cache-Control"), "immutable")
		require.NotEmpty(t, a.Body.String())
	}
	worker := s.get(workerPath)
	require.Equal(t, http.StatusOK, worker.Code)
	require.Contains(t, worker.Header().Get("Content-Security-Policy"), "connect-src 'self'")
	require.Equal(t, "no-cache", worker.Header().Get("Cache-Control"))
}
