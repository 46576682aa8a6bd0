package command

import (
	"bytes"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/identity"
	"github.com/tandem-badges/tandem/services/tandem/internal/app"
)

func TestKeysAreListedRotatedAndRetired(t *testing.T) {
	data := keyData{t.TempDir()}
	list := func() string {
		keys, err := app.OpenKeys(data.Data, nil)
		require.NoError(t, err)
		var text bytes.Buffer
		require.NoError(t, printKeys(&text, keys, time.Now()))
		return text.String()
	}
	signing := func() string {
		keys, err := app.OpenKeys(data.Data, nil)
		require.NoError(t, err)
		key, err := keys.Signing(identity.Gateway)
		require.NoError(t, err)
		return key.ID
	}
	require.Contains(t, list(), "There are no keys yet")
	require.NoError(t, (&KeysRotate{keyData: data, Owner: identity.Gateway}).Run())
	require.FileExists(t, filepath.Join(data.Data, "keys", "gateway", "secret"))
	first := signing()
	require.Regexp(t, first+`.* signs\n`, list())
	require.NoError(t, (&KeysRotate{keyData: data, Owner: identity.Gateway}).Run())
	second := signing()
	require.NotEqual(t, first, second)
	require.Regexp(t, first+`.*verifies until`, list())
	require.NoError(t, (&KeysRotate{keyData: data, Owner: identity.Gateway, In: time.Hour}).Run())
	require.Equal(t, second, signing())
	require.Contains(t, list(), "signs later")
	require.Error(t, (&KeysRotate{keyData: data, Owner: identity.Gateway, In: -time.Hour}).Run())

	require.NoError(t, (&KeysRetire{keyData: data, Owner: identity.Gateway, ID: first}).Run())
	require.NotContains(t, list(), first)
	require.ErrorContains(t, (&KeysRetire{keyData: data, Owner: identity.Gateway, ID: first}).Run(), "no key")
	require.NoError(t, (&KeysRetire{keyData: data, Owner: identity.Gateway, ID: second}).Run())
	require.NotEqual(t, second, signing(), "somebody always signs")
}

func TestTokensOfTheOperatorSayWhatTheyMay(t *testing.T) {
	for name, c := range map[string]struct {
		token Token
		want  string // "": works
	}{
		"the operator with a role":   {Token{Subject: "people/operator", Grant: []string{"state_admin", "principal@districts/a/schools/b"}, TTL: time.Hour}, ""},
		"a registered person":        {Token{Subject: "districts/a/people/p", TTL: time.Hour}, ""},
		"the operator without roles": {Token{Subject: "people/operator", TTL: time.Hour}, "--grant: say what"},
		"roles for somebody else":    {Token{Subject: "people/p", Grant: []string{"state_admin"}, TTL: time.Hour}, "leave --grant out"},
		"a role that is none":        {Token{Subject: "people/operator", Grant: []string{"king"}, TTL: time.Hour}, "unknown role"},
		"for too long":               {Token{Subject: "people/operator", Grant: []string{"state_admin"}, TTL: 25 * time.Hour}, "--ttl"},
	} {
		t.Run(name, func(t *testing.T) {
			says, err := c.token.access()
			if c.want != "" {
				require.ErrorContains(t, err, c.want)
				return
			}
			require.NoError(t, err)
			require.Len(t, says.Grants, len(c.token.Grant))
		})
	}
}
