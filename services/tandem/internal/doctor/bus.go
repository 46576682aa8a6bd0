package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/tandem-badges/tandem/services/kit/bus"
	"github.com/tandem-badges/tandem/services/tandem/internal/app"
)

const (
	lagMany     = 1000 // events that a follower may have before it
	oldestMinor = 10   // of NATS 2
	usedTight   = 80   // percent of the storage
	usedUp      = 95
)

// lookAtBus says whether events are kept and followed.
func (e *examination) lookAtBus(ctx context.Context, n *notes) {
	if _, err := os.Stat(e.Settings.BusFolder()); e.Settings.NATS == "" && err != nil {
		n.warn("server", "Nothing, if this is a new installation: the first start makes it.", "there are no streams in %s yet", e.Settings.BusFolder())
		return
	}
	connecting, cancel := e.patient(ctx)
	defer cancel()
	b, closeBus, err := app.ConnectBus(connecting, e.Settings.StorageSettings, e.Settings.BusSettings, nil)
	switch {
	case errors.Is(err, app.ErrTaken):
		n.ok("server", "runs inside the process that works on this data folder; stop it to look at the streams")
		return
	case err != nil:
		n.fail("server", "Is it running, is TANDEM_NATS right, with user and password, and may this machine reach it? For tls:// it needs TANDEM_NATS_CA.", "%v", err)
		return
	}
	defer closeBus()
	facts, err := b.Facts(ctx, app.ServiceNames()...)
	if err != nil {
		n.fail("server", "Turn JetStream on, with a folder that lasts, for the account of this user.", "%v", err)
		return
	}
	e.lookAtNATS(n, facts)
	e.lookAtStreams(n, facts.Streams)
}

// lookAtNATS says what the server is and how full.
func (e *examination) lookAtNATS(n *notes, f bus.Facts) {
	where, secured := "inside this process", ""
	if e.Settings.NATS != "" {
		where, secured = place(strings.Split(e.Settings.NATS, ",")[0]), ", not encrypted"
		if f.Encrypted {
			secured = ", encrypted"
		}
	}
	var major, minor int
	if _, err := fmt.Sscanf(f.Server, "%d.%d", &major, &minor); err != nil || major < 2 || major == 2 && minor < oldestMinor {
		n.fail("server", fmt.Sprintf("Upgrade NATS to 2.%d or newer.", oldestMinor), "NATS %s %s", f.Server, where)
	} else {
		n.ok("server", "NATS %s %s with JetStream%s; a ping takes %s", f.Server, where, secured, f.RTT)
	}
	const fix = "Give the account or the server more storage, or keep events for a shorter time: what does not fit waits in the databases."
	switch {
	case f.Limit == 0:
		n.ok("storage", "%d MiB in use; the server sets no limit for this account", f.Used/megabyte)
	case f.Used*100 > f.Limit*usedUp:
		n.fail("storage", fix, "%d of %d MiB are in use", f.Used/megabyte, f.Limit/megabyte)
	case f.Used*100 > f.Limit*usedTight:
		n.warn("storage", fix, "%d of %d MiB are in use", f.Used/megabyte, f.Limit/megabyte)
	default:
		n.ok("storage", "%d of %d MiB are in use", f.Used/megabyte, f.Limit/megabyte)
	}
}

// lookAtStreams looks at each service's stream; that all are missing is how a new
// installation looks.
func (e *examination) lookAtStreams(n *notes, streams []bus.StreamFacts) {
	missing := 0
	for _, s := range streams {
		if s.Missing {
			missing++
		}
	}
	if missing == len(streams) {
		n.warn("streams", "Nothing, if this is a new installation: the first start makes them. After a loss of the bus: start the platform and run `tandem events replay`.", "there are none yet")
		return
	}
	for _, s := range streams {
		e.lookAtStream(n, s)
	}
	for _, s := range streams {
		if !s.Missing {
			lookAtClock(n, "the bus", s.Ahead)
			return
		}
	}
}

func (e *examination) lookAtStream(n *notes, s bus.StreamFacts) {
	var late []string
	for _, c := range s.Consumers {
		if c.Pending > lagMany {
			late = append(late, fmt.Sprintf("%s by %d", c.Name, c.Pending))
		}
	}
	name := bus.StreamName(s.Service)
	switch want := max(1, e.Settings.NATSReplicas); {
	case s.Missing:
		n.fail(name, "Restart a process of the platform, which makes it, and run `tandem events replay` for "+s.Service+".", "is missing: events of %s wait in its database", s.Service)
	case len(s.Absent) > 0:
		n.warn(name, "Bring back the servers named, or look whether they can reach each other.", "copies that do not answer or lag: %s", strings.Join(s.Absent, ", "))
	case s.Replicas < want:
		n.warn(name, fmt.Sprintf("nats stream edit %s --replicas %d", name, want), "has %d copies, wanted are %d", s.Replicas, want)
	case len(late) > 0:
		n.warn(name, "Look whether these services run and what their logs say; `tandem events dead` lists what they could not apply.", "followers are behind: %s", strings.Join(late, ", "))
	default:
		n.ok(name, "%d events, %d copies, %d followers, none far behind", s.Messages, s.Replicas, len(s.Consumers))
	}
}
