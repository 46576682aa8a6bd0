package journey

import (
	"context"
	"time"

	"github.com/tandem-badges/tandem/services/schools/internal/phase"
)

// Verdict is an event of the badges service about a journey.
type Verdict struct {
	Method      Method
	Journey     string
	Application string
	Award       string
	Time        time.Time
}

// Heed moves a journey after what the badges service said. Verdicts may come
// late, twice or in the wrong order: the newest one decides, an older one changes
// nothing, and what a verdict implies (no award without an application) is made
// up for, one legal transition after the other. Where the machine allows none
// the phase stays.
//
// It runs in the transaction of the inbox.
func (s Service) Heed(ctx context.Context, v Verdict) error {
	return s.Store.Tx(ctx, func(ctx context.Context) error {
		j, err := s.Store.Journey(ctx, v.Journey)
		if err != nil {
			return err
		}
		path := j.path(v)
		if v.Time.Before(j.VerdictAt) || len(path) == 0 {
			return nil
		}
		from := j.Phase
		j.heed(v, path)
		j.Touch(s.Clock.Now())
		if err := s.Store.UpdateJourney(ctx, j); err != nil || j.Phase == from {
			return err
		}
		if j.Phase == phase.Lapsed {
			return s.Store.Emit(ctx, HasLapsed{Name: j.Name})
		}
		return s.Store.Emit(ctx, Advanced{Name: j.Name, From: from, To: j.Phase})
	})
}

func (j *Journey) heed(v Verdict, path []Method) {
	moved := false
	for _, m := range path {
		j.Phase, moved = Next(m, j.Phase)
	}
	j.VerdictAt = v.Time
	j.Revising = moved && v.Method == RevisionRequested
	if v.Application != "" {
		j.Application = v.Application
	}
	holds := j.Phase == phase.Awarded || j.Phase == phase.Sustaining
	if moved && v.Award != "" || v.Method == BadgeAwarded && holds {
		j.Award = v.Award
	}
}

// path is the verdict with what it implies and was not seen yet before it. It is
// empty when the verdict is about an award that is not this journey's any more.
func (j *Journey) path(v Verdict) []Method {
	var path []Method
	implied := v.Method == RevisionRequested || v.Method == BadgeAwarded
	if ends := v.Method == BadgeRevoked || v.Method == BadgeLapsed; ends && v.Award != j.Award {
		unseen := j.Phase == phase.Applied || j.Phase == phase.Presented && j.Award == ""
		if !unseen {
			return nil // of another award than the one that holds now
		}
		implied, path = true, []Method{BadgeAwarded}
	}
	if implied && j.Phase == phase.Presented {
		path = append([]Method{ApplicationSubmitted}, path...)
	}
	return append(path, v.Method)
}
