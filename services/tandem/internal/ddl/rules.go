package ddl

// The rules, with what a statement that breaks one does to a running installation.
var (
	drops = rule{
		"drop", "A program of the version before fails when it uses what is gone.",
		"stop using it in one release; drop it in a later one, with the comment `-- contract: not used since VERSION` above the statement.",
	}
	renames = rule{
		"rename", "A program of the version before looks for the old name.",
		"add the new one, write both, copy in batches, read the new one, and drop the old one in a later release.",
	}
	notNull = rule{
		"not null", "It fails on rows that are there, and so do inserts of the version before, which do not know the column.",
		"give the column a constant DEFAULT.",
	}
	volatile = rule{
		"default", "It writes the whole table anew under ACCESS EXCLUSIVE: nobody reads or writes meanwhile.",
		"add the column with a constant DEFAULT or none; fill it in batches from the program.",
	}
	retypes = rule{
		"type", "It writes the whole table anew under ACCESS EXCLUSIVE, and a program of the version before meets another type.",
		"add a column of the new type, write both, copy in batches, and drop the old one in a later release.",
	}
	setsNotNull = rule{
		"set not null", "It reads the whole table under ACCESS EXCLUSIVE.",
		"ADD CONSTRAINT ... CHECK (column IS NOT NULL) NOT VALID in one file, VALIDATE CONSTRAINT in the next, SET NOT NULL after that.",
	}
	indexes = rule{
		"index", "It holds back all writes of the table until the index is made.",
		"a file of its own with `-- +goose NO TRANSACTION`: DROP INDEX CONCURRENTLY IF EXISTS name; CREATE INDEX CONCURRENTLY name ON ...",
	}
	inTransaction = rule{
		"concurrently", "CONCURRENTLY does not run in a transaction.",
		"write `-- +goose NO TRANSACTION` on top of a file that has nothing else in it.",
	}
	leftovers = rule{
		"leftover", "CONCURRENTLY that was cut off leaves a broken index behind, on which the next try fails or, with IF NOT EXISTS, which it takes for good.",
		"begin with DROP INDEX CONCURRENTLY IF EXISTS of the same name, and leave IF NOT EXISTS out of CREATE.",
	}
	dropsIndex = rule{
		"drop index", "It waits for everybody who reads the table, and they wait behind it.",
		"DROP INDEX CONCURRENTLY, in a file with `-- +goose NO TRANSACTION`.",
	}
	constrains = rule{
		"constraint", "It reads the whole table while all writes wait.",
		"ADD CONSTRAINT ... NOT VALID in one file and VALIDATE CONSTRAINT in the next; for UNIQUE and PRIMARY KEY make the index CONCURRENTLY first and add it USING INDEX.",
	}
	validates = rule{
		"validate", "The lock of ADD CONSTRAINT is held while the table is read, since both are one transaction.",
		"VALIDATE CONSTRAINT in the next file.",
	}
	rows = rule{
		"rows", "Rows stay locked until the migration ends, and the table swells by as many dead ones.",
		"change rows in batches from the program (an operation of kit/operations); where only few can be meant, say why with `-- bounded: ...` above the statement.",
	}
	locks = rule{
		"lock", "It locks the table on purpose: everybody waits.",
		"find a way by rows; nothing that a migration does needs it.",
	}
	unknown = rule{
		"unknown", "Nobody has looked at what this does to readers and writers.",
		"look it up (which lock, does it write the table anew), and teach package ddl to tell the good from the bad.",
	}
)
