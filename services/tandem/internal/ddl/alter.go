package ddl

import (
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// harmless take a lock for a moment and read no rows.
var harmless = []pg.AlterTableType{
	pg.AlterTableType_AT_ColumnDefault, pg.AlterTableType_AT_DropNotNull, pg.AlterTableType_AT_SetStatistics,
	pg.AlterTableType_AT_SetRelOptions, pg.AlterTableType_AT_ResetRelOptions, pg.AlterTableType_AT_SetOptions, pg.AlterTableType_AT_ResetOptions,
	pg.AlterTableType_AT_EnableRowSecurity, pg.AlterTableType_AT_ForceRowSecurity,
}

// alter judges an ALTER TABLE of a table that somebody may be using.
func (j *judge) alter(s statement, n *pg.AlterTableStmt) {
	table := n.GetRelation().GetRelname()
	if j.fresh[table] {
		return
	}
	for _, cmd := range n.GetCmds() {
		c := cmd.GetAlterTableCmd()
		object := table + "." + c.GetName()
		switch c.GetSubtype() {
		case pg.AlterTableType_AT_AddColumn:
			j.addColumn(s, table, c.GetDef().GetColumnDef())
		case pg.AlterTableType_AT_DropColumn, pg.AlterTableType_AT_DropConstraint:
			if !s.contract {
				j.blame(s, drops, object)
			}
		case pg.AlterTableType_AT_AlterColumnType:
			j.blame(s, retypes, object)
		case pg.AlterTableType_AT_SetNotNull:
			if !j.neverNull(table, c.GetName()) {
				j.blame(s, setsNotNull, object)
			}
		case pg.AlterTableType_AT_AddConstraint:
			j.addConstraint(s, table, c.GetDef().GetConstraint())
		case pg.AlterTableType_AT_ValidateConstraint:
			j.validate(s, object)
		default:
			if !slices.Contains(harmless, c.GetSubtype()) {
				j.blame(s, unknown, table+" "+c.GetSubtype().String())
			}
		}
	}
}

// addColumn judges a new column by what is said about it.
func (j *judge) addColumn(s statement, table string, column *pg.ColumnDef) {
	object := table + "." + column.GetColname()
	required, preset := false, false
	if serial(column) {
		j.blame(s, volatile, object)
		preset = true
	}
	for _, one := range column.GetConstraints() {
		c := one.GetConstraint()
		switch c.GetContype() {
		case pg.ConstrType_CONSTR_NOTNULL:
			required = true
		case pg.ConstrType_CONSTR_DEFAULT:
			preset = true
			if !constant(c.GetRawExpr()) {
				j.blame(s, volatile, object)
			}
		case pg.ConstrType_CONSTR_IDENTITY, pg.ConstrType_CONSTR_GENERATED:
			preset = true
			j.blame(s, volatile, object)
		case pg.ConstrType_CONSTR_CHECK, pg.ConstrType_CONSTR_FOREIGN, pg.ConstrType_CONSTR_UNIQUE, pg.ConstrType_CONSTR_PRIMARY:
			j.blame(s, constrains, object)
		}
	}
	if required && !preset {
		j.blame(s, notNull, object)
	}
}

func serial(column *pg.ColumnDef) bool {
	names := column.GetTypeName().GetNames()
	return len(names) > 0 && strings.HasSuffix(names[len(names)-1].GetString_().GetSval(), "serial")
}

// constant tells whether a default is written once for all rows: a value, also with a
// cast, or the time of the statement.
func constant(expr *pg.Node) bool {
	switch n := expr.GetNode().(type) {
	case *pg.Node_AConst, *pg.Node_SqlvalueFunction:
		return true
	case *pg.Node_TypeCast:
		return constant(n.TypeCast.GetArg())
	case *pg.Node_AExpr: // a sign, such as in -1
		return n.AExpr.GetLexpr() == nil && constant(n.AExpr.GetRexpr())
	case *pg.Node_AArrayExpr:
		return len(n.AArrayExpr.GetElements()) == 0
	case *pg.Node_FuncCall:
		return lastOf(n.FuncCall.GetFuncname()) == "now"
	default:
		return false
	}
}

func lastOf(names []*pg.Node) string {
	if len(names) == 0 {
		return ""
	}
	return names[len(names)-1].GetString_().GetSval()
}

func (j *judge) addConstraint(s statement, table string, c *pg.Constraint) {
	object := table + "." + c.GetConname()
	j.added[object] = true
	switch c.GetContype() {
	case pg.ConstrType_CONSTR_CHECK, pg.ConstrType_CONSTR_FOREIGN:
		if !c.GetSkipValidation() {
			j.blame(s, constrains, object)
			return
		}
		if column := checkedColumn(c); column != "" {
			j.checks[object] = check{column: column}
		}
	case pg.ConstrType_CONSTR_UNIQUE, pg.ConstrType_CONSTR_PRIMARY:
		if c.GetIndexname() == "" {
			j.blame(s, constrains, object)
		}
	default:
		j.blame(s, constrains, object)
	}
}

// checkedColumn is the column of CHECK (column IS NOT NULL).
func checkedColumn(c *pg.Constraint) string {
	test := c.GetRawExpr().GetNullTest()
	if test.GetNulltesttype() != pg.NullTestType_IS_NOT_NULL {
		return ""
	}
	return lastOf(test.GetArg().GetColumnRef().GetFields())
}

func (j *judge) validate(s statement, object string) {
	if j.added[object] && !j.noTransaction {
		j.blame(s, validates, object)
	}
	if c, known := j.checks[object]; known {
		c.validated = true
		j.checks[object] = c
	}
}

// neverNull tells whether a validated constraint says so: then PostgreSQL reads no rows.
func (j *judge) neverNull(table, column string) bool {
	for object, c := range j.checks {
		if strings.HasPrefix(object, table+".") && c.column == column && c.validated {
			return true
		}
	}
	return false
}
