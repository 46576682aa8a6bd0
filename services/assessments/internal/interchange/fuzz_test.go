package interchange_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
	"github.com/tandem-badges/tandem/services/assessments/internal/interchange"
)

func FuzzReadJSON(f *testing.F) {
	seed, err := interchange.WriteJSON(interchange.Document{Title: "T", Body: instrument.Body{Languages: []string{"en"}, Items: []instrument.Item{{ID: "a"}}}})
	require.NoError(f, err)
	f.Add(seed)
	f.Fuzz(func(t *testing.T, content []byte) {
		d, err := interchange.ReadJSON(content)
		if err != nil {
			ruleOf(t, err)
			return
		}
		raw, err := interchange.WriteJSON(d)
		require.NoError(t, err)
		back, err := interchange.ReadJSON(raw)
		require.NoError(t, err)
		again, err := json.Marshal(back)
		require.NoError(t, err)
		first, err := json.Marshal(d)
		require.NoError(t, err)
		require.JSONEq(t, string(first), string(again))
	})
}

// FuzzReadXLSForm breaks a workbook in its bytes, and puts anything into its cells.
func FuzzReadXLSForm(f *testing.F) {
	whole := workbook(f, foreign())
	f.Add(whole, "select_one yes_no", "${Has_Kids} = 'Yes'", "yes_no")
	f.Add(whole[:len(whole)/2], "begin_group", "selected(${ways}, '1')", "list")
	f.Fuzz(func(t *testing.T, content []byte, kind, condition, list string) {
		if _, _, err := interchange.ReadXLSForm(content); err != nil {
			ruleOf(t, err)
		}
		sheets := foreign()
		sheets["survey"] = append(sheets["survey"], []string{kind, list, condition, "", "", kind, condition, condition})
		sheets["choices"] = append(sheets["choices"], []string{list, kind, condition})
		d, _, err := interchange.ReadXLSForm(workbook(t, sheets))
		if err != nil {
			ruleOf(t, err)
			return
		}
		_, err = interchange.WriteXLSForm(d)
		require.NoError(t, err)
	})
}
