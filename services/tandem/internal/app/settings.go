package app

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/gateway"
	"github.com/tandem-badges/tandem/services/kit/guarded"
)

// Names of what `tandem serve` can run.
const (
	Schools     = "schools"
	Assessments = "assessments"
	Evidence    = "evidence"
	Badges      = "badges"
	Gateway     = "gateway"
	All         = "all"
)

// ServiceNames are the services with a database of their own, in the order in
// which they start.
var serviceNames = []string{Schools, Assessments, Evidence, Badges}

// ServiceNames lists the services behind the gateway.
func ServiceNames() []string { return slices.Clone(serviceNames) }

// DatabaseNames lists everything that owns a database: the services and the
// gateway.
func DatabaseNames() []string { return append(ServiceNames(), Gateway) }

// StorageSettings say where data lies. They are shared by all commands that
// touch it.
type StorageSettings struct {
	Data          string `help:"Data folder: databases, stream, blobs and keys of the embedded defaults." default:"./var" placeholder:"DIR"`
	DB            string `help:"PostgreSQL URL of the owner, who migrates and creates a role per service. Empty: one SQLite file per service in the data folder." placeholder:"URL"`
	SchoolsDB     string `help:"Database URL of the schools service alone (sqlite:PATH or postgres://...). A role that may not create tables needs migrated ones." placeholder:"URL"`
	AssessmentsDB string `help:"Database URL of the assessments service alone." placeholder:"URL"`
	EvidenceDB    string `help:"Database URL of the evidence service alone." placeholder:"URL"`
	BadgesDB      string `help:"Database URL of the badges service alone." placeholder:"URL"`
	GatewayDB     string `help:"Database URL of the gateway alone." placeholder:"URL"`
}

// override returns the database URL given for one service, or "".
func (s StorageSettings) override(service string) string {
	return map[string]string{
		Schools: s.SchoolsDB, Assessments: s.AssessmentsDB, Evidence: s.EvidenceDB, Badges: s.BadgesDB,
		Gateway: s.GatewayDB,
	}[service]
}

// BusSettings say which event bus is used.
type BusSettings struct {
	NATS         string `name:"nats" help:"NATS URL of a server with JetStream. Empty: a server inside this process, which needs all services in it." placeholder:"URL"`
	NATSCA       string `name:"nats-ca" help:"PEM file with the authority that signed the NATS server's certificate. Empty: those of the system." placeholder:"FILE"`
	NATSReplicas int    `name:"nats-replicas" help:"Copies that a NATS cluster keeps of streams made anew: 1, 3 or 5." default:"1" placeholder:"N"`
}

// LogSettings say what is logged.
type LogSettings struct {
	LogLevel string `help:"Least level that is logged (${enum})." enum:"debug,info,warn,error" default:"info"`
	LogFile  string `help:"File that gets the log instead of standard error." placeholder:"FILE"`
}

