package rest

import (
	"encoding/base64"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// limitOf is the size of the biggest body that a route takes in: the usual one, and room for the
// files that its request may hold, in base64, as long as the rules of the request say.
func limitOf(route *Route, usual int64) int64 {
	if route.RPC == nil || route.Body == "" {
		return usual
	}
	limit := usual
	fields := route.RPC.Input().Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		if field.Kind() != protoreflect.BytesKind {
			continue
		}
		rules, _ := proto.GetExtension(field.Options(), validate.E_Field).(*validate.FieldRules)
		limit += int64(base64.StdEncoding.EncodedLen(int(rules.GetBytes().GetMaxLen()))) //nolint:gosec // a few megabytes
	}
	return limit
}
