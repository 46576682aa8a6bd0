package load

import (
	"net/http"
)

// Kinds of writes, by which package ledger finds them.
const (
	Answer  = "answer"
	School  = "school"
	Settled = "settled" // a team's look at itself
)

// operation is one request to make.
type operation struct {
	kind, id     string
	method, path string
	who          string // empty: nobody
	body         []byte
	want         []int
	then         *operation // what follows once it is acknowledged
	frees        string     // team that is idle once it is acknowledged
}

// mix is what twenty requests are: half of them change something, all four services have
// their part, and three must be refused.
var mix = []func(w *World) *operation{
	(*World).answer, reads("district", "/v1/"+district), (*World).school, (*World).answer, reads("campaign", "/v1/"+campaign),
	(*World).assessment, reads("schools", "/v1/"+district+"/schools?pageSize=20"), (*World).answer, refused("unknown", "/v1/"+district+"/schools/nowhere", lead, 404),
	reads("badges", "/v1/badgeDefinitions"), (*World).answer, reads("journey", "/v1/"+journey), (*World).form, (*World).answer,
	refused("nobody", "/v1/"+district, "", 401), reads("artifacts", "/v1/"+school+"/artifacts?pageSize=10"), (*World).school, (*World).again,
	(*World).answer, reads("awards", "/v1/"+school+"/awards"),
}

// operation is the nth of the mix.
func (w *World) operation(n int) *operation {
	op := mix[n%len(mix)](w)
	if op == nil { // all codes are used, or all teams are at it: a read takes its place
		return reads("district", "/v1/"+district)(w)
	}
	return op
}

func reads(kind, path string) func(*World) *operation {
	return func(*World) *operation {
		return &operation{kind: kind, method: http.MethodGet, path: path, who: lead, want: []int{http.StatusOK}}
	}
}

func refused(kind, path, who string, status int) func(*World) *operation {
	return func(*World) *operation {
		return &operation{kind: kind, method: http.MethodGet, path: path, who: who, want: []int{status}}
	}
}

// form is the questionnaire that a code leads to.
func (w *World) form() *operation {
	return &operation{kind: "form", method: http.MethodGet, path: "/v1/forms/" + w.used, want: []int{http.StatusOK}}
}

// again is a second answer with a code that was used.
func (w *World) again() *operation {
	return &operation{
		kind: "again", method: http.MethodPost, path: "/v1/responses:submit", want: []int{http.StatusBadRequest, http.StatusConflict},
		body: encode(map[string]any{"code": w.used, "responseId": "r-" + unique(), "language": "en", "answers": w.answers}),
	}
}

// school registers one.
func (w *World) school() *operation {
	id := "s-" + unique()
	return &operation{
		kind: School, id: id, method: http.MethodPost, who: admin, want: []int{http.StatusOK},
		path: "/v1/" + district + "/schools?schoolId=" + id + "&requestId=" + id, body: encode(map[string]any{"title": "School " + id}),
	}
}

// assessment begins a team's look at itself, which two ratings and the settlement follow. The team's
// journey, in another service, hears of the settlement by an event. A team does one at a time;
// nil where all are at it.
func (w *World) assessment() *operation {
	if len(w.idle) == 0 {
		return nil
	}
	at := w.idle[0] + "/selfAssessments"
	id := "x-" + unique()
	step := func(kind, who, path string, body map[string]any, then *operation) *operation {
		return &operation{
			kind: kind, id: id, method: http.MethodPost, who: who, want: []int{http.StatusOK}, path: "/v1/" + path, body: encode(body), then: then,
		}
	}
	rate := func(who, rating string, then *operation) *operation {
		return step("rating", who, at+"/"+id+"/ratings?ratingId="+rating+"&requestId="+rating+id,
			map[string]any{"levels": w.levels, "group": "STAKEHOLDER_GROUP_STAFF"}, then)
	}
	settle := step(Settled, lead, at+"/"+id+":settle", map[string]any{"requestId": id, "consensus": w.levels, "notes": "We agree."}, nil)
	settle.frees = w.idle[0]
	w.idle = w.idle[1:]
	return step("assessment", lead, at+"?selfAssessmentId="+id+"&requestId="+id,
		map[string]any{"cycle": "cycles/load", "frameworkVersion": framework}, rate(lead, "one", rate(second, "two", settle)))
}
