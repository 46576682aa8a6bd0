// Package comment lets few people read what families wrote in their own words,
// and give it themes.
//
// What was written is never published: themes are what a person makes of it. It
// can be read once a campaign is closed and enough families of the school
// answered (service.go), so that nobody reads along while answers come in and
// few families cannot be told from each other. A comment's name leads neither to
// the answer it was part of nor to the other comments of the same family: it is a
// digest, and comments come in the order of their names. Words that name somebody
// can be replaced; they are gone then, not hidden.
//
// Answers come from package response; themes and marks are kept beside them.
package comment

import (
	"context"
	"fmt"
	"time"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/code"
)

// Comment is what somebody wrote to one item.
type Comment struct {
	District string
	Campaign string
	ID       string
	School   string
	Item     string
	Language string // of the form
	Text     string
	Mark
}

// Mark is what people made of a comment.
type Mark struct {
	Themes   []string
	Redacted bool
	Version  int64 // 0: nobody did anything with it yet
}

// Name is the resource name.
func (c Comment) Name() string { return Name(c.District, c.Campaign, c.ID) }

// Name is the resource name of a comment.
func Name(district, campaignID, id string) string {
	return campaign.Name(district, campaignID) + "/comments/" + id
}

// Theme is what several comments are about.
type Theme struct {
	District   string
	Campaign   string
	ID         string
	Title      string
	Standard   string // empty for none
	CreateTime time.Time
	Comments   int // that have it, as counted when it was read
}

// Name is the resource name.
func (t Theme) Name() string {
	return fmt.Sprintf("%s/themes/%s", campaign.Name(t.District, t.Campaign), t.ID)
}

// Written is what one answer says in words, by item.
type Written struct {
	Response string // id of the answer; it never leaves the service
	School   string
	Language string
	Texts    map[string]string
}

// idOf names a comment without naming its answer.
func idOf(response, item string) string { return code.Digest("comment", response, item)[:26] }

// Store keeps themes and marks, and reads what answers say.
type Store interface {
	Tx(ctx context.Context, fn func(ctx context.Context) error) error
	Campaign(ctx context.Context, district, id string) (campaign.Campaign, error)
	// CountAnswers counts the answers of a school.
	CountAnswers(ctx context.Context, district, campaign, school string) (int, error)
	// Written calls each with the answers of a campaign that say something in words; only those of a school when it is named.
	Written(ctx context.Context, district, campaign, school string, each func(Written) error) error
	// ReplaceText puts other words in the place of what an answer says to an item.
	ReplaceText(ctx context.Context, c Comment, response string) error
	// Marks are those of a campaign, by the id of the comment.
	Marks(ctx context.Context, district, campaign string) (map[string]Mark, error)
	// SaveMark replaces the mark of version c.Version-1, or fails as stale.
	SaveMark(ctx context.Context, c Comment) error

	AddTheme(ctx context.Context, t Theme) error
	// Themes come in the order of their ids.
	Themes(ctx context.Context, district, campaign, after string, limit int) ([]Theme, error)
	HasTheme(ctx context.Context, district, campaign, id string) (bool, error)
	DeleteTheme(ctx context.Context, district, campaign, id string) error
}
