package rollup

import (
	"slices"

	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
)

// Snapshot is what was counted of a campaign in one round: from then on tables are
// made of it, whatever arrives later. It is confidential.
type Snapshot struct {
	District string                    `json:"-"`
	Campaign string                    `json:"-"`
	Round    int                       `json:"-"`
	Schools  map[string]SnapshotSchool `json:"schools"`
}

// SnapshotSchool is a school in a snapshot.
type SnapshotSchool struct {
	SchoolCounts
	// Round is the one in which its answers were counted: a school without enough
	// new answers stays as it was.
	Round int `json:"r"`
	// Pooled schools had too few answers for a table of their own when the campaign
	// was first counted, and are told together, for ever.
	Pooled bool `json:"p,omitempty"`
}

// First is the snapshot of the first round. Schools under the minimum are pooled
// when there are two or more with enough answers together, and wait otherwise.
func First(c campaign.Campaign, counted Counted, minimum int) Snapshot {
	s := Snapshot{District: c.District, Campaign: c.ID, Round: 1, Schools: map[string]SnapshotSchool{}}
	var small []string
	var together int64
	for id, counts := range counted.Schools {
		switch {
		case counts.Answers >= int64(minimum):
			s.Schools[id] = SnapshotSchool{SchoolCounts: *counts, Round: 1}
		case counts.Answers > 0:
			small = append(small, id)
			together += counts.Answers
		}
	}
	if together < int64(minimum) || len(small) < 2 {
		return s
	}
	for _, id := range small {
		s.Schools[id] = SnapshotSchool{SchoolCounts: *counted.Schools[id], Round: 1, Pooled: true}
	}
	return s
}

// Next is the snapshot of the next round: schools with enough new answers are taken
// anew, the others stay as they were. It returns the schools that changed.
func (s Snapshot) Next(counted Counted, minimum, roundSize int) (Snapshot, []string, error) {
	next := Snapshot{District: s.District, Campaign: s.Campaign, Round: s.Round + 1, Schools: map[string]SnapshotSchool{}}
	for id, before := range s.Schools {
		next.Schools[id] = before
	}
	var changed []string
	for id, now := range counted.Schools {
		before, known := s.Schools[id]
		switch {
		case !known && now.Answers >= int64(minimum):
			next.Schools[id] = SnapshotSchool{SchoolCounts: *now, Round: next.Round}
		case known && now.Answers-before.Answers >= int64(roundSize):
			if !now.grown(before.Counts) {
				return s, nil, fallen(s, id)
			}
			next.Schools[id] = SnapshotSchool{SchoolCounts: *now, Round: next.Round, Pooled: before.Pooled}
		default:
			continue
		}
		changed = append(changed, id)
	}
	slices.Sort(changed)
	return next, changed, nil
}

func fallen(s Snapshot, school string) error {
	return problem.Precondition(problem.ReasonStateWrong, problem.Violation{
		Field: campaign.SchoolName(s.District, school), Rule: "counts_never_fall",
		Fix: "Answers that were counted before are gone, for example by the end of their time: what is published stays, and no further round can be made.",
	})
}
