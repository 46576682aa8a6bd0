package e2e

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	"github.com/tandem-badges/tandem/services/kit/bus"
	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/tandem/internal/restclient"
)

const (
	fireClients = 8
	// fireKills keeps the test short; TANDEM_KILLS=50 plays it at length.
	fireKills = 4
)

// Families answer, lose the connection, send again, send twice and out of order,
// while the program and the broker are killed without any chance to finish. Every
// acknowledged answer is there once, no token has two, and events tell of each once.
func TestAcknowledgedAnswersAreThereOnceUnderFire(t *testing.T) {
	t.Run("sqlite, broker inside", func(t *testing.T) { underFire(t, newInstance(t), nil) })
	t.Run("postgres, broker outside", func(t *testing.T) {
		b := &broker{t: t, address: freeAddress(t), dir: t.TempDir()}
		b.start()
		underFire(t, newInstance(t, "TANDEM_DB="+kittest.Postgres(t), "TANDEM_NATS=nats://"+b.address), b)
	})
}

// broker is a NATS server that comes back with what it has stored.
type broker struct {
	t       *testing.T
	address string
	dir     string
	p       *process
}

func (b *broker) start() {
	host, port, err := net.SplitHostPort(b.address)
	require.NoError(b.t, err)
	b.p = start(b.t, nil, programs.nats, "-js", "-a", host, "-p", port, "-sd", b.dir)
	await(b.t, "the NATS server", func() bool {
		conn, err := net.Dial("tcp", b.address)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil && b.p.running()
	})
}

// fire is what the families have done so far.
type fire struct {
	*submitBench
	over chan struct{}

	mu       sync.Mutex
	receipts map[string]string // by the words of the answer
	refused  int               // second answers with one token
	repeated int               // answers sent again that got their receipt
}

func underFire(t *testing.T, i *instance, b *broker) {
	kills := fireKills
	if text := os.Getenv("TANDEM_KILLS"); text != "" {
		var err error
		kills, err = strconv.Atoi(text)
		require.NoError(t, err)
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d, %d kills", seed, kills)
	random := rand.New(rand.NewPCG(seed, 1))
	i.env = append(i.env, "TANDEM_RATE_ANONYMOUS=0")
	p := i.serve()
	f := &fire{submitBench: &submitBench{instance: i}, over: make(chan struct{}), receipts: map[string]string{}}
	f.signIn(t)
	f.openCampaigns(t)
	f.stock(t, 20*perInvite)

	var families sync.WaitGroup
	for n := range fireClients {
		families.Go(func() { f.family(t, rand.New(rand.NewPCG(seed, uint64(n+2)))) })
	}
	for k := range kills {
		enough := f.acknowledged() + 20 + random.IntN(150)
		await(t, "answers between two kills", func() bool { return f.acknowledged() >= enough })
		if b != nil && k%2 == 1 {
			b.p.kill()
			b.start()
			continue
		}
		p.kill()
		p = i.serve()
	}
	close(f.over)
	families.Wait()
	f.check(t, b)
	require.Zero(t, p.stop(syscall.SIGTERM))
}

func (f *fire) acknowledged() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.receipts)
}

// family answers with one token after the other until the fire is over. What it has
// begun it brings to an end.
func (f *fire) family(t *testing.T, random *rand.Rand) {
	var before []*assessmentsv1.SubmitResponseRequest
	for {
		select {
		case <-f.over:
			return
		default:
		}
		req := f.answer()
		if random.IntN(4) == 0 { // both hands at once
			var twice sync.WaitGroup
			twice.Go(func() { f.mustSend(t, req) })
			f.mustSend(t, req)
			twice.Wait()
		} else {
			f.mustSend(t, req)
		}
		before = append(before, req)
		if old := before[random.IntN(len(before))]; random.IntN(3) == 0 { // sent again, late and out of order
			f.mustSend(t, old)
		} else if random.IntN(3) == 0 {
			f.secondAnswer(t, old.GetCode())
		}
	}
}

// answer has a token and words that no other has.
func (f *fire) answer() *assessmentsv1.SubmitResponseRequest {
	words := &assessmentsv1.Answer{Item: "words", Text: "words-" + ids.New()}
	return &assessmentsv1.SubmitResponseRequest{
		Code: f.token(), ResponseId: "r-" + ids.New(), Language: "en", Answers: append(f.answers[:len(f.answers):len(f.answers)], words),
	}
}

// mustSend sends an answer until it is acknowledged, always with the same receipt.
func (f *fire) mustSend(t *testing.T, req *assessmentsv1.SubmitResponseRequest) {
	receipt, err := f.send(t.Context(), req)
	if err != nil {
		t.Errorf("an answer with a fresh token was refused: %v", err)
		return
	}
	words := req.GetAnswers()[len(req.GetAnswers())-1].GetText()
	f.mu.Lock()
	defer f.mu.Unlock()
	if known, ok := f.receipts[words]; ok {
		f.repeated++
		if known != receipt {
			t.Errorf("one answer has the receipts %s and %s", known, receipt)
		}
	}
	f.receipts[words] = receipt
}