// ServeSettings are all settings of `tandem serve`.
type ServeSettings struct {
	StorageSettings
	BusSettings
	LogSettings

	HTTPAddr        string        `name:"http-addr" help:"Address of REST, pages and event stream." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
	OpsAddr         string        `help:"Operator's address: /metrics, /healthz, /readyz." default:"127.0.0.1:8081" placeholder:"HOST:PORT"`
	SchoolsAddr     string        `help:"gRPC address of the schools service: where it listens, and where others reach it." default:"127.0.0.1:9001" placeholder:"HOST:PORT"`
	AssessmentsAddr string        `help:"gRPC address of the assessments service." default:"127.0.0.1:9002" placeholder:"HOST:PORT"`
	EvidenceAddr    string        `help:"gRPC address of the evidence service." default:"127.0.0.1:9003" placeholder:"HOST:PORT"`
	BadgesAddr      string        `help:"gRPC address of the badges service." default:"127.0.0.1:9004" placeholder:"HOST:PORT"`
	GRPCAddr        string        `name:"grpc-addr" help:"Where the one service of this process listens when others reach it by another address, such as a Kubernetes service. Empty: the service's address." placeholder:"HOST:PORT"`
	TLSDir          string        `name:"tls-dir" help:"Folder with tls.crt, tls.key and ca.crt: calls between services are then encrypted and both sides prove themselves. Empty: plain calls, for a private network." placeholder:"DIR"`
	OpsToken        string        `help:"Secret of 16 characters or more that opens profiles, the log level and read-only mode on the operator's address. Empty: they are not there." placeholder:"SECRET"`
	PublicURL       string        `help:"Address that people and verifiers use, written into credentials. Empty: http:// and the HTTP address." placeholder:"URL"`
	Blobs           string        `help:"Store for evidence files: file:///DIR or s3://BUCKET?region=... Empty: a folder in the data folder." placeholder:"URL"`
	IssuerKeeper    []string      `help:"What encrypts the private keys of issuers: key files and URLs of key services (awskms://...). The first encrypts, all decrypt. Empty: a key file in the data folder." placeholder:"FILE|URL,..."`
	SMTPURL         string        `name:"smtp-url" help:"Mail server for invitations to surveys and reminders: smtp://USER:PASSWORD@HOST:587 (STARTTLS) or smtps://...:465; ?rate=300 mails a minute. Empty: no mails leave." placeholder:"URL"`
	MailFrom        string        `help:"Whom these mails come from, needed with a mail server." placeholder:"ADDRESS"`
	CORSOrigins     []string      `name:"cors-origins" help:"Origins of web pages that may call the API." placeholder:"ORIGIN,..."`
	TrustedProxies  []string      `help:"Addresses and networks of the proxies in front, whose X-Forwarded-For is believed. Empty: nobody's." placeholder:"CIDR,..."`
	RateAnonymous   int           `help:"Requests a minute that an address may make without being known; 0: no limit. Ten times as many in development mode." default:"600" placeholder:"N"`
	RateIdentity    int           `help:"Requests a minute that a person or machine may make; 0: no limit. Ten times as many in development mode." default:"6000" placeholder:"N"`
	RateSignIn      int           `help:"Sign-ins, tokens for machines and verifications of badges a minute that an address may ask for; 0: no limit. Ten times as many in development mode." default:"120" placeholder:"N"`
	OTLPEndpoint    string        `name:"otlp-endpoint" help:"OTLP gRPC endpoint for traces, http://HOST:PORT or https://. Empty: no traces leave the process." placeholder:"URL"`
	TraceRatio      float64       `help:"Share of the traces beginning here that are recorded, 0 to 1. A caller's decision wins." default:"1" placeholder:"SHARE"`
	SessionIdle     time.Duration `help:"End sessions of people that were not used for this long." default:"30m"`
	SessionLifetime time.Duration `help:"End sessions of people after this long, however much they are used." default:"12h"`
	StartWait       time.Duration `help:"How long a start waits for the database, its schema and the bus before it gives up." default:"1m"`
	DrainDelay      time.Duration `help:"How long a stopping process still serves while it says that it is not ready, so that nobody is sent to it any more." default:"0s"`
	Drain           time.Duration `help:"Longest time a stop may take after that." default:"20s"`
	Migrate         bool          `help:"Bring the databases to the version of this program at the start. Off: wait until somebody has." default:"true" negatable:""`
	ReadOnly        bool          `help:"Refuse every change and rest background work."`
	VCAPI           bool          `name:"vc-api" help:"Issue and verify test credentials over the W3C VC API, for conformance suites: /credentials/issue and others. Nothing is awarded by them."`
	Dev             bool          `help:"Development mode: demo identities, tokens for everybody and a clock that can be moved. Never outside a laptop."`
}

// addr returns the gRPC address of a service.
func (s *ServeSettings) addr(service string) string {
	return map[string]string{
		Schools: s.SchoolsAddr, Assessments: s.AssessmentsAddr, Evidence: s.EvidenceAddr, Badges: s.BadgesAddr,
	}[service]
}

// listenAddr is where a service of this process listens.
func (s *ServeSettings) listenAddr(service string) string {
	if s.GRPCAddr != "" {
		return s.GRPCAddr
	}
	return s.addr(service)
}

// devRate is how many times as much may be asked in development mode, where one
// address is everybody.
const devRate = 10

// limits are how often somebody may ask.
func (s *ServeSettings) limits() gateway.Limits {
	l := gateway.Limits{Anonymous: s.RateAnonymous, Identity: s.RateIdentity, SignIn: s.RateSignIn}
	if s.Dev {
		l.Anonymous, l.Identity, l.SignIn = l.Anonymous*devRate, l.Identity*devRate, l.SignIn*devRate
	}
	return l
}

// complete fills in what follows from other settings and refuses what does not
// fit together, naming the setting.
func (s *ServeSettings) complete(targets []string) error {
	if s.PublicURL == "" {
		s.PublicURL = "http://" + s.HTTPAddr
	}
	u, err := url.Parse(s.PublicURL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return fmt.Errorf("--public-url %q: want http://HOST or https://HOST", s.PublicURL)
	}
	s.PublicURL = strings.TrimRight(s.PublicURL, "/")
	if err := s.check(); err != nil {
		return err
	}
	if s.Blobs == "" {
		if s.Blobs, err = blobsIn(s.Data); err != nil {
			return err
		}
	}
	if s.GRPCAddr != "" && len(targets) != 1 {
		return fmt.Errorf("--grpc-addr %q: it is for a process with one service; here are %d", s.GRPCAddr, len(targets))
	}
	if s.NATS == "" && len(targets) < len(serviceNames)+1 {
		return errors.New("--nats: services in separate processes need a NATS server that all of them reach")
	}
	return nil
}

// check refuses values that would be taken and then have no effect.
func (s *ServeSettings) check() error {
	var broken []error
	for _, origin := range s.CORSOrigins {
		if u, err := url.Parse(origin); err != nil || !web(u) || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
			broken = append(broken, fmt.Errorf("--cors-origins %q: want https://HOST or http://HOST:PORT, each origin by its name", origin))
		}
	}
	if u, err := url.Parse(s.OTLPEndpoint); s.OTLPEndpoint != "" && (err != nil || !web(u)) {
		broken = append(broken, fmt.Errorf("--otlp-endpoint %q: want http://HOST:PORT or https://HOST:PORT", s.OTLPEndpoint))
	}
	if s.RateAnonymous < 0 || s.RateIdentity < 0 || s.RateSignIn < 0 {
		broken = append(broken, errors.New("--rate-anonymous, --rate-identity, --rate-sign-in: want a number of requests a minute, or 0 for no limit"))
	}
	if s.SessionIdle < time.Minute || s.SessionLifetime < s.SessionIdle {
		broken = append(broken, fmt.Errorf("--session-idle %s, --session-lifetime %s: want a minute or more, and a lifetime no shorter than the idle time", s.SessionIdle, s.SessionLifetime))
	}
	if s.TraceRatio < 0 || s.TraceRatio > 1 {
		broken = append(broken, fmt.Errorf("--trace-ratio %v: want a share from 0 (none) to 1 (all)", s.TraceRatio))
	}
	if s.NATSReplicas < 0 || s.NATSReplicas > 5 || s.NATSReplicas > 0 && s.NATSReplicas%2 == 0 {
		broken = append(broken, fmt.Errorf("--nats-replicas %d: want 1, 3 or 5, no more than the NATS cluster has servers", s.NATSReplicas))
	}
	return errors.Join(append(broken, s.checkTimes())...)
}

// checkTimes refuses times in which nothing can be done.
func (s *ServeSettings) checkTimes() error {
	var broken []error
	if s.Drain <= 0 {
		broken = append(broken, fmt.Errorf("--drain %s: want a time above zero, such as 20s", s.Drain))
	}
	if s.OpsToken != "" && len(s.OpsToken) < guarded.MinToken {
		broken = append(broken, fmt.Errorf("--ops-token: want a secret of %d characters or more that nobody guesses, such as that of `openssl rand -hex 32`", guarded.MinToken))
	}
	if s.DrainDelay < 0 {
		broken = append(broken, fmt.Errorf("--drain-delay %s: want 0s or more", s.DrainDelay))
	}
	if s.StartWait < 0 {
		broken = append(broken, fmt.Errorf("--start-wait %s: want 0s or more", s.StartWait))
	}
	return errors.Join(broken...)
}

func web(u *url.URL) bool {
	return u.Hostname() != "" && u.Hostname() != "*" && (u.Scheme == "http" || u.Scheme == "https")
}

// Targets turns the names given to `tandem serve` into the parts to run.
func Targets(names []string) ([]string, error) {
	if len(names) == 0 || slices.Contains(names, All) {
		return append(ServiceNames(), Gateway), nil
	}
	var targets []string
	for _, name := range append(ServiceNames(), Gateway) {
		if slices.Contains(names, name) {
			targets = append(targets, name)
		}
	}
	for _, name := range names {
		if !slices.Contains(targets, name) {
			return nil, fmt.Errorf("unknown service %q: want all, schools, assessments, evidence, badges or gateway", name)
		}
	}
	return targets, nil
}
