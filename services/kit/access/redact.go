package access

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	privacyv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/privacy/v1"
)

// anyName is the type of a packed message, which cannot be looked into.
const anyName = protoreflect.FullName("google.protobuf.Any")

// withoutPeople returns a copy of an answer in which every field marked as
// personal (tandem.privacy.v1.personal) is empty, at any depth. References to the
// caller's own person stay: they learn nothing new by them.
func withoutPeople(answer any, caller string) any {
	m, ok := answer.(proto.Message)
	if !ok || m == nil {
		return answer
	}
	clone := proto.Clone(m)
	redact(clone.ProtoReflect(), caller)
	return clone
}

func redact(m protoreflect.Message, caller string) {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		personal, marked := personalOf(f)
		switch {
		case marked && ownReference(personal, f, v, caller):
		case marked:
			m.Clear(f)
		default:
			redactInside(m, f, v, caller)
		}
		return true
	})
}

// redactInside looks into messages, lists and maps.
func redactInside(m protoreflect.Message, f protoreflect.FieldDescriptor, v protoreflect.Value, caller string) {
	message := f.Message()
	if f.IsMap() {
		message = f.MapValue().Message()
	}
	switch {
	case message == nil:
	case message.FullName() == anyName:
		m.Clear(f)
	case f.IsMap():
		v.Map().Range(func(_ protoreflect.MapKey, one protoreflect.Value) bool {
			redact(one.Message(), caller)
			return true
		})
	case f.IsList():
		for i := range v.List().Len() {
			redact(v.List().Get(i).Message(), caller)
		}
	default:
		redact(v.Message(), caller)
	}
}

// personalOf returns how a field is marked as personal.
func personalOf(f protoreflect.FieldDescriptor) (*privacyv1.Personal, bool) {
	if !proto.HasExtension(f.Options(), privacyv1.E_Personal) {
		return nil, false
	}
	personal, ok := proto.GetExtension(f.Options(), privacyv1.E_Personal).(*privacyv1.Personal)
	return personal, ok
}

// ownReference tells whether a field holds the name of the caller and no other.
func ownReference(p *privacyv1.Personal, f protoreflect.FieldDescriptor, v protoreflect.Value, caller string) bool {
	return p.GetCategory() == privacyv1.Category_CATEGORY_REFERENCE && caller != "" &&
		f.Kind() == protoreflect.StringKind && !f.IsList() && !f.IsMap() && v.String() == caller
}
