package grant_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/kit/kittest"

	"github.com/tandem-badges/tandem/services/schools/internal/district"
	"github.com/tandem-badges/tandem/services/schools/internal/grant"
	"github.com/tandem-badges/tandem/services/schools/internal/person"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
	"github.com/tandem-badges/tandem/services/schools/internal/schoolstest"
)

// deed is a grant as the test remembers that it came about. It is made of what
// was asked and answered, never of what the store holds.
type deed struct {
	name, person, grantor, approver string
	role                            grant.Role
	node                            string
	start, end                      time.Time // end is zero for no end
	waits                           bool

	given, approved, ended int       // the step at which it happened, 0 for never
	givenAt, approvedAt    time.Time // and the product's time then
}

// history is a world in which people give each other what they can.
type history struct {
	*rapid.T
	ctx    testing.TB
	w      *schoolstest.World
	step   int
	nodes  []string
	people []string
	deeds  []*deed
	off    map[string][]int // steps at which a person was disabled and enabled, in turns

	delegated, refused int
}

// startHistory draws an organization tree and the people in it.
func startHistory(tb testing.TB, t *rapid.T) *history {
	h := &history{
		T: t, ctx: tb, w: schoolstest.Empty(tb), off: map[string][]int{}, nodes: []string{""},
		people: []string{"people/a", "people/b", "people/c"},
	}
	meta := record.NewMeta(h.w.Clock.Now())
	for d := range rapid.IntRange(1, 3).Draw(t, "districts") {
		name := fmt.Sprintf("districts/d%s", strings.Repeat("x", d)) // ids that begin alike
		require.NoError(t, h.w.Store.InsertDistrict(kittest.All(tb), district.District{Name: name, Meta: meta, Fields: district.Fields{Title: name}}))
		h.nodes = append(h.nodes, name)
		for s := range rapid.IntRange(0, 2).Draw(t, "schools") {
			school := fmt.Sprintf("%s/schools/s%s", name, strings.Repeat("x", s))
			require.NoError(t, h.w.Store.InsertSchool(kittest.All(tb), district.School{
				Name: school, State: district.Open, Meta: meta, SchoolFields: district.SchoolFields{Title: school},
			}))
			h.nodes = append(h.nodes, school)
		}
		h.people = append(h.people, name+"/people/a", name+"/people/b")
	}
	for _, name := range h.people {
		register(tb, h.w, name)
	}
	for _, name := range h.people { // most have something to pass on
		if strings.HasSuffix(name, "/a") || name == "people/b" {
			h.step++
			node := record.Parent(name)
			role := grant.DistrictCoordinator
			if node == "" {
				role = grant.StateAdmin
			}
			h.ask(&deed{grantor: "people/dev-admin", person: name, role: role, node: node, end: h.someTime("end of the first grant")})
		}
	}
	return h
}

func (h *history) actor(name string) grant.Actor {
	return grant.Actor{Subject: name, Grants: schoolstest.Root().Grants} // a token that claims everything
}

func (h *history) anybody(label string) string {
	if rapid.IntRange(0, 9).Draw(h.T, label+" is root") == 7 {
		return "people/dev-admin"
	}
	return rapid.SampledFrom(h.people).Draw(h.T, label)
}

func (h *history) someTime(label string) time.Time {
	hours := rapid.SampledFrom([]int{0, 0, 0, 0, 1, 2, 5, 9}).Draw(h.T, label)
	if hours == 0 {
		return time.Time{}
	}
	return h.w.Clock.Now().Add(time.Duration(hours) * time.Hour)
}

// give draws a grant that mostly could be right: else nearly all would be refused
// for something plain.
func (h *history) give() {
	d := &deed{person: rapid.SampledFrom(h.people).Draw(h.T, "person")}
	home := record.Parent(d.person)
	near := []string{"people/a", "people/b", record.Join(home, "people", "a"), record.Join(home, "people", "b")}
	d.grantor = rapid.SampledFrom(near).Draw(h.T, "grantor")
	if rapid.IntRange(0, 3).Draw(h.T, "from afar") == 3 {
		d.grantor = h.anybody("grantor from afar")
	}
	roles := []grant.Role{grant.PanelChair, grant.DistrictCoordinator, grant.OutsideEvaluator, grant.TeamLead}
	if home == "" {
		roles = append(roles, grant.StateAdmin)
	}
	d.role = rapid.SampledFrom(roles).Draw(h.T, "role")
	inside := slices.DeleteFunc(slices.Clone(h.nodes), func(n string) bool { return !record.Within(n, home) })
	d.node = rapid.SampledFrom(inside).Draw(h.T, "node")
	d.start, d.end = h.someTime("start"), h.someTime("end")
	switch d.role {
	case grant.StateAdmin:
		d.node = ""
	case grant.OutsideEvaluator:
		d.end = h.w.Clock.Now().Add(10 * time.Hour)
	}
	h.ask(d)
}

// ask asks for a grant and remembers it when it is given.
func (h *history) ask(d *deed) {
	asked := grant.Held{Role: d.role, Node: d.node, Start: d.start, End: d.end}
	v, err := h.w.Grants().Create(kittest.All(h.ctx), h.actor(d.grantor), d.person, "", asked, "")
	if err != nil {
		h.refused++
		return
	}
	d.name, d.given, d.givenAt = v.Name, h.step, h.w.Clock.Now()
	if d.start.IsZero() {
		d.start = d.givenAt
	}
	d.waits = v.State == grant.Pending
	h.deeds = append(h.deeds, d)
	if !root(d.grantor) {
		h.delegated++
	}
}

