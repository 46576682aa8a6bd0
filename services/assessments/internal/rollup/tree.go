package rollup

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
)

// Plan is what the schools service knew when a publication was asked for, in the
// name of who asked: the worker that does it later asks nobody.
type Plan struct {
	Districts []PlannedDistrict `json:"districts"`
	Round     int               `json:"round,omitempty"` // that a district's publication is to make
}

// PlannedDistrict is a district with its feeder systems.
type PlannedDistrict struct {
	ID      string          `json:"id"`
	Title   string          `json:"title"`
	Region  string          `json:"region,omitempty"`
	Feeders []PlannedFeeder `json:"feeders,omitempty"`
}

// PlannedFeeder is a feeder system.
type PlannedFeeder struct {
	ID      string   `json:"id"`
	Title   string   `json:"title"`
	Schools []string `json:"schools"`
}

// District finds a district of the plan.
func (p Plan) District(id string) PlannedDistrict {
	for _, d := range p.Districts {
		if d.ID == id {
			return d
		}
	}
	return PlannedDistrict{ID: id, Title: id}
}

// Part is one campaign in a publication.
type Part struct {
	Campaign campaign.Campaign
	Snapshot Snapshot
	Units    map[string]Units // of schools, where units are known
	Paper    map[string]bool  // schools with answers that no token proves
	Scales   []ScaleSums

	fresh bool // the snapshot is not kept yet
}

// Units are the people that a school's campaign asked.
type Units struct {
	Asked  int            // eligible, or not known to be otherwise: the denominator of RR2
	Groups map[string]int // of them, by variable=value
}

// Place is a place of the tree.
type Place struct {
	Level   Level // 0: stands in the tree and has no table of its own
	Key     string
	Table   string // id of its table
	Name    string
	Title   string
	Parent  int // -1 at the root
	Round   int
	Counts  SchoolCounts   // exact
	Asked   int            // units asked; 0 where they are not known of all schools below
	AskedOf map[string]int // units asked by variable=value
	Proven  bool           // one answer for each unit
	schools []member
	scales  []ScaleSums // sums behind reliability; from districts up
	leaf    bool
}

// member is a school in a place, by which the place is known.
type member struct {
	id    string
	round int
}

// Tree is the places of a publication, a parent always before its children.
type Tree struct {
	Places    []Place
	questions []Question
}

// pool is the id of the schools with few answers, told together.
const pool = "small-schools"

// DistrictTree is the tree of one campaign.
func DistrictTree(p Part, plan Plan, questions []Question) *Tree {
	t := &Tree{questions: questions}
	t.district(-1, []Part{p}, plan.District(p.Campaign.District), false)
	t.prune()
	t.sum()
	return t
}

// StateTree is the tree of the whole state. Districts without a region hang under
// the state.
func StateTree(parts []Part, plan Plan, questions []Question) *Tree {
	t := &Tree{questions: questions}
	root := t.add(Place{Level: State, Table: "state", Title: "State", Parent: -1})
	byDistrict := map[string][]Part{}
	regions := map[string][]PlannedDistrict{}
	for _, p := range parts {
		d := plan.District(p.Campaign.District)
		if byDistrict[d.ID] == nil {
			regions[d.Region] = append(regions[d.Region], d)
		}
		byDistrict[d.ID] = append(byDistrict[d.ID], p)
	}
	taken := map[string]bool{}
	for _, region := range sorted(regions) {
		at := root
		if region != "" {
			id := slug(region)
			for taken[id] {
				id += "-" + digest(region)
			}
			taken[id] = true
			at = t.add(Place{Level: Region, Table: "region-" + id, Title: region, Parent: root})
		}
		list := regions[region]
		slices.SortFunc(list, func(a, b PlannedDistrict) int { return strings.Compare(a.ID, b.ID) })
		for _, d := range list {
			t.district(at, byDistrict[d.ID], d, true)
		}
	}
	t.prune()
	t.sum()
	return t
}

func (t *Tree) add(p Place) int {
	t.Places = append(t.Places, p)
	return len(t.Places) - 1
}

// district adds a district with its campaigns. With one campaign the district is
// that campaign; with several each stands between, so that its own tables, which
// were released before, are the same places.
func (t *Tree) district(parent int, parts []Part, d PlannedDistrict, statewide bool) {
	root := t.add(Place{Level: District, Table: "district-" + d.ID, Name: campaign.DistrictName(d.ID), Title: d.Title, Parent: parent})
	for _, p := range parts {
		at := root
		if len(parts) > 1 {
			at = t.add(Place{Parent: root})
		}
		t.campaign(at, p, d, statewide)
	}
}

func (t *Tree) campaign(root int, p Part, d PlannedDistrict, statewide bool) {
	t.addScales(root, p.Scales)
	prefix := ""
	if statewide {
		prefix = d.ID + "."
	}
	feederOf, at := map[string]string{}, map[string]int{}
	for _, f := range d.Feeders {
		for _, s := range f.Schools {
			feederOf[s] = f.ID
		}
	}
	under := func(school string) int {
		id, ok := feederOf[school]
		if !ok {
			return root
		}
		if _, known := at[id]; !known {
			i := slices.IndexFunc(d.Feeders, func(f PlannedFeeder) bool { return f.ID == id })
			at[id] = t.add(Place{
				Level: Feeder, Table: "feeder-" + prefix + id, Name: campaign.DistrictName(d.ID) + "/feederSystems/" + id, Title: d.Feeders[i].Title, Parent: root,
			})
		}
		return at[id]
	}
	var pooled []campaign.School
	for _, s := range p.Campaign.Schools {
		counted, ok := p.Snapshot.Schools[s.ID]
		if ok && counted.Pooled {
			pooled = append(pooled, s)
		}
		if ok && !counted.Pooled {
			t.school(under(s.ID), p, s, prefix+s.ID)
		}
	}
	if len(pooled) > 0 {
		t.pool(root, p, pooled, prefix)
	}
}

