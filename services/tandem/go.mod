module github.com/tandem-badges/tandem/services/tandem

go 1.26

require (
	github.com/tandem-badges/tandem/proto v0.0.0
	github.com/tandem-badges/tandem/services/kit v0.0.0
	github.com/tandem-badges/tandem/services/schools v0.0.0
	github.com/tandem-badges/tandem/services/assessments v0.0.0
	github.com/tandem-badges/tandem/services/evidence v0.0.0
	github.com/tandem-badges/tandem/services/badges v0.0.0
	github.com/tandem-badges/tandem/gateway v0.0.0
)

replace (
	github.com/tandem-badges/tandem/proto => ../../proto
	github.com/tandem-badges/tandem/services/kit => ../kit
	github.com/tandem-badges/tandem/services/schools => ../schools
	github.com/tandem-badges/tandem/services/assessments => ../assessments
	github.com/tandem-badges/tandem/services/evidence => ../evidence
	github.com/tandem-badges/tandem/services/badges => ../badges
	github.com/tandem-badges/tandem/gateway => ../../gateway
)
