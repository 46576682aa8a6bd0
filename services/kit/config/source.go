package config

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

var flagName = regexp.MustCompile(`^--([a-z0-9][a-z0-9.-]*)`)

// sourcedError says where a refused value came from. It stays a kong error for
// those who ask for its exit code.
type sourcedError struct {
	error
	source string
}

// Error adds the source to kong's words.
func (e *sourcedError) Error() string { return e.error.Error() + " (" + e.source + ")" }

// Unwrap returns kong's error.
func (e *sourcedError) Unwrap() error { return e.error }

// withSource names the variable or the file that holds a wrong value: the flag
// alone would send the reader to the command line, where it is not.
func withSource(err error, parser *kong.Kong, args []string) error {
	match := flagName.FindStringSubmatch(err.Error())
	if match == nil || onCommandLine(args, match[1]) {
		return err
	}
	flag := findFlag(parser, match[1])
	if flag == nil || strings.Contains(err.Error(), "(from envar ") {
		return err
	}
	for _, name := range flag.Envs {
		if _, set := os.LookupEnv(name); set {
			return &sourcedError{err, "from $" + name}
		}
	}
	return &sourcedError{err, fmt.Sprintf("key %q of the settings file, or $%s", flag.Name, EnvName(flag.Name))}
}

func onCommandLine(args []string, flag string) bool {
	return slices.ContainsFunc(args, func(arg string) bool {
		return arg == "--"+flag || strings.HasPrefix(arg, "--"+flag+"=")
	})
}

func findFlag(parser *kong.Kong, name string) *kong.Flag {
	var found *kong.Flag
	// The visitor cannot fail: it returns no error of its own.
	_ = kong.Visit(parser.Model.Node, func(node kong.Visitable, next kong.Next) error {
		if flag, ok := node.(*kong.Flag); ok && flag.Name == name {
			found = flag
		}
		return next(nil)
	})
	return found
}
