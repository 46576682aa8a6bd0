// Package campaign is the domain of survey waves: a district asks its families,
// or those of some schools, with one published instrument in one cycle.
//
//	draft -> open -> closed -> published
//
// In a draft everything may change. Opening freezes instrument, mode, schools and
// groups and remembers the schools' titles for the public form; after it the title
// may change, and while it is open its end and its texts. Nothing is counted or
// shown before the campaign is closed. A campaign with a window in local time is
// opened and closed by the schedule (window.go).
// Links and invitations, two of the ways in, are in doors.go; named recipients, the
// third, are package recipient. Answers are package response, publishing is package
// result.
package campaign

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// State is where a campaign stands.
type State int

// States of a campaign, in their only order.
const (
	Draft State = iota + 1
	Open
	Closed
	Published
)

// Mode is how answers relate to people.
type Mode int

// Modes of a campaign.
const (
	OpenLink     Mode = iota + 1 // whoever has the link may answer
	Token                        // single-use tokens
	Confidential                 // single-use tokens of named recipients
)

// Unit is who gives one answer.
type Unit int

// Units. None given means households.
const (
	Household Unit = iota + 1
	Child
	Person
)

// MessageKind is what a mail is for.
type MessageKind int

// Kinds of mails.
const (
	Invitation MessageKind = iota + 1
	Reminder
)

// Message is a campaign's own text of a mail.
type Message struct {
	Kind     MessageKind `json:"kind"`
	Language string      `json:"language"`
	Subject  string      `json:"subject"`
	Body     string      `json:"body"`
}

// LinkKind is for what device a link is.
type LinkKind int

// Kinds of links.
const (
	Web LinkKind = iota + 1
	Kiosk
)

// School is a school that is asked.
type School struct {
	ID    string
	Title string // as it was at opening; empty in a draft
}

// Campaign is one wave of a survey in a district.
type Campaign struct {
	District          string
	ID                string
	Title             string
	InstrumentVersion string // resource name
	FrameworkVersion  string // resource name, from the instrument
	Cycle             string // resource name
	Wave              int
	Mode              Mode
	State             State
	AllSchools        bool // a draft that asks whatever schools the district has at opening
	Schools           []School
	OpenTime          time.Time
	CloseTime         time.Time
	Release           string // id of the release
	Rounds            int    // of results released so far
	StartLocal        string // when it opens by itself, 2026-10-05T08:00; empty: by hand
	EndLocal          string
	TimeZone          string
	Unit              Unit
	GroupVariables    []string
	Messages          []Message
	ReplyTo           string
	DistrictTitle     string // as it was at opening
	CreateTime        time.Time
	UpdateTime        time.Time
	Version           int64

	// Counters of mails: kept beside the campaign, not a change of it.
	InvitationsSent int `json:"-"`
	RemindersSent   int `json:"-"`
}

// Name is the resource name.
func (c Campaign) Name() string { return Name(c.District, c.ID) }

// Name is the resource name of a campaign.
func Name(district, id string) string {
	return fmt.Sprintf("districts/%s/campaigns/%s", district, id)
}

// DistrictName is the resource name of a district.
func DistrictName(district string) string { return "districts/" + district }

// SchoolName is the resource name of a school.
func SchoolName(district, school string) string {
	return fmt.Sprintf("districts/%s/schools/%s", district, school)
}

// Asks tells whether the campaign asks the families of a school.
func (c Campaign) Asks(school string) bool {
	return c.AllSchools || slices.ContainsFunc(c.Schools, func(s School) bool { return s.ID == school })
}

// SchoolTitle is the title of a school that is asked; empty before opening.
func (c Campaign) SchoolTitle(school string) string {
	for _, s := range c.Schools {
		if s.ID == school {
			return s.Title
		}
	}
	return ""
}

// Overlaps tells whether two campaigns ask the families of one school.
func (c Campaign) Overlaps(other Campaign) bool {
	if c.AllSchools || other.AllSchools {
		return true
	}
	return slices.ContainsFunc(c.Schools, func(s School) bool { return other.Asks(s.ID) })
}

// Viewer is what a caller may see in a district: all of it, or the campaigns that
// ask the families of their schools.
type Viewer struct {
	All     bool
	Schools []string
}

// Sees tells whether the caller may know of the campaign.
func (v Viewer) Sees(c Campaign) bool {
	return v.All || slices.ContainsFunc(v.Schools, c.Asks)
}

// Link is an open way in for the families of one school.
type Link struct {
	District   string
	Campaign   string
	ID         string
	School     string
	Code       string
	Kind       LinkKind
	Title      string
	CreateTime time.Time
}

// Name is the resource name.
func (l Link) Name() string { return Name(l.District, l.Campaign) + "/links/" + l.ID }

// Store keeps campaigns and the ways into them.
type Store interface {
	Tx(ctx context.Context, fn func(ctx context.Context) error) error
	AddCampaign(ctx context.Context, c Campaign) error
	Campaign(ctx context.Context, district, id string) (Campaign, error)
	// Campaigns come in the order of their ids, as far as the viewer sees them.
	Campaigns(ctx context.Context, district string, v Viewer, after string, limit int) ([]Campaign, error)
	// Waves are the campaigns with the family of instrument, cycle and wave.
	Waves(ctx context.Context, district, instrument, cycle string, wave int) ([]Campaign, error)
	// SaveCampaign replaces the row of version c.Version-1, or fails as stale.
	SaveCampaign(ctx context.Context, c Campaign) error
	// Opened and Closed record the events; Closed forgets the secret of the codes.
	Opened(ctx context.Context, c Campaign) error
	Closed(ctx context.Context, c Campaign) error

	AddLink(ctx context.Context, l Link) error
	Link(ctx context.Context, district, campaign, id string) (Link, error)
	Links(ctx context.Context, district, campaign, after string, limit int) ([]Link, error)
	// AddInvitations keeps the digests of codes, in no order that tells more.
	AddInvitations(ctx context.Context, district, campaign, school string, digests []string) error
}

// Directory is what the schools service knows.
type Directory interface {
	// Schools are the open schools of a district, as the caller sees them; "not
	// found" when there is no such district.
	Schools(ctx context.Context, district string) ([]School, error)
	// HasDistrict tells whether the district exists, as the caller sees it.
	HasDistrict(ctx context.Context, name string) (bool, error)
	// DistrictTitle is the district's title.
	DistrictTitle(ctx context.Context, name string) (string, error)
	// HasCycle tells whether the cycle exists.
	HasCycle(ctx context.Context, name string) (bool, error)
}
