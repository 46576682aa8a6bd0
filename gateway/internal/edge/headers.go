package edge

import (
	"context"
	"net/http"
	"strings"
	"time"
)

// noFeatures turns off what browsers would let a page of ours use.
const noFeatures = "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), microphone=(), payment=(), usb=()"

// headers sets what browsers are told about every answer; pages widen the
// content policy for themselves.
func headers(next http.Handler, secure bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Permissions-Policy", noFeatures)
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if secure {
			h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
		}
		next.ServeHTTP(w, r)
	})
}

// claims are headers by which programs behind a proxy are told who calls, from
// where, or what else to do than the request says.
func claims() []string {
	return []string{
		"Forwarded", "X-Real-Ip", "X-Client-Ip", "True-Client-Ip", "Cf-Connecting-Ip", "X-Cluster-Client-Ip",
		"X-Original-Url", "X-Rewrite-Url", "X-Http-Method-Override", "X-Http-Method", "X-Method-Override",
		"X-User", "X-User-Id", "X-Remote-User", "Remote-User", "X-Auth-Request-User", "X-Auth-Request-Email",
		"X-Webauth-User", "X-Ssl-Client-Cert", "X-Client-Cert",
	}
}

// claimPrefixes begin headers of the same kind: of proxies, of gRPC and of our own.
func claimPrefixes() []string {
	return []string{"X-Forwarded-", "X-Tandem-", "Grpc-", "X-Goog-", "X-Amzn-Oidc-", "X-Ms-Client-Principal"}
}

// unclaimed drops such headers. Nothing inside reads them; this is so that it
// stays true whatever is added. What a trusted proxy says about the address has
// been read by then.
func unclaimed(next http.Handler) http.Handler {
	exact := map[string]bool{}
	for _, name := range claims() {
		exact[http.CanonicalHeaderKey(name)] = true
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name := range r.Header {
			if exact[name] || claimsByPrefix(name) {
				delete(r.Header, name)
			}
		}
		next.ServeHTTP(w, r)
	})
}

// claimsByPrefix also takes names with underscores, which other programs take for
// hyphens.
func claimsByPrefix(name string) bool {
	plain := strings.ToLower(strings.ReplaceAll(name, "_", "-"))
	for _, prefix := range claimPrefixes() {
		if strings.HasPrefix(plain, strings.ToLower(prefix)) {
			return true
		}
	}
	return false
}

// Bounded gives the requests of routes without bounds of their own a longest body
// and a longest time.
func Bounded(next http.Handler, body int64, longest time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), longest)
		defer cancel()
		r.Body = http.MaxBytesReader(w, r.Body, body)
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}
