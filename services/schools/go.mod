module github.com/tandem-badges/tandem/services/schools

go 1.26

require (
	github.com/tandem-badges/tandem/proto v0.0.0
	github.com/tandem-badges/tandem/services/kit v0.0.0
)

replace (
	github.com/tandem-badges/tandem/proto => ../../proto
	github.com/tandem-badges/tandem/services/kit => ../kit
)
