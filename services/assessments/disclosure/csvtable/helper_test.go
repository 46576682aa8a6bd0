package csvtable_test

import (
	"context"

	"github.com/stretchr/testify/require"
)

// contextOf is the context of a test, or of one example of a property.
func contextOf(t require.TestingT) context.Context {
	return t.(interface{ Context() context.Context }).Context()
}
