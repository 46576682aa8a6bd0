package main

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/tandem-badges/tandem/proto/internal/schema"
)

// joiner collects the joined document.
type joiner struct {
	protos   *schema.Schema
	messages map[string]protoreflect.MessageDescriptor
	ids      map[string]string
	doc      object
}

// Join lays the generated documents, by proto path, over the hand-written base.
func Join(protos *schema.Schema, parts map[string]object, base object) (object, error) {
	j := &joiner{protos: protos, messages: map[string]protoreflect.MessageDescriptor{}, ids: collections(protos), doc: base}
	for _, m := range protos.Messages() {
		j.messages[string(m.FullName())] = m
	}
	base["openapi"] = "3.1.0"
	if err := j.handwritten(); err != nil {
		return nil, err
	}
	for _, file := range protos.Files {
		if err := j.file(file, parts[file.Path()]); err != nil {
			return nil, fmt.Errorf("%s: %w", file.Path(), err)
		}
	}
	j.schemas()
	prune(j.doc)
	return j.doc, nil
}

// handwritten completes the routes of the base with security and errors. A route
// that carries an RPC over raw bytes takes the access rule of that RPC.
func (j *joiner) handwritten() error {
	rpcs := map[string]protoreflect.MethodDescriptor{}
	for _, m := range j.protos.Methods() {
		rpcs[rpcName(m)] = m
	}
	for path, item := range child(j.doc, "paths") {
		for verb, value := range item.(object) {
			op, ok := value.(object)
			if !ok || verb == "parameters" {
				continue
			}
			if name, ok := op["x-tandem-rpc"].(string); ok {
				if rpcs[name] == nil {
					return fmt.Errorf("route %s %s: there is no RPC %s", verb, path, name)
				}
				rule, err := access(rpcs[name])
				if err != nil {
					return err
				}
				op["x-tandem-access"] = rule
			}
			if err := finish(op); err != nil {
				return fmt.Errorf("route %s %s: %w", verb, path, err)
			}
		}
	}
	return nil
}

// file adds the routes and schemas of one proto file.
func (j *joiner) file(file protoreflect.FileDescriptor, part object) error {
	generated := operations(part)
	for i := range file.Services().Len() {
		service := file.Services().Get(i)
		if err := j.service(service, generated); err != nil {
			return err
		}
	}
	if left := slices.Sorted(maps.Keys(generated)); len(left) > 0 {
		return fmt.Errorf("operations that no RPC has: %s", strings.Join(left, ", "))
	}
	all := child(child(j.doc, "components"), "schemas")
	for name, value := range child(child(part, "components"), "schemas") {
		if known, ok := all[name]; ok && !reflect.DeepEqual(known, value) {
			return fmt.Errorf("schema %s differs from the one of another file", name)
		}
		all[name] = value
	}
	return nil
}

// service adds a tag and the routes of each RPC.
func (j *joiner) service(service protoreflect.ServiceDescriptor, generated map[string]object) error {
	tag := strings.TrimSuffix(string(service.Name()), "Service")
	routes := 0
	for i := range service.Methods().Len() {
		m := service.Methods().Get(i)
		for n, b := range schema.Bindings(m) {
			id := string(service.Name()) + "_" + string(m.Name())
			if n > 0 {
				id = fmt.Sprintf("%s_%d", id, n)
			}
			op, ok := generated[id]
			if !ok {
				return fmt.Errorf("RPC %s has no generated operation %s", m.FullName(), id)
			}
			delete(generated, id)
			op["tags"] = []any{tag}
			if err := j.operation(m, b, op); err != nil {
				return fmt.Errorf("RPC %s: %w", m.FullName(), err)
			}
			routes++
		}
	}
	if routes > 0 {
		tags, _ := j.doc["tags"].([]any)
		j.doc["tags"] = append(tags, object{"name": tag, "description": sentence(service)})
	}
	return nil
}

// schemas adds the limits of the validation rules to the schema of each message.
// The body of a PATCH is judged as a part of the resource, so nothing is required.
func (j *joiner) schemas() {
	all := child(child(j.doc, "components"), "schemas")
	for _, name := range slices.Sorted(maps.Keys(all)) {
		value, ok := all[name].(object)
		if m := j.messages[name]; ok && m != nil {
			constrainObject(m, value)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		part := name + partSuffix
		if !referenced(j.doc["paths"], schemaRef+part) {
			continue
		}
		patch := maps.Clone(all[name].(object))
		delete(patch, "required")
		all[part] = patch
	}
}

// operations indexes a generated document by operation id.
func operations(part object) map[string]object {
	found := map[string]object{}
	for _, item := range child(part, "paths") {
		for _, value := range item.(object) {
			if op, ok := value.(object); ok {
				if id, ok := op["operationId"].(string); ok {
					found[id] = op
				}
			}
		}
	}
	return found
}

// child is the object below a key; it is put there when the parent can hold it.
func child(parent object, key string) object {
	if found, ok := parent[key].(object); ok {
		return found
	}
	made := object{}
	if parent != nil {
		parent[key] = made
	}
	return made
}
