// Command openapi writes the one OpenAPI 3.1 document of the platform.
//
// The generator of grpc-gateway writes a document per proto file and knows
// neither our access rules, nor our validation rules, nor our errors. This
// command joins those documents and adds what only this module knows: paths with
// one parameter per id, `security` and `x-tandem-access` from each RPC's access
// rule, limits from its buf.validate rules, and the problem document every
// refusal carries. What no proto can say (info, servers, raw uploads, the event
// stream) is written by hand in openapi/extra.yaml and laid under the result.
//
// It is called by deploy/tools/generate.sh; package schema compiles the protos.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/tandem-badges/tandem/proto/internal/schema"
)

// object is a JSON object. Documents are joined as plain JSON: the generator
// writes valid ones, and only the parts named here are looked into.
type object = map[string]any

func main() {
	root := flag.String("protos", ".", "folder of the proto module")
	in := flag.String("in", "", "folder with the generated document of each proto file")
	out := flag.String("out", "gen/openapi/openapi.json", "file to write")
	flag.Parse()
	if err := run(context.Background(), *root, *in, *out); err != nil {
		fmt.Fprintln(os.Stderr, "openapi:", err)
		os.Exit(1)
	}
}

// run joins the documents of in and writes the result.
func run(ctx context.Context, root, in, out string) error {
	protos, err := schema.Load(ctx, root)
	if err != nil {
		return err
	}
	parts, err := readParts(protos, in)
	if err != nil {
		return err
	}
	base, err := readBase(filepath.Join(root, "openapi", "extra.yaml"))
	if err != nil {
		return err
	}
	doc, err := Join(protos, parts, base)
	if err != nil {
		return err
	}
	text, err := Encode(doc)
	if err != nil {
		return err
	}
	return os.WriteFile(out, text, 0o644)
}

// readParts reads the generated documents by the path of their proto file. A
// file without REST routes has none.
func readParts(protos *schema.Schema, in string) (map[string]object, error) {
	parts := map[string]object{}
	for _, file := range protos.Files {
		name := strings.TrimSuffix(file.Path(), ".proto") + ".openapi.json"
		text, err := os.ReadFile(filepath.Join(in, filepath.FromSlash(name)))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		var part object
		if err := json.Unmarshal(text, &part); err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		parts[file.Path()] = part
	}
	return parts, nil
}

// readBase reads the hand-written part, through JSON so that both kinds of parts
// hold the same Go types.
func readBase(path string) (object, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var raw any
	if err := yaml.Unmarshal(text, &raw); err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	wire, err := json.Marshal(raw)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	var base object
	return base, json.Unmarshal(wire, &base)
}

// Encode writes a document with its parts in the order people read them and all
// names below sorted, so that the same protos always give the same bytes.
func Encode(doc object) ([]byte, error) {
	ordered := struct {
		OpenAPI    any `json:"openapi"`
		Info       any `json:"info"`
		Servers    any `json:"servers,omitempty"`
		Tags       any `json:"tags,omitempty"`
		Paths      any `json:"paths"`
		Components any `json:"components"`
	}{doc["openapi"], doc["info"], doc["servers"], doc["tags"], doc["paths"], doc["components"]}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(ordered)
	return text.Bytes(), err
}