func (t *Tree) school(parent int, p Part, s campaign.School, id string) {
	counted := p.Snapshot.Schools[s.ID]
	t.add(Place{
		Level: School, Table: "school-" + id, Name: campaign.SchoolName(p.Campaign.District, s.ID), Title: s.Title, Parent: parent, Round: counted.Round,
		Counts: counted.SchoolCounts, Asked: p.Units[s.ID].Asked, AskedOf: p.Units[s.ID].Groups, Proven: p.Campaign.Mode != campaign.OpenLink && !p.Paper[s.ID],
		schools: []member{{p.Campaign.District + "/" + s.ID, counted.Round}}, leaf: true,
	})
}

// pool is the place of the schools with few answers, told together.
func (t *Tree) pool(parent int, p Part, schools []campaign.School, prefix string) {
	at := Place{
		Level: School, Table: "school-" + prefix + pool, Title: "Schools with few answers, together", Parent: parent, leaf: true,
		Counts: SchoolCounts{Counts: newCounts(t.questions), Groups: map[string]Counts{}}, Proven: true,
	}
	known := true
	for _, s := range schools {
		counted := p.Snapshot.Schools[s.ID]
		at.schools = append(at.schools, member{p.Campaign.District + "/" + s.ID, counted.Round})
		at.Counts.include(counted.SchoolCounts, t.questions)
		at.Round += counted.Round
		at.Asked += p.Units[s.ID].Asked
		at.AskedOf = plus(at.AskedOf, p.Units[s.ID].Groups)
		known = known && p.Units[s.ID].Asked > 0
		at.Proven = at.Proven && p.Campaign.Mode != campaign.OpenLink && !p.Paper[s.ID]
	}
	if !known {
		at.Asked = 0
	}
	t.add(at)
}

// addScales adds what a campaign's reliability is computed of to its place and all
// above.
func (t *Tree) addScales(at int, scales []ScaleSums) {
	for ; at >= 0; at = t.Places[at].Parent {
		p := &t.Places[at]
		for n, sums := range scales {
			if n == len(p.scales) {
				p.scales = append(p.scales, ScaleSums{})
			}
			p.scales[n] = p.scales[n].plus(sums)
		}
	}
}

func plus(sum, more map[string]int) map[string]int {
	out := map[string]int{}
	for _, m := range []map[string]int{sum, more} {
		for k, n := range m {
			out[k] += n
		}
	}
	return out
}

// include adds the counts of other people, in groups too.
func (c *SchoolCounts) include(o SchoolCounts, questions []Question) {
	c.add(o.Counts)
	for key, part := range o.Groups {
		sum, ok := c.Groups[key]
		if !ok {
			sum = newCounts(questions)
		}
		sum.add(part)
		c.Groups[key] = sum
	}
}

// Empty tells that no school has enough answers for a table.
func (t *Tree) Empty() bool { return len(t.Places[0].schools) == 0 }

// prune takes out places without a school that has answers; the root stays.
func (t *Tree) prune() {
	keep := make([]bool, len(t.Places))
	for i := len(t.Places) - 1; i >= 0; i-- {
		p := t.Places[i]
		keep[i] = keep[i] || p.leaf || p.Parent < 0
		if keep[i] && p.Parent >= 0 {
			keep[p.Parent] = true
		}
	}
	at := make([]int, len(t.Places))
	var kept []Place
	for i, p := range t.Places {
		if !keep[i] {
			continue
		}
		if p.Parent >= 0 {
			p.Parent = at[p.Parent]
		}
		at[i] = len(kept)
		kept = append(kept, p)
	}
	t.Places = kept
}

// sum fills in what inner places are: counts, units, rounds and keys.
func (t *Tree) sum() {
	for i := range t.Places {
		if p := &t.Places[i]; !p.leaf {
			p.Counts, p.Proven = SchoolCounts{Counts: newCounts(t.questions), Groups: map[string]Counts{}}, true
		}
	}
	unknown := make([]bool, len(t.Places))
	for i := len(t.Places) - 1; i >= 0; i-- {
		p := &t.Places[i]
		if unknown[i] {
			p.Asked = 0
		}
		p.Key = p.key()
		if p.Parent < 0 {
			continue
		}
		up := &t.Places[p.Parent]
		up.Counts.include(p.Counts, t.questions)
		up.Asked += p.Asked
		up.AskedOf = plus(up.AskedOf, p.AskedOf)
		up.Round += p.Round
		up.Proven = up.Proven && p.Proven
		up.schools = append(up.schools, p.schools...)
		unknown[p.Parent] = unknown[p.Parent] || p.Asked == 0
	}
}

// key names the set of schools: a place with other schools is another place, even
// where it is called the same.
func (p *Place) key() string {
	slices.SortFunc(p.schools, func(a, b member) int { return strings.Compare(a.id, b.id) })
	if len(p.schools) == 1 {
		return p.schools[0].id
	}
	h := sha256.New()
	for _, s := range p.schools {
		h.Write([]byte(s.id + "\n"))
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}

// above is the nearest place above that has a table, or -1.
func (t *Tree) above(i int) int {
	for i = t.Places[i].Parent; i >= 0 && t.Places[i].Level == 0; i = t.Places[i].Parent {
	}
	return i
}

func slug(text string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(text) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	if out := strings.Trim(b.String(), "-"); out != "" {
		return out
	}
	return digest(text)
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:6])
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
