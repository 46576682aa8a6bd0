// Package storetest is the contract of the gateway's store: what its packages may
// rely on, whatever database is behind it. Each feature has a file here, and each
// function is run on both dialects.
package storetest
