package journey

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/schools/internal/phase"
)

// Method is what moves a journey: a call of the team, or an event of the badges
// service.
type Method string

// The methods.
const (
	Discover   Method = "discover"
	Deliberate Method = "deliberate"
	Choose     Method = "choose"
	SignOff    Method = "signOff"
	Start      Method = "start"
	Present    Method = "present"
	Continue   Method = "continue"
	Sustain    Method = "sustain"

	ApplicationSubmitted Method = "ApplicationSubmitted"
	ApplicationWithdrawn Method = "ApplicationWithdrawn"
	ApplicationDeclined  Method = "ApplicationDeclined"
	RevisionRequested    Method = "RevisionRequested"
	BadgeAwarded         Method = "BadgeAwarded"
	BadgeRevoked         Method = "BadgeRevoked"
	BadgeLapsed          Method = "BadgeLapsed"
)

// Transition is a row of the state machine.
type Transition struct {
	Method Method
	From   []phase.Phase
	To     phase.Phase
	// Calendar says that the call must fall into the open cycle of the journey and
	// into a window of the phase that is left, where there is one.
	Calendar bool
}

// Transitions returns the state machine. There is no other place that decides
// which phase follows which.
func Transitions() []Transition {
	return []Transition{
		{Method: Discover, From: []phase.Phase{phase.Forming}, To: phase.Discovering, Calendar: true},
		{Method: Deliberate, From: []phase.Phase{phase.Discovering}, To: phase.Choosing, Calendar: true},
		{Method: Choose, From: []phase.Phase{phase.Choosing}, To: phase.Planning, Calendar: true},
		{Method: SignOff, From: []phase.Phase{phase.Planning}, To: phase.Planning},
		{Method: Start, From: []phase.Phase{phase.Planning}, To: phase.Underway, Calendar: true},
		{Method: Present, From: []phase.Phase{phase.Underway}, To: phase.Presented, Calendar: true},
		{Method: Continue, From: []phase.Phase{phase.Presented}, To: phase.Planning},
		{Method: Sustain, From: []phase.Phase{phase.Awarded}, To: phase.Sustaining},

		// Applied to itself: the application is handed in again after a revision.
		{Method: ApplicationSubmitted, From: []phase.Phase{phase.Presented, phase.Applied}, To: phase.Applied},
		{Method: ApplicationWithdrawn, From: []phase.Phase{phase.Applied}, To: phase.Presented},
		{Method: ApplicationDeclined, From: []phase.Phase{phase.Applied}, To: phase.Presented},
		{Method: RevisionRequested, From: []phase.Phase{phase.Applied}, To: phase.Applied},
		{Method: BadgeAwarded, From: []phase.Phase{phase.Applied, phase.Lapsed}, To: phase.Awarded},
		{Method: BadgeRevoked, From: []phase.Phase{phase.Awarded, phase.Sustaining}, To: phase.Presented},
		{Method: BadgeLapsed, From: []phase.Phase{phase.Sustaining}, To: phase.Lapsed},
	}
}

// TransitionOf returns the row of a method.
func TransitionOf(m Method) (Transition, bool) {
	for _, t := range Transitions() {
		if t.Method == m {
			return t, true
		}
	}
	return Transition{}, false
}

// Next is the phase after m, and false where m is not allowed.
func Next(m Method, from phase.Phase) (phase.Phase, bool) {
	t, known := TransitionOf(m)
	if !known || !slices.Contains(t.From, from) {
		return from, false
	}
	return t.To, true
}

// mustAllow refuses a method in a phase that does not allow it, and tells which
// phases do.
func mustAllow(j Journey, m Method) (Transition, error) {
	t, _ := TransitionOf(m)
	if slices.Contains(t.From, j.Phase) {
		return t, nil
	}
	return t, wrongPhase(j, string(m), phaseNames(t.From))
}

// phaseNames writes phases as callers know them.
func phaseNames(phases []phase.Phase) string {
	names := make([]string, len(phases))
	for i, p := range phases {
		names[i] = strings.ToUpper(string(p))
	}
	return strings.Join(names, ", ")
}

func wrongPhase(j Journey, method, allowed string) error {
	return problem.Precondition(problem.ReasonStateWrong, problem.Violation{
		Field: j.Name, Rule: "phase_allows_method",
		Fix: fmt.Sprintf("The journey is in phase %s; %s is allowed in phase %s.",
			strings.ToUpper(string(j.Phase)), method, allowed),
	})
}
