package edge_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/gateway/internal/edge"
	"github.com/tandem-badges/tandem/gateway/internal/network"
)

func TestNoHeaderOfAClientSaysWhoCalls(t *testing.T) {
	kept := map[string]string{
		"Authorization": "Bearer x", "Accept-Language": "de", "Content-Type": "application/json", "Traceparent": "00-x",
		"X-Request-Id": "r1", "Cookie": "a=b", "Origin": "https://a.example.org", "If-None-Match": "x", "Last-Event-Id": "x", "User-Agent": "x",
	}
	dropped := []string{
		"X-Tandem-Service", "X-Tandem-Subject", "x-tandem-anything", "Grpc-Metadata-Authorization", "grpc-metadata-x-tandem-service",
		"Grpc-Timeout", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-User", "X-Forwarded-Proto", "X-Forwarded-Email", "Forwarded",
		"X-Real-Ip", "True-Client-IP", "CF-Connecting-IP", "X-Original-URL", "X-Rewrite-URL", "X-HTTP-Method-Override", "X-User-Id",
		"Remote-User", "X-Remote-User", "X-Auth-Request-User", "X-Client-Cert", "X_Tandem_Service", "x_forwarded_user", "X-Ms-Client-Principal-Name",
	}
	for name, proxies := range map[string][]string{"from anywhere": nil, "through a trusted proxy": {"192.0.2.0/24"}} {
		t.Run(name, func(t *testing.T) {
			networks, err := network.ParseAll(proxies)
			require.NoError(t, err)
			var got http.Header
			handler := edge.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header }),
				edge.Options{Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Proxies: networks})
			r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
			for _, header := range dropped {
				r.Header[http.CanonicalHeaderKey(header)] = []string{"admin"}
			}
			for header, value := range kept {
				r.Header.Set(header, value)
			}
			handler.ServeHTTP(httptest.NewRecorder(), r)
			require.Len(t, got, len(kept), "%v", got)
			for header, value := range kept {
				require.Equal(t, value, got.Get(header))
			}
		})
	}
}

func TestRoutesWithoutBoundsOfTheirOwnAreBounded(t *testing.T) {
	var read error
	var deadline bool
	handler := edge.Bounded(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, read = io.ReadAll(r.Body)
		_, deadline = r.Context().Deadline()
	}), 10, time.Minute)
	for body, fits := range map[string]bool{"1234567890": true, "12345678901": false} {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/", strings.NewReader(body)))
		require.Equal(t, fits, read == nil)
		require.True(t, deadline)
	}
}
