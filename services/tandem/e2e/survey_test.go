package e2e

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"

	"github.com/tandem-badges/tandem/services/tandem/internal/restclient"
)

// field is a district that asks its families in two campaigns: by links and by tokens.
type field struct {
	*world
	t      *testing.T
	anyone *restclient.Client
	school string
	secret []string // what must be in no log
}

func newField(t *testing.T) (*field, *process) {
	t.Helper()
	i := newInstance(t, "TANDEM_RATE_ANONYMOUS=0", "TANDEM_RATE_IDENTITY=0")
	p := i.serve()
	f := &field{world: newSmallWorld(t, i), t: t, anyone: restclient.New(i.url), school: here + "/schools/oak"}
	f.must("/v1/"+here+"/schools?schoolId=oak", map[string]any{"title": "Oak Elementary", "gradeLow": "K", "gradeHigh": "05"}, nil)
	f.must("/v1/cycles?cycleId=this", map[string]any{
		"title": "This year", "startDate": "2026-08-01", "endDate": "2027-06-30",
		"terms": []map[string]any{{"title": "All of it", "startDate": "2026-08-01", "endDate": "2027-06-30"}},
	}, nil)
	return f, p
}

// campaign opens a campaign on the family survey in English, Spanish and Arabic.
func (f *field) campaign(id, mode string, wave int) string {
	name := "/v1/" + here + "/campaigns/" + id
	f.must("/v1/"+here+"/campaigns?campaignId="+id, map[string]any{
		"title": "Family survey", "instrumentVersion": "instruments/family-survey/versions/2", "cycle": "cycles/this", "wave": wave,
		"schools": []string{f.school}, "mode": mode,
	}, nil)
	f.must(name+":open", map[string]any{}, nil)
	return name
}

func (f *field) link(campaign, kind string) string {
	var link struct{ Code string }
	f.must(campaign+"/links?linkId="+strings.ToLower(kind), map[string]any{"school": f.school, "kind": "LINK_KIND_" + kind}, &link)
	require.NotEmpty(f.t, link.Code)
	f.secret = append(f.secret, link.Code)
	return link.Code
}

func (f *field) tokens(campaign string, count int) []string {
	var made struct{ Codes []string }
	f.must(campaign+"/invitations:batchCreate", map[string]any{"school": f.school, "count": count}, &made)
	require.Len(f.t, made.Codes, count)
	f.secret = append(f.secret, made.Codes...)
	return made.Codes
}

// form reads a questionnaire as somebody does who has a code.
func (f *field) form(code, lang string) *assessmentsv1.Form {
	f.t.Helper()
	form := &assessmentsv1.Form{}
	require.NoError(f.t, f.anyone.Get(f.t.Context(), "/v1/forms/"+code, url.Values{"language": {lang}}, form))
	return form
}

func (f *field) submit(req *assessmentsv1.SubmitResponseRequest) (receipt string, err error) {
	out := &assessmentsv1.SubmitResponseResponse{}
	err = f.anyone.Post(f.t.Context(), "/v1/responses:submit", nil, req, out)
	if out.GetReceipt() != "" {
		f.secret = append(f.secret, out.GetReceipt())
	}
	return out.GetReceipt(), err
}

// everything answers all scales and choices of a form.
func everything(form *assessmentsv1.Form) (out []*assessmentsv1.Answer) {
	for _, item := range form.GetItems() {
		switch {
		case item.GetRelevant() != "":
		case item.GetType() == assessmentsv1.ItemType_ITEM_TYPE_SCALE, item.GetType() == assessmentsv1.ItemType_ITEM_TYPE_SINGLE_CHOICE:
			out = append(out, &assessmentsv1.Answer{Item: item.GetId(), Option: item.GetOptions()[0].GetId()})
		}
	}
	return out
}

