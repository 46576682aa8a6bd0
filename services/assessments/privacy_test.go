package assessments_test

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/assessments/internal/code"
)

// trail is what one answer leaves on the side of the person, and the words by which
// the answer itself is known.
type trail struct {
	way     string
	person  []string // codes, ids and digests; nothing that is the same for many
	receipt string
	words   string
}

// TestNothingStoredLeadsFromAPersonToAnAnswer looks at every row of every table, at
// all events and at the log, as somebody who has all of it would, after answers came
// by every way there is.
func TestNothingStoredLeadsFromAPersonToAnAnswer(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		trails := w.everyWay()
		rows, found := w.everyRow(), 0
		for _, tr := range trails {
			ids := w.responseIDs(tr.words)
			require.Len(t, ids, 1, tr.way)
			for _, row := range rows {
				isAnswer := strings.HasPrefix(row, "responses|")
				about := contains(row, tr.person) || strings.Contains(row, tr.receipt)
				if about {
					found++
				}
				require.False(t, isAnswer && about, "%s: an answer says whose it is: %s", tr.way, row)
				require.False(t, !isAnswer && strings.Contains(row, ids[0]), "%s: the id of an answer stands outside it: %s", tr.way, row)
				require.False(t, !isAnswer && strings.Contains(row, tr.words), "%s: the answer stands twice: %s", tr.way, row)
			}
			for _, secret := range append(tr.person, tr.receipt, tr.words, ids[0]) {
				require.NotContains(t, w.log.String(), secret, "%s: the log", tr.way)
			}
		}
		require.GreaterOrEqual(t, found, 6, "receipts, tokens and recipients are there, or this test looks at the wrong tables")
		require.Equal(t, len(trails), w.events()["ResponseCounted"])
		w.daysOnly()
	})
}

// everyWay has answers come by token, by the token of a recipient, by telephone,
// through a link after a draft, and on paper keyed in twice.
func (w *world) everyWay() []trail {
	w.t.Helper()
	name, tokens := w.tokens("fall", 1)
	wordsOf := func(n int) ([]*assessmentsv1.Answer, string) {
		words := fmt.Sprintf("words-%d-%s", n, code.New())
		return append(answers(n), &assessmentsv1.Answer{Item: "in-your-words", Text: words}), words
	}
	var out []trail
	submit := func(way, given string, n int) {
		said, words := wordsOf(n)
		id := "response-" + code.New()
		saved, err := w.responses.SaveResponse(w.t.Context(), &assessmentsv1.SaveResponseRequest{Code: given, ResponseId: id, Answers: said})
		require.NoError(w.t, err)
		got, err := w.responses.SubmitResponse(w.t.Context(), &assessmentsv1.SubmitResponseRequest{Code: given, ResponseId: id, Answers: said, ResumeKey: saved.GetResumeKey()})
		require.NoError(w.t, err)
		out = append(out, trail{
			way: way, words: words, receipt: got.GetReceipt(),
			person: []string{given, code.Digest(given), id, code.Digest(id, given), saved.GetResumeKey(), code.Digest("draft", saved.GetResumeKey(), given)},
		})
	}
	submit("token", tokens[0], 1)
	submit("recipient", w.asked(name, "smith-by-web"), 2)
	w.asked(name, "jones-by-phone")
	said, words := wordsOf(3)
	got, err := w.responses.SubmitInterview(w.coordinator(), &assessmentsv1.SubmitInterviewRequest{Name: name + "/recipients/jones-by-phone", ResponseId: "interview-x", Answers: said})
	require.NoError(w.t, err)
	out = append(out, trail{way: "telephone", words: words, receipt: got.GetReceipt(), person: []string{"jones-by-phone", "interview-x"}})
	out[1].person = append(out[1].person, "smith-by-web")

	said, words = wordsOf(4)
	for _, who := range []string{"ann", "ben"} {
		_, err := w.responses.EnterPaperResponse(w.as("people/"+who, accessv1.Role_ROLE_DISTRICT_COORDINATOR, "districts/d1"), &assessmentsv1.EnterPaperResponseRequest{
			Parent: name, School: "districts/d1/schools/oak", SheetId: "sheet-4711", Answers: said,
		})
		require.NoError(w.t, err)
	}
	out = append(out, trail{way: "paper", words: words, receipt: "sheet-4711", person: []string{"sheet-4711"}})
	return out
}

func contains(row string, any []string) bool {
	for _, s := range any {
		if strings.Contains(row, s) {
			return true
		}
	}
	return false
}

// everyRow are all rows of all tables as text, the name of the table first.
func (w *world) everyRow() (out []string) {
	w.t.Helper()
	query := `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`
	if w.deps.DB.Dialect() == sqldb.Postgres {
		query = `SELECT tablename::text FROM pg_tables WHERE schemaname = 'assessments' AND tablename NOT LIKE 'goose%'`
	}
	for _, table := range w.texts(query) {
		out = append(out, w.rowsOf(table)...)
	}
	return out
}

func (w *world) rowsOf(table string) (out []string) {
	w.t.Helper()
	rows, err := w.deps.DB.Conn(kittest.All(w.t)).QueryContext(kittest.All(w.t), `SELECT * FROM "`+table+`"`)
	require.NoError(w.t, err, table)
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	require.NoError(w.t, err)
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		require.NoError(w.t, rows.Scan(values...))
		row := table + "|"
		for _, v := range values {
			if raw, ok := (*v.(*any)).([]byte); ok { //nolint:forcetypeassert // made above
				row += string(raw) + "|"
				continue
			}
			row += fmt.Sprint(*v.(*any)) + "|" //nolint:forcetypeassert // made above
		}
		out = append(out, row)
	}
	require.NoError(w.t, rows.Err())
	return out
}

func (w *world) responseIDs(words string) []string {
	w.t.Helper()
	return w.texts(`SELECT response_id FROM responses WHERE texts LIKE '%` + words + `%'`)
}

func (w *world) texts(query string) (out []string) {
	w.t.Helper()
	rows, err := w.deps.DB.Conn(kittest.All(w.t)).QueryContext(kittest.All(w.t), query)
	require.NoError(w.t, err)
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var text string
		require.NoError(w.t, rows.Scan(&text))
		out = append(out, text)
	}
	require.NoError(w.t, rows.Err())
	return out
}

// daysOnly looks at the times that answers and receipts have.
func (w *world) daysOnly() {
	w.t.Helper()
	const day = 24 * 3600 * 1_000_000
	for _, table := range []string{"responses", "receipts"} {
		var finer int
		w.one(fmt.Sprintf(`SELECT count(*) FROM %s WHERE day %% %d <> 0`, table, int64(day)), &finer)
		require.Zero(w.t, finer, table)
	}
	var changed int
	w.one(`SELECT count(*) FROM recipients WHERE burned AND (version <> 1 OR updated_at <> 0)`, &changed)
	require.Zero(w.t, changed, "a burned token is a mark and nothing else")
}

// written keeps what is logged.
type written struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write keeps some text.
func (l *written) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String is all that was logged.
func (l *written) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
