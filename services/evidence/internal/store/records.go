package store

import (
	"context"
	"io"

	"github.com/tandem-badges/tandem/services/kit/records"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"

	"github.com/tandem-badges/tandem/services/evidence/internal/artifact"
)

// Records declares what this service keeps about people, with its files.
func Records(files records.Files) records.Declaration {
	return records.Declaration{
		Files: files,
		Tables: []records.Table{
			{
				Name: "artifacts", Resource: `'districts/' || district_id || '/schools/' || school_id || '/artifacts/' || artifact_id`,
				Subjects: []string{"uploader"}, Personal: map[string]string{"caption": "", "file_name": ""},
				Fields: []string{"evidence.Artifact.caption", "evidence.Artifact.file_name", "evidence.Artifact.uploader"},
				Rule:   "evidence", Since: "updated_at", Treatment: records.Pseudonymized,
			},
			{
				Name: "manifests", Resource: `journey || '/portfolio/manifests/' || manifest_id`, Personal: map[string]string{"entries": "[]"},
				Fields: []string{"evidence.ManifestEntry.caption"},
				Rule:   "evidence", Since: "created_at", Treatment: records.Pseudonymized,
			},
			{Name: "contents", None: "digests and sizes of files"},
			{Name: "frozen_contents", None: "digests of files"},
			{Name: "portfolios", None: "how often a portfolio changed"},
		},
		Passing: map[string]string{
			"evidence.UploadArtifactRequest.chunk":        "kept as a file of the district",
			"evidence.DownloadArtifactResponse.chunk":     "read from a file of the district",
			"evidence.DownloadArtifactResponse.file_name": "read from Artifact.file_name",
		},
	}
}

// Blobs is the part of the blob store that Files needs.
type Blobs interface {
	Read(ctx context.Context, key string) (io.ReadCloser, error)
	Exists(ctx context.Context, key string) (bool, error)
	Delete(ctx context.Context, key string) error
	Keys(ctx context.Context, prefix string) ([]string, error)
}

// Files are the files of districts: those that have a row and those that an
// upload left behind.
type Files struct {
	db    *sqldb.DB
	blobs Blobs
}

// NewFiles returns the files of a database and its blob store.
func NewFiles(db *sqldb.DB, blobs Blobs) *Files { return &Files{db: db, blobs: blobs} }

// Each calls fn for every stored file of a district.
func (f *Files) Each(ctx context.Context, district string, fn func(digest string, content io.Reader) error) error {
	s := Artifacts{base{db: f.db}}
	stored, err := all(tenant.With(ctx, district), s.base, scanContent,
		`SELECT `+contentColumns+` FROM contents WHERE district_id = $1 AND state = $2 ORDER BY sha256`, district, int(artifact.Stored))
	if err != nil {
		return err
	}
	for _, c := range stored {
		content, err := f.blobs.Read(ctx, c.Key())
		if err != nil {
			return err
		}
		err = fn(c.SHA256, content)
		_ = content.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// Count tells how many files of a district there are.
func (f *Files) Count(ctx context.Context, district string) (int64, error) {
	keys, err := f.blobs.Keys(ctx, district+"/")
	return int64(len(keys)), err
}

// Remove deletes all files of a district.
func (f *Files) Remove(ctx context.Context, district string) error {
	keys, err := f.blobs.Keys(ctx, district+"/")
	if err != nil {
		return err
	}
	for _, key := range keys {
		if err := f.blobs.Delete(ctx, key); err != nil {
			return err
		}
	}
	return nil
}
