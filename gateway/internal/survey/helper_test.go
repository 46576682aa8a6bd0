package survey

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"

	"github.com/tandem-badges/tandem/services/kit/apierr"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

const goodCode = "abcdefghijklmnopqrstuvwxyz"

// fake is the assessments service with one form, and what it was asked.
type fake struct {
	mu    sync.Mutex
	form  *assessmentsv1.Form
	fail  error // of anything but reading the form
	gone  error // of reading the form
	saved *assessmentsv1.SaveResponseRequest
	sent  []*assessmentsv1.SubmitResponseRequest
	out   []*assessmentsv1.OptOutRequest
	calls []string
}

// Invoke answers a call as the service would, with a status for an error.
func (f *fake) Invoke(ctx context.Context, method string, args, reply any, _ ...grpc.CallOption) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	name := method[strings.LastIndex(method, "/")+1:]
	f.calls = append(f.calls, name)
	answer, err := f.answer(name, args)
	if err != nil {
		return apierr.ToStatus(ctx, err)
	}
	proto.Merge(reply.(proto.Message), answer)
	return nil
}

func (f *fake) answer(name string, args any) (proto.Message, error) {
	if name == "GetForm" {
		return f.getForm(args.(*assessmentsv1.GetFormRequest))
	}
	if f.fail != nil {
		return nil, f.fail
	}
	switch req := args.(type) {
	case *assessmentsv1.SubmitResponseRequest:
		if !f.form.GetOpen() && !f.stored(req.GetResponseId()) {
			return nil, problem.Precondition(problem.ReasonStateWrong)
		}
		f.sent = append(f.sent, req)
		return &assessmentsv1.SubmitResponseResponse{Receipt: "receipt-of-" + req.GetResponseId(), SubmitTime: timestamppb.Now()}, nil
	case *assessmentsv1.SaveResponseRequest:
		f.saved = req
		return &assessmentsv1.SaveResponseResponse{ResumeKey: "key-to-come-back"}, nil
	case *assessmentsv1.ResumeResponseRequest:
		if f.saved == nil || req.GetResumeKey() != "key-to-come-back" {
			return nil, problem.NotFound("drafts")
		}
		return &assessmentsv1.ResumeResponseResponse{ResponseId: f.saved.GetResponseId(), Language: f.saved.GetLanguage(), Answers: f.saved.GetAnswers()}, nil
	case *assessmentsv1.OptOutRequest:
		f.out = append(f.out, req)
		return &assessmentsv1.OptOutResponse{}, nil
	}
	return nil, errors.New("not expected: " + name)
}

func (f *fake) stored(id string) bool {
	for _, one := range f.sent {
		if one.GetResponseId() == id {
			return true
		}
	}
	return false
}

// getForm answers the form in one of its languages, the first for any other.
func (f *fake) getForm(req *assessmentsv1.GetFormRequest) (proto.Message, error) {
	if f.gone != nil {
		return nil, f.gone
	}
	if req.GetCode() != goodCode {
		return nil, problem.NotFound("forms/" + req.GetCode())
	}
	form := proto.Clone(f.form).(*assessmentsv1.Form)
	for _, lang := range form.GetLanguages() {
		if lang == req.GetLanguage() {
			form.Language = lang
		}
	}
	form.Direction = direction(form.GetLanguage())
	form.Title += " (" + form.GetLanguage() + ")"
	return form, nil
}

// NewStream is not used by any page.
func (*fake) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, errors.New("no page streams")
}

// site is the pages over a fake.
type site struct {
	*fake
	t   *testing.T
	mux *http.ServeMux
	log *bytes.Buffer
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{fake: &fake{form: everyType()}, t: t, mux: http.NewServeMux(), log: &bytes.Buffer{}}
	h, err := New(Options{Assessments: s.fake, Log: slog.New(slog.NewTextHandler(s.log, nil))})
	require.NoError(t, err)
	h.Routes(s.mux)
	return s
}

