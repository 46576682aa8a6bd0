package command

import (
	"context"
	"os"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/tandem-badges/tandem/services/kit/config"
	"github.com/tandem-badges/tandem/services/tandem/internal/app"
	"github.com/tandem-badges/tandem/services/tandem/internal/doctor"
)

// Doctor examines what the settings of `tandem serve` name.
type Doctor struct {
	app.ServeSettings
	Services []string `arg:"" optional:"" help:"What runs here, as for serve." enum:"all,schools,assessments,evidence,badges,gateway"`

	Only []string `help:"Look at these groups only: settings, data, keys, keeper, database, bus, blobs, tls, peers, public, mail, traces, time." enum:"settings,data,keys,keeper,database,bus,blobs,tls,peers,public,mail,traces,time" placeholder:"GROUP,..." env:"-"`
	JSON bool     `name:"json" help:"Print the findings as JSON."`
}

// Run looks and prints. It ends with 1 when something failed.
func (d *Doctor) Run(ctx context.Context, version Version) error {
	known, err := variables()
	if err != nil {
		return err
	}
	results := doctor.Run(ctx, doctor.Options{
		Settings: d.ServeSettings, Services: d.Services, Version: string(version), Environment: environment(), Known: known,
	}, d.Only...)
	print := doctor.Print
	if d.JSON {
		print = doctor.PrintJSON
	}
	if err := print(os.Stdout, results); err != nil {
		return err
	}
	if doctor.Failed(results) {
		return ExitError{Code: 1}
	}
	return nil
}

// variables are the names of all settings.
func variables() ([]string, error) {
	parser, err := config.New(&CLI{}, "tandem", "")
	if err != nil {
		return nil, err
	}
	var names []string
	err = kong.Visit(parser.Model.Node, func(node kong.Visitable, next kong.Next) error {
		if flag, ok := node.(*kong.Flag); ok {
			names = append(names, flag.Envs...)
		}
		return next(nil)
	})
	return names, err
}

// environment are the names of the variables of this process.
func environment() []string {
	var names []string
	for _, one := range os.Environ() {
		name, _, _ := strings.Cut(one, "=")
		names = append(names, name)
	}
	return names
}
