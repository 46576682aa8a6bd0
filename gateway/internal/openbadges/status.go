package openbadges

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/tandem-badges/tandem/services/kit/problem"
)

// statusInfo is Imsx_StatusInfo, the error of all 1EdTech services.
type statusInfo struct {
	Major       string    `json:"imsx_codeMajor"`
	Severity    string    `json:"imsx_severity"`
	Description string    `json:"imsx_description"`
	Minor       codeMinor `json:"imsx_codeMinor"`
}

type codeMinor struct {
	Fields []minorField `json:"imsx_codeMinorField"`
}

type minorField struct {
	Name  string `json:"imsx_codeMinorFieldName"`
	Value string `json:"imsx_codeMinorFieldValue"`
}

// minor are the words of the specification for the HTTP codes in use.
func minor(code int) string {
	switch code {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusConflict:
		return "invalid_data"
	case http.StatusUnauthorized:
		return "unauthorisedrequest"
	case http.StatusForbidden:
		return "forbidden"
	case http.StatusNotFound:
		return "unknownobject"
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return "server_busy"
	default:
		return "internal_server_error"
	}
}

func refuse(w http.ResponseWriter, code int, description string) {
	if code == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	send(w, code, "application/json", statusInfo{
		Major: "failure", Severity: "error", Description: description,
		Minor: codeMinor{Fields: []minorField{{Name: "TargetEndSystem", Value: minor(code)}}},
	})
}

func send(w http.ResponseWriter, code int, media string, body any) {
	w.Header().Set("Content-Type", media)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(body) // who has gone needs no answer
}

// fail answers an error of ours or of a service.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, errScope):
		refuse(w, http.StatusForbidden, "The token does not have the scope for this.")
		return
	case errors.Is(err, errNobody), problem.Is(err, problem.KindUnauthenticated):
		refuse(w, http.StatusUnauthorized, "Send a valid access token: Authorization: Bearer TOKEN.")
		return
	case problem.Is(err, problem.KindExhausted):
		refuse(w, http.StatusTooManyRequests, "Too many requests: try again in a minute.")
		return
	}
	st := status.Convert(err)
	switch st.Code() {
	case codes.InvalidArgument, codes.FailedPrecondition, codes.OutOfRange:
		refuse(w, http.StatusBadRequest, words(st))
	case codes.Unauthenticated:
		refuse(w, http.StatusUnauthorized, "The access token is not valid any more.")
	case codes.PermissionDenied:
		refuse(w, http.StatusForbidden, "This is not allowed for the school any more, or never was.")
	case codes.NotFound:
		refuse(w, http.StatusNotFound, "There is no such thing here.")
	case codes.AlreadyExists, codes.Aborted:
		refuse(w, http.StatusConflict, words(st))
	case codes.ResourceExhausted:
		refuse(w, http.StatusTooManyRequests, "Too many requests: try again in a minute.")
	default:
		h.opts.Log.WarnContext(r.Context(), "open badges request failed", "cause", err)
		w.Header().Set("Retry-After", "10")
		refuse(w, http.StatusServiceUnavailable, "This cannot be answered at the moment: try again in a minute.")
	}
}

// words tells each violation with its field and what to do about it.
func words(st *status.Status) string {
	var all []string
	for _, detail := range st.Details() {
		if bad, ok := detail.(*errdetails.BadRequest); ok {
			for _, v := range bad.GetFieldViolations() {
				all = append(all, v.GetField()+": "+v.GetDescription())
			}
		}
		if pre, ok := detail.(*errdetails.PreconditionFailure); ok {
			for _, v := range pre.GetViolations() {
				all = append(all, v.GetSubject()+": "+v.GetDescription())
			}
		}
	}
	if len(all) == 0 {
		return st.Message()
	}
	return strings.Join(all, " ")
}