// A questionnaire in three languages is answered by a link, a token, after a pause and at a kiosk, through
// REST; each answer is stored once, however often it comes, and no log knows a code, a key or a receipt.
func TestFamiliesAnswerInTheirLanguageThroughEveryDoor(t *testing.T) {
	f, p := newField(t)
	open, single := f.campaign("open", "CAMPAIGN_MODE_OPEN_LINK", 1), f.campaign("single", "CAMPAIGN_MODE_TOKEN", 2)
	web, kiosk := f.link(open, "WEB"), f.link(open, "KIOSK")
	languages := map[string]string{"en": "ltr", "es": "ltr", "ar": "rtl"}
	tokens := f.tokens(single, 2*len(languages))
	texts := map[string]bool{}
	for lang, direction := range languages {
		form := f.form(web, lang)
		require.Equal(t, lang, form.GetLanguage())
		require.Equal(t, direction, form.GetDirection())
		require.ElementsMatch(t, []string{"en", "es", "ar"}, form.GetLanguages())
		require.Equal(t, "Oak Elementary", form.GetSchoolTitle())
		require.True(t, form.GetOpen())
		require.NotEmpty(t, form.GetAnonymity())
		texts[form.GetItems()[0].GetText()] = true

		t.Run(lang+" by a link", func(t *testing.T) { f.once(t, web, lang) })
		t.Run(lang+" by a token", func(t *testing.T) { f.byToken(t, tokens[0], lang) })
		t.Run(lang+" after a pause", func(t *testing.T) { f.afterAPause(t, tokens[1], lang) })
		t.Run(lang+" at a kiosk", func(t *testing.T) { f.atAKiosk(t, kiosk, lang) })
		tokens = tokens[2:]
	}
	require.Len(t, texts, len(languages), "each language has its own words")
	printed := p.log.all()
	for _, secret := range f.secret {
		require.NotContains(t, printed, secret)
	}
	require.Contains(t, printed, "/v1/forms/{code}")
}

// once sends an answer three times.
func (f *field) once(t *testing.T, code, lang string) string {
	t.Helper()
	req := &assessmentsv1.SubmitResponseRequest{
		Code: code, ResponseId: fmt.Sprintf("once-%s-%d", lang, time.Now().UnixNano()), Language: lang, Answers: everything(f.form(code, lang)),
	}
	first, err := f.submit(req)
	require.NoError(t, err)
	for range 2 {
		again, err := f.submit(req)
		require.NoError(t, err)
		require.Equal(t, first, again)
	}
	return first
}

func (f *field) byToken(t *testing.T, token, lang string) {
	require.Equal(t, assessmentsv1.LinkKind_LINK_KIND_TOKEN, f.form(token, lang).GetKind())
	f.once(t, token, lang)
	require.True(t, f.form(token, lang).GetAnswered())
	_, err := f.submit(&assessmentsv1.SubmitResponseRequest{Code: token, ResponseId: "another-one-" + lang, Language: lang, Answers: everything(f.form(token, lang))})
	require.Error(t, err, "a token takes one answer")
}

func (f *field) afterAPause(t *testing.T, token, lang string) {
	all, id := everything(f.form(token, lang)), "pause-"+lang
	saved := &assessmentsv1.SaveResponseResponse{}
	half := &assessmentsv1.SaveResponseRequest{Code: token, ResponseId: id, Language: lang, Answers: all[:len(all)/2]}
	require.NoError(t, f.anyone.Post(t.Context(), "/v1/responses:save", nil, half, saved))
	f.secret = append(f.secret, saved.GetResumeKey())
	require.False(t, f.form(token, lang).GetAnswered(), "saving burns no token")

	back, resume := &assessmentsv1.ResumeResponseResponse{}, &assessmentsv1.ResumeResponseRequest{Code: token, ResumeKey: saved.GetResumeKey()}
	require.NoError(t, f.anyone.Post(t.Context(), "/v1/responses:resume", nil, resume, back))
	require.Equal(t, id, back.GetResponseId())
	require.Equal(t, lang, back.GetLanguage())
	require.Len(t, back.GetAnswers(), len(all)/2)
	wrong := &assessmentsv1.ResumeResponseRequest{Code: token, ResumeKey: strings.Repeat("a", len(saved.GetResumeKey()))}
	require.Error(t, f.anyone.Post(t.Context(), "/v1/responses:resume", nil, wrong, back))

	_, err := f.submit(&assessmentsv1.SubmitResponseRequest{
		Code: token, ResponseId: back.GetResponseId(), Language: lang, Answers: append(back.GetAnswers(), all[len(all)/2:]...), ResumeKey: saved.GetResumeKey(),
	})
	require.NoError(t, err)
	require.Error(t, f.anyone.Post(t.Context(), "/v1/responses:resume", nil, resume, back), "what is sent is saved no more")
}

