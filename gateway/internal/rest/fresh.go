package rest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// published are the routes whose answers anybody may keep for a while: signed lists that verifiers everywhere fetch
// again and again. The time is short, since a revocation must be heard of soon; after it a client asks with
// the tag of what it has, and hears in a few bytes that nothing changed.
func published() map[string]time.Duration {
	const soon, keys = 10 * time.Second, 5 * time.Minute
	return map[string]time.Duration{
		"/v1/{name=statusLists/*}":            soon,
		"/v1/{name=issuers/*/revocationList}": soon,
		"/v1/{name=issuers/*}:didDocument":    keys,
		"/v1/issuers:registry":                keys,
	}
}

// fresh answers 304 to a client that has the answer already, and says how long the answer may be kept.
type fresh struct {
	next http.Handler
	keep time.Duration
}

// ServeHTTP lets the answer be made and compares it with what the client has.
func (f *fresh) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := &answer{ResponseWriter: w, status: http.StatusOK}
	f.next.ServeHTTP(a, r)
	if a.status == http.StatusOK {
		sum := sha256.Sum256(a.body.Bytes())
		tag := `"` + hex.EncodeToString(sum[:]) + `"`
		w.Header().Set("ETag", tag)
		w.Header().Set("Access-Control-Allow-Origin", "*") // verifiers run in browsers, too, and the list is for all
		w.Header().Set("Cache-Control", "public, max-age="+strconv.Itoa(int(f.keep.Seconds())))
		if has(r.Header.Values("If-None-Match"), tag) {
			w.Header().Del("Content-Type")
			w.Header().Del("Content-Length")
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body.Bytes()) // the client is gone when this fails
}

// has tells whether one of the tags of If-None-Match is the tag; weak ones count, as RFC 9110 has it.
func has(headers []string, tag string) bool {
	for _, t := range strings.Split(strings.Join(headers, ","), ",") {
		if t = strings.TrimSpace(t); t == "*" || strings.TrimPrefix(t, "W/") == tag {
			return true
		}
	}
	return false
}

// answer holds an answer back until it is compared. Its answers are small.
type answer struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

// WriteHeader holds the status back.
func (a *answer) WriteHeader(status int) { a.status = status }

// Write holds the body back.
func (a *answer) Write(p []byte) (int, error) { return a.body.Write(p) }

// Unwrap is for http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
