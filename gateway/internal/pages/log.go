package pages

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
)

// logRows is how many entries a page of the log shows.
const logRows = 50

// logView is a page of the public log.
type logView struct {
	Entries    []logEntryView
	Checkpoint string
	Key        string
	Address    string // of the log's files
	Next       string // address of the page with older entries
	First      bool   // whether these are the newest entries
}

// logEntryView is an entry in plain words.
type logEntryView struct {
	Number  int64
	Time    string // for people
	Stamp   string // for programs
	What    string
	Subject string
	Link    string // page of the badge, when it is one of ours
	Issuer  string
}

// publicLog shows what issuers did, the newest first.
func (h *Handler) publicLog(w http.ResponseWriter, r *http.Request) {
	token := r.URL.Query().Get("page")
	list, err := h.log.ListLogEntries(r.Context(), &badgesv1.ListLogEntriesRequest{PageSize: logRows, PageToken: token})
	if status.Code(err) == codes.InvalidArgument {
		http.Redirect(w, r, "/log", http.StatusSeeOther) // a page that never was: to the newest
		return
	}
	view := logView{Address: h.opts.PublicURL + "/log", First: token == ""}
	if err == nil {
		view.Checkpoint, view.Key, err = h.logFiles(r)
	}
	if err != nil {
		h.fail(w, r, err)
		return
	}
	for _, e := range list.GetLogEntries() {
		view.Entries = append(view.Entries, h.logEntry(e))
	}
	if next := list.GetNextPageToken(); next != "" {
		view.Next = "/log?page=" + url.QueryEscape(next)
	}
	h.show(w, r, http.StatusOK, "log.html", "Public log", view)
}

// logFiles reads what the page shows of the log itself. A log that has just begun has no
// checkpoint yet.
func (h *Handler) logFiles(r *http.Request) (checkpoint, key string, err error) {
	signed, err := h.log.GetCheckpoint(r.Context(), &badgesv1.GetCheckpointRequest{})
	if err != nil && status.Code(err) != codes.NotFound {
		return "", "", err
	}
	told, err := h.log.GetLogKey(r.Context(), &badgesv1.GetLogKeyRequest{})
	return string(signed.GetData()), string(told.GetData()), err
}

func (h *Handler) logEntry(e *badgesv1.LogEntry) logEntryView {
	at := e.GetEntryTime().AsTime().UTC()
	v := logEntryView{
		Number: e.GetIndex(), Time: at.Format("2 January 2006, 15:04 MST"), Stamp: at.Format(time.RFC3339),
		What: logWords(e.GetKind()), Subject: e.GetSubject(), Issuer: e.GetIssuer(),
	}
	if id, ours := strings.CutPrefix(e.GetSubject(), h.opts.PublicURL+"/v1/credentials/"); ours {
		v.Subject, v.Link = "Badge "+id, "/badges/"+url.PathEscape(id)
	}
	return v
}

// logWords says in plain words what an entry tells.
func logWords(kind string) string {
	switch kind {
	case "issued":
		return "A badge was issued"
	case "reissued":
		return "A badge was signed anew"
	case "suspended":
		return "A badge was suspended"
	case "reinstated":
		return "A suspended badge counts again"
	case "revoked":
		return "A badge was taken away"
	case "key_added":
		return "An issuer has a new key"
	case "key_retired":
		return "A key signs no more; what it signed stays good"
	case "key_compromised":
		return "A key may be in wrong hands, since the time shown"
	default:
		return "Something this page has no word for: " + kind
	}
}
