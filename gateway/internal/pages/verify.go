package pages

import (
	"net/http"
	"net/url"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"

	"github.com/tandem-badges/tandem/services/kit/ids"
)

// formLimit is the size of the biggest form: a credential, twice over for the
// encoding.
const formLimit = 2 << 20

// formView is the form with what was typed and what is wrong with it.
type formView struct{ Text, Error string }

func (h *Handler) form(w http.ResponseWriter, r *http.Request) {
	h.show(w, r, http.StatusOK, "verify.html", "Verify a badge", formView{})
}

// verify answers the form: an address or number of ours leads to the badge's
// page, a document is checked here.
func (h *Handler) verify(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, formLimit)
	if err := r.ParseForm(); err != nil {
		h.again(w, r, http.StatusRequestEntityTooLarge, formView{Error: "This is too much text for a credential. Paste one credential of at most 1 MB."})
		return
	}
	text := strings.TrimSpace(r.PostFormValue("credential"))
	if text == "" {
		h.again(w, r, http.StatusBadRequest, formView{Error: "Paste a credential, or type the address or number of a badge."})
		return
	}
	if !strings.HasPrefix(text, "{") {
		h.lead(w, r, text)
		return
	}
	document := &structpb.Struct{}
	if err := protojson.Unmarshal([]byte(text), document); err != nil {
		h.again(w, r, http.StatusBadRequest, formView{Text: text, Error: "This is not a whole JSON document. Paste all of it, from the first brace to the last."})
		return
	}
	check, err := h.credentials.VerifyCredential(r.Context(), &badgesv1.VerifyCredentialRequest{Credential: document})
	switch status.Code(err) {
	case codes.OK:
		view := newBadgeView(english, check, []byte(text))
		h.show(w, r, http.StatusOK, "badge.html", view.title(), view)
	case codes.InvalidArgument:
		h.again(w, r, http.StatusBadRequest, formView{Text: text, Error: status.Convert(err).Message()})
	default:
		h.fail(w, r, err)
	}
}

func (h *Handler) again(w http.ResponseWriter, r *http.Request, code int, view formView) {
	h.show(w, r, code, "verify.html", "Verify a badge", view)
}

// lead sends on to the page of a badge given by number or by address. Only the
// last part of an address is used: the form never leads away from here.
func (h *Handler) lead(w http.ResponseWriter, r *http.Request, text string) {
	id := text
	if u, err := url.Parse(text); err == nil {
		id = strings.TrimSuffix(u.Path, "/")
		id = id[strings.LastIndexByte(id, '/')+1:]
	}
	if !ids.ValidUser(id) {
		h.again(w, r, http.StatusBadRequest, formView{Text: text, Error: "This is neither a credential nor the address or number of a badge."})
		return
	}
	http.Redirect(w, r, "/badges/"+id, http.StatusSeeOther) //nolint:gosec // a path of ours: an id has no slash and no dot
}
