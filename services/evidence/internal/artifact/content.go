package artifact

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/tandem-badges/tandem/services/kit/blob"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// ContentState is where the bytes of a content stand in the blob store.
type ContentState int

// States of a content. Arriving may or may not have bytes yet; loose lost an
// artifact and waits for the sweeper to look; erasing loses its bytes now.
const (
	Arriving ContentState = iota + 1
	Stored
	Loose
	Erasing
)

// Content is bytes that a district keeps once, however many artifacts have them.
// Its version changes with every change of its state: an upload that saw one version
// knows by it that the sweeper has not erased the bytes in between.
type Content struct {
	District   string
	SHA256     string
	Size       int64
	State      ContentState
	UpdateTime time.Time
	Version    int64
}

// Key is where the content lies in the blob store.
func (c Content) Key() string { return c.District + "/" + c.SHA256 }

// Contents is the blob store.
type Contents interface {
	Write(ctx context.Context, key string, r io.Reader, max int64) (blob.Digest, error)
	Read(ctx context.Context, key string) (io.ReadCloser, error)
	Exists(ctx context.Context, key string) (bool, error)
	Delete(ctx context.Context, key string) error
}

// ContentStore knows which contents there are and who uses them.
type ContentStore interface {
	Tx(ctx context.Context, fn func(ctx context.Context) error) error
	// Content is the row of a content; "not found" without.
	Content(ctx context.Context, district, sha256 string) (Content, error)
	// AddContent adds the row; one that is there already stays as it is.
	AddContent(ctx context.Context, c Content) error
	// SaveContent replaces the row of version c.Version-1, or fails as stale.
	SaveContent(ctx context.Context, c Content) error
	// LoosenContent makes a stored content loose.
	LoosenContent(ctx context.Context, district, sha256 string) error
	// Sweepable lists contents that are loose or erasing, and those that have been
	// arriving since before the time given.
	Sweepable(ctx context.Context, arrivedBefore time.Time, limit int) ([]Content, error)
	// UsesContent tells whether accepted evidence or a manifest has the content.
	UsesContent(ctx context.Context, district, sha256 string) (bool, error)
	// ForgetContent removes the row of this version.
	ForgetContent(ctx context.Context, c Content) error
}

// keepAttempts bounds how often an upload begins anew because its content moved.
const keepAttempts = 5

var errMoved = errors.New("content moved between arriving and being kept")

// Upload takes the content of an artifact, once. It answers when blob and row are
// durable; the same bytes again get the same answer.
func (s *Service) Upload(ctx context.Context, r Ref, content io.Reader) (Artifact, error) {
	a, err := s.store.Artifact(ctx, r)
	if err == nil {
		err = a.mustStand()
	}
	if err != nil {
		return Artifact{}, err
	}
	file, err := receive(s.spoolDir, content, s.limits.ContentBytes)
	if err != nil {
		return Artifact{}, err
	}
	defer file.close()
	if a.State == Accepted {
		return a, a.mustBe(file.sha256)
	}
	media, err := mediaType(file.file, file.size)
	if err != nil {
		return Artifact{}, err
	}
	for range keepAttempts {
		a, err = s.keep(ctx, r, file, media)
		if !errors.Is(err, errMoved) {
			return a, err
		}
	}
	return Artifact{}, problem.WithCause(problem.Conflict(r.Name()), err)
}

// mustBe refuses other bytes than those that were accepted.
func (a Artifact) mustBe(sha256 string) error {
	if a.SHA256 == sha256 {
		return nil
	}
	return stateWrong(a, "content_once", "Its content was accepted and stays. Withdraw it and describe a new artifact for other content.")
}

// keep makes the bytes durable and then the artifact accepted. A crash in between
// leaves bytes that the next upload finds, or the sweeper.
func (s *Service) keep(ctx context.Context, r Ref, file *spool, media string) (Artifact, error) {
	c, err := s.arrive(ctx, Content{District: r.District, SHA256: file.sha256, Size: file.size, State: Arriving, UpdateTime: s.clock.Now(), Version: 1})
	if err != nil {
		return Artifact{}, err
	}
	if err := s.write(ctx, c, file); err != nil {
		return Artifact{}, err
	}
	var out Artifact
	var fresh bool
	err = s.store.Tx(ctx, func(ctx context.Context) error {
		fresh = false
		a, err := s.store.Artifact(ctx, r)
		if err == nil {
			err = a.mustStand()
		}
		if err != nil {
			return err
		}
		if a.State == Accepted { // by the same upload sent twice at once
			out = a
			return a.mustBe(c.SHA256)
		}
		out, err = s.accept(ctx, a, c, media)
		fresh = err == nil
		return err
	})
	if err == nil && fresh {
		s.files.Add(ctx, "", 1)
		s.bytes.Add(ctx, "", file.size)
	}
	return out, err
}

