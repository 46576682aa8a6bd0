package store

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"

	evidencev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/evidence/v1"
	typev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/type/v1"
	"github.com/tandem-badges/tandem/services/kit/audit"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/outbox"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/evidence/internal/artifact"
)

// Artifacts keeps artifacts and the list of contents.
type Artifacts struct{ base }

// NewArtifacts returns the store of artifacts.
func NewArtifacts(db *sqldb.DB, c clock.Clock) *Artifacts { return &Artifacts{base{db, c}} }

const artifactColumns = `district_id, school_id, artifact_id, journey, step, indicator, occur_date, group_list, caption, file_name,
	state, media_type, size_bytes, sha256, uploader, accepted_at, created_at, updated_at, version, public_summary`

func scanArtifact(row scanner) (a artifact.Artifact, err error) {
	var groups string
	var accepted, created, updated int64
	err = row.Scan(&a.District, &a.School, &a.ID, &a.Journey, &a.Step, &a.Indicator, &a.OccurDate, &groups, &a.Caption, &a.FileName,
		&a.State, &a.MediaType, &a.Size, &a.SHA256, &a.Uploader, &accepted, &created, &updated, &a.Version, &a.PublicSummary)
	if err != nil {
		return a, err
	}
	a.AcceptTime, a.CreateTime, a.UpdateTime = sqldb.Time(accepted), sqldb.Time(created), sqldb.Time(updated)
	err = decode(groups, &a.Groups)
	return a, err
}

// AddArtifact adds an artifact.
func (s *Artifacts) AddArtifact(ctx context.Context, a artifact.Artifact) error {
	groups, err := encode(a.Groups)
	if err != nil {
		return err
	}
	return audit.Added(ctx, s.db, a.Name(), s.reader(a), func(ctx context.Context) error {
		return s.exec(ctx, a.Name(), `INSERT INTO artifacts (`+artifactColumns+`)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)`,
			a.District, a.School, a.ID, a.Journey, a.Step, a.Indicator, a.OccurDate, groups, a.Caption, a.FileName,
			int(a.State), a.MediaType, a.Size, a.SHA256, a.Uploader,
			sqldb.Micros(a.AcceptTime), sqldb.Micros(a.CreateTime), sqldb.Micros(a.UpdateTime), a.Version, a.PublicSummary)
	})
}

// reader reads the artifact as it is kept, for the audit log.
func (s *Artifacts) reader(a artifact.Artifact) func(context.Context) (artifact.Artifact, error) {
	return func(ctx context.Context) (artifact.Artifact, error) { return s.Artifact(ctx, a.Ref) }
}

// Artifact reads one artifact.
func (s *Artifacts) Artifact(ctx context.Context, r artifact.Ref) (artifact.Artifact, error) {
	return one(ctx, s.base, r.Name(), scanArtifact, `SELECT `+artifactColumns+` FROM artifacts
		WHERE district_id = $1 AND school_id = $2 AND artifact_id = $3`, r.District, r.School, r.ID)
}

// Artifacts lists the artifacts of a school.
func (s *Artifacts) Artifacts(ctx context.Context, school artifact.Ref, c *artifact.Condition, after string, limit int) ([]artifact.Artifact, error) {
	args := []any{school.District, school.School, after, limit}
	where := ""
	if c != nil {
		text, err := condition(c, &args)
		if err != nil {
			return nil, err
		}
		where = " AND " + text
	}
	return all(ctx, s.base, scanArtifact, `SELECT `+artifactColumns+` FROM artifacts
		WHERE district_id = $1 AND school_id = $2 AND artifact_id > $3`+where+` ORDER BY artifact_id LIMIT $4`, args...)
}

// condition is the SQL of a condition; its values become arguments.
func condition(c *artifact.Condition, args *[]any) (string, error) {
	switch c.Op {
	case artifact.And, artifact.Or, artifact.Not:
		return joined(c, args)
	case artifact.Equal, artifact.NotEqual:
	default:
		return "", fmt.Errorf("operator %q of a condition", c.Op)
	}
	value := c.Value
	if state, ok := value.(artifact.State); ok {
		value = int(state)
	}
	switch c.Field {
	case artifact.FieldJourney, artifact.FieldStep, artifact.FieldIndicator, artifact.FieldState: // named like their columns
		*args = append(*args, value)
		return fmt.Sprintf("%s %s $%d", c.Field, c.Op, len(*args)), nil
	default:
		return "", fmt.Errorf("field %q of a condition", c.Field)
	}
}

