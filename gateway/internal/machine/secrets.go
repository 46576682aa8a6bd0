package machine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// maxLive secrets of a kind may count at once: one in use, and the next one while
// it is brought to where it is used.
const maxLive = 2

// AddSecret makes a secret of the kind and returns its value, which is not kept.
// Secrets of the kind that have ended make room.
func (s *Service) AddSecret(ctx context.Context, name string, kind Kind, expires time.Time) (c Client, id, value string, err error) {
	now := s.Clock.Now()
	expires = expires.Truncate(time.Microsecond)
	if !expires.IsZero() && !expires.After(now) {
		return c, "", "", problem.Invalid(problem.Violation{Field: "expire_time", Rule: "future", Fix: "Give a time to come, or leave it out."})
	}
	c, err = s.change(ctx, name, "", func(c *Client) error {
		c.Secrets = slices.DeleteFunc(c.Secrets, func(old Secret) bool { return old.Kind == kind && !old.live(now) })
		if len(ofKind(c.Secrets, kind)) >= maxLive {
			return problem.Precondition(problem.ReasonLimitExceeded, problem.Violation{
				Field: name, Rule: "two_live_secrets",
				Fix: fmt.Sprintf("Remove one of its %d secrets of this kind first: one is in use, the other the next one.", maxLive),
			})
		}
		value = NewValue(kind)
		id = ids.New()
		c.Secrets = append(c.Secrets, Secret{
			ID: id, Kind: kind, Prefix: shown(value, kind), Digest: DigestOf(value), Created: now, Expires: expires,
		})
		return nil
	})
	if err != nil {
		return Client{}, "", "", err
	}
	return c, id, value, nil
}

// RemoveSecret ends a secret; what was got with it stops working with the next
// call.
func (s *Service) RemoveSecret(ctx context.Context, name, id string) (Client, error) {
	return s.change(ctx, name, "", func(c *Client) error {
		rest := slices.DeleteFunc(c.Secrets, func(old Secret) bool { return old.ID == id })
		if len(rest) == len(c.Secrets) {
			return problem.Invalid(problem.Violation{Field: "id", Rule: "secret_exists", Fix: "Give the id of one of the machine's secrets."})
		}
		c.Secrets = rest
		return nil
	})
}

func ofKind(secrets []Secret, kind Kind) []Secret {
	var found []Secret
	for _, s := range secrets {
		if s.Kind == kind {
			found = append(found, s)
		}
	}
	return found
}
