package doctor

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/tandem/internal/app"
)

func TestASecretThatBeginsWithAnotherIsHiddenWhole(t *testing.T) {
	var s app.ServeSettings
	s.SchoolsDB, s.BadgesDB = "postgres://u:geheim@db.example.org/tandem", "postgres://u:geheim-and-more@db.example.org/tandem"
	got := withoutSecrets([]Result{{Found: "geheim-and-more was refused", Fix: "Change geheim."}}, s)
	require.Equal(t, "*** was refused", got[0].Found)
	require.Equal(t, "Change ***.", got[0].Fix)
}
