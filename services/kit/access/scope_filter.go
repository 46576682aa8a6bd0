//go:build !tandem_unfiltered

package access

// reach returns the node to ask the policies about: the one that was named.
func reach(_ Identity, _, node string) string { return node }

// foreignToo tells whether lists show the districts of others. They do not.
const foreignToo = false
