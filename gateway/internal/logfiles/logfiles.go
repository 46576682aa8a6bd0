// Package logfiles serves the public log under /log/, at the paths that programs for such logs
// expect (C2SP tlog-tiles): the signed checkpoint, the tiles and the log's key.
//
// The badges service has the files; nothing is decided here but how long a copy may be kept. A
// tile is what it is for ever, a checkpoint only until the next entry.
package logfiles

import (
	"net/http"

	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/grpc"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"

	"github.com/tandem-badges/tandem/gateway/internal/edge"
	"github.com/tandem-badges/tandem/gateway/internal/problems"
)

// How long copies may be kept.
const (
	forever = "public, max-age=31536000, immutable"
	aDay    = "public, max-age=86400"
	never   = "no-cache" // asked again before each use
)

// Handler serves the files.
type Handler struct {
	log badgesv1.TransparencyServiceClient
}

// New returns the handler over a connection to the badges service.
func New(badges grpc.ClientConnInterface) *Handler {
	return &Handler{log: badgesv1.NewTransparencyServiceClient(badges)}
}

// Routes puts the files on a mux.
func (h *Handler) Routes(mux *http.ServeMux) {
	mux.Handle("GET /log/checkpoint", edge.Named("/log/checkpoint", http.HandlerFunc(h.checkpoint)))
	mux.Handle("GET /log/key", edge.Named("/log/key", http.HandlerFunc(h.key)))
	mux.Handle("GET /log/tile/{path...}", edge.Named("/log/tile/{path}", http.HandlerFunc(h.tile)))
}

func (h *Handler) checkpoint(w http.ResponseWriter, r *http.Request) {
	body, err := h.log.GetCheckpoint(r.Context(), &badgesv1.GetCheckpointRequest{})
	answer(w, r, body, err, never)
}

func (h *Handler) key(w http.ResponseWriter, r *http.Request) {
	body, err := h.log.GetLogKey(r.Context(), &badgesv1.GetLogKeyRequest{})
	answer(w, r, body, err, aDay)
}

func (h *Handler) tile(w http.ResponseWriter, r *http.Request) {
	body, err := h.log.GetTile(r.Context(), &badgesv1.GetTileRequest{Path: "tile/" + r.PathValue("path")})
	answer(w, r, body, err, forever)
}

// answer writes a file, which any page of any site may read: it is public.
func answer(w http.ResponseWriter, r *http.Request, body *httpbody.HttpBody, err error, keep string) {
	if err != nil {
		problems.Error(w, r, err)
		return
	}
	w.Header().Set("Content-Type", body.GetContentType())
	w.Header().Set("Cache-Control", keep)
	w.Header().Set("Access-Control-Allow-Origin", "*")
	_, _ = w.Write(body.GetData())
}