// arrive returns the row of the content, so that the sweeper knows its bytes. What is added stays as it was given: the
// transaction may run again.
func (s *Service) arrive(ctx context.Context, given Content) (c Content, err error) {
	err = s.store.Tx(ctx, func(ctx context.Context) error {
		if err := s.store.AddContent(ctx, given); err != nil {
			return err
		}
		c, err = s.store.Content(ctx, given.District, given.SHA256)
		return err
	})
	if err == nil && c.State == Erasing {
		err = problem.Conflict("content is being erased")
	}
	return c, err
}

// write stores the bytes, unless the district has them.
func (s *Service) write(ctx context.Context, c Content, file *spool) error {
	if c.State == Stored {
		if there, err := s.contents.Exists(ctx, c.Key()); err != nil || there {
			return err
		}
	}
	r, err := file.reader()
	if err != nil {
		return err
	}
	stored, err := s.contents.Write(ctx, c.Key(), r, c.Size)
	if err == nil && stored.SHA256 != c.SHA256 {
		err = fmt.Errorf("blob store took %s for %s", stored.SHA256, c.SHA256)
	}
	return err
}

// accept binds the content to the artifact and tells the others.
func (s *Service) accept(ctx context.Context, a Artifact, c Content, media string) (Artifact, error) {
	c, err := s.current(ctx, c)
	if err != nil {
		return Artifact{}, err
	}
	now := s.clock.Now()
	c.State, c.UpdateTime, c.Version = Stored, now, c.Version+1
	if err := s.store.SaveContent(ctx, c); err != nil {
		if e, ok := problem.As(err); ok && e.Reason == problem.ReasonEtagStale {
			return Artifact{}, errMoved
		}
		return Artifact{}, err
	}
	a.State, a.MediaType, a.Size, a.SHA256 = Accepted, media, c.Size, c.SHA256
	a.AcceptTime, a.UpdateTime, a.Version = now, now, a.Version+1
	if err := s.store.SaveArtifact(ctx, a); err != nil {
		return Artifact{}, err
	}
	if err := s.store.TouchPortfolio(ctx, a.District, a.Journey); err != nil {
		return Artifact{}, err
	}
	return a, s.store.Emit(ctx, AcceptedEvent{a})
}

// current is the row of a content whose bytes were just written, as it is now. Others who bring the same bytes may
// have kept it meanwhile, as often as they like; when the sweeper had it in hand, its bytes have to be written again.
func (s *Service) current(ctx context.Context, arrived Content) (Content, error) {
	c, err := s.store.Content(ctx, arrived.District, arrived.SHA256)
	if problem.Is(err, problem.KindNotFound) || err == nil && c.Version != arrived.Version && c.State != Stored {
		return c, errMoved
	}
	return c, err
}

// Open returns an artifact and its content. Only accepted evidence is served, also
// while bytes of withdrawn evidence are kept for a manifest.
func (s *Service) Open(ctx context.Context, r Ref) (Artifact, io.ReadCloser, error) {
	a, err := s.store.Artifact(ctx, r)
	if err == nil {
		err = a.mustStand()
	}
	if err == nil && a.State == AwaitingContent {
		err = stateWrong(a, "has_content", "Its content was not uploaded yet.")
	}
	if err != nil {
		return Artifact{}, nil, err
	}
	content, err := s.contents.Read(ctx, a.Key())
	if problem.Is(err, problem.KindNotFound) {
		err = fmt.Errorf("content of %s is gone from the blob store: %s", a.Name(), a.Key()) // not the caller's doing
	}
	if err != nil {
		return Artifact{}, nil, err
	}
	return a, verified(content, a.SHA256), nil
}
