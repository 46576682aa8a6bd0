// Command crdschemas takes the schemas of other projects' resources out of their Go
// modules, so that what the chart renders for their operators can be checked
// without them:
//
//	cd charts/charttest && GOWORK=off go run ./crdschemas
//
// A schema is written to testdata/schemas under the name by which kubeconform looks
// for it: without descriptions, and closed to fields that it does not list, as
// kubeconform's strict schemas of the core API are.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

const folder = "testdata/schemas"

// source is where a definition lies. Versions are the newest that can be had as
// modules; what the chart uses of them has not changed since.
type source struct{ module, file, version string }

var sources = []source{
	{"github.com/cloudnative-pg/cloudnative-pg@v1.27.0", "config/crd/bases/postgresql.cnpg.io_clusters.yaml", "v1"},
	{"github.com/external-secrets/external-secrets@v0.17.0", "config/crds/bases/external-secrets.io_externalsecrets.yaml", "v1"},
	{"github.com/cert-manager/cert-manager@v1.21.2", "deploy/crds/cert-manager.io_certificates.yaml", "v1"},
	{"github.com/cert-manager/cert-manager@v1.21.2", "deploy/crds/cert-manager.io_issuers.yaml", "v1"},
	{"sigs.k8s.io/gateway-api@v1.6.0", "config/crd/standard/gateway.networking.k8s.io_httproutes.yaml", "v1"},
	{"github.com/prometheus-operator/prometheus-operator@v0.76.0", "example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml", "v1"},
	{"github.com/prometheus-operator/prometheus-operator@v0.76.0", "example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml", "v1"},
}

// definition is what is read of a CustomResourceDefinition.
type definition struct {
	Spec struct {
		Group string `json:"group"`
		Names struct {
			Kind string `json:"kind"`
		} `json:"names"`
		Versions []struct {
			Name   string `json:"name"`
			Schema struct {
				OpenAPIV3Schema map[string]any `json:"openAPIV3Schema"`
			} `json:"schema"`
		} `json:"versions"`
	} `json:"spec"`
}

func main() {
	for _, s := range sources {
		if err := s.write(); err != nil {
			fmt.Fprintf(os.Stderr, "%s %s: %v\n", s.module, s.file, err)
			os.Exit(1)
		}
	}
}

func (s source) write() error {
	dir, err := download(s.module)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(dir, s.file)) //nolint:gosec // a file of a module named above
	if err != nil {
		return err
	}
	var d definition
	if err := yaml.Unmarshal(text, &d); err != nil {
		return err
	}
	for _, v := range d.Spec.Versions {
		if v.Name != s.version {
			continue
		}
		schema := closed(v.Schema.OpenAPIV3Schema)
		schema["$comment"] = "from " + s.module + "/" + s.file + ", Apache License 2.0"
		group, _, _ := strings.Cut(d.Spec.Group, ".")
		name := strings.ToLower(d.Spec.Names.Kind) + "-" + group + "-" + v.Name + ".json"
		out, err := json.Marshal(schema)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(folder, name), append(out, '\n'), 0o644) //nolint:gosec // public text
	}
	return fmt.Errorf("has no version %s", s.version)
}

// download gives the folder of a module.
func download(module string) (string, error) {
	command := exec.Command("go", "mod", "download", "-json", module) //nolint:gosec // a module named above
	command.Dir = os.TempDir()
	command.Env = append(os.Environ(), "GOWORK=off")
	out, err := command.Output()
	var answer struct{ Dir, Error string }
	if jsonErr := json.Unmarshal(out, &answer); err != nil || jsonErr != nil {
		return "", fmt.Errorf("cannot be had (%s): %w", answer.Error, errors.Join(err, jsonErr))
	}
	return answer.Dir, nil
}

// kept are words of a schema that say what is valid and hold no schemas.
var kept = []string{
	"type", "enum", "pattern", "required", "minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems",
	"minProperties", "maxProperties", "uniqueItems",
}

// closed copies a schema without what is for people and for Kubernetes alone, and
// closes objects that list their fields.
func closed(schema map[string]any) map[string]any {
	out := map[string]any{}
	for _, key := range kept {
		if value, has := schema[key]; has {
			out[key] = value
		}
	}
	if items, ok := schema["items"].(map[string]any); ok {
		out["items"] = closed(items)
	}
	switch more := schema["additionalProperties"].(type) {
	case map[string]any:
		out["additionalProperties"] = closed(more)
	case bool:
		out["additionalProperties"] = more
	}
	for _, key := range []string{"anyOf", "oneOf", "allOf", "not"} {
		if value, has := schema[key]; has {
			out[key] = value
		}
	}
	fields, ok := schema["properties"].(map[string]any)
	if !ok {
		return out
	}
	properties := map[string]any{}
	for name, field := range fields {
		properties[name] = closed(field.(map[string]any))
	}
	out["properties"] = properties
	if out["additionalProperties"] == nil && schema["x-kubernetes-preserve-unknown-fields"] != true {
		out["additionalProperties"] = false
	}
	return out
}
