module github.com/tandem-badges/tandem/services/assessments

go 1.26.0

require (
	github.com/google/go-cmp v0.7.0
	github.com/gowebpki/jcs v1.0.2
	github.com/stretchr/testify v1.12.1
	github.com/tandem-badges/tandem/proto v0.0.0
	github.com/tandem-badges/tandem/services/kit v0.0.0
	go.einride.tech/aip v0.86.0
	golang.org/x/text v0.43.0
	google.golang.org/grpc v1.85.0
	google.golang.org/protobuf v1.36.12
	gopkg.in/yaml.v3 v3.0.1
	pgregory.net/rapid v1.3.0
)

replace (
	github.com/tandem-badges/tandem/proto => ../../proto
	github.com/tandem-badges/tandem/services/kit => ../kit
)
