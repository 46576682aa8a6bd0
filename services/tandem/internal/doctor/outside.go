package doctor

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/assessments"
	"github.com/tandem-badges/tandem/services/tandem/internal/app"
)

// lookAtPublic says whether people and verifiers reach the platform by the address
// that is written into badges.
func (e *examination) lookAtPublic(ctx context.Context, n *notes) {
	u, err := url.Parse(e.Settings.PublicURL)
	if err != nil || u.Host == "" {
		n.fail("address", "Set TANDEM_PUBLIC_URL to https://HOST.", "there is none")
		return
	}
	local := u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback()
	switch {
	case e.Settings.Dev || u.Scheme == "https" && !local:
		n.ok("address", "%s", place(e.Settings.PublicURL))
	case local:
		n.warn("address", "Set TANDEM_PUBLIC_URL to the https address that people use, before the first badge.", "%s is written into badges, and only this machine reaches it", place(e.Settings.PublicURL))
	default:
		n.warn("address", "Put TLS in front and set TANDEM_PUBLIC_URL to the https address, before the first badge.", "%s is not encrypted: passwords and sessions can be read on the way", place(e.Settings.PublicURL))
	}
	e.visit(ctx, n)
}

// visit asks the public address for its health. It may be out of reach from here
// and well for everybody else.
func (e *examination) visit(ctx context.Context, n *notes) {
	ctx, cancel := e.patient(ctx)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, e.Settings.PublicURL+"/healthz", nil)
	if err != nil {
		return
	}
	resp, err := e.Client.Do(req)
	if err != nil {
		n.warn("answer", "Try it from elsewhere: curl -i "+e.Settings.PublicURL+"/healthz. Is the name in DNS, and does the proxy or Ingress lead to the gateway?", "could not be reached from here: %v", err)
		return
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		n.fail("answer", "Let the proxy or Ingress lead every path to the gateway.", "/healthz answers %s: something else stands there, or nothing behind it", resp.Status)
		return
	}
	n.ok("answer", "the gateway answers there")
	if resp.TLS == nil || len(resp.TLS.PeerCertificates) == 0 {
		return
	}
	until := resp.TLS.PeerCertificates[0].NotAfter
	if left := time.Until(until); left < 14*day {
		n.warn("certificate", "Renew the certificate of the proxy or Ingress.", "is good for another %d days", left/day)
	} else {
		n.ok("certificate", "is good until %s", until.UTC().Format(time.DateOnly))
	}
}

// lookAtMail greets the mail server and signs in, and sends nothing.
func (e *examination) lookAtMail(ctx context.Context, n *notes) {
	switch {
	case !e.runs(app.Assessments):
		n.ok("server", "assessments does not run here, and nobody else sends mails")
		return
	case e.Settings.SMTPURL == "":
		n.ok("server", "none is set: no mails leave")
		return
	}
	ctx, cancel := e.patient(ctx)
	defer cancel()
	if err := assessments.CheckMail(ctx, e.Settings.SMTPURL, e.Settings.MailFrom, e.Settings.Dev); err != nil {
		n.fail("server", "Look at TANDEM_SMTP_URL and TANDEM_MAIL_FROM: host, port, STARTTLS (smtp://) or TLS (smtps://), a certificate that this machine trusts, user and password.", "%v", err)
		return
	}
	n.ok("server", "%s takes mails of this program, over TLS where it is not this machine; none was sent", place(e.Settings.SMTPURL))
}

// lookAtTraces opens a connection to where traces go.
func (e *examination) lookAtTraces(ctx context.Context, n *notes) {
	u, err := url.Parse(e.Settings.OTLPEndpoint)
	if e.Settings.OTLPEndpoint == "" {
		n.ok("collector", "none is set: no traces leave")
		return
	}
	if err != nil || u.Host == "" {
		n.fail("collector", "Give http://HOST:PORT or https://HOST:PORT.", "TANDEM_OTLP_ENDPOINT is no such address")
		return
	}
	ctx, cancel := e.patient(ctx)
	defer cancel()
	if err := dial(ctx, u); err != nil {
		n.warn("collector", "Is the collector running, with OTLP over gRPC on this port? The platform works without; its traces are lost.", "%v", err)
		return
	}
	n.ok("collector", "%s can be connected to", place(e.Settings.OTLPEndpoint))
}

func dial(ctx context.Context, u *url.URL) error {
	address := u.Host
	if u.Port() == "" {
		address = net.JoinHostPort(u.Hostname(), "4317")
	}
	var conn net.Conn
	var err error
	if u.Scheme == "https" {
		conn, err = (&tls.Dialer{}).DialContext(ctx, "tcp", address)
	} else {
		conn, err = (&net.Dialer{}).DialContext(ctx, "tcp", address)
	}
	if err != nil {
		return err
	}
	return conn.Close()
}

// zones are some by which districts tell their days, of those a school here may have.
var zones = []string{"America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles", "America/Anchorage", "Pacific/Honolulu"}

// lookAtTime says whether time zones are known, which windows of surveys need.
func (e *examination) lookAtTime(_ context.Context, n *notes) {
	var unknown []string
	for _, zone := range zones {
		if _, err := time.LoadLocation(zone); err != nil {
			unknown = append(unknown, zone)
		}
	}
	if len(unknown) > 0 {
		n.fail("zones", "Install tzdata, or point ZONEINFO at a zoneinfo.zip that is whole.", "not known: %s", strings.Join(unknown, ", "))
		return
	}
	n.ok("zones", "%d of %d looked up are known", len(zones), len(zones))
}
