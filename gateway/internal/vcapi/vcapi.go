// Package vcapi speaks a profile of the W3C VC API at the gateway's root, so that conformance suites
// can drive the platform: POST /credentials/issue, /credentials/verify, /credentials/status and
// /presentations/verify. It is there only where the operator turned it on (TANDEM_VC_API).
//
// In development mode a call without a token is made by the development identity. Anywhere else
// issuing needs a machine with the scope vc.issue or a state administrator; verifying is for
// everybody, as it is at /v1/credentials:verify.
//
// Nothing is decided here: the badges service issues and verifies. This package translates paths,
// options and answers: an issued credential is 201 with the bare document, a good verification 200, a
// bad one 400, each with the reasons.
package vcapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"

	"github.com/tandem-badges/tandem/gateway/internal/caller"
	"github.com/tandem-badges/tandem/gateway/internal/edge"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/identity"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// maxBody is the size of a request: a document of 1 MB and its options.
const maxBody = 1<<20 + 64<<10

// Options of New.
type Options struct {
	Callers *caller.Resolver
	Badges  grpc.ClientConnInterface
	Log     *slog.Logger
	// Dev makes calls without a token those of the development identity.
	Dev bool
}

// Handler serves the profile.
type Handler struct {
	opts        Options
	issuing     badgesv1.VcApiServiceClient
	credentials badgesv1.CredentialsServiceClient
}

// New returns the handler.
func New(o Options) *Handler {
	return &Handler{opts: o, issuing: badgesv1.NewVcApiServiceClient(o.Badges), credentials: badgesv1.NewCredentialsServiceClient(o.Badges)}
}

// Routes puts the profile on a mux.
func (h *Handler) Routes(mux *http.ServeMux) {
	add := func(path string, handle http.HandlerFunc) {
		mux.Handle("POST "+path, edge.Named(path, h.known(handle)))
	}
	add("/credentials/issue", h.issue)
	add("/credentials/verify", h.verify(false))
	add("/credentials/status", h.status)
	add("/presentations/verify", h.verify(true))
}

// known finds out who calls; nobody may go on as nobody.
func (h *Handler) known(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, found, err := h.opts.Callers.Identify(r)
		if err == nil && !found && h.opts.Dev {
			ctx, err = h.opts.Callers.As(r.Context(), caller.Caller{
				Subject: identity.Admin, Grants: []access.Grant{{Role: accessv1.Role_ROLE_STATE_ADMIN}},
			})
		}
		if err != nil {
			h.fail(w, r, err)
			return
		}
		next(w, r.WithContext(ctx))
	}
}

// options of a call; unknown ones are left alone, as the API asks.
type options struct {
	Cryptosuite  string          `json:"cryptosuite"`
	Created      *time.Time      `json:"created"`
	ProofPurpose string          `json:"proofPurpose"`
	Challenge    string          `json:"challenge"`
	Domain       string          `json:"domain"`
	Status       json.RawMessage `json:"credentialStatus"`

	ExpectedPurpose string `json:"expectedProofPurpose"`
}

// request is the body of any call.
type request struct {
	Credential   json.RawMessage `json:"credential"`
	Verifiable   json.RawMessage `json:"verifiableCredential"`
	Presentation json.RawMessage `json:"verifiablePresentation"`
	Options      *options        `json:"options"`

	CredentialID     string          `json:"credentialId"`
	CredentialStatus json.RawMessage `json:"credentialStatus"`
	StatusPurpose    string          `json:"statusPurpose"`
	StatusValue      *bool           `json:"status"`
}

// read takes a body in, and answers itself when that is not possible.
func read(w http.ResponseWriter, r *http.Request) (request, bool) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		refuse(w, http.StatusRequestEntityTooLarge, finding{Code: "too_large", Title: "The body is larger than 1 MB."})
		return request{}, false
	}
	var req request
	if err == nil {
		err = json.Unmarshal(raw, &req)
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, finding{Code: "invalid_json", Title: "Send a JSON object as the VC API describes it."})
		return request{}, false
	}
	if req.Options == nil {
		req.Options = &options{}
	}
	return req, true
}

// issue signs a credential.
func (h *Handler) issue(w http.ResponseWriter, r *http.Request) {
	req, ok := read(w, r)
	if !ok {
		return
	}
	if absent(req.Credential) {
		refuse(w, http.StatusBadRequest, finding{Code: "required", Title: "credential: send the credential to issue."})
		return
	}
	o := req.Options
	call := &badgesv1.IssueVcRequest{
		Credential: req.Credential, Cryptosuite: o.Cryptosuite, ProofPurpose: o.ProofPurpose, Challenge: o.Challenge, Domain: o.Domain,
		Status: !absent(o.Status),
	}
	if o.Created != nil {
		call.Created = timestamppb.New(*o.Created)
	}
	signed, err := h.issuing.IssueVc(r.Context(), call)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusCreated)
	_, _ = w.Write(signed.GetData()) // who has gone needs no answer
}

