package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/proto/internal/schema"
	"github.com/tandem-badges/tandem/proto/policy"
)

const (
	schemaRef  = "#/components/schemas/"
	problemRef = "#/components/responses/Problem"
	// partSuffix ends the name of a resource's schema as the body of a PATCH.
	partSuffix = ".Part"
)

// rawBody is the type of answers that are bytes of their own media type.
const rawBody protoreflect.FullName = "google.api.HttpBody"

// operation completes one generated operation and puts it at its path.
func (j *joiner) operation(m protoreflect.MethodDescriptor, b schema.Binding, op object) error {
	path, params := j.expand(m, b.Template)
	item := child(child(j.doc, "paths"), path)
	if _, taken := item[b.Verb]; taken {
		return fmt.Errorf("another operation has %s %s", b.Verb, path)
	}
	op["x-tandem-rpc"] = rpcName(m)
	rule, err := access(m)
	if err != nil {
		return err
	}
	op["x-tandem-access"] = rule
	describe(m, op)
	if len(params) > 0 {
		item["parameters"] = params
	}
	query(m, op)
	body(m, b, op)
	answer(m, op)
	item[b.Verb] = op
	return finish(op)
}

// rpcName is the name under which gRPC knows an RPC.
func rpcName(m protoreflect.MethodDescriptor) string {
	return string(m.Parent().FullName()) + "/" + string(m.Name())
}

// access is the access rule of an RPC in the words of the document, with the roles
// and the scopes of machines that the policies let do it. No role and no scope
// means everybody who is signed in.
func access(m protoreflect.MethodDescriptor) (object, error) {
	rule, ok := schema.Rule(m)
	if !ok {
		return nil, nil
	}
	policies, err := policy.Load()
	if err != nil {
		return nil, err
	}
	roles, scopes := []any{}, []any{}
	if !policies.Anybody(rule.GetAction()).Allowed {
		for _, role := range policies.RolesOf(rule.GetAction()) {
			roles = append(roles, strings.TrimPrefix(role.String(), "ROLE_"))
		}
		for _, scope := range policies.ScopesOf(rule.GetAction()) {
			scopes = append(scopes, scope)
		}
	}
	return object{
		"action": rule.GetAction(),
		"scope":  strings.TrimPrefix(rule.GetScope().String(), "SCOPE_"),
		"roles":  roles,
		"scopes": scopes,
	}, nil
}

// finish derives security from the access rule and adds the problem answers.
func finish(op object) error {
	rule, _ := op["x-tandem-access"].(object)
	scope, _ := rule["scope"].(string)
	if accessv1.Scope_value["SCOPE_"+scope] == 0 {
		return errors.New("it has no access rule")
	}
	responses := child(op, "responses")
	responses["default"] = object{"$ref": problemRef}
	responses["4XX"] = object{"$ref": problemRef}
	if scope == "PUBLIC" {
		op["security"] = []any{}
		return nil
	}
	op["security"] = []any{object{"bearer": []any{}}}
	responses["401"] = object{"$ref": problemRef}
	return nil
}

// sentenceEnd finds where the first sentence ends: "e.g. this" does not end one.
var sentenceEnd = regexp.MustCompile(`\.\s+[A-Z]`)

// describe makes summary and description of the RPC's comment, which by
// convention begins with the RPC's name.
func describe(m protoreflect.MethodDescriptor, op object) {
	text := sentence(m)
	delete(op, "description")
	summary, rest := text, ""
	if end := sentenceEnd.FindStringIndex(text); end != nil {
		summary, rest = text[:end[0]], text[end[1]-1:]
	}
	summary = strings.TrimPrefix(summary, string(m.Name())+" ")
	summary = strings.TrimSuffix(summary, ".")
	if summary != "" {
		op["summary"] = strings.ToUpper(summary[:1]) + summary[1:]
	}
	if rest != "" {
		op["description"] = rest
	}
}

// sentence is a comment as running text.
func sentence(d protoreflect.Descriptor) string {
	return strings.Join(strings.Fields(schema.Comment(d)), " ")
}

// query keeps the generated query parameters, with the limits of their fields.
// Those of the path are said once for all operations of the path.
func query(m protoreflect.MethodDescriptor, op object) {
	generated, _ := op["parameters"].([]any)
	delete(op, "parameters")
	var kept []any
	for _, value := range generated {
		param := value.(object)
		if param["in"] != "query" {
			continue
		}
		if field := fieldAt(m.Input(), param["name"].(string)); field != nil {
			if constrain(field, child(param, "schema")) {
				param["required"] = true
			}
		}
		kept = append(kept, param)
		op["parameters"] = kept
	}
}

// fieldAt walks a path of JSON or proto names; nil when it leads nowhere.
func fieldAt(m protoreflect.MessageDescriptor, path string) protoreflect.FieldDescriptor {
	var field protoreflect.FieldDescriptor
	for name := range strings.SplitSeq(path, ".") {
		if m == nil {
			return nil
		}
		if field = m.Fields().ByJSONName(name); field == nil {
			field = m.Fields().ByName(protoreflect.Name(name))
		}
		if field == nil {
			return nil
		}
		m = field.Message()
	}
	return field
}

// body adds limits to a body written in place, and lets a PATCH send a part.
func body(m protoreflect.MethodDescriptor, b schema.Binding, op object) {
	request, ok := op["requestBody"].(object)
	if !ok {
		return
	}
	media := child(child(request, "content"), "application/json")
	if ref, ok := child(media, "schema")["$ref"].(string); ok {
		if b.Verb == "patch" {
			media["schema"] = object{"$ref": ref + partSuffix}
		}
		return
	}
	if b.Body == "*" {
		constrainObject(m.Input(), child(media, "schema"))
	}
}

// answer describes raw answers as what they are: bytes of some media type.
func answer(m protoreflect.MethodDescriptor, op object) {
	if m.Output().FullName() == rawBody {
		ok := child(child(op, "responses"), "200")
		ok["description"] = "The document itself; Content-Type says what it is."
		ok["content"] = object{"*/*": object{"schema": object{}}}
	}
}
