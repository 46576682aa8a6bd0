package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/identity"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/tandem/internal/restclient"
)

// How often each right comes and goes, how many use it at a time, and how many
// answers are judged at least before it changes.
const (
	rounds      = 20
	usersEach   = 2
	answersEach = 5
)

// right is something that comes and goes while it is used. The phase is even while
// it is settled, in turns without the right (0, 4, ...) and with it (2, 6, ...),
// and odd while somebody changes it.
type right struct {
	name    string
	come    func() (header http.Header)
	goes    func()
	without int // the status of a call without the right

	phase  atomic.Int64
	header atomic.Pointer[http.Header]

	mu   sync.Mutex
	news *sync.Cond
	used bool
	yes  int // answers that were judged, with the right
	no   int // and without it
}

// Not one answer is wrong while grants are given, approved, ended and run out,
// people are disabled, sessions end, keys of machines are taken away, and the
// gateway and all services change the keys they sign with: a call that was sent
// after a right was taken away, as far as who took it knew, is refused, and one that
// was sent after it was given, and answered before it was taken away, is not.
func TestNoAnswerIsWrongWhileRightsComeAndGo(t *testing.T) {
	t.Run("in one process", func(t *testing.T) {
		i := newInstance(t)
		i.serve()
		underLoad(t, i)
	})
	t.Run("in a process each", func(t *testing.T) {
		i := newInstance(t, "TANDEM_DB="+kittest.Postgres(t), "TANDEM_NATS="+natsServer(t))
		i.serveApart()
		underLoad(t, i)
	})
}

func underLoad(t *testing.T, i *instance) {
	w := newSmallWorld(t, i)
	rights := w.rights(t)
	ended := make(chan struct{})
	var users, changers sync.WaitGroup
	for _, r := range rights {
		r.news, r.used = sync.NewCond(&r.mu), true
		for range usersEach {
			users.Go(func() { w.use(t, r, ended) })
		}
		changers.Go(func() { r.comeAndGo() })
	}
	changers.Go(func() {
		for range 2 {
			for _, owner := range []string{"gateway", "schools", "assessments", "evidence", "badges"} {
				if out, err := i.command("keys", "rotate", owner); err != nil {
					t.Errorf("rotate %s: %v %s", owner, err, out)
				}
			}
		}
	})
	changers.Wait()
	close(ended)
	users.Wait()
	for _, r := range rights {
		t.Logf("%s: %d answers with the right, %d without", r.name, r.yes, r.no)
		require.GreaterOrEqual(t, min(r.yes, r.no), rounds*answersEach, r.name)
	}
}

// comeAndGo changes the right. It stays until it was used.
func (r *right) comeAndGo() {
	for round := range rounds {
		if round > 0 { // there is something to show
			r.until(&r.no)
		}
		r.phase.Add(1)
		header := r.come()
		r.header.Store(&header)
		r.phase.Add(1)
		r.until(&r.yes)
		r.phase.Add(1)
		r.goes()
		r.phase.Add(1)
	}
	r.until(&r.no)
}

// until waits for more judged answers.
func (r *right) until(judged *int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for enough := *judged + answersEach; r.used && *judged < enough; {
		r.news.Wait()
	}
}

// judged counts an answer that was judged.
func (r *right) judged(count *int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	*count++
	r.news.Broadcast()
}

// leave tells who waits that nobody uses the right any more.
func (r *right) leave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.used = false
	r.news.Broadcast()
}

// use calls with the right and judges what was true from sending to receiving.
func (w *world) use(t *testing.T, r *right, ended <-chan struct{}) {
	defer r.leave()
	for {
		select {
		case <-ended:
			return
		default:
		}
		before, header := r.phase.Load(), r.header.Load()
		if header == nil {
			runtime.Gosched()
			continue
		}
		status, err := w.look(*header)
		if err != nil {
			t.Errorf("%s: %v", r.name, err)
			return
		}
		want := map[int64]int{0: r.without, 2: http.StatusOK}[before%4]
		switch settled := before%2 == 0 && r.phase.Load() == before; {
		case status != http.StatusOK && status != r.without:
			t.Errorf("%s: %d is never an answer", r.name, status)
			return
		case settled && status != want:
			t.Errorf("%s: %d instead of %d in phase %d", r.name, status, want, before)
			return
		case settled && want == http.StatusOK:
			r.judged(&r.yes)
		case settled:
			r.judged(&r.no)
		}
	}
}

func (w *world) look(header http.Header) (int, error) {
	req, err := http.NewRequest(http.MethodGet, w.url+"/v1/"+here, nil)
	if err != nil {
		return 0, err
	}
	req.Header = header.Clone()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}

// newSmallWorld has a district and the operator who keeps it.
func newSmallWorld(t *testing.T, i *instance) *world {
	t.Helper()
	minted, err := i.command("token", "--subject", "people/operator", "--grant", "state_admin")
	require.NoError(t, err, minted)
	w := &world{instance: i, token: minted[:len(minted)-1]}
	w.operator = restclient.New(i.url).As(w.token)
	w.must("/v1/districts?districtId=matrix-a", map[string]any{"title": "District", "timeZone": "America/Denver"}, nil)
	return w
}

// must has the operator post.
func (w *world) must(path string, body map[string]any, out any) {
	w.mustAs(w.operator, path, body, out)
}

func (w *world) mustAs(who *restclient.Client, path string, body map[string]any, out any) {
	at, err := url.Parse(path)
	if err == nil {
		err = who.Post(w.t.Context(), at.Path, at.Query(), body, out)
	}
	if err != nil {
		w.t.Errorf("%s: %v", path, err)
	}
}

// registered is a new person with the header that shows who they are.
func (w *world) registered(t *testing.T, id string) (name string, shows http.Header) {
	t.Helper()
	name = here + "/people/" + id
	w.must("/v1/"+here+"/people?personId="+id, map[string]any{"displayName": "Somebody " + id, "email": id + "@example.org", "demo": true}, nil)
	return name, bearer(mint(t, w.signer(t), identity.Access{Subject: name}))
}

func bearer(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }

// give gives a role of the district and returns the name of the grant.
func (w *world) give(who *restclient.Client, person, role string, end time.Time) string {
	body := map[string]any{"role": role, "node": here, "reason": "Comes and goes."}
	if !end.IsZero() {
		body["endTime"] = end.Format(time.RFC3339Nano)
	}
	var grant struct{ Name string }
	w.mustAs(who, "/v1/"+person+"/grants", body, &grant)
	return grant.Name
}

func (w *world) end(grant string) {
	w.must("/v1/"+grant+":end", map[string]any{"reason": "Went."}, nil)
}

func (w *world) setDisabled(person string, disabled bool) {
	if err := w.operator.Patch(w.t.Context(), "/v1/"+person, nil, map[string]any{"disabled": disabled}, nil); err != nil {
		w.t.Errorf("%s: %v", person, err)
	}
}

func (w *world) advance(by time.Duration) {
	w.must("/dev/clock:advance", map[string]any{"duration": fmt.Sprint(by)}, nil)
}