func joined(c *artifact.Condition, args *[]any) (string, error) {
	parts := make([]string, len(c.Args))
	for i, arg := range c.Args {
		text, err := condition(arg, args)
		if err != nil {
			return "", err
		}
		parts[i] = text
	}
	if c.Op == artifact.Not {
		return "NOT (" + strings.Join(parts, " AND ") + ")", nil
	}
	return "(" + strings.Join(parts, " "+string(c.Op)+" ") + ")", nil
}

// CountArtifacts counts those of a journey that are not withdrawn.
func (s *Artifacts) CountArtifacts(ctx context.Context, district, journey string) (int, error) {
	n, err := s.number(ctx, `SELECT count(*) FROM artifacts WHERE district_id = $1 AND journey = $2 AND state <> $3`,
		district, journey, int(artifact.Withdrawn))
	return int(n), err
}

// SaveArtifact replaces an artifact.
func (s *Artifacts) SaveArtifact(ctx context.Context, a artifact.Artifact) error {
	groups, err := encode(a.Groups)
	if err != nil {
		return err
	}
	return audit.Changed(ctx, s.db, a.Name(), s.reader(a), func(ctx context.Context) error {
		return s.replace(ctx, a.Name(), `
			UPDATE artifacts SET step = $4, indicator = $5, occur_date = $6, group_list = $7, caption = $8, file_name = $9, state = $10,
			  media_type = $11, size_bytes = $12, sha256 = $13, accepted_at = $14, updated_at = $15, version = $16, public_summary = $18
			WHERE district_id = $1 AND school_id = $2 AND artifact_id = $3 AND version = $17`,
			a.District, a.School, a.ID, a.Step, a.Indicator, a.OccurDate, groups, a.Caption, a.FileName, int(a.State),
			a.MediaType, a.Size, a.SHA256, sqldb.Micros(a.AcceptTime), sqldb.Micros(a.UpdateTime), a.Version, a.Version-1, a.PublicSummary)
	})
}

// TouchPortfolio gives the portfolio of a journey a new version.
func (s *Artifacts) TouchPortfolio(ctx context.Context, district, journey string) error {
	return s.touch(ctx, district, journey)
}

// Emit records an event of package artifact.
func (s *Artifacts) Emit(ctx context.Context, event any) error {
	msg, err := artifactEvent(event)
	if err != nil {
		return err
	}
	return outbox.Add(ctx, s.db, s.clock.Now(), msg)
}

func artifactEvent(event any) (proto.Message, error) {
	switch e := event.(type) {
	case artifact.AcceptedEvent:
		a := e.Artifact
		return &evidencev1.ArtifactAccepted{
			Name: a.Name(), Journey: a.Journey, Step: a.Step, Indicator: a.Indicator, OccurDate: a.OccurDate, Groups: groupsOf(a), Sha256: a.SHA256,
		}, nil
	case artifact.ChangedEvent:
		a := e.Artifact
		return &evidencev1.ArtifactChanged{
			Name: a.Name(), Journey: a.Journey, Step: a.Step, Indicator: a.Indicator, OccurDate: a.OccurDate, Groups: groupsOf(a), Sha256: a.SHA256,
		}, nil
	case artifact.WithdrawnEvent:
		return &evidencev1.ArtifactWithdrawn{Name: e.Artifact.Name(), Journey: e.Artifact.Journey}, nil
	default:
		return nil, fmt.Errorf("no event for %T", event)
	}
}

func groupsOf(a artifact.Artifact) []typev1.StakeholderGroup {
	out := make([]typev1.StakeholderGroup, len(a.Groups))
	for i, g := range a.Groups {
		out[i] = typev1.StakeholderGroup(g) //nolint:gosec // at most 5
	}
	return out
}
