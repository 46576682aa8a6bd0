package store

import (
	"strconv"
	"strings"

	"github.com/tandem-badges/tandem/services/badges/internal/filter"
	"github.com/tandem-badges/tandem/services/kit/scope"
)

// condition is a growing WHERE clause with its arguments.
type condition struct {
	parts []string
	args  []any
}

// arg binds a value and returns its placeholder.
func (c *condition) arg(v any) string {
	c.args = append(c.args, v)
	return "$" + strconv.Itoa(len(c.args))
}

// list binds values and returns their placeholders.
func (c *condition) list(values []string) string {
	marks := make([]string, len(values))
	for i, v := range values {
		marks[i] = c.arg(v)
	}
	return strings.Join(marks, ", ")
}

func (c *condition) and(part string) { c.parts = append(c.parts, part) }

func (c *condition) where() string {
	if len(c.parts) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c.parts, " AND ")
}

// shown is true in rows of the scope; the table has district_id and school.
func (c *condition) shown(table string, sc scope.Scope) string {
	return sc.Where(scope.Columns{District: table + ".district_id", At: func(node string) string {
		in := table + ".district_id = " + c.arg(scope.District(node))
		if strings.Contains(node, "/schools/") {
			in += " AND " + table + ".school = " + c.arg(node)
		}
		return in
	}}, c.arg)
}

// under narrows to a parent whose ids may be "-". Names have a fixed depth, so a wildcard
// inside becomes a LIKE with the literal parts escaped.
func (c *condition) under(table, parent string) {
	segments := strings.Split(parent, "/")
	if len(segments) > 1 && segments[1] != "-" {
		c.and(table + ".district_id = " + c.arg(segments[1]))
	}
	if len(segments) > 3 && segments[3] != "-" {
		if segments[1] != "-" {
			c.and(table + ".school = " + c.arg(strings.Join(segments[:4], "/")))
		} else {
			c.and(table + ".school LIKE " + c.arg("%/schools/"+like(segments[3])) + ` ESCAPE '\'`)
		}
	}
	if len(segments) > 5 && segments[5] != "-" {
		c.and(table + ".application LIKE " + c.arg("%/applications/"+like(segments[5])) + ` ESCAPE '\'`)
	}
}

func like(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}

// page orders by id, which is the order of creation, and begins after a key.
func (c *condition) page(table string, after []string) {
	if len(after) == 2 {
		c.and("(" + table + ".id, " + table + ".name) > (" + c.arg(after[0]) + ", " + c.arg(after[1]) + ")")
	}
}

// matches turns a filter into SQL; its fields are columns of the table.
func (c *condition) matches(table string, f filter.Expr) string {
	switch f.Op {
	case filter.Equal:
		return table + "." + f.Field + " = " + c.arg(f.Value)
	case filter.NotEqual:
		return table + "." + f.Field + " <> " + c.arg(f.Value)
	case filter.Not:
		return "NOT (" + c.matches(table, f.Args[0]) + ")"
	default:
		parts := make([]string, len(f.Args))
		for i, a := range f.Args {
			parts[i] = c.matches(table, a)
		}
		return "(" + strings.Join(parts, " "+string(f.Op)+" ") + ")"
	}
}
