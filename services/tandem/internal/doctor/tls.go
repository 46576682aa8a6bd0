package doctor

import (
	"context"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/kit/tlsfiles"
	"github.com/tandem-badges/tandem/services/tandem/internal/app"
)

const renew = "Renew the certificate: with cert-manager, look why it did not (kubectl describe certificate). Files are taken up without a restart."

// lookAtTLS says whether calls between services are encrypted, and for how long.
func (e *examination) lookAtTLS(_ context.Context, n *notes) {
	dir := e.Settings.TLSDir
	switch {
	case dir == "" && e.alone():
		n.ok("certificate", "everything runs in one process; no call leaves it")
		return
	case dir == "":
		n.warn("certificate", "Keep them on a private network, or name a folder of certificates with TANDEM_TLS_DIR.", "calls between services are proved and not encrypted")
		return
	}
	folder, err := tlsfiles.Open(dir, tlsfiles.Options{})
	if err != nil {
		n.fail("certificate", "Put tls.crt, tls.key and ca.crt there as it says.", "%v", err)
		return
	}
	facts, now := folder.Facts(), time.Now()
	until, left := facts.NotAfter.UTC().Format(time.DateOnly), facts.Left(now)/day
	switch {
	case facts.Left(now) <= 0:
		n.fail("certificate", renew, "has expired on %s: other services refuse it", until)
	case now.Before(facts.NotBefore):
		n.fail("certificate", setClock, "is not good before %s", facts.NotBefore.UTC().Format(time.RFC3339))
	case facts.Soon(now):
		n.warn("certificate", renew, "is good until %s, another %d days, and should have been replaced by now", until, left)
	default:
		n.ok("certificate", "is good until %s, another %d days, for %s", until, left, strings.Join(facts.Names, ", "))
	}
	for _, service := range e.targets {
		if e.unnamed(service) {
			continue
		}
		host := targetHost(e.Settings.Addr(service))
		if err := folder.Serves(host); service != app.Gateway && err != nil {
			n.fail(service, "Ask for a certificate with this name, or change TANDEM_"+strings.ToUpper(service)+"_ADDR.", "others call it %s: %v", host, err)
		}
	}
}

// unnamed tells of the service of a process that does not know by which name others
// call it, as in a pod, where they find it by a Service of Kubernetes.
func (e *examination) unnamed(service string) bool {
	ip := net.ParseIP(targetHost(e.Settings.Addr(service)))
	return e.runs(service) && e.Settings.GRPCAddr != "" && ip != nil && ip.IsLoopback()
}

// targetHost is the host of a gRPC target: HOST:PORT, or dns:///HOST:PORT.
func targetHost(target string) string {
	if u, err := url.Parse(target); err == nil && strings.Contains(target, "://") {
		target = strings.TrimPrefix(u.Path, "/")
	}
	if host, _, err := net.SplitHostPort(target); err == nil {
		return host
	}
	return target
}
