package gateway_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/gateway"
	kitproblem "github.com/tandem-badges/tandem/services/kit/problem"
)

const (
	artifact    = "districts/aspen/schools/oak/artifacts/photo"
	contentPath = "/v1/" + artifact + "/content"
)

func TestContentGoesUpInChunksAndComesDownAsItWas(t *testing.T) {
	w := start(t)
	content := bytes.Repeat([]byte("0123456789"), 100_000) // 1 MB: four chunks
	up := w.as(teamLead, "PUT", contentPath, string(content), "Content-Type: application/pdf")
	sum := sha256.Sum256(content)
	o := up.object(t)
	require.Equal(t, hex.EncodeToString(sum[:]), o["sha256"])
	require.Equal(t, artifact, o["name"])
	require.Equal(t, "1000000", o["sizeBytes"], "64 bit numbers are texts in JSON")
	require.Equal(t, 256<<10, w.evidence.largest)

	down := w.as(teamLead, "GET", contentPath, "")
	require.Equal(t, http.StatusOK, down.status)
	require.Equal(t, string(content), down.body)
	require.Equal(t, "application/pdf", down.header.Get("Content-Type"))
	require.Equal(t, "nosniff", down.header.Get("X-Content-Type-Options"))
	require.True(t, strings.HasPrefix(down.header.Get("Content-Security-Policy"), "sandbox"))
	kind, params, err := mime.ParseMediaType(down.header.Get("Content-Disposition"))
	require.NoError(t, err)
	require.Equal(t, "attachment", kind)
	require.Equal(t, "Familienabend „Mai“.pdf", params["filename"])
}

func TestAnUploadThatCannotBeTakenIsAProblem(t *testing.T) {
	w := start(t, func(d *gateway.Deps) { d.UploadLimit = 1 << 20 })
	t.Run("larger than the limit", func(t *testing.T) {
		a := w.as(teamLead, "PUT", contentPath, strings.Repeat("x", 1<<20+1))
		require.Equal(t, http.StatusRequestEntityTooLarge, a.status)
		require.Equal(t, []string{"content"}, a.problem(t).fields())
	})
	t.Run("larger than the limit without saying so before", func(t *testing.T) {
		req, err := http.NewRequest("PUT", w.url+contentPath, io.MultiReader(strings.NewReader(strings.Repeat("x", 1<<20)), strings.NewReader("y")))
		require.NoError(t, err)
		req.Header.Set("Authorization", w.token(teamLead))
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusRequestEntityTooLarge, resp.StatusCode)
	})
	t.Run("by somebody who may not", func(t *testing.T) {
		require.Equal(t, http.StatusNotFound, w.as(neighbour, "PUT", contentPath, "x").status)
		require.Equal(t, http.StatusForbidden, w.as(coordinator, "PUT", contentPath, "x").status)
	})
	t.Run("refused by the service at once", func(t *testing.T) {
		w.evidence.refuse = kitproblem.Precondition(kitproblem.ReasonStateWrong, kitproblem.Violation{Field: artifact, Rule: "awaiting_content", Fix: "It has its content."})
		a := w.as(teamLead, "PUT", contentPath, strings.Repeat("x", 1<<20))
		require.Equal(t, http.StatusBadRequest, a.status, a.body)
		require.Equal(t, "STATE_WRONG", a.problem(t).Reason)
	})
	require.Empty(t, w.evidence.content, "nothing of all this was taken")
}

func TestAnUploadThatBreaksOffIsNotTaken(t *testing.T) {
	w := start(t)
	w.evidence.ended = make(chan error, 1)
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	require.NoError(t, err)
	_, err = fmt.Fprintf(conn, "PUT %s HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\nContent-Length: 1000\r\n\r\nonly this", contentPath, w.token(teamLead))
	require.NoError(t, err)
	require.NoError(t, conn.(*net.TCPConn).CloseWrite())
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	require.Contains(t, []int{http.StatusBadRequest, 499}, resp.StatusCode, "broken off, or given up by the client")
	require.NoError(t, conn.Close())
	require.Error(t, <-w.evidence.ended)
	require.Empty(t, w.evidence.content)
}

func TestADownloadThatBreaksOffDoesNotLookWhole(t *testing.T) {
	w := start(t)
	w.as(teamLead, "PUT", contentPath, "first half second half")
	w.evidence.broken = true
	req, err := http.NewRequest("GET", w.url+contentPath, http.NoBody)
	require.NoError(t, err)
	req.Header.Set("Authorization", w.token(teamLead))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return // broken off before the first byte arrived
	}
	defer func() { _ = resp.Body.Close() }()
	_, err = io.ReadAll(resp.Body)
	require.Error(t, err)
}

func TestADownloadOfNothingIsAProblem(t *testing.T) {
	w := start(t)
	a := w.as(teamLead, "GET", contentPath, "")
	require.Equal(t, http.StatusNotFound, a.status)
	require.Equal(t, "RESOURCE_NOT_FOUND", a.problem(t).Reason)
}
