package store

import (
	"google.golang.org/protobuf/proto"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/response"
)

// counting numbers the answers of each campaign from one.
func counting(records []response.Record) []int32 {
	nth, reached := make([]int32, len(records)), map[string]int32{}
	for i, r := range records {
		name := campaign.Name(r.District, r.Campaign)
		reached[name]++
		nth[i] = reached[name]
	}
	return nth
}

// counted are the events that tell of answers: one for each campaign, with how many.
func counted(records []response.Record) []proto.Message {
	var events []proto.Message
	last := map[string]*assessmentsv1.ResponseCounted{}
	for i, n := range counting(records) {
		name := campaign.Name(records[i].District, records[i].Campaign)
		if last[name] == nil {
			last[name] = &assessmentsv1.ResponseCounted{Name: name}
			events = append(events, last[name])
		}
		last[name].Counted = n
	}
	return events
}
