package command

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	gatewayv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/gateway/v1"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/identity"
	"github.com/tandem-badges/tandem/services/kit/spreadsheet"
	"github.com/tandem-badges/tandem/services/tandem/internal/app"
	"github.com/tandem-badges/tandem/services/tandem/internal/restclient"
)

// Exit codes of `tandem access explain`, so that scripts can tell the answers
// from a question that could not be asked.
const (
	exitDenied  = 1
	exitUnknown = 2
	exitUnasked = 3
)

// operatorLife is how long the token lives that a command makes for itself.
const operatorLife = 5 * time.Minute

// Access asks a running instance who may do what.
type Access struct {
	Explain AccessExplain `cmd:"" help:"Say whether a person or machine may do something, and which policies decide."`
	Review  AccessReview  `cmd:"" help:"List everybody who can see a school, a district or the state, and why."`
}

// asking is how a command reaches a running instance.
type asking struct {
	URL   string `name:"url" help:"Address of the running instance." default:"http://127.0.0.1:8080" placeholder:"URL"`
	Token string `help:"Access token of who asks. Empty: one of people/operator for the whole state, made with the keys of the data folder." placeholder:"TOKEN"`
	Data  string `help:"Data folder with the gateway's keys." default:"./var" placeholder:"DIR"`
}

// client speaks for who asks.
func (a asking) client() (*restclient.Client, error) {
	token := a.Token
	if token == "" {
		keys, err := app.OpenKeys(a.Data, nil)
		if err != nil {
			return nil, err
		}
		token, err = identity.NewSigner(keys, identity.Gateway).MintAccess(identity.Access{
			Subject: identity.Operator, Grants: []access.Grant{{Role: accessv1.Role_ROLE_STATE_ADMIN}},
		}, operatorLife)
		if err != nil {
			return nil, err
		}
	}
	return restclient.New(a.URL).As(token), nil
}

// AccessExplain explains one decision.
type AccessExplain struct {
	asking
	Subject  string `arg:"" help:"Person or machine, e.g. districts/0880/people/ana or districts/0880/apiClients/sync." placeholder:"SUBJECT"`
	Action   string `arg:"" help:"Action, e.g. journeys.choose." placeholder:"ACTION"`
	Resource string `arg:"" optional:"" help:"Name of the resource; left out for the state." placeholder:"RESOURCE"`
}

// Help explains the exit codes.
func (AccessExplain) Help() string {
	return "Exit code 0: allowed. 1: denied, the resource is seen. 2: unknown, the resource does not exist for them. 3: could not be asked."
}

// Run asks and prints the decision with its policies.
func (e *AccessExplain) Run(ctx context.Context) error {
	answer, err := e.ask(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "tandem access explain:", err)
		return ExitError{Code: exitUnasked}
	}
	if err := printExplanation(os.Stdout, answer); err != nil {
		return err
	}
	switch answer.GetDecision() {
	case gatewayv1.ExplainAccessResponse_DECISION_ALLOWED:
		return nil
	case gatewayv1.ExplainAccessResponse_DECISION_DENIED:
		return ExitError{Code: exitDenied}
	default:
		return ExitError{Code: exitUnknown}
	}
}

func (e *AccessExplain) ask(ctx context.Context) (*gatewayv1.ExplainAccessResponse, error) {
	client, err := e.client()
	if err != nil {
		return nil, err
	}
	answer := &gatewayv1.ExplainAccessResponse{}
	query := url.Values{"subject": {e.Subject}, "action": {e.Action}}
	if e.Resource != "" {
		query.Set("resource", e.Resource)
	}
	return answer, client.Get(ctx, "/v1/access:explain", query, answer)
}

