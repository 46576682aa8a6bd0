package doctor

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/semver"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"

	"github.com/tandem-badges/tandem/services/kit/grpcserver"
	"github.com/tandem-badges/tandem/services/kit/tlsfiles"
	"github.com/tandem-badges/tandem/services/tandem/internal/app"
)

// answer of a service that was asked for its health.
type answer struct {
	service, version string
	serving          bool
	err              error
}

// lookAtPeers asks every service how it is and which version it runs. The ones that
// run here may be stopped just now; the others must answer.
func (e *examination) lookAtPeers(ctx context.Context, n *notes) {
	credentials, err := e.transport()
	if err != nil {
		n.fail("services", "Mend what the group tls names.", "not asked: the TLS files cannot be used")
		return
	}
	var answers []answer
	silent := 0
	for _, service := range app.ServiceNames() {
		if e.unnamed(service) {
			continue // its own probes ask it
		}
		a := e.ask(ctx, service, e.Settings.Addr(service), credentials)
		if a.err != nil {
			silent++
		}
		answers = append(answers, a)
	}
	if e.alone() && silent == len(answers) {
		n.warn("services", "Start it, if it should run: tandem serve all.", "nothing answers: the platform does not run now")
		return
	}
	for _, a := range answers {
		e.lookAtPeer(n, a)
	}
}

func (e *examination) transport() (credentials.TransportCredentials, error) {
	if e.Settings.TLSDir == "" {
		return insecure.NewCredentials(), nil
	}
	folder, err := tlsfiles.Open(e.Settings.TLSDir, tlsfiles.Options{})
	if err != nil {
		return nil, err
	}
	return folder.Transport(), nil
}

func (e *examination) ask(ctx context.Context, service, target string, creds credentials.TransportCredentials) answer {
	a := answer{service: service}
	ctx, cancel := e.patient(ctx)
	defer cancel()
	conn, err := grpc.NewClient(target, grpc.WithTransportCredentials(creds))
	if err != nil {
		a.err = err
		return a
	}
	defer func() { _ = conn.Close() }()
	var header metadata.MD
	resp, err := healthv1.NewHealthClient(conn).Check(ctx, &healthv1.HealthCheckRequest{}, grpc.Header(&header))
	a.err, a.serving = err, resp.GetStatus() == healthv1.HealthCheckResponse_SERVING
	a.version = strings.Join(header.Get(grpcserver.VersionHeader), "")
	return a
}

func (e *examination) lookAtPeer(n *notes, a answer) {
	setting := "TANDEM_" + strings.ToUpper(a.service) + "_ADDR"
	where := e.Settings.Addr(a.service)
	switch {
	case a.err != nil && e.runs(a.service):
		n.warn(a.service, "Start it, if it should run here now.", "does not answer at %s: %v", where, a.err)
		return
	case a.err != nil:
		n.fail(a.service, "Is it running, is "+setting+" right, may this machine reach it, and do both ends use TANDEM_TLS_DIR or neither?", "does not answer at %s: %v", where, a.err)
		return
	case !a.serving:
		n.fail(a.service, "Look at /readyz of its operator's port, and into its log: something that it needs is gone.", "answers at %s, and is not ready (version %s)", where, or(a.version))
		return
	}
	switch apart, known := skew(e.Version, a.version); {
	case apart > 1:
		n.fail(a.service, "Upgrade one minor version after the other; parts of the platform may be one apart while that is under way.", "runs %s, this program is %s: too far apart", a.version, e.Version)
	case apart == 1:
		n.warn(a.service, "Go on with the upgrade: parts may be one version apart for a while.", "runs %s, this program is %s", a.version, e.Version)
	case !known && a.version != e.Version:
		n.warn(a.service, "Run the same build everywhere; versions that are no releases cannot be compared.", "runs %s, this program is %s", or(a.version), e.Version)
	default:
		n.ok(a.service, "answers at %s, ready, version %s", where, a.version)
	}
}

// skew is how many minor versions lie between two releases; a major version counts
// as many. Versions that are no releases are not known to be apart.
func skew(a, b string) (apart int, known bool) {
	if !semver.IsValid(a) || !semver.IsValid(b) {
		return 0, false
	}
	if semver.Major(a) != semver.Major(b) {
		return 1 << 10, true
	}
	apart = minor(a) - minor(b)
	return max(apart, -apart), true
}

func minor(version string) int {
	_, text, _ := strings.Cut(semver.MajorMinor(version), ".")
	n, _ := strconv.Atoi(text) // digits, as it is valid
	return n
}

func or(version string) string {
	if version == "" {
		return "that it does not tell, older than this program"
	}
	return fmt.Sprintf("%q", version)
}
