package status_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/jsonld"
	"github.com/tandem-badges/tandem/services/badges/credential/status"
)

const listURL = "https://badges.example.org/v1/statusLists/state-revocation-1"

// entryText is an entry with members changed; an empty text takes one away.
func entryText(t testing.TB, change map[string]string) string {
	t.Helper()
	members := map[string]json.RawMessage{
		"id": json.RawMessage(`"` + listURL + `#94567"`), "type": json.RawMessage(`"BitstringStatusListEntry"`),
		"statusPurpose": json.RawMessage(`"revocation"`), "statusListIndex": json.RawMessage(`"94567"`),
		"statusListCredential": json.RawMessage(`"` + listURL + `"`),
	}
	for k, v := range change {
		if v == "" {
			delete(members, k)
			continue
		}
		members[k] = json.RawMessage(v)
	}
	raw, err := json.Marshal(members)
	require.NoError(t, err)
	return string(raw)
}

func entriesOf(t testing.TB, credentialStatus string) ([]status.Entry, error) {
	t.Helper()
	doc, err := jsonld.Decode([]byte(`{"credentialStatus":` + credentialStatus + `}`))
	require.NoError(t, err)
	return status.Entries(doc)
}

func TestEntriesAreReadInEveryFormThatIsAllowed(t *testing.T) {
	want := status.Entry{ID: listURL + "#94567", Type: status.TypeEntry, Purpose: "revocation", List: listURL, Index: 94567}
	noID := want
	noID.ID = ""
	for name, c := range map[string]struct {
		change map[string]string
		want   status.Entry
	}{
		"as issuers write it":  {nil, want},
		"an index as a number": {map[string]string{"statusListIndex": "94567"}, want},
		"a list of types":      {map[string]string{"type": `["BitstringStatusListEntry"]`}, want},
		"a statusSize of 1":    {map[string]string{"statusSize": "1"}, want},
		"no id":                {map[string]string{"id": ""}, noID},
	} {
		t.Run(name, func(t *testing.T) {
			for _, text := range []string{entryText(t, c.change), "[" + entryText(t, c.change) + "]"} {
				got, err := entriesOf(t, text)
				require.NoError(t, err)
				require.Equal(t, []status.Entry{c.want}, got)
			}
		})
	}
	got, err := status.Entries(map[string]any{})
	require.NoError(t, err)
	require.Empty(t, got)
}

func TestAnEntryIsWrittenAsItIsRead(t *testing.T) {
	for _, e := range []status.Entry{
		{ID: listURL + "#7", Type: status.TypeEntry, Purpose: "suspension", List: listURL, Index: 7},
		{ID: "https://badges.example.org/l", Type: status.TypeRevocation, Purpose: "revocation", List: "https://badges.example.org/l"},
	} {
		raw, err := json.Marshal(e.JSON())
		require.NoError(t, err)
		got, err := entriesOf(t, string(raw))
		require.NoError(t, err)
		require.Equal(t, []status.Entry{e}, got)
		require.True(t, got[0].Known())
	}
	require.Equal(t, "7", (status.Entry{Type: status.TypeEntry, Index: 7}).JSON()["statusListIndex"], "a text, never a number")
}

func TestMessagesOfABitAreRead(t *testing.T) {
	got, err := entriesOf(t, entryText(t, map[string]string{
		"statusPurpose": `"message"`, "statusMessage": `[{"status":"0x0","message":"pending"},{"status":"0x1","message":"done"}]`,
	}))
	require.NoError(t, err)
	require.Equal(t, map[string]string{"0x0": "pending", "0x1": "done"}, got[0].Messages)
}

func TestAnEntryOfAnUnknownTypeIsKeptAsUnknown(t *testing.T) {
	got, err := entriesOf(t, `[{"type":"StatusList2021Entry","id":"https://example.org/1"},`+entryText(t, nil)+`]`)
	require.NoError(t, err)
	require.Equal(t, status.Entry{ID: "https://example.org/1", Type: "StatusList2021Entry"}, got[0])
	require.False(t, got[0].Known())
	require.True(t, got[1].Known())
}

func TestEntriesThatTellNoPlaceAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change map[string]string
		want   status.Code
	}{
		"no type":                        {map[string]string{"type": ""}, status.CodeEntry},
		"an empty list of types":         {map[string]string{"type": "[]"}, status.CodeEntry},
		"a type that is no text":         {map[string]string{"type": "7"}, status.CodeEntry},
		"an id that is no text":          {map[string]string{"id": "7"}, status.CodeEntry},
		"no purpose":                     {map[string]string{"statusPurpose": ""}, status.CodeEntry},
		"two purposes":                   {map[string]string{"statusPurpose": `["revocation","suspension"]`}, status.CodeEntry},
		"a purpose nobody defined":       {map[string]string{"statusPurpose": `"fun"`}, status.CodeForbidden},
		"no list":                        {map[string]string{"statusListCredential": ""}, status.CodeEntry},
		"a list without address":         {map[string]string{"statusListCredential": `"lists/1"`}, status.CodeEntry},
		"a list in a file":               {map[string]string{"statusListCredential": `"file:///etc/passwd"`}, status.CodeEntry},
		"a list with a password":         {map[string]string{"statusListCredential": `"https://a:b@example.org/"`}, status.CodeEntry},
		"a list inside the credential":   {map[string]string{"statusListCredential": `{"id":"https://example.org"}`}, status.CodeEntry},
		"no index":                       {map[string]string{"statusListIndex": ""}, status.CodeEntry},
		"an index below zero":            {map[string]string{"statusListIndex": `"-1"`}, status.CodeEntry},
		"an index with a sign":           {map[string]string{"statusListIndex": `"+1"`}, status.CodeEntry},
		"an index with a zero before it": {map[string]string{"statusListIndex": `"01"`}, status.CodeEntry},
		"an index in base 16":            {map[string]string{"statusListIndex": `"0x1f"`}, status.CodeEntry},
		"an index with a space":          {map[string]string{"statusListIndex": `" 1"`}, status.CodeEntry},
		"an index that is a fraction":    {map[string]string{"statusListIndex": `1.5`}, status.CodeEntry},
		"an index beyond all numbers":    {map[string]string{"statusListIndex": `"99999999999999999999"`}, status.CodeEntry},
		"an index of nothing":            {map[string]string{"statusListIndex": `null`}, status.CodeEntry},
		"two bits an entry":              {map[string]string{"statusSize": "2"}, status.CodeSize},
		"a size as text":                 {map[string]string{"statusSize": `"1"`}, status.CodeSize},
		"messages about a revocation":    {map[string]string{"statusMessage": `[{"status":"0x0","message":"a"},{"status":"0x1","message":"b"}]`}, status.CodeEntry},
		"one message": {
			map[string]string{"statusPurpose": `"message"`, "statusMessage": `[{"status":"0x0","message":"a"}]`}, status.CodeEntry,
		},
		"messages of another size": {
			map[string]string{"statusPurpose": `"message"`, "statusMessage": `[{"status":"0x0","message":"a"},{"status":"0x2","message":"b"}]`}, status.CodeEntry,
		},
		"two messages of one value": {
			map[string]string{"statusPurpose": `"message"`, "statusMessage": `[{"status":"0x0","message":"a"},{"status":"0x0","message":"b"}]`}, status.CodeEntry,
		},
		"a revocation list nowhere": {map[string]string{"type": `"1EdTechRevocationList"`, "id": `"urn:uuid:1"`}, status.CodeEntry},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := entriesOf(t, entryText(t, c.change))
			require.Equal(t, c.want, code(t, err), err)
		})
	}
	for _, text := range []string{`null`, `"revoked"`, `7`, `[7]`, `[[]]`} {
		_, err := entriesOf(t, text)
		require.Equal(t, status.CodeEntry, code(t, err), text)
	}
	many := "["
	for range 16 {
		many += entryText(t, nil) + ","
	}
	_, err := entriesOf(t, many+entryText(t, nil)+"]")
	require.Equal(t, status.CodeEntry, code(t, err), "a credential cannot make its verifier fetch without end")
}
