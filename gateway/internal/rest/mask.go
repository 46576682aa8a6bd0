package rest

import (
	"bytes"
	"net/url"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

// withMask returns the address of a PATCH with its mask in proto names: the one
// that was given, else the fields of the body. Of these, names, etags and fields
// that only the service sets are left out, so that what was read can be changed
// and sent back as it is.
func withMask(u *url.URL, query url.Values, route *Route, body []byte) *url.URL {
	field := route.RPC.Input().Fields().ByName(protoreflect.Name(route.Body))
	if field == nil || field.Message() == nil {
		return u
	}
	var paths []string
	if given := query.Get("updateMask") + query.Get("update_mask"); given != "" {
		for _, path := range strings.Split(given, ",") {
			paths = append(paths, protoPath(field.Message(), strings.TrimSpace(path)))
		}
	} else {
		paths = sent(field.Message(), body)
	}
	if len(paths) == 0 {
		return u
	}
	query.Del("update_mask")
	query.Set("updateMask", strings.Join(paths, ","))
	masked := *u
	masked.RawQuery = query.Encode()
	return &masked
}

// sent lists the fields of a body that a client may set.
func sent(d protoreflect.MessageDescriptor, body []byte) []string {
	if len(body) == 0 {
		return nil
	}
	mask, err := runtime.FieldMaskFromRequestBody(bytes.NewReader(body), dynamicpb.NewMessage(d))
	if err != nil {
		return nil // the decoder says what is wrong
	}
	var paths []string
	for _, path := range mask.GetPaths() {
		top, _, _ := strings.Cut(path, ".")
		if settable(d.Fields().ByName(protoreflect.Name(top))) {
			paths = append(paths, path)
		}
	}
	return paths
}

func settable(field protoreflect.FieldDescriptor) bool {
	if field == nil || field.Name() == "etag" {
		return false
	}
	behaviors, _ := proto.GetExtension(field.Options(), annotations.E_FieldBehavior).([]annotations.FieldBehavior)
	for _, b := range behaviors {
		if b == annotations.FieldBehavior_OUTPUT_ONLY || b == annotations.FieldBehavior_IDENTIFIER {
			return false
		}
	}
	return true
}

// protoPath is a path of JSON names in proto names. What is no field stays as it
// is, for the service to refuse.
func protoPath(d protoreflect.MessageDescriptor, path string) string {
	names := strings.Split(path, ".")
	for i, name := range names {
		if d == nil {
			break
		}
		field := fieldOf(d, name)
		if field == nil {
			break
		}
		names[i] = string(field.Name())
		d = field.Message()
	}
	return strings.Join(names, ".")
}
