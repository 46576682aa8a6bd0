package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/proto/retention"
)

func TestTheDataInventoryOfTheDocumentationIsUpToDate(t *testing.T) {
	files, err := inventory("../..")
	require.NoError(t, err)
	for name, want := range files {
		have, err := os.ReadFile("../../../docs/" + name)
		require.NoError(t, err)
		require.Equal(t, want, string(have), "run make generate: docs/%s is older than the annotations", name)
	}
}

func TestTheInventorySaysWhoseWhatForAndHowLong(t *testing.T) {
	files, err := inventory("../..")
	require.NoError(t, err)
	require.Contains(t, files["data-inventory.md"], "| `Person.email` |")
	require.Contains(t, files["data-inventory.md"], "| session | Sign-ins and devices | 30 days from the last use |")
	require.Contains(t, files["data-inventory.csv"], ",survey,Answers to surveys; published results stay,1 year from the day of the answer\n")
}

func TestEveryRuleOfTheScheduleEndsSomething(t *testing.T) {
	files, err := inventory("../..")
	require.NoError(t, err)
	for _, rule := range retention.Schedule() {
		require.Contains(t, files["data-inventory.csv"], ","+rule.ID+",", "no field names %s", rule.ID)
	}
}
