// Command hello stands for the product in tests: a Go program that is built fast
// and has a module of others in it.
package main

import (
	"fmt"

	"github.com/google/uuid"
)

func main() { fmt.Println(uuid.NameSpaceURL) }
