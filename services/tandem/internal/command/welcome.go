package command

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"
	"text/tabwriter"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	"github.com/tandem-badges/tandem/services/tandem/internal/restclient"
)

const coordinatorRole = "DISTRICT_COORDINATOR"

// sampleRoles are the roles of which a newcomer is shown one person each, the
// widest first.
var sampleRoles = []string{
	"STATE_ADMIN", "STATE_ANALYST", coordinatorRole, "PRINCIPAL", "TEAM_LEAD", "TEAM_MEMBER", "FAMILY_LIAISON", "REVIEWER", "PANEL_CHAIR",
}

// sample is a demo person as development mode lists them.
type sample struct {
	Identity string `json:"identity"`
	Name     string `json:"name"`
	Roles    []struct {
		Role string `json:"role"`
		Node string `json:"node"`
	} `json:"roles"`
}

// printWelcome says where everything is and as whom to look at it.
func printWelcome(ctx context.Context, w io.Writer, address string) error {
	client := restclient.New(address)
	var listed struct {
		Identities []sample `json:"identities"`
	}
	if err := client.Get(ctx, "/dev/identities", nil, &listed); err != nil {
		return err
	}
	badge, err := newestBadge(ctx, client)
	if err != nil {
		return err
	}
	var text strings.Builder
	fmt.Fprintf(&text, "\nTandem is up (development mode: everybody may sign in as anybody).\n\n")
	fmt.Fprintf(&text, "  start here        %s/\n  API browser       %s/docs\n  API document      %s/openapi.json\n", address, address, address)
	if badge != "" {
		fmt.Fprintf(&text, "  newest badge      %s/badges/%s\n", address, badge)
	}
	fmt.Fprintf(&text, "\nPeople to sign in as:\n\n")
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	chosen := samples(listed.Identities)
	for _, s := range chosen {
		fmt.Fprintf(table, "  %s\t%s\t%s\n", roleWords(s.Roles[0].Role), s.Name, s.Identity)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	printExample(&text, address, chosen)
	fmt.Fprintf(&text, "Ctrl-C stops; what was done stays.\n")
	_, err = io.WriteString(w, text.String())
	return err
}

// printExample shows how to get a token, and a first call with it.
func printExample(text *strings.Builder, address string, chosen []sample) {
	if len(chosen) == 0 {
		return
	}
	who := chosen[0].Identity
	for _, s := range chosen {
		if s.Roles[0].Role == coordinatorRole {
			who = s.Identity
		}
	}
	fmt.Fprintf(text, "\nGet a token and use it:\n\n")
	fmt.Fprintf(text, "  TOKEN=$(curl -s %s/dev/token -H 'Content-Type: application/json' -d '{\"identity\": \"%s\"}' | sed 's/.*\"token\":\"\\([^\"]*\\)\".*/\\1/')\n", address, who)
	fmt.Fprintf(text, "  curl -s %s/v1/districts -H \"Authorization: Bearer $TOKEN\"\n\n", address)
}

// samples picks the first person of each role, in the order of the roles.
func samples(people []sample) []sample {
	var chosen []sample
	for _, role := range sampleRoles {
		for _, p := range people {
			if len(p.Roles) > 0 && p.Roles[0].Role == role {
				chosen = append(chosen, p)
				break
			}
		}
	}
	return chosen
}

// roleWords turns TEAM_LEAD into "team lead".
func roleWords(role string) string { return strings.ToLower(strings.ReplaceAll(role, "_", " ")) }

// newestBadge is the id of the credential awarded last, or "" before the first.
func newestBadge(ctx context.Context, client *restclient.Client) (string, error) {
	var signedIn struct {
		Token string `json:"token"`
	}
	if err := client.Post(ctx, "/dev/token", nil, map[string]string{"identity": "dev-admin"}, &signedIn); err != nil {
		return "", err
	}
	var newest *badgesv1.Award
	query := url.Values{"pageSize": {"1000"}}
	for {
		var page badgesv1.ListAwardsResponse
		if err := client.As(signedIn.Token).Get(ctx, "/v1/districts/-/schools/-/awards", query, &page); err != nil {
			return "", err
		}
		for _, award := range page.GetAwards() {
			if award.GetState() == badgesv1.Award_STATE_ACTIVE && !award.GetAwardTime().AsTime().Before(newest.GetAwardTime().AsTime()) {
				newest = award
			}
		}
		if page.GetNextPageToken() == "" {
			return strings.TrimPrefix(newest.GetCredential(), "credentials/"), nil
		}
		query.Set("pageToken", page.GetNextPageToken())
	}
}
