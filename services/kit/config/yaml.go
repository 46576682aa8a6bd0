package config

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"gopkg.in/yaml.v3"
)

// yamlFile resolves flags from a flat YAML file.
type yamlFile struct {
	values map[string]any
}

var _ kong.Resolver = (*yamlFile)(nil)

func loadYAML(r io.Reader) (kong.Resolver, error) {
	file := &yamlFile{values: map[string]any{}}
	if err := yaml.NewDecoder(r).Decode(&file.values); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("settings file is not a YAML list of \"key: value\": %w", err)
	}
	return file, nil
}

// Validate refuses keys that no command of the program knows.
func (f *yamlFile) Validate(app *kong.Application) error {
	known := map[string]bool{}
	if err := kong.Visit(app, func(node kong.Visitable, next kong.Next) error {
		if flag, ok := node.(*kong.Flag); ok {
			known[flag.Name] = true
		}
		return next(nil)
	}); err != nil {
		return err
	}
	delete(known, "help")
	delete(known, "config")
	var unknown []string
	for key := range f.values {
		if !known[key] {
			unknown = append(unknown, fmt.Sprintf("%q", key))
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	slices.Sort(unknown)
	return fmt.Errorf("settings file has unknown keys: %s (see --help for the names, without the dashes)", strings.Join(unknown, ", "))
}

// Resolve returns the file's value of a flag that is not in the environment.
func (f *yamlFile) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	value, ok := f.values[flag.Name]
	if !ok || value == nil || fromEnvironment(flag) {
		return nil, nil
	}
	return scannable(value)
}

// scannable gives a YAML value the form kong reads from a command line.
func scannable(value any) (any, error) {
	switch v := value.(type) {
	case string, bool, []any:
		return v, nil
	case int, int64, uint64, float64:
		return fmt.Sprint(v), nil
	case map[string]any:
		return v, nil
	default:
		return nil, fmt.Errorf("settings file has a %T here: write it as text in quotes", v)
	}
}
