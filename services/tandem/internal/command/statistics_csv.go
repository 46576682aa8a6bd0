package command

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/tandem-badges/tandem/services/assessments/statistics"
)

// columns are the columns of a CSV file that a command asked for.
type columns struct {
	path    string
	header  []string
	lines   []int // line of the file of each row
	numbers map[string][]float64
	texts   map[string][]string
	records [][]string // whole rows, where the command writes them again
}

// wanted says which columns to read, and how.
type wanted struct {
	numbers []string // NaN where missing
	exact   []string // numbers that may not be missing
	texts   []string // "" where missing
	names   []string // texts that may not be missing
	// optional are numbers of columns that the file need not have.
	optional []string
	records  bool
}

// number adds a column of numbers, where one is named.
func (w *wanted) number(name string) {
	if name != "" {
		w.numbers = append(w.numbers, name)
	}
}

// readColumns reads a file line by line and keeps only what is wanted. Errors
// tell line and column.
func readColumns(path string, w wanted) (*columns, error) {
	file, err := openInput(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	c := &columns{path: path, numbers: map[string][]float64{}, texts: map[string][]string{}}
	r := csv.NewReader(file)
	r.ReuseRecord = !w.records
	fields, err := c.readHeader(r, w)
	if err != nil {
		return nil, err
	}
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		line, _ := r.FieldPos(0)
		c.lines = append(c.lines, line)
		if w.records {
			c.records = append(c.records, record)
		}
		for _, f := range fields {
			if err := c.keep(f, record[f.at]); err != nil {
				line, column := r.FieldPos(f.at)
				return nil, fmt.Errorf("%s, line %d, column %d (%s): %w", path, line, column, f.name, err)
			}
		}
	}
	if len(c.lines) == 0 {
		return nil, fmt.Errorf("%s has no rows below the names of the columns", path)
	}
	return c, nil
}

// field is one column to keep.
type field struct {
	name              string
	at                int
	numeric, required bool
}

func (c *columns) readHeader(r *csv.Reader, w wanted) ([]field, error) {
	header, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("%s: the first line has to name the columns: %w", c.path, err)
	}
	c.header = slices.Clone(header)
	c.header[0] = strings.TrimPrefix(c.header[0], "\ufeff")
	var fields []field
	add := func(names []string, numeric, required bool) error {
		for _, name := range names {
			at := slices.Index(c.header, name)
			switch {
			case at < 0:
				return fmt.Errorf("%s has no column %q: it has %s", c.path, name, strings.Join(c.header, ", "))
			case slices.Contains(c.header[at+1:], name):
				return fmt.Errorf("%s has the column %q twice", c.path, name)
			}
			known := slices.IndexFunc(fields, func(f field) bool { return f.at == at && f.numeric == numeric })
			if known < 0 {
				known = len(fields)
				fields = append(fields, field{name: name, at: at, numeric: numeric})
			}
			fields[known].required = fields[known].required || required
		}
		return nil
	}
	for _, name := range w.optional {
		if slices.Contains(c.header, name) {
			w.numbers = append(slices.Clone(w.numbers), name)
		}
	}
	err = errors.Join(add(w.numbers, true, false), add(w.exact, true, true), add(w.texts, false, false), add(w.names, false, true))
	return fields, err
}

// keep parses one value.
func (c *columns) keep(f field, value string) error {
	missing := value == "" || value == "NA"
	if missing && f.required {
		return errors.New("is missing, and has to be there in every row")
	}
	if !f.numeric {
		if missing {
			value = ""
		}
		c.texts[f.name] = append(c.texts[f.name], strings.Clone(value))
		return nil
	}
	x := math.NaN()
	if !missing {
		var err error
		if x, err = strconv.ParseFloat(strings.TrimSpace(value), 64); err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Errorf("%q is no number; a missing value is empty or NA", value)
		}
	}
	c.numbers[f.name] = append(c.numbers[f.name], x)
	return nil
}

// explain puts file and line before an error about a row.
func (c *columns) explain(err error) error {
	var input *statistics.InputError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &input) && input.Row >= 0 && input.Row < len(c.lines):
		return fmt.Errorf("%s, line %d (%s): %s", c.path, c.lines[input.Row], input.Field, input.Rule)
	}
	return fmt.Errorf("%s: %w", c.path, err)
}

// sampleFlags say how the rows of a file were drawn.
type sampleFlags struct {
	File    string `arg:"" help:"CSV file; - is standard input." placeholder:"FILE"`
	Weight  string `help:"Column with sampling weights: how many people a row stands for." placeholder:"COL" env:"-"`
	Strata  string `help:"Column with the strata, parts of the population sampled apart from each other." placeholder:"COL" env:"-"`
	Cluster string `help:"Column with the primary units that were drawn, such as schools or households." placeholder:"COL" env:"-"`
	Nest    bool   `help:"Clusters of the same name in different strata are different ones." env:"-"`
	FPC     string `name:"fpc" help:"Column with the number of primary units in the population of the stratum, or the share of them that was drawn." placeholder:"COL" env:"-"`
	Lonely  string `help:"What a stratum with one primary unit does: ${enum}." enum:"fail,remove,adjust,average" default:"fail" env:"-"`
}

// unweighted tells whether rows are a simple random sample.
func (s sampleFlags) unweighted() bool {
	return s.Weight == "" && s.Strata == "" && s.Cluster == "" && s.FPC == ""
}

func (s sampleFlags) want(w wanted) wanted {
	for _, name := range []string{s.Weight, s.FPC} {
		if name != "" {
			w.exact = append(w.exact, name)
		}
	}
	for _, name := range []string{s.Strata, s.Cluster} {
		if name != "" {
			w.names = append(w.names, name)
		}
	}
	return w
}

// read reads the file and makes the design.
func (s sampleFlags) read(w wanted) (*columns, *statistics.Design, error) {
	if s.Nest && (s.Cluster == "" || s.Strata == "") {
		return nil, nil, errors.New("--nest needs --cluster and --strata")
	}
	c, err := readColumns(s.File, s.want(w))
	if err != nil {
		return nil, nil, err
	}
	rules := map[string]statistics.LonelyRule{
		"fail": statistics.LonelyFail, "remove": statistics.LonelyRemove, "adjust": statistics.LonelyAdjust, "average": statistics.LonelyAverage,
	}
	d, err := statistics.NewDesign(len(c.lines), statistics.Columns{
		Weights: c.numbers[s.Weight], Strata: c.texts[s.Strata], Clusters: c.texts[s.Cluster], Population: c.numbers[s.FPC],
		Nest: s.Nest, Lonely: rules[s.Lonely],
	})
	return c, d, c.explain(err)
}
