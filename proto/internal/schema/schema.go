// Package schema compiles the platform's protos from source and answers what the
// tools and rules of this module ask of them: which RPCs there are, the access
// rule and REST bindings of each, which messages are events, and what a comment
// says. Generated Go code has no comments, so the sources are read instead; the
// packages openapi and asyncapi write documents from it, and the tests of the
// proto module hold the API rules against it.
package schema

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bufbuild/protocompile"
	"github.com/bufbuild/protocompile/linker"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

// Schema is every compiled file of the platform, in order of its path.
type Schema struct {
	// Files are the platform's own files, without third-party ones.
	Files []protoreflect.FileDescriptor
}

// Load compiles the protos below root, the folder of the proto module.
func Load(ctx context.Context, root string) (*Schema, error) {
	paths, err := sources(root)
	if err != nil {
		return nil, err
	}
	compiler := protocompile.Compiler{
		Resolver: protocompile.WithStandardImports(&protocompile.SourceResolver{
			ImportPaths: []string{root, filepath.Join(root, "third_party")},
		}),
		SourceInfoMode: protocompile.SourceInfoStandard,
	}
	files, err := compiler.Compile(ctx, paths...)
	if err != nil {
		return nil, fmt.Errorf("compiling the protos: %w", err)
	}
	return typed(files, paths)
}

// sources lists the platform's protos, relative to root and in a stable order.
func sources(root string) ([]string, error) {
	var paths []string
	err := filepath.WalkDir(filepath.Join(root, "tandem"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".proto" {
			return err
		}
		rel, err := filepath.Rel(root, path)
		paths = append(paths, filepath.ToSlash(rel))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing the protos below %s: %w", root, err)
	}
	slices.Sort(paths)
	return paths, nil
}

// typed builds the descriptors once more with options as Go values: the compiler
// keeps options as dynamic messages, which proto.GetExtension refuses.
func typed(files linker.Files, paths []string) (*Schema, error) {
	set, seen := &descriptorpb.FileDescriptorSet{}, map[string]bool{}
	for _, file := range files {
		collect(set, seen, file)
	}
	wire, err := proto.Marshal(set)
	if err != nil {
		return nil, fmt.Errorf("encoding the descriptors: %w", err)
	}
	set = &descriptorpb.FileDescriptorSet{}
	if err := proto.Unmarshal(wire, set); err != nil {
		return nil, fmt.Errorf("decoding the descriptors: %w", err)
	}
	registry, err := protodesc.NewFiles(set)
	if err != nil {
		return nil, fmt.Errorf("linking the descriptors: %w", err)
	}
	return own(registry, paths)
}

// own picks the platform's files out of the registry.
func own(registry *protoregistry.Files, paths []string) (*Schema, error) {
	s := &Schema{}
	for _, path := range paths {
		file, err := registry.FindFileByPath(path)
		if err != nil {
			return nil, fmt.Errorf("finding %s: %w", path, err)
		}
		s.Files = append(s.Files, file)
	}
	return s, nil
}

// collect adds a file after everything it imports.
func collect(set *descriptorpb.FileDescriptorSet, seen map[string]bool, file protoreflect.FileDescriptor) {
	if seen[file.Path()] {
		return
	}
	seen[file.Path()] = true
	for i := range file.Imports().Len() {
		collect(set, seen, file.Imports().Get(i).FileDescriptor)
	}
	set.File = append(set.File, protodesc.ToFileDescriptorProto(file))
}

// Services lists every service in order of file and declaration.
func (s *Schema) Services() []protoreflect.ServiceDescriptor {
	var all []protoreflect.ServiceDescriptor
	for _, file := range s.Files {
		for i := range file.Services().Len() {
			all = append(all, file.Services().Get(i))
		}
	}
	return all
}

// Methods lists every RPC in order of file and declaration.
func (s *Schema) Methods() []protoreflect.MethodDescriptor {
	var all []protoreflect.MethodDescriptor
	for _, service := range s.Services() {
		for i := range service.Methods().Len() {
			all = append(all, service.Methods().Get(i))
		}
	}
	return all
}

// Messages lists every message, nested ones after the one they are declared in.
// The entries of map fields, which nobody wrote, are left out.
func (s *Schema) Messages() []protoreflect.MessageDescriptor {
	var all []protoreflect.MessageDescriptor
	var walk func(protoreflect.MessageDescriptors)
	walk = func(messages protoreflect.MessageDescriptors) {
		for i := range messages.Len() {
			if m := messages.Get(i); !m.IsMapEntry() {
				all = append(all, m)
				walk(m.Messages())
			}
		}
	}
	for _, file := range s.Files {
		walk(file.Messages())
	}
	return all
}

// Resources lists every declared resource in order of file and declaration,
// described by a message or not.
func (s *Schema) Resources() []*annotations.ResourceDescriptor {
	var all []*annotations.ResourceDescriptor
	for _, file := range s.Files {
		all = append(all, Definitions(file)...)
	}
	for _, m := range s.Messages() {
		if resource, ok := Resource(m); ok {
			all = append(all, resource)
		}
	}
	return all
}

// Comment is what stands above a declaration, without the leading blanks of its
// lines; empty when there is nothing.
func Comment(d protoreflect.Descriptor) string {
	text := d.ParentFile().SourceLocations().ByDescriptor(d).LeadingComments
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}
