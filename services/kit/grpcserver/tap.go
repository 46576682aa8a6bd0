package grpcserver

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/tap"

	"github.com/tandem-badges/tandem/services/kit/apierr"
	"github.com/tandem-badges/tandem/services/kit/requestid"
)

// tap stands at the door: it sees only the headers of a call, before gRPC
// reads and decodes its message, and refuses calls of no known service and callers
// who are not identified. Those it lets in carry identity and request id in
// the context.
func (c *chain) tap(ctx context.Context, info *tap.Info) (context.Context, error) {
	ctx = requestid.With(ctx, requestIDOf(info.Header))
	identified, err := c.guard.Authenticate(ctx, info.FullMethodName, info.Header)
	if err != nil {
		mapped := apierr.ToStatus(ctx, err)
		c.log.InfoContext(ctx, "call refused", "method", info.FullMethodName, "code", code(mapped), "cause", err)
		return nil, mapped
	}
	return identified, nil
}

// code is the name of an error's code for the log.
func code(err error) string {
	if err == nil {
		return codes.OK.String()
	}
	return status.Code(err).String()
}