// atAKiosk sends what waited on a device: two answers, one of them twice.
func (f *field) atAKiosk(t *testing.T, code, lang string) {
	form := f.form(code, lang)
	require.Equal(t, assessmentsv1.LinkKind_LINK_KIND_KIOSK, form.GetKind())
	queue := &assessmentsv1.SubmitQueuedResponsesRequest{Code: code}
	for _, id := range []string{"first", "second", "first"} {
		queue.Responses = append(queue.Responses, &assessmentsv1.QueuedResponse{ResponseId: "kiosk-" + id + "-" + lang, Language: lang, Answers: everything(form)})
	}
	queue.Responses = append(queue.Responses, &assessmentsv1.QueuedResponse{
		ResponseId: "kiosk-bad-" + lang, Language: lang, Answers: []*assessmentsv1.Answer{{Item: "nobody-asked", Option: "x"}},
	})
	out := &assessmentsv1.SubmitQueuedResponsesResponse{}
	require.NoError(t, f.anyone.Post(t.Context(), "/v1/responses:submitQueued", nil, queue, out))
	require.Len(t, out.GetOutcomes(), len(queue.GetResponses()))
	require.NotEmpty(t, out.GetOutcomes()[0].GetReceipt())
	require.Equal(t, out.GetOutcomes()[0].GetReceipt(), out.GetOutcomes()[2].GetReceipt())
	require.NotEqual(t, out.GetOutcomes()[0].GetReceipt(), out.GetOutcomes()[1].GetReceipt())
	require.NotEmpty(t, out.GetOutcomes()[3].GetProblem(), "one that is wrong keeps no other back")
	require.False(t, out.GetOutcomes()[3].GetRetry())
}

// The same on the pages that letters and links lead to, as a browser without scripts shows them.
func TestFamiliesAnswerOnPagesWithoutAScript(t *testing.T) {
	f, p := newField(t)
	token := f.tokens(f.campaign("pages", "CAMPAIGN_MODE_TOKEN", 1), 1)[0]
	b := newBrowser(t)
	typed := strings.ToUpper(token[:5]) + " " + token[5:10] + "-" + token[10:]
	form := b.send(http.MethodPost, f.url+"/s", url.Values{"code": {typed}}, f.url)
	require.Equal(t, http.StatusOK, form.code, form.body)
	require.Equal(t, "/s/"+token, form.at.Path)
	require.NotContains(t, b.get(f.url+"/s/"+token+"?lang=xx").body, "Set-Cookie")

	arabic := b.submit(form, url.Values{"do": {"language:ar"}})
	require.Contains(t, arabic.body, `<html lang="ar" dir="rtl">`)
	answers := url.Values{"do": {"save"}, "shown": shown(arabic.body)}
	for _, a := range everything(f.form(token, "ar")) {
		answers.Set("a/"+a.GetItem(), a.GetOption())
	}
	saved := b.submit(arabic, answers)
	require.Equal(t, http.StatusOK, saved.code, saved.body)
	key := regexp.MustCompile(`name="resume_key" value="([^"]+)"`).FindStringSubmatch(saved.body)
	require.Len(t, key, 2, saved.body)
	f.secret = append(f.secret, html.UnescapeString(key[1]))

	back := newBrowser(t).send(http.MethodPost, f.url+"/s/"+token+"/resume", url.Values{"resume_key": {html.UnescapeString(key[1])}}, f.url)
	require.Contains(t, back.body, " checked")
	require.Contains(t, back.body, `<html lang="ar" dir="rtl">`)
	answers.Set("do", "send")
	answers["shown"] = shown(back.body)
	done := newBrowser(t).submit(back, answers)
	require.Equal(t, http.StatusOK, done.code, done.body)
	require.Contains(t, done.body, "شكرًا لك")
	require.Equal(t, "no-store", done.head.Get("Cache-Control"))
	require.Contains(t, newBrowser(t).get(f.url+"/s/"+token).body, "This code was used")
	require.True(t, f.form(token, "ar").GetAnswered())

	printed := p.log.all()
	for _, secret := range f.secret {
		require.NotContains(t, printed, secret)
	}
	require.Contains(t, printed, `"/s/{code}"`)
	text, err := json.Marshal("/s/{code}/resume")
	require.NoError(t, err)
	require.Contains(t, printed, string(text))
}

// shown are the questions that a page asks.
func shown(body string) (ids []string) {
	for _, box := range regexp.MustCompile(`(?s)<fieldset id="q-([^"]+)"[^>]*>`).FindAllStringSubmatch(body, -1) {
		if !strings.HasSuffix(box[0], " hidden disabled>") {
			ids = append(ids, box[1])
		}
	}
	return ids
}
