package command

import (
	"encoding/base64"
	"fmt"
	"io"

	"gopkg.in/yaml.v3"
)

// manifestHeading tells whoever finds the text in a file what it is.
const manifestHeading = `# Secret: whoever reads this can act as the platform. Apply it, keep it nowhere but in a vault.
`

// object is a Secret or a ConfigMap of Kubernetes. Entries of secrets are given
// encoded (data) and not as stringData, whose entries kubectl never takes away
// again: a retired key would stay.
type object struct {
	APIVersion string            `yaml:"apiVersion"`
	Kind       string            `yaml:"kind"`
	Metadata   metadata          `yaml:"metadata"`
	Type       string            `yaml:"type,omitempty"`
	Data       map[string]string `yaml:"data"`
}

type metadata struct {
	Name      string            `yaml:"name"`
	Namespace string            `yaml:"namespace,omitempty"`
	Labels    map[string]string `yaml:"labels"`
}

func (m *KeysManifest) secret(name string, entries map[string][]byte) object {
	data := map[string]string{}
	for entry, text := range entries {
		data[entry] = base64.StdEncoding.EncodeToString(text)
	}
	return object{APIVersion: "v1", Kind: "Secret", Metadata: m.metadata(name), Type: "Opaque", Data: data}
}

func (m *KeysManifest) configMap(name string, entries map[string][]byte) object {
	data := map[string]string{}
	for entry, text := range entries {
		data[entry] = string(text)
	}
	return object{APIVersion: "v1", Kind: "ConfigMap", Metadata: m.metadata(name), Data: data}
}

func (m *KeysManifest) metadata(name string) metadata {
	return metadata{
		Name: m.Name + "-" + name, Namespace: m.Namespace,
		Labels: map[string]string{"app.kubernetes.io/part-of": m.Name},
	}
}

// writeManifest prints the objects as one YAML stream.
func writeManifest(w io.Writer, objects []object) error {
	if _, err := io.WriteString(w, manifestHeading); err != nil {
		return err
	}
	encoder := yaml.NewEncoder(w)
	encoder.SetIndent(2)
	for _, one := range objects {
		if err := encoder.Encode(one); err != nil {
			return fmt.Errorf("%s %s: %w", one.Kind, one.Metadata.Name, err)
		}
	}
	return encoder.Close()
}
