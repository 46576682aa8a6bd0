package store

import (
	"context"

	"github.com/tandem-badges/tandem/services/kit/audit"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/assessments/internal/comment"
)

// Comments keeps themes and marks of comments, and reads what answers say.
type Comments struct{ *Campaigns }

// NewComments returns the store of comments.
func NewComments(db *sqldb.DB, c clock.Clock) *Comments { return &Comments{NewCampaigns(db, c)} }

// CountAnswers counts the answers of a school.
func (s *Comments) CountAnswers(ctx context.Context, district, campaignID, school string) (n int, err error) {
	err = s.db.Conn(ctx).QueryRowContext(ctx, `SELECT count(*) FROM responses
		WHERE district_id = $1 AND campaign_id = $2 AND school_id = $3`, district, campaignID, school).Scan(&n)
	return n, sqldb.MapError(err, "responses")
}

// Written reads the answers that say something in words.
func (s *Comments) Written(ctx context.Context, district, campaignID, school string, each func(comment.Written) error) error {
	list, err := all(ctx, s.base, scanWritten, `SELECT response_id, school_id, language, texts FROM responses
		WHERE district_id = $1 AND campaign_id = $2 AND ($3 = '' OR school_id = $3) AND texts <> '{}'`, district, campaignID, school)
	if err != nil {
		return err
	}
	for _, w := range list {
		if err := each(w); err != nil {
			return err
		}
	}
	return nil
}

func scanWritten(row scanner) (w comment.Written, err error) {
	var texts string
	if err = row.Scan(&w.Response, &w.School, &w.Language, &texts); err != nil {
		return w, err
	}
	return w, decode(texts, &w.Texts)
}

// ReplaceText puts other words in the place of those of an answer. The audit log
// tells that the comment was changed, by its mark.
func (s *Comments) ReplaceText(ctx context.Context, c comment.Comment, response string) error {
	w, err := one(ctx, s.base, c.Name(), scanWritten, `SELECT response_id, school_id, language, texts FROM responses
		WHERE district_id = $1 AND campaign_id = $2 AND school_id = $3 AND response_id = $4`, c.District, c.Campaign, c.School, response)
	if err != nil {
		return err
	}
	w.Texts[c.Item] = c.Text
	texts, err := encode(w.Texts)
	if err != nil {
		return err
	}
	_, err = s.db.Exec(ctx, `UPDATE responses SET texts = $5
		WHERE district_id = $1 AND campaign_id = $2 AND school_id = $3 AND response_id = $4`, c.District, c.Campaign, c.School, response, texts)
	return sqldb.MapError(err, c.Name())
}

type marked struct {
	id string
	comment.Mark
}

func scanMark(row scanner) (m marked, err error) {
	var themes string
	if err = row.Scan(&m.id, &themes, &m.Redacted, &m.Version); err != nil {
		return m, err
	}
	return m, decode(themes, &m.Themes)
}

// Marks are those of a campaign.
func (s *Comments) Marks(ctx context.Context, district, campaignID string) (map[string]comment.Mark, error) {
	list, err := all(ctx, s.base, scanMark, `SELECT comment_id, themes, redacted, version FROM comment_marks
		WHERE district_id = $1 AND campaign_id = $2`, district, campaignID)
	out := make(map[string]comment.Mark, len(list))
	for _, m := range list {
		out[m.id] = m.Mark
	}
	return out, err
}

// SaveMark adds the first mark of a comment, or replaces the one before.
func (s *Comments) SaveMark(ctx context.Context, c comment.Comment) error {
	themes, err := encode(c.Themes)
	if err != nil {
		return err
	}
	if len(c.Themes) == 0 {
		themes = "[]"
	}
	read := audit.Row(s.db, "comment_marks", `district_id = $1 AND campaign_id = $2 AND comment_id = $3`, c.District, c.Campaign, c.ID)
	if c.Version == 1 {
		return audit.Added(ctx, s.db, c.Name(), read, func(ctx context.Context) error {
			return s.insert(ctx, c.Name(), `INSERT INTO comment_marks (district_id, campaign_id, comment_id, themes, redacted, version)
				VALUES ($1, $2, $3, $4, $5, $6)`, c.District, c.Campaign, c.ID, themes, c.Redacted, c.Version)
		})
	}
	return audit.Changed(ctx, s.db, c.Name(), read, func(ctx context.Context) error {
		return s.replace(ctx, c.Name(), `UPDATE comment_marks SET themes = $4, redacted = $5, version = $6
			WHERE district_id = $1 AND campaign_id = $2 AND comment_id = $3 AND version = $6 - 1`, c.District, c.Campaign, c.ID, themes, c.Redacted, c.Version)
	})
}

const themeColumns = `district_id, campaign_id, theme_id, title, standard, created_at`

func scanTheme(row scanner) (t comment.Theme, err error) {
	var created int64
	err = row.Scan(&t.District, &t.Campaign, &t.ID, &t.Title, &t.Standard, &created)
	t.CreateTime = sqldb.Time(created)
	return t, err
}

// AddTheme adds a theme.
func (s *Comments) AddTheme(ctx context.Context, t comment.Theme) error {
	return audit.Added(ctx, s.db, t.Name(), s.theme(t), func(ctx context.Context) error {
		return s.insert(ctx, t.Name(), `INSERT INTO themes (`+themeColumns+`) VALUES ($1, $2, $3, $4, $5, $6)`,
			t.District, t.Campaign, t.ID, t.Title, t.Standard, sqldb.Micros(t.CreateTime))
	})
}

func (s *Comments) theme(t comment.Theme) func(context.Context) (map[string]any, error) {
	return audit.Row(s.db, "themes", `district_id = $1 AND campaign_id = $2 AND theme_id = $3`, t.District, t.Campaign, t.ID)
}

// Themes lists the themes of a campaign.
func (s *Comments) Themes(ctx context.Context, district, campaignID, after string, limit int) ([]comment.Theme, error) {
	return all(ctx, s.base, scanTheme, `SELECT `+themeColumns+` FROM themes
		WHERE district_id = $1 AND campaign_id = $2 AND theme_id > $3 ORDER BY theme_id LIMIT $4`, district, campaignID, after, limit)
}

// HasTheme tells whether the campaign has the theme.
func (s *Comments) HasTheme(ctx context.Context, district, campaignID, id string) (bool, error) {
	return s.exists(ctx, `SELECT 1 FROM themes WHERE district_id = $1 AND campaign_id = $2 AND theme_id = $3`, district, campaignID, id)
}

// DeleteTheme deletes a theme.
func (s *Comments) DeleteTheme(ctx context.Context, district, campaignID, id string) error {
	t := comment.Theme{District: district, Campaign: campaignID, ID: id}
	return audit.Removed(ctx, s.db, t.Name(), s.theme(t), func(ctx context.Context) error {
		_, err := s.db.Exec(ctx, `DELETE FROM themes WHERE district_id = $1 AND campaign_id = $2 AND theme_id = $3`, district, campaignID, id)
		return sqldb.MapError(err, t.Name())
	})
}
