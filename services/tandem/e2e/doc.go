// Package e2e holds tests of the built program as its users meet it: REST over
// TCP, real processes, a real NATS server, both databases, and processes that
// are killed in the middle of their work. There is no code here but tests.
package e2e
