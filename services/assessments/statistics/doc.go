// Package statistics computes what may be said about a population from the
// people who answered: response rates, weights, means and shares with their
// uncertainty, reliability of scales, comparisons, and signs of nonresponse bias.
//
// It knows numbers and no surveys: rows or tallies come in, estimates go out,
// nothing is stored, logged or random. Who uses it: the published results of the
// assessments service, the command "tandem statistics", and anybody else's
// program.
//
// There are two ways in, with the same answers. A [Design] holds rows, for
// samples with strata, clusters and calibrated weights. [Moments] and [Tally]
// hold sums that can be added up school by school, so that a state with a
// million answers never holds them in memory.
//
// A missing answer is NaN and leaves the estimate, while its row stays in the
// design. Every function refuses input it cannot answer for: [*InputError] says
// which number is wrong, [*RefusedError] that the statistic is undefined or
// would mislead for such data. Results do not depend on the order of rows
// beyond the last bits: sums are compensated.
//
// The reference for each quantity is the R package survey (4.1) or psych (2.2);
// the folder testdata holds the scripts that made the expected values, and
// docs/statistics.md describes each quantity, its source and its limits.
package statistics