// seen is an answer as a browser reads it.
type seen struct {
	t *testing.T
	*httptest.ResponseRecorder
	root *html.Node
}

func (s *site) get(path string, headers ...string) seen {
	return s.do(httptest.NewRequest(http.MethodGet, path, nil), headers...)
}

func (s *site) submit(path string, fields url.Values, headers ...string) seen {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(fields.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return s.do(r, headers...)
}

func (s *site) do(r *http.Request, headers ...string) seen {
	s.t.Helper()
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	s.mux.ServeHTTP(w, r)
	root, err := html.Parse(bytes.NewReader(w.Body.Bytes()))
	require.NoError(s.t, err)
	return seen{s.t, w, root}
}

// find returns the elements of a name for which all attributes are as given.
func (p seen) find(name string, attributes ...string) (found []*html.Node) {
	for n := range p.root.Descendants() {
		if n.Type != html.ElementNode || n.Data != name {
			continue
		}
		fits := true
		for _, one := range attributes {
			key, value, _ := strings.Cut(one, "=")
			fits = fits && attr(n, key) == value
		}
		if fits {
			found = append(found, n)
		}
	}
	return found
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

func textOf(nodes ...*html.Node) string {
	var b strings.Builder
	for _, node := range nodes {
		for n := range node.Descendants() {
			if n.Type == html.TextNode {
				b.WriteString(n.Data + " ")
			}
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// fields are what a browser without a script would send for the form of a page.
func (p seen) fields(id string) url.Values {
	p.t.Helper()
	forms := p.find("form", "id="+id)
	require.Len(p.t, forms, 1)
	out := url.Values{}
	for n := range forms[0].Descendants() {
		if n.Type != html.ElementNode || disabled(n) {
			continue
		}
		switch kind := attr(n, "type"); {
		case n.Data == "input" && (kind == "radio" || kind == "checkbox"):
			if has(n, "checked") {
				out.Add(attr(n, "name"), attr(n, "value"))
			}
		case n.Data == "input":
			out.Add(attr(n, "name"), attr(n, "value"))
		case n.Data == "textarea":
			out.Add(attr(n, "name"), strings.TrimPrefix(textOf(n), "\n"))
		case n.Data == "option" && has(n, "selected"):
			out.Add(attr(n.Parent, "name"), attr(n, "value"))
		}
	}
	return out
}

func disabled(n *html.Node) bool {
	for ; n != nil; n = n.Parent {
		if n.Data == "fieldset" && has(n, "disabled") {
			return true
		}
	}
	return false
}

var inline = regexp.MustCompile(`(?i)\son[a-z]+=|javascript:`)

// whole checks what holds for every page: a language and its direction, a title, one first heading, no
// script or style in it, nothing from elsewhere, no id twice, a name for each field and each link.
func (p seen) whole(lang string) {
	p.t.Helper()
	require.Equal(p.t, "text/html; charset=utf-8", p.Header().Get("Content-Type"))
	require.Equal(p.t, "no-store", p.Header().Get("Cache-Control"))
	require.Equal(p.t, policy, p.Header().Get("Content-Security-Policy"))
	require.Empty(p.t, p.Header().Get("Set-Cookie"))
	page := p.find("html")[0]
	require.Equal(p.t, lang, attr(page, "lang"))
	require.Equal(p.t, direction(lang), attr(page, "dir"))
	require.NotEmpty(p.t, textOf(p.find("title")...))
	require.Len(p.t, p.find("h1"), 1)
	require.Len(p.t, p.find("main"), 1)
	require.Len(p.t, p.find("script"), 1)
	require.NotEmpty(p.t, attr(p.find("script")[0], "src"))
	require.Empty(p.t, p.find("style"))
	require.NotRegexp(p.t, inline, p.Body.String())
	ids := map[string]bool{}
	for n := range p.root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		require.False(p.t, has(n, "style"))
		if id := attr(n, "id"); id != "" {
			require.False(p.t, ids[id], "id %s twice", id)
			ids[id] = true
		}
		for _, name := range []string{"href", "src", "action"} {
			require.NotContains(p.t, attr(n, name), "://", "nothing comes from elsewhere")
		}
	}
	for n := range p.root.Descendants() {
		for _, name := range []string{"aria-labelledby", "aria-describedby"} {
			for _, id := range strings.Fields(attr(n, name)) {
				require.True(p.t, ids[id], "%s names %s, which is not there", name, id)
			}
		}
		if link := attr(n, "href"); strings.HasPrefix(link, "#") {
			require.True(p.t, ids[link[1:]], "a link leads to %s, which is not there", link)
		}
	}
}

// everyType is a form with an item of each type, in three languages, with conditions and bounds.
func everyType() *assessmentsv1.Form {
	options := func(ids ...string) (out []*assessmentsv1.FormOption) {
		for _, id := range ids {
			out = append(out, &assessmentsv1.FormOption{Id: id, Text: "Option " + id, NotApplicable: id == "na", Exclusive: id == "none"})
		}
		return out
	}
	return &assessmentsv1.Form{
		Title: "Family survey", SchoolTitle: "Oak & Elm Elementary", DistrictTitle: "Aspen", Language: "en", Languages: []string{"en", "es", "ar"},
		Direction: "ltr", Open: true, Resumable: true, EstimatedMinutes: 5, Kind: assessmentsv1.LinkKind_LINK_KIND_WEB,
		Anonymity: "Nobody can see who answered what.", CloseTime: timestamppb.New(closes),
		Sections: []*assessmentsv1.FormSection{
			{Id: "first", Title: "About the school", Text: "Think of this year."},
			{Id: "second", Title: "About visits", Relevant: `answers["visited"] == "yes"`},
		},
		Items: []*assessmentsv1.FormItem{
			{Id: "welcome", Section: "first", Type: assessmentsv1.ItemType_ITEM_TYPE_SCALE, Text: "How welcome do you feel?", Required: true, Options: options("low", "high", "na"), Hint: "At any time."},
			{Id: "visited", Section: "first", Type: assessmentsv1.ItemType_ITEM_TYPE_SINGLE_CHOICE, Text: "Did you visit?", Options: options("yes", "no")},
			{Id: "ways", Section: "first", Type: assessmentsv1.ItemType_ITEM_TYPE_MULTIPLE_CHOICE, Text: "How do you hear from us?", Options: options("mail", "phone", "none"), MaxChoices: 2},
			{Id: "times", Section: "second", Type: assessmentsv1.ItemType_ITEM_TYPE_NUMBER, Text: "How often?", Integer: true, MinValue: proto.Float64(1), MaxValue: proto.Float64(50)},
			{
				Id: "often", Section: "second", Type: assessmentsv1.ItemType_ITEM_TYPE_TEXT, Text: "What brings you so often?", Relevant: `answers["times"] > 10`, MaxLength: 100,
			},
			{
				Id: "staff", Section: "second", Type: assessmentsv1.ItemType_ITEM_TYPE_MATRIX, Text: "How helpful were they?", Options: options("low", "high"),
				Rows: []*assessmentsv1.FormRow{{Id: "office", Text: "The office", Required: true}, {Id: "teacher", Text: "The teacher"}},
			},
			{Id: "order", Type: assessmentsv1.ItemType_ITEM_TYPE_RANKING, Text: "What matters most?", Options: options("read", "math", "play")},
			{Id: "since", Type: assessmentsv1.ItemType_ITEM_TYPE_DATE, Text: "Since when?", MinDate: "2020-01-01", MaxDate: "2027-12-31"},
			{Id: "words", Type: assessmentsv1.ItemType_ITEM_TYPE_LONG_TEXT, Text: "¿Qué más?", MaxLength: 1000, Language: "es"},
			{
				Id: "helpers", Type: assessmentsv1.ItemType_ITEM_TYPE_NUMBER, Text: "How many helped?",
				Constraint: `value <= answers["times"]`, ConstraintMessage: "Not more than your visits.",
			},
		},
	}
}
