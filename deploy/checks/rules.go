package checks

import (
	"fmt"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"
)

// Rule is an alert or a recorded series.
type Rule struct {
	Alert, Record, Expr, For string
	Labels, Annotations      map[string]string
}

// ReadRules reads all rules of the files that match, in order.
func ReadRules(pattern string) ([]Rule, error) {
	var all []Rule
	err := eachFile(pattern, func(text []byte) error {
		var file struct{ Groups []struct{ Rules []Rule } }
		if err := yaml.Unmarshal(text, &file); err != nil {
			return err
		}
		for _, group := range file.Groups {
			all = append(all, group.Rules...)
		}
		return nil
	})
	return all, err
}

// Case is what one test of promtool expects of one alert.
type Case struct {
	Name, Alert string
	Fires       []map[string]string // labels; none: it must be silent
}

// ReadCases reads what the tests of promtool in the files that match expect.
func ReadCases(pattern string) ([]Case, error) {
	var all []Case
	err := eachFile(pattern, func(text []byte) error {
		var file struct {
			Tests []struct {
				Name   string
				Alerts []struct {
					Alert    string `yaml:"alertname"`
					Expected []struct {
						Labels map[string]string `yaml:"exp_labels"`
					} `yaml:"exp_alerts"`
				} `yaml:"alert_rule_test"`
			}
		}
		if err := yaml.Unmarshal(text, &file); err != nil {
			return err
		}
		for _, test := range file.Tests {
			for _, alert := range test.Alerts {
				c := Case{Name: test.Name, Alert: alert.Alert}
				for _, expected := range alert.Expected {
					c.Fires = append(c.Fires, expected.Labels)
				}
				all = append(all, c)
			}
		}
		return nil
	})
	return all, err
}

func eachFile(pattern string, read func(text []byte) error) error {
	files, err := filepath.Glob(pattern)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("no file matches %s", pattern)
	}
	for _, file := range files {
		text, err := os.ReadFile(file) //nolint:gosec // files of the repository
		if err != nil {
			return err
		}
		if err := read(text); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}