// secondAnswer tries a token that was used.
func (f *fire) secondAnswer(t *testing.T, used string) {
	req := f.answer()
	req.Code = used
	if _, err := f.send(t.Context(), req); err == nil {
		t.Error("a token took a second answer")
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refused++
}

// send posts until there is an answer of the program: a receipt, or a refusal.
func (f *fire) send(ctx context.Context, req *assessmentsv1.SubmitResponseRequest) (receipt string, err error) {
	raw, err := protojson.Marshal(proto.Message(req))
	if err != nil {
		return "", err
	}
	var body map[string]any
	if err := json.Unmarshal(raw, &body); err != nil {
		return "", err
	}
	var got struct{ Receipt string }
	refusal := errors.New("")
	err = restclient.Wait(ctx, startWithin, "an answer of the program", func(ctx context.Context) (bool, error) {
		err := restclient.New(f.url).Post(ctx, "/v1/responses:submit", nil, body, &got)
		var p *restclient.Problem
		if errors.As(err, &p) && p.Status < 500 && p.Status != 409 && p.Status != 429 {
			refusal = p
			return true, nil
		}
		return err == nil, nil
	})
	if err == nil && got.Receipt == "" {
		err = refusal
	}
	return got.Receipt, err
}

// database opens the tables of the answers, wherever they are.
func (f *fire) database(t *testing.T) *sql.DB {
	t.Helper()
	for _, setting := range f.env {
		if url, ok := strings.CutPrefix(setting, "TANDEM_DB="); ok {
			db, err := sql.Open("pgx", url+"&search_path=assessments")
			require.NoError(t, err)
			t.Cleanup(func() { _ = db.Close() })
			return db
		}
	}
	return f.open(t, "assessments")
}

// check looks at what is left when all is over.
func (f *fire) check(t *testing.T, b *broker) {
	t.Helper()
	db := f.database(t)
	await(t, "the events to leave", func() bool { return count(t, db, `SELECT count(*) FROM outbox WHERE sent_at IS NULL`) == 0 })
	t.Logf("%d answers acknowledged, %d sent again, %d second answers refused", len(f.receipts), f.repeated, f.refused)
	require.Positive(t, f.repeated)
	require.Positive(t, f.refused)
	want := int64(len(f.receipts))
	stored := map[string]int{}
	for _, row := range table(t, db, `SELECT texts FROM responses`) {
		var words map[string]string
		require.NoError(t, json.Unmarshal([]byte(fmt.Sprint(row[0])), &words))
		stored[words["words"]]++
	}
	for words := range f.receipts {
		require.Equal(t, 1, stored[words], "an acknowledged answer")
	}
	require.Len(t, stored, len(f.receipts), "every answer was acknowledged in the end")
	for _, query := range []string{
		`SELECT count(*) FROM responses`, `SELECT count(*) FROM receipts`, `SELECT count(*) FROM invitations WHERE burned`,
	} {
		require.Equal(t, want, count(t, db, query), query)
	}
	var told int64
	for _, row := range table(t, db, `SELECT payload FROM outbox WHERE type LIKE '%ResponseCounted'`) {
		var ev assessmentsv1.ResponseCounted
		require.NoError(t, proto.Unmarshal(row[0].([]byte), &ev))
		told += int64(ev.GetCounted())
	}
	require.Equal(t, want, told, "answers that events tell of")
	if b != nil {
		f.checkStream(t, db, b)
	}
}

// checkStream reads the broker's own store: each event of the outbox, by its id.
func (f *fire) checkStream(t *testing.T, db *sql.DB, b *broker) {
	t.Helper()
	conn, err := bus.Connect(t.Context(), bus.Options{URL: "nats://" + b.address})
	require.NoError(t, err)
	defer conn.Close()
	var mu sync.Mutex
	seen := map[string]bool{}
	kittest.Go(t, func(ctx context.Context) error {
		err := conn.Watch(ctx, bus.WatchOptions{Subjects: []string{"tandem.assessments.>"}, Since: time.Now().Add(-time.Hour)}, func(ev bus.Event) {
			mu.Lock()
			defer mu.Unlock()
			if strings.HasSuffix(ev.Type, "ResponseCounted") {
				seen[ev.ID] = true
			}
		})
		if ctx.Err() != nil {
			return nil
		}
		return err
	})
	rows := table(t, db, `SELECT id FROM outbox WHERE type LIKE '%ResponseCounted'`)
	await(t, "all events in the stream", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(seen) >= len(rows)
	})
	mu.Lock()
	defer mu.Unlock()
	require.Len(t, seen, len(rows))
	for _, row := range rows {
		require.True(t, seen[fmt.Sprint(row[0])], "event %v", row[0])
	}
}
