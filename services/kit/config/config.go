// Package config reads the settings of a program into one struct.
//
// The struct is a kong grammar, and the only place where a setting is named:
// flag --x-y, environment variable TANDEM_X_Y and key x-y of the YAML file
// given by --config or TANDEM_CONFIG are the same setting, in this order of
// strength, and --help lists all with their defaults. A wrong value is refused
// with the name of the setting and the values it may have; so is a key of the
// file that no command knows, since a silent typo is worse than an error.
package config

import (
	"fmt"
	"os"
	"strings"

	"github.com/alecthomas/kong"
)

// EnvPrefix begins every environment variable of the product.
const EnvPrefix = "TANDEM_"

// fileFlag adds --config to every program.
type fileFlag struct {
	Config kong.ConfigFlag `help:"YAML file with settings; its keys are the flag names." placeholder:"FILE" type:"existingfile"`
}

// Parse fills cli, a pointer to a kong grammar, from the arguments, the
// environment and the YAML file. With --help it prints the help and ends the
// process, as kong does.
func Parse(cli any, name, description string, args []string) (*kong.Context, error) {
	parser, err := New(cli, name, description)
	if err != nil {
		return nil, err
	}
	ctx, err := parser.Parse(args)
	if err != nil {
		return nil, withSource(err, parser, args)
	}
	return ctx, nil
}

// New returns the parser that Parse uses, with more kong options: another
// place for its output, or variables for the help.
func New(cli any, name, description string, options ...kong.Option) (*kong.Kong, error) {
	parser, err := kong.New(cli, append([]kong.Option{
		kong.Name(name),
		kong.Description(description),
		kong.Embed(&fileFlag{}),
		kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
		kong.Configuration(loadYAML),
		kong.PostBuild(nameEnvironment),
		kong.ValueFormatter(helpOf),
	}, options...)...)
	if err != nil {
		return nil, fmt.Errorf("settings of %s: %w", name, err)
	}
	return parser, nil
}

// helpOf adds the default where the placeholder of a flag hides it.
func helpOf(value *kong.Value) string {
	help := kong.DefaultHelpValueFormatter(value)
	if value.Flag == nil || value.Default == "" || value.Flag.PlaceHolder == "" {
		return help
	}
	return fmt.Sprintf("%s Default: %s.", help, value.Default)
}

// EnvName returns the environment variable of a flag: TANDEM_X_Y of --x-y.
func EnvName(flag string) string {
	return EnvPrefix + strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(flag))
}

// nameEnvironment gives every flag its variable. A grammar can opt out with
// the tag env:"-", and nothing but --help does without.
func nameEnvironment(k *kong.Kong) error {
	return kong.Visit(k.Model.Node, func(node kong.Visitable, next kong.Next) error {
		flag, ok := node.(*kong.Flag)
		if ok && flag.Name != "help" {
			setEnvironment(flag)
		}
		return next(nil)
	})
}

func setEnvironment(flag *kong.Flag) {
	switch {
	case len(flag.Envs) == 1 && flag.Envs[0] == "-":
		flag.Envs = nil
	case len(flag.Envs) == 0:
		flag.Envs = []string{EnvName(flag.Name)}
	}
	flag.Tag.Envs = flag.Envs
}

// fromEnvironment tells whether a flag has its value from the environment,
// which is stronger than the file.
func fromEnvironment(flag *kong.Flag) bool {
	for _, name := range flag.Envs {
		if _, set := os.LookupEnv(name); set {
			return true
		}
	}
	return false
}
