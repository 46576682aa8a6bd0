package store

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"

	"github.com/tandem-badges/tandem/services/schools/internal/cycle"
	"github.com/tandem-badges/tandem/services/schools/internal/district"
	"github.com/tandem-badges/tandem/services/schools/internal/grant"
	"github.com/tandem-badges/tandem/services/schools/internal/journey"
	"github.com/tandem-badges/tandem/services/schools/internal/person"
	"github.com/tandem-badges/tandem/services/schools/internal/restriction"
	"github.com/tandem-badges/tandem/services/schools/internal/team"
	"github.com/tandem-badges/tandem/services/schools/internal/wire"
)

// message is the message of a domain event.
func message(event any) (proto.Message, error) {
	switch e := event.(type) {
	case district.Registered:
		return &schoolsv1.DistrictRegistered{Name: e.Name}, nil
	case district.SchoolRegistered:
		return &schoolsv1.SchoolRegistered{Name: e.Name, Title: e.Title}, nil
	case district.SchoolChanged:
		return &schoolsv1.SchoolChanged{Name: e.Name, Title: e.Title}, nil
	case district.SchoolClosed:
		return &schoolsv1.SchoolClosed{Name: e.Name}, nil
	case person.Changed:
		return &schoolsv1.PersonChanged{Name: e.Name}, nil
	case grant.Requested:
		return &schoolsv1.GrantRequested{Name: e.Name}, nil
	case grant.Given:
		return &schoolsv1.GrantGiven{Name: e.Name}, nil
	case grant.Finished:
		return &schoolsv1.GrantEnded{Name: e.Name}, nil
	case restriction.Changed:
		return &schoolsv1.RestrictionsChanged{Name: e.Name}, nil
	case cycle.Opened:
		return &schoolsv1.CycleOpened{Name: e.Name}, nil
	case cycle.Ended:
		return &schoolsv1.CycleClosed{Name: e.Name}, nil
	case cycle.WindowOpened:
		return &schoolsv1.WindowOpened{Name: e.Name, Phase: wire.Phase(e.Phase)}, nil
	case cycle.WindowClosed:
		return &schoolsv1.WindowClosed{Name: e.Name, Phase: wire.Phase(e.Phase)}, nil
	case team.Formed:
		return &schoolsv1.TeamFormed{Name: e.Name}, nil
	case team.Joined:
		return &schoolsv1.MemberJoined{Name: e.Name, Group: wire.Group(e.Group)}, nil
	case team.Left:
		return &schoolsv1.MemberLeft{Name: e.Name, Group: wire.Group(e.Group)}, nil
	default:
		return journeyMessage(event)
	}
}

func journeyMessage(event any) (proto.Message, error) {
	switch e := event.(type) {
	case journey.Begun:
		return &schoolsv1.JourneyBegun{Name: e.Name, Cycle: e.Cycle, FrameworkVersion: e.FrameworkVersion}, nil
	case journey.Advanced:
		return &schoolsv1.JourneyAdvanced{Name: e.Name, From: wire.Phase(e.From), To: wire.Phase(e.To)}, nil
	case journey.StandardChosen:
		return &schoolsv1.StandardChosen{Name: e.Name, Standard: e.Standard, FrameworkVersion: e.FrameworkVersion}, nil
	case journey.PlanSignedOff:
		return &schoolsv1.PlanSignedOff{Name: e.Name, PlanDigest: e.PlanDigest}, nil
	case journey.Started:
		return &schoolsv1.JourneyStarted{Name: e.Name, Standard: e.Standard, Cycle: e.Cycle}, nil
	case journey.StepCompleted:
		return &schoolsv1.StepCompleted{Name: e.Name}, nil
	case journey.RoadmapPresented:
		return &schoolsv1.RoadmapPresented{Name: e.Name}, nil
	case journey.Continued:
		return &schoolsv1.JourneyContinued{Name: e.Name, Cycle: e.Cycle}, nil
	case journey.Sustained:
		return &schoolsv1.JourneySustained{Name: e.Name}, nil
	case journey.HasLapsed:
		return &schoolsv1.JourneyLapsed{Name: e.Name}, nil
	default:
		return nil, fmt.Errorf("event %T has no message", event)
	}
}
