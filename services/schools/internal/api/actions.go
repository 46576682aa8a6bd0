package api

import "github.com/tandem-badges/tandem/proto/policy"

// Actions are the actions of all services, as the access rules in the protos name
// them.
func Actions() ([]string, error) {
	set, err := policy.Load()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, action := range set.Actions() {
		names = append(names, action.Name)
	}
	return names, nil
}
