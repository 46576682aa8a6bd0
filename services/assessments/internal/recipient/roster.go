package recipient

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/check"
)

// MaxRows is how many recipients one file may have.
const MaxRows = 50_000

// needed are the columns of a roster without which nobody could be asked.
var needed = []string{"school", "unit_key", "addressee"}

// optional may be left out.
var optional = []string{"email", "language"}

// Import reads a roster as CSV, all or none. Mistakes are told by line and column.
func (s *Service) Import(ctx context.Context, district, campaignID string, file []byte) (created, changed int, err error) {
	c, err := s.campaign(ctx, district, campaignID)
	if err != nil {
		return 0, 0, err
	}
	asked, err := s.askedSchools(ctx, c)
	if err != nil {
		return 0, 0, err
	}
	list, err := read(c, asked, file)
	if err != nil {
		return 0, 0, err
	}
	return s.keep(ctx, c, list)
}

// read makes recipients of a file.
func read(c campaign.Campaign, asked map[string]bool, file []byte) ([]Recipient, error) {
	var bad check.List
	file = bytes.TrimPrefix(file, []byte("\ufeff"))
	if !utf8.Valid(file) {
		bad.Add("csv", "utf_8", "Save the file as CSV UTF-8.")
		return nil, bad.Err()
	}
	rows := csv.NewReader(bytes.NewReader(file))
	rows.ReuseRecord = true
	header, err := rows.Read()
	if err != nil {
		unreadable(&bad, err)
		return nil, bad.Err()
	}
	columns := slices.Clone(header)
	checkHeader(&bad, c, columns)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	list := readRows(&bad, c, asked, rows, columns)
	bad.Need(len(list) > 0 || len(bad) > 0, "csv", "rows", "Give at least one recipient below the header.")
	return list, bad.Err()
}

func readRows(bad *check.List, c campaign.Campaign, asked map[string]bool, rows *csv.Reader, columns []string) (list []Recipient) {
	seen := map[Unit]bool{}
	for len(*bad) < mostViolations {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			unreadable(bad, err)
			return list
		}
		if len(list) == MaxRows {
			bad.Add("csv", "max_rows", fmt.Sprintf("Give at most %d recipients in a file, and the rest in another.", MaxRows))
			return list
		}
		line, _ := rows.FieldPos(0)
		at := func(field string) string {
			return fmt.Sprintf("csv line %d column %s", line, strings.TrimPrefix(field, "groups."))
		}
		r := recipientOf(c, columns, row)
		checkUnit(bad, asked, seen, r, at)
		r.check(bad, c, at)
		list = append(list, r)
	}
	return list
}

// unreadable tells where a file is no CSV.
func unreadable(bad *check.List, err error) {
	var at *csv.ParseError
	switch {
	case errors.Is(err, io.EOF):
		bad.Add("csv", "header", "Begin with a line of column names: school,unit_key,addressee,email,language.")
	case errors.As(err, &at) && errors.Is(at.Err, csv.ErrFieldCount):
		bad.Add(fmt.Sprintf("csv line %d", at.Line), "columns", "Give each line as many cells as the header has.")
	case errors.As(err, &at):
		bad.Add(fmt.Sprintf("csv line %d character %d", at.Line, at.Column), "quotes", "Close every quotation mark, and double those inside of a cell.")
	default:
		bad.Add("csv", "csv", "Save the file as CSV UTF-8.")
	}
}

// checkHeader refuses a roster that lacks columns, or has some that mean nothing.
func checkHeader(bad *check.List, c campaign.Campaign, columns []string) {
	for i, name := range columns {
		columns[i] = strings.ToLower(strings.TrimSpace(name))
	}
	wanted := slices.Concat(needed, c.GroupVariables)
	known := slices.Concat(wanted, optional)
	for _, name := range wanted {
		bad.Need(slices.Contains(columns, name), "csv line 1", "column_needed", fmt.Sprintf("Add the column %s.", name))
	}
	for i, name := range columns {
		bad.Need(slices.Contains(known, name), "csv line 1", "column_known", fmt.Sprintf("Take out column %d: known are %s.", i+1, strings.Join(known, ", ")))
		bad.Need(!slices.Contains(columns[:i], name), "csv line 1", "column_once", fmt.Sprintf("Give column %d once.", i+1))
	}
}

// recipientOf reads a row. A school is named whole or by its id.
func recipientOf(c campaign.Campaign, columns, row []string) Recipient {
	r := Recipient{District: c.District, Campaign: c.ID}
	for i, name := range columns {
		value := strings.TrimSpace(row[i])
		switch name {
		case "school":
			r.School = strings.TrimPrefix(value, campaign.SchoolName(c.District, ""))
		case "unit_key":
			r.UnitKey = value
		case "addressee":
			r.Addressee = value
		case "email":
			r.Email = value
		case "language":
			r.Language = value
		default:
			if value == "" {
				continue
			}
			if r.Groups == nil {
				r.Groups = map[string]string{}
			}
			r.Groups[name] = value
		}
	}
	return r
}