func printExplanation(out io.Writer, e *gatewayv1.ExplainAccessResponse) error {
	var b strings.Builder
	b.WriteString(strings.ToLower(strings.TrimPrefix(e.GetDecision().String(), "DECISION_")))
	if e.GetDeidentified() {
		b.WriteString(", without names and free texts")
	}
	b.WriteString("\n")
	for _, reason := range e.GetReasons() {
		b.WriteString("  " + reason + "\n")
	}
	for _, p := range e.GetPolicies() {
		fmt.Fprintf(&b, "\n%s (%s)\n%s\n", p.GetId(), p.GetFile(), strings.TrimSpace(p.GetText()))
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// AccessReview lists who can see a node.
type AccessReview struct {
	asking
	Node  string `arg:"" optional:"" help:"District or school, e.g. districts/0880/schools/0418; left out for the state." placeholder:"NODE"`
	Below bool   `help:"Also who sees only a part of it."`
	CSV   bool   `name:"csv" help:"Print CSV, with everything that is known, for a spreadsheet."`
}

// Run prints one row for each reason why somebody sees the node.
func (r *AccessReview) Run(ctx context.Context) error {
	client, err := r.client()
	if err != nil {
		return err
	}
	var holders []*gatewayv1.AccessHolder
	query := url.Values{"pageSize": {"1000"}}
	if r.Below {
		query.Set("below", "true")
	}
	path := "/v1/" + r.Node + ":reviewAccess"
	if r.Node == "" {
		path = "/v1/state:reviewAccess"
	}
	for {
		page := &gatewayv1.ReviewAccessResponse{}
		if err := client.Do(ctx, http.MethodGet, path, query, nil, page); err != nil {
			return err
		}
		holders = append(holders, page.GetHolders()...)
		if page.GetNextPageToken() == "" {
			break
		}
		query.Set("pageToken", page.GetNextPageToken())
	}
	if r.CSV {
		return printReviewCSV(os.Stdout, holders)
	}
	return printReview(os.Stdout, holders)
}

func printReview(out io.Writer, holders []*gatewayv1.AccessHolder) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "WHO\tNAME\tAS\tON\tSINCE\tUNTIL\tGIVEN BY\tAPPROVED BY\tNAMES")
	for _, h := range holders {
		names := "yes"
		if h.GetDeidentified() {
			names = "no"
		}
		fmt.Fprintln(table, strings.Join([]string{
			h.GetSubject(), h.GetDisplayName(), as(h), orState(h.GetNode()), day(h.GetStartTime()), day(h.GetEndTime()),
			h.GetGrantor(), h.GetApprover(), names,
		}, "\t"))
	}
	return table.Flush()
}

func printReviewCSV(out io.Writer, holders []*gatewayv1.AccessHolder) error {
	w := csv.NewWriter(out)
	rows := [][]string{{
		"subject", "display_name", "role", "node", "scopes", "grant", "grantor", "approver", "reason", "start_time", "end_time", "deidentified", "actions",
	}}
	for _, h := range holders {
		rows = append(rows, []string{
			h.GetSubject(), h.GetDisplayName(), h.GetRole().String(), h.GetNode(), strings.Join(h.GetScopes(), " "), h.GetGrant(), h.GetGrantor(),
			h.GetApprover(), h.GetReason(), moment(h.GetStartTime()), moment(h.GetEndTime()), fmt.Sprint(h.GetDeidentified()),
			strings.Join(h.GetActions(), "; "),
		})
	}
	var errs []error
	for _, row := range rows {
		for i := range row {
			row[i] = spreadsheet.Text(row[i])
		}
		errs = append(errs, w.Write(row))
	}
	w.Flush()
	return errors.Join(append(errs, w.Error())...)
}

// as is the role in words, with the scopes of a machine.
func as(h *gatewayv1.AccessHolder) string {
	role := access.RoleName(h.GetRole())
	if len(h.GetScopes()) > 0 {
		return role + ": " + strings.Join(h.GetScopes(), " ")
	}
	return role
}

func orState(node string) string {
	if node == "" {
		return "the state"
	}
	return node
}

func day(t *timestamppb.Timestamp) string {
	if t == nil {
		return ""
	}
	return t.AsTime().Format(time.DateOnly)
}

func moment(t *timestamppb.Timestamp) string {
	if t == nil {
		return ""
	}
	return t.AsTime().Format(time.RFC3339)
}
