package ddl

import (
	"fmt"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	pgquery "github.com/wasilibs/go-pgquery"
)

// postgres judges the statements of a file as PostgreSQL reads them.
func (j *judge) postgres(text string) error {
	tree, err := pgquery.Parse(text)
	if err != nil {
		return fmt.Errorf("%s: PostgreSQL cannot read it: %w", j.file, err)
	}
	for _, raw := range tree.GetStmts() {
		j.statement(at(text, int(raw.GetStmtLocation())), raw.GetStmt())
	}
	return nil
}

func (j *judge) statement(s statement, node *pg.Node) {
	switch n := node.GetNode().(type) {
	case *pg.Node_CreateStmt:
		j.fresh[n.CreateStmt.GetRelation().GetRelname()] = true
	case *pg.Node_CreateTableAsStmt:
		j.fresh[n.CreateTableAsStmt.GetInto().GetRel().GetRelname()] = true
	case *pg.Node_AlterTableStmt:
		j.alter(s, n.AlterTableStmt)
	case *pg.Node_IndexStmt:
		j.index(s, n.IndexStmt)
	case *pg.Node_DropStmt:
		j.drop(s, n.DropStmt)
	case *pg.Node_RenameStmt:
		j.rename(s, n.RenameStmt)
	case *pg.Node_UpdateStmt:
		j.changes(s, n.UpdateStmt.GetRelation())
	case *pg.Node_DeleteStmt:
		j.changes(s, n.DeleteStmt.GetRelation())
	case *pg.Node_TruncateStmt:
		j.blame(s, locks, "TRUNCATE")
	case *pg.Node_LockStmt:
		j.blame(s, locks, "LOCK")
	case *pg.Node_InsertStmt, *pg.Node_SelectStmt, *pg.Node_CreateFunctionStmt, *pg.Node_CreateTrigStmt,
		*pg.Node_CommentStmt, *pg.Node_CreateSeqStmt, *pg.Node_ViewStmt, *pg.Node_GrantStmt:
	default:
		j.blame(s, unknown, strings.TrimPrefix(fmt.Sprintf("%T", n), "*pg_query.Node_"))
	}
}

func (j *judge) changes(s statement, table *pg.RangeVar) {
	if name := table.GetRelname(); !j.fresh[name] && !s.bounded {
		j.blame(s, rows, name)
	}
}

func (j *judge) rename(s statement, n *pg.RenameStmt) {
	object := n.GetRelation().GetRelname()
	if n.GetRenameType() == pg.ObjectType_OBJECT_INDEX || j.fresh[object] {
		return
	}
	if n.GetSubname() != "" {
		object += "." + n.GetSubname()
	}
	j.blame(s, renames, object)
}

func (j *judge) drop(s statement, n *pg.DropStmt) {
	for _, one := range n.GetObjects() {
		name := lastName(one)
		switch n.GetRemoveType() {
		case pg.ObjectType_OBJECT_INDEX:
			j.dropIndex(s, n, name)
		case pg.ObjectType_OBJECT_FUNCTION, pg.ObjectType_OBJECT_TRIGGER, pg.ObjectType_OBJECT_POLICY:
		default:
			if !s.contract && !j.fresh[name] {
				j.blame(s, drops, name)
			}
		}
	}
}

func (j *judge) dropIndex(s statement, n *pg.DropStmt, name string) {
	switch {
	case !n.GetConcurrent():
		j.blame(s, dropsIndex, name)
	case !j.noTransaction:
		j.blame(s, inTransaction, name)
	case n.GetMissingOk():
		j.dropped[name] = true
	}
}

// lastName is the name of what a DROP lists, without its schema.
func lastName(object *pg.Node) string {
	items := object.GetList().GetItems()
	if len(items) == 0 {
		return object.GetString_().GetSval()
	}
	return items[len(items)-1].GetString_().GetSval()
}

func (j *judge) index(s statement, n *pg.IndexStmt) {
	if j.fresh[n.GetRelation().GetRelname()] {
		return
	}
	switch {
	case !n.GetConcurrent():
		j.blame(s, indexes, n.GetIdxname())
	case !j.noTransaction:
		j.blame(s, inTransaction, n.GetIdxname())
	case !j.dropped[n.GetIdxname()] || n.GetIfNotExists():
		j.blame(s, leftovers, n.GetIdxname())
	}
}