func absent(raw json.RawMessage) bool {
	return len(raw) == 0 || string(raw) == "null" || string(raw) == "false"
}

// verify verifies a credential or a presentation: an object, or a token as text.
func (h *Handler) verify(presentation bool) http.HandlerFunc {
	field, purpose := "verifiableCredential", "assertionMethod"
	if presentation {
		field, purpose = "verifiablePresentation", "authentication"
	}
	return func(w http.ResponseWriter, r *http.Request) {
		req, ok := read(w, r)
		if !ok {
			return
		}
		document := req.Verifiable
		if presentation {
			document = req.Presentation
		}
		if absent(document) {
			refuse(w, http.StatusBadRequest, finding{Code: "required", Title: field + ": send what to verify."})
			return
		}
		if want := req.Options.ExpectedPurpose; want != "" && want != purpose {
			refuse(w, http.StatusBadRequest, finding{
				Type: typeOf("proof", "purpose_wrong"), Code: "purpose_wrong", Check: "proof", Title: "The proof of this kind of document is made for " + purpose + ".",
			})
			return
		}
		var token string
		if json.Unmarshal(document, &token) == nil {
			document = []byte(token)
		}
		report, err := h.credentials.VerifyCredential(r.Context(), &badgesv1.VerifyCredentialRequest{
			Document: document, Challenge: req.Options.Challenge, Domain: req.Options.Domain, AnyKey: h.opts.Dev,
		})
		if err != nil {
			h.fail(w, r, err)
			return
		}
		tell(w, report, presentation)
	}
}

// status revokes or suspends a credential, or takes that back. The forms of the API and of
// status services in the field are taken: statusPurpose and status beside the id, or in
// credentialStatus.
func (h *Handler) status(w http.ResponseWriter, r *http.Request) {
	req, ok := read(w, r)
	if !ok {
		return
	}
	purpose, value, ok := wish(req)
	if req.CredentialID == "" || !ok {
		refuse(w, http.StatusBadRequest, finding{
			Code: "required", Title: "Send credentialId, and credentialStatus with statusPurpose revocation or suspension and, to take it back, status false.",
		})
		return
	}
	if _, err := h.issuing.SetVcStatus(r.Context(), &badgesv1.SetVcStatusRequest{CredentialId: req.CredentialID, Purpose: purpose, Value: value}); err != nil {
		h.fail(w, r, err)
		return
	}
	send(w, http.StatusOK, map[string]any{"credentialId": req.CredentialID, "statusPurpose": purpose, "status": value})
}

// change is one entry of credentialStatus.
type change struct {
	Purpose string `json:"statusPurpose"`
	Status  any    `json:"status"`
}

func wish(req request) (purpose string, value, ok bool) {
	one := change{Purpose: req.StatusPurpose}
	if req.StatusValue != nil {
		one.Status = *req.StatusValue
	}
	if !absent(req.CredentialStatus) {
		var several []change
		if json.Unmarshal(req.CredentialStatus, &several) == nil && len(several) == 1 {
			one = several[0]
		} else if json.Unmarshal(req.CredentialStatus, &one) != nil {
			return "", false, false
		}
	}
	value = true
	switch said := one.Status.(type) {
	case nil:
	case bool:
		value = said
	case string:
		switch said {
		case "1", "true":
		case "0", "false":
			value = false
		case "revoked":
			one.Purpose = "revocation"
		case "suspended":
			one.Purpose = "suspension"
		default:
			return "", false, false
		}
	default:
		return "", false, false
	}
	if one.Purpose == "" {
		one.Purpose = "revocation"
	}
	return one.Purpose, value, one.Purpose == "revocation" || one.Purpose == "suspension"
}

// fail answers an error of ours or of the service.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	code, findings := explain(err)
	if code >= http.StatusInternalServerError && !errors.Is(err, context.Canceled) {
		h.opts.Log.WarnContext(r.Context(), "request of the VC API failed", "cause", err)
	}
	if problem.Is(err, problem.KindUnauthenticated) {
		code, findings = http.StatusUnauthorized, []finding{{Code: "unauthenticated", Title: "The access token is not valid."}}
	}
	refuse(w, code, findings...)
}
