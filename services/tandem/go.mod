module github.com/tandem-badges/tandem/services/tandem

go 1.26.0

require (
	github.com/tandem-badges/tandem/gateway v0.0.0
	github.com/tandem-badges/tandem/proto v0.0.0
	github.com/tandem-badges/tandem/services/assessments v0.0.0
	github.com/tandem-badges/tandem/services/badges v0.0.0
	github.com/tandem-badges/tandem/services/evidence v0.0.0
	github.com/tandem-badges/tandem/services/kit v0.0.0
	github.com/tandem-badges/tandem/services/schools v0.0.0
)

require (
	github.com/gofrs/flock v0.13.1 // indirect
	github.com/mitchellh/colorstring v0.0.0-20190213212951-d06e56a500db // indirect
	github.com/rivo/uniseg v0.4.7 // indirect
	github.com/schollz/progressbar/v3 v3.19.1 // indirect
	golang.org/x/sync v0.24.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/term v0.47.0 // indirect
)

replace (
	github.com/tandem-badges/tandem/gateway => ../../gateway
	github.com/tandem-badges/tandem/proto => ../../proto
	github.com/tandem-badges/tandem/services/assessments => ../assessments
	github.com/tandem-badges/tandem/services/badges => ../badges
	github.com/tandem-badges/tandem/services/evidence => ../evidence
	github.com/tandem-badges/tandem/services/kit => ../kit
	github.com/tandem-badges/tandem/services/schools => ../schools
)
