package journey

import "github.com/tandem-badges/tandem/services/schools/internal/phase"

// Begun says that a journey was begun.
type Begun struct{ Name, Cycle, FrameworkVersion string }

// Advanced says that a journey went on without a more telling event.
type Advanced struct {
	Name     string
	From, To phase.Phase
}

// StandardChosen says that a team chose its standard.
type StandardChosen struct{ Name, Standard, FrameworkVersion string }

// PlanSignedOff says that the principal signed the plan.
type PlanSignedOff struct{ Name, PlanDigest string }

// Started says that the plan is acted on.
type Started struct{ Name, Standard, Cycle string }

// StepCompleted says that a step is done.
type StepCompleted struct{ Name string }

// RoadmapPresented says that the roadmap was shown.
type RoadmapPresented struct{ Name string }

// Continued says that a journey goes on in another cycle.
type Continued struct{ Name, Cycle string }

// Sustained says that a school sustains what it won.
type Sustained struct{ Name string }

// HasLapsed says that a badge lapsed without renewal.
type HasLapsed struct{ Name string }
