package openbadges

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
)

// Limits of a page and of a document.
const (
	defaultLimit = 20
	maxLimit     = 100
	listPage     = 1000
	maxDocument  = 1 << 20
)

// page is what a list is asked for (section 6.4).
type page struct {
	limit, offset int
	since         time.Time
}

// found is GetOpenBadgeCredentialsResponse: documents with a proof, and signed tokens.
type found struct {
	Credentials []json.RawMessage `json:"credential"`
	Tokens      []string          `json:"compactJwsString"`
}

// list answers with the badges of a school or district, the newest first.
func (h *Handler) list(w http.ResponseWriter, r *http.Request, at place) {
	p, why := parse(r.URL.Query())
	if why != "" {
		refuse(w, http.StatusBadRequest, why)
		return
	}
	total, names, err := h.names(r.Context(), at, p)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	out := found{Credentials: []json.RawMessage{}, Tokens: []string{}}
	for _, name := range names {
		if err := h.add(r.Context(), &out, name); err != nil {
			h.fail(w, r, err)
			return
		}
	}
	w.Header().Set("X-Total-Count", strconv.Itoa(total))
	w.Header().Set("Link", h.links(p, total))
	media := "application/json"
	if strings.Contains(r.Header.Get("Accept"), "ld+json") {
		media = "application/ld+json"
	}
	send(w, http.StatusOK, media, out)
}

func parse(q url.Values) (p page, why string) {
	p = page{limit: defaultLimit}
	number := func(name string, into *int, least int) bool {
		if !q.Has(name) {
			return true
		}
		n, err := strconv.Atoi(q.Get(name))
		*into = n
		return err == nil && n >= least && len(q[name]) == 1
	}
	switch {
	case !number("limit", &p.limit, 1):
		return p, "limit: a whole number from 1 on."
	case !number("offset", &p.offset, 0):
		return p, "offset: a whole number from 0 on."
	}
	p.limit = min(p.limit, maxLimit)
	if q.Has("since") {
		since, err := time.Parse(time.RFC3339, q.Get("since"))
		if err != nil {
			return p, "since: a date and time such as 2026-09-01T00:00:00Z."
		}
		p.since = since
	}
	return p, ""
}

// names counts the badges and returns those of the page. The count needs them all, but
// no document.
func (h *Handler) names(ctx context.Context, at place, p page) (total int, names []string, err error) {
	req := &badgesv1.ListCredentialsRequest{Parent: at.parent(), PageSize: listPage}
	if !p.since.IsZero() {
		req.Since = timestamppb.New(p.since)
	}
	for {
		answer, err := h.credentials.ListCredentials(ctx, req)
		if err != nil {
			return 0, nil, err
		}
		for _, c := range answer.GetCredentials() {
			if total >= p.offset && len(names) < p.limit {
				names = append(names, c.GetName())
			}
			total++
		}
		if req.PageToken = answer.GetNextPageToken(); req.PageToken == "" {
			return total, names, nil
		}
	}
}

func (h *Handler) add(ctx context.Context, out *found, name string) error {
	body, err := h.credentials.GetCredential(ctx, &badgesv1.GetCredentialRequest{Name: name})
	if err != nil {
		return err
	}
	if json.Valid(body.GetData()) {
		out.Credentials = append(out.Credentials, body.GetData())
	} else {
		out.Tokens = append(out.Tokens, string(body.GetData()))
	}
	return nil
}

// links are the pages around this one (RFC 8288).
func (h *Handler) links(p page, total int) string {
	at := func(offset int, rel string) string {
		q := url.Values{"limit": {strconv.Itoa(p.limit)}, "offset": {strconv.Itoa(offset)}}
		if !p.since.IsZero() {
			q.Set("since", p.since.Format(time.RFC3339Nano))
		}
		return fmt.Sprintf(`<%s%s/credentials?%s>; rel="%s"`, h.opts.PublicURL, Base, q.Encode(), rel)
	}
	var all []string
	if p.offset+p.limit < total {
		all = append(all, at(p.offset+p.limit, "next"))
	}
	all = append(all, at(max(0, (total-1)/p.limit*p.limit), "last"), at(0, "first"))
	if p.offset > 0 {
		all = append(all, at(max(0, p.offset-p.limit), "prev"))
	}
	return strings.Join(all, ", ")
}

// upsert keeps a badge that a school earned elsewhere: 201 for a new one, 200 for one
// that is kept already. The answer is the badge as it came.
func (h *Handler) upsert(w http.ResponseWriter, r *http.Request, at place) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	token := media == "text/plain"
	if err != nil || !token && media != "application/json" && media != "application/ld+json" && media != "application/vc+ld+json" {
		refuse(w, http.StatusUnsupportedMediaType, "Send a credential as application/vc+ld+json or application/json, or a compact token as text/plain.")
		return
	}
	document, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxDocument))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		refuse(w, http.StatusRequestEntityTooLarge, "A badge has at most 1 MB.")
		return
	} else if err != nil {
		refuse(w, http.StatusBadRequest, "The body ended early.")
		return
	}
	if at.school == "" {
		if at.school = h.schoolOf(document, at.district); at.school == "" {
			refuse(w, http.StatusBadRequest, "credentialSubject.id: the address of a school of the district, "+h.opts.PublicURL+"/v1/"+at.district+"/schools/...")
			return
		}
	}
	before, err := h.kept(r.Context(), at.school)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	kept, err := h.credentials.ImportCredential(r.Context(), &badgesv1.ImportCredentialRequest{Parent: at.school, Document: document})
	if err != nil {
		h.fail(w, r, err)
		return
	}
	code := http.StatusCreated
	if before[kept.GetName()] {
		code = http.StatusOK
	}
	w.Header().Set("Content-Type", media)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = w.Write(document) // who has gone needs no answer
}

// schoolOf is the school that a document is about, as far as it says so in our words.
// Whether that is true is for the service to find out.
func (h *Handler) schoolOf(document []byte, district string) string {
	var doc struct {
		Subject struct {
			ID string `json:"id"`
		} `json:"credentialSubject"`
	}
	if json.Unmarshal(document, &doc) != nil {
		return ""
	}
	school, ours := strings.CutPrefix(doc.Subject.ID, h.opts.PublicURL+"/v1/")
	if !ours || !strings.HasPrefix(school, district+"/schools/") {
		return ""
	}
	return school
}

// kept are the names of what a school keeps.
func (h *Handler) kept(ctx context.Context, school string) (map[string]bool, error) {
	_, names, err := h.names(ctx, place{school: school}, page{limit: 1 << 30})
	out := map[string]bool{}
	for _, name := range names {
		out[name] = true
	}
	return out, err
}
