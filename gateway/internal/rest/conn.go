package rest

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/tandem-badges/tandem/gateway/internal/edge"
	"github.com/tandem-badges/tandem/services/kit/identity"
	"github.com/tandem-badges/tandem/services/kit/requestid"
)

// Upstream is a connection to a service that sends the caller's token, the
// request id, the languages of the request and, for callers without a token, what
// stands for their address, and no other metadata, whatever
// grpc-gateway made of the headers: a client cannot slip anything past the
// gateway. The trace goes its own way, through the context.
func Upstream(conn grpc.ClientConnInterface) grpc.ClientConnInterface { return upstream{conn} }

type upstream struct{ conn grpc.ClientConnInterface }

// Invoke calls a unary RPC.
func (u upstream) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	return u.conn.Invoke(outgoing(ctx), method, args, reply, opts...)
}

// NewStream begins a streaming RPC.
func (u upstream) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return u.conn.NewStream(outgoing(ctx), desc, method, opts...)
}

type languageKey struct{}

// withLanguage returns a context whose calls say which languages the caller reads.
func withLanguage(ctx context.Context, accept string) context.Context {
	if accept == "" || len(accept) > maxLanguage || !requestid.Valid(accept) {
		return ctx
	}
	return context.WithValue(ctx, languageKey{}, accept)
}

const maxLanguage = 100

func outgoing(ctx context.Context) context.Context {
	md := metadata.MD{}
	if token := identity.Token(ctx); token != "" {
		md.Set("authorization", "Bearer "+token)
	} else if client := clientOf(ctx); client != "" {
		md.Set(requestid.ClientKey, client)
	}
	if id := requestid.From(ctx); id != "" {
		md.Set(requestid.MetadataKey, id)
	}
	if language, _ := ctx.Value(languageKey{}).(string); language != "" {
		md.Set("accept-language", language)
	}
	return metadata.NewOutgoingContext(ctx, md)
}

// clientSecret makes digests that nobody compares with addresses: it is in no file,
// and each process has its own.
var clientSecret = sync.OnceValue(func() []byte {
	secret := make([]byte, sha256.Size)
	_, _ = rand.Read(secret) // never fails
	return secret
})

// clientOf stands for the address that a request came from.
func clientOf(ctx context.Context) string {
	addr := edge.RemoteAddr(ctx)
	if !addr.IsValid() {
		return ""
	}
	mac := hmac.New(sha256.New, clientSecret())
	mac.Write([]byte(edge.AddressKey(addr)))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}
