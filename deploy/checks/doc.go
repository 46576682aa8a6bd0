// Package checks holds what operators are given to what the program does: alert rules, their tests and runbooks, and
// dashboards name metrics that docs/metrics.md lists, with labels that they have. A test of the program holds that list
// equal to what a played instance exposes, so a metric that is renamed breaks a test here and not a dashboard there.
//
// Neighbours: dashboards makes deploy/dashboards of a few Go functions, compose reads deploy/compose as Docker would.
// The chart carries copies of rules and dashboards, which `make chart-files` writes and a test here compares.
//
// The module lies outside go.work: it needs Prometheus' parser and the reader of compose files, and the program neither.
package checks
