package survey

import (
	"fmt"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"time"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
)

// field is the name of the field of an item. Rows of a matrix, options of a ranking and parts of a date
// have the field of the item, a slash and their own name.
func field(item string) string { return "a/" + item }

// read makes answers of the fields of a form. What cannot be read as an answer is told by item, in
// English words that the catalogs know; whether an answer is a good one is for the API to say.
func read(form *assessmentsv1.Form, given url.Values) (answers []*assessmentsv1.Answer, bad map[string]string) {
	bad = map[string]string{}
	for _, item := range form.GetItems() {
		a, wrong := readOne(item, field(item.GetId()), given)
		if wrong != "" {
			bad[item.GetId()] = wrong
		} else if a != nil {
			a.Item = item.GetId()
			answers = append(answers, a)
		}
	}
	return answers, bad
}

// readOne reads the answer to an item: none, one, or why there is none.
func readOne(item *assessmentsv1.FormItem, name string, given url.Values) (*assessmentsv1.Answer, string) {
	value := strings.TrimSpace(given.Get(name))
	switch item.GetType() {
	case assessmentsv1.ItemType_ITEM_TYPE_MULTIPLE_CHOICE:
		if len(given[name]) > 0 {
			return &assessmentsv1.Answer{Options: given[name]}, ""
		}
	case assessmentsv1.ItemType_ITEM_TYPE_MATRIX:
		return readRows(item, name, given), ""
	case assessmentsv1.ItemType_ITEM_TYPE_RANKING:
		return readRanking(item, name, given)
	case assessmentsv1.ItemType_ITEM_TYPE_NUMBER:
		return readNumber(value)
	case assessmentsv1.ItemType_ITEM_TYPE_DATE:
		return readDate(name, given)
	case assessmentsv1.ItemType_ITEM_TYPE_TEXT, assessmentsv1.ItemType_ITEM_TYPE_LONG_TEXT:
		if value != "" {
			return &assessmentsv1.Answer{Text: strings.ReplaceAll(value, "\r\n", "\n")}, ""
		}
	default:
		if value != "" {
			return &assessmentsv1.Answer{Option: value}, ""
		}
	}
	return nil, ""
}

func readRows(item *assessmentsv1.FormItem, name string, given url.Values) *assessmentsv1.Answer {
	rows := map[string]string{}
	for _, r := range item.GetRows() {
		if value := given.Get(name + "/" + r.GetId()); value != "" {
			rows[r.GetId()] = value
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return &assessmentsv1.Answer{Rows: rows}
}

// readRanking puts options in the order of their places, each of which is one option's.
func readRanking(item *assessmentsv1.FormItem, name string, given url.Values) (*assessmentsv1.Answer, string) {
	byPlace := map[int]string{}
	var places []int
	for _, o := range item.GetOptions() {
		value := given.Get(name + "/" + o.GetId())
		if value == "" {
			continue
		}
		place, err := strconv.Atoi(value)
		if _, taken := byPlace[place]; taken || err != nil {
			return nil, "Give each place to one answer only."
		}
		byPlace[place] = o.GetId()
		places = append(places, place)
	}
	sort.Ints(places)
	a := &assessmentsv1.Answer{}
	for i, place := range places {
		if place != i+1 {
			return nil, "Begin with place 1 and leave no place out."
		}
		a.Options = append(a.Options, byPlace[place])
	}
	if len(a.Options) == 0 {
		return nil, ""
	}
	return a, ""
}

func readNumber(value string) (*assessmentsv1.Answer, string) {
	if value == "" {
		return nil, ""
	}
	number, err := strconv.ParseFloat(digits(value), 64)
	if err != nil || number-number != 0 { // neither infinite nor undefined
		return nil, "Write a number."
	}
	return &assessmentsv1.Answer{Number: &number}, ""
}

// digits writes a number as programs do: Arabic and Persian digits, and both kinds of decimal signs, are
// on the keyboards of those who answer.
func digits(value string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '٠' && r <= '٩':
			return r - '٠' + '0'
		case r >= '۰' && r <= '۹':
			return r - '۰' + '0'
		case r == ',' || r == '٫':
			return '.'
		}
		return r
	}, value)
}

func readDate(name string, given url.Values) (*assessmentsv1.Answer, string) {
	var parts [3]int
	empty, broken := 0, false
	for i, part := range []string{"/y", "/m", "/d"} {
		value := digits(strings.TrimSpace(given.Get(name + part)))
		number, err := strconv.Atoi(value)
		parts[i], broken = number, broken || err != nil
		if value == "" {
			empty++
		}
	}
	if empty == len(parts) {
		return nil, ""
	}
	text := fmt.Sprintf("%04d-%02d-%02d", parts[0], parts[1], parts[2])
	if _, err := time.Parse(time.DateOnly, text); err != nil || broken || parts[0] < 1000 {
		return nil, "Write a day that exists, with all four digits of the year."
	}
	return &assessmentsv1.Answer{Date: text}, ""
}

// write is the reverse of read: the fields of a form that hold the answers.
func write(form *assessmentsv1.Form, answers []*assessmentsv1.Answer) url.Values {
	types := map[string]assessmentsv1.ItemType{}
	for _, item := range form.GetItems() {
		types[item.GetId()] = item.GetType()
	}
	given := url.Values{}
	for _, a := range answers {
		name := field(a.GetItem())
		for row, chosen := range a.GetRows() {
			given.Set(name+"/"+row, chosen)
		}
		for i, chosen := range a.GetOptions() {
			if types[a.GetItem()] == assessmentsv1.ItemType_ITEM_TYPE_RANKING {
				given.Set(name+"/"+chosen, strconv.Itoa(i+1))
			} else {
				given.Add(name, chosen)
			}
		}
		if a.Number != nil {
			given.Set(name, strconv.FormatFloat(a.GetNumber(), 'f', -1, 64))
		}
		if at, err := time.Parse(time.DateOnly, a.GetDate()); err == nil {
			given.Set(name+"/y", strconv.Itoa(at.Year()))
			given.Set(name+"/m", strconv.Itoa(int(at.Month())))
			given.Set(name+"/d", strconv.Itoa(at.Day()))
		}
		if text := a.GetOption() + a.GetText(); text != "" {
			given.Set(name, text)
		}
	}
	return given
}
