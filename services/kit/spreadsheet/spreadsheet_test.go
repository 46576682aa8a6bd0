package spreadsheet_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/spreadsheet"
)

func TestNothingIsRun(t *testing.T) {
	for _, cell := range []string{"=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "\x00=1", "＝1+1", "＋1", "－1", "＠SUM(A1)"} {
		require.Equal(t, "'"+cell, spreadsheet.Text(cell))
	}
	for _, cell := range []string{"", "Oak", "a=b", "'=1", "ñ", "1-2", "\xff"} {
		require.Equal(t, cell, spreadsheet.Text(cell))
	}
}
