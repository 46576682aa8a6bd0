package demo

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"
	"github.com/tandem-badges/tandem/services/tandem/internal/restclient"
)

// coloradoFile is the list of schools, inside the shared folder.
const coloradoFile = "data/colorado-schools-2024.csv"

// roster is a district and its schools as a public list tells them.
type roster struct {
	id, title string
	schools   []*schoolsv1.CreateSchoolRequest
	students  int
}

// LoadColorado registers all districts and schools of the list, and invents a
// coordinator for each district.
func LoadColorado(ctx context.Context, opts Options, shared string) error {
	begun := time.Now()
	rosters, err := readColorado(filepath.Join(shared, filepath.FromSlash(coloradoFile)))
	if err != nil {
		return err
	}
	l := &loader{caller: newCaller(restclient.New(opts.URL), opts.Seed), report: newReport(opts.Out)}
	load := stage{title: "districts, schools and coordinators"}
	schools, students := 0, 0
	for _, r := range rosters {
		schools += len(r.schools)
		students += r.students
		load.work = append(load.work, piece{len(r.schools), func(ctx context.Context) error { return l.roster(ctx, r, opts.Seed) }})
	}
	if err := l.play(ctx, load); err != nil {
		return err
	}
	l.report.line("Colorado: %s districts, %s schools, %s students, loaded in %.0f s.",
		thousands(len(rosters)), thousands(schools), thousands(students), time.Since(begun).Seconds())
	return nil
}

// roster registers one district. A district with more schools than one call
// takes is registered in several.
func (l *loader) roster(ctx context.Context, r roster, seed uint64) error {
	district := "districts/" + r.id
	if err := l.create(ctx, firstIdentity, district, "districtId",
		&schoolsv1.District{Title: r.title, StateIdentifier: r.id, TimeZone: timeZone}); err != nil {
		return err
	}
	for batch := range slices.Chunk(r.schools, batchSize) {
		request := &schoolsv1.BatchCreateSchoolsRequest{Parent: district, Requests: batch}
		if err := l.createSchools(ctx, request); err != nil {
			return err
		}
	}
	return l.register(ctx, Person{
		Name: district + "/people/coordinator-" + r.id, DisplayName: displayName(seed, district),
		Role: accessv1.Role_ROLE_DISTRICT_COORDINATOR, Node: district,
	})
}

// readColorado reads the list, in the order of district and school ids.
func readColorado(path string) ([]roster, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the list of schools is not at %s: name the folder that holds %s with --shared or TANDEM_SHARED", path, coloradoFile)
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	rosters, err := parseColorado(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return rosters, nil
}

func parseColorado(file io.Reader) ([]roster, error) {
	rows := csv.NewReader(file)
	header, err := rows.Read()
	if err != nil {
		return nil, err
	}
	column := map[string]int{}
	for i, name := range header {
		column[name] = i
	}
	for _, name := range []string{"district_id", "district_name", "school_id", "school_name", "charter", "total", "grade_low_2020", "grade_high_2020"} {
		if _, ok := column[name]; !ok {
			return nil, fmt.Errorf("column %s is missing", name)
		}
	}
	districts := map[string]*roster{}
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if err := addSchool(districts, func(name string) string { return row[column[name]] }); err != nil {
			line, _ := rows.FieldPos(0)
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
	}
	var all []roster
	for _, r := range districts {
		all = append(all, *r)
	}
	slices.SortFunc(all, func(a, b roster) int { return cmp.Compare(a.id, b.id) })
	return all, nil
}

// addSchool takes one row. The same school may be listed once only.
func addSchool(districts map[string]*roster, value func(column string) string) error {
	total, err := strconv.Atoi(value("total"))
	if err != nil {
		return fmt.Errorf("total: %w", err)
	}
	r, known := districts[value("district_id")]
	if !known {
		r = &roster{id: value("district_id"), title: value("district_name")}
		districts[r.id] = r
	}
	r.students += total
	r.schools = append(r.schools, &schoolsv1.CreateSchoolRequest{
		Parent: "districts/" + r.id, SchoolId: value("school_id"), School: &schoolsv1.School{
			Title: value("school_name"), StateIdentifier: value("school_id"), Enrollment: int32(total),
			GradeLow: grade(value("grade_low_2020")), GradeHigh: grade(value("grade_high_2020")), Charter: value("charter") == "true",
		},
	})
	return nil
}

// grade turns the list's words into the product's; what it does not know stays
// open.
func grade(word string) string {
	switch word {
	case "PK", "K", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12":
		return word
	case "KG":
		return "K"
	default:
		return ""
	}
}

// thousands writes 881446 as 881,446.
func thousands(n int) string {
	text := strconv.Itoa(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}