func (h *history) approve() {
	waiting := slices.DeleteFunc(slices.Clone(h.deeds), func(d *deed) bool { return !d.waits || d.approved > 0 })
	if len(waiting) == 0 {
		return
	}
	d := rapid.SampledFrom(waiting).Draw(h.T, "grant")
	home := record.Parent(d.person)
	approver := rapid.SampledFrom([]string{"people/b", "people/a", record.Join(home, "people", "a"), h.anybody("approver")}).Draw(h.T, "approver")
	if _, err := h.w.Grants().Approve(kittest.All(h.ctx), h.actor(approver), d.name, ""); err != nil {
		h.refused++
		return
	}
	d.approver, d.approved, d.approvedAt = approver, h.step, h.w.Clock.Now()
	if d.start.Before(d.approvedAt) {
		d.start = d.approvedAt
	}
}

func (h *history) end() {
	d, by := rapid.SampledFrom(h.deeds).Draw(h.T, "grant"), h.anybody("who ends it")
	if _, err := h.w.Grants().End(kittest.All(h.ctx), h.actor(by), d.name, "", "Ends."); err == nil {
		d.ended = h.step
	}
}

func (h *history) toggle() {
	name := rapid.SampledFrom(h.people).Draw(h.T, "who is switched")
	_, err := h.w.People().Update(kittest.All(h.ctx), schoolstest.Root(), name, "", func(f person.Fields) person.Fields {
		f.Disabled = !f.Disabled
		return f
	})
	require.NoError(h.T, err)
	h.off[name] = append(h.off[name], h.step)
}

func root(name string) bool { return name == "people/dev-admin" }

// could is the test's own idea of what a role on a node lets somebody give.
func could(role grant.Role, on string, asked grant.Role, node string) bool {
	if role == grant.StateAdmin {
		return on == ""
	}
	inside := node == on || on == "" || strings.HasPrefix(node, on+"/")
	harmless := slices.Contains([]grant.Role{grant.DistrictCoordinator, grant.TeamLead, grant.OutsideEvaluator}, asked)
	return role == grant.DistrictCoordinator && inside && node != "" && harmless
}

func needsTwo(d *deed) bool {
	return d.node == "" || slices.Contains([]grant.Role{grant.StateAdmin, grant.PanelChair, grant.OutsideEvaluator}, d.role)
}

// stood tells whether a chain from a root let somebody give d at a step and time.
func (h *history) stood(who string, d *deed, step int, at time.Time) bool {
	if root(who) {
		return true
	}
	switched := 0
	for _, s := range h.off[who] {
		if s < step {
			switched++
		}
	}
	if switched%2 == 1 {
		return false
	}
	return slices.ContainsFunc(h.deeds, func(own *deed) bool {
		took := own.given < step && (!own.waits || own.approved > 0 && own.approved < step)
		lasts := own.end.IsZero() || !d.end.IsZero() && !d.end.After(own.end)
		return own.person == who && took && (own.ended == 0 || own.ended > step) &&
			!at.Before(own.start) && (own.end.IsZero() || at.Before(own.end)) && lasts &&
			could(own.role, own.node, d.role, d.node) && h.justified(own)
	})
}

// justified tells whether everything about d came about as it must.
func (h *history) justified(d *deed) bool {
	if !h.stood(d.grantor, d, d.given, d.givenAt) {
		return false
	}
	if !needsTwo(d) || root(d.grantor) {
		return true
	}
	return d.approved > 0 && d.approver != d.grantor && d.approver != d.person &&
		h.stood(d.approver, d, d.approved, d.approvedAt) && h.stood(d.grantor, d, d.approved, d.approvedAt)
}

// check looks at what everybody holds now and at later times.
func (h *history) check() {
	for _, name := range h.people {
		for _, later := range []time.Duration{0, 3 * time.Hour} {
			at := h.w.Clock.Now().Add(later)
			held, err := h.w.Store.HeldBy(kittest.All(h.ctx), name, at)
			require.NoError(h.T, err)
			for _, got := range held {
				require.True(h.T, slices.ContainsFunc(h.deeds, func(d *deed) bool {
					return d.person == name && d.role == got.Role && d.node == got.Node && d.start.Equal(got.Start) && d.end.Equal(got.End) &&
						d.ended == 0 && got.At(at) && h.justified(d)
				}), "%s holds %+v at %s, and no chain from a root says why", name, got, at)
			}
		}
	}
}

// TestNobodyEverHoldsWhatNoChainFromARootJustifies lets people with tokens that
// claim everything give, approve, end and wait, in any order.
func TestNobodyEverHoldsWhatNoChainFromARootJustifies(t *testing.T) {
	delegated, approved, refused := 0, 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		h := startHistory(t, rt)
		for range rapid.IntRange(12, 25).Draw(rt, "steps") {
			h.step++
			switch rapid.SampledFrom([]string{"give", "approve", "time", "give", "end", "approve", "switch"}).Draw(rt, "what") {
			case "give":
				h.give()
			case "approve":
				h.approve()
			case "end":
				h.end()
			case "time":
				h.w.Clock.Advance(time.Hour)
			case "switch":
				h.toggle()
			}
			h.check()
		}
		delegated, refused = delegated+h.delegated, refused+h.refused
		for _, d := range h.deeds {
			if d.approved > 0 {
				approved++
			}
		}
	})
	t.Logf("%d delegated, %d approved, %d refused", delegated, approved, refused)
	require.NotZero(t, delegated, "nobody delegated anything: the test looked at nothing")
	require.NotZero(t, approved, "nobody approved anything")
}
