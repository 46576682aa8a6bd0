package statistics_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/tandem-badges/tandem/services/assessments/statistics"
)

func reliabilityValues(t testing.TB, folder string) values {
	v := values{}
	for _, name := range []string{"items", "whole", "weak"} {
		f := readTable(t, filepath.Join(folder, name+".csv"))
		var columns [][]float64
		for _, item := range f.names {
			columns = append(columns, f.number(t, item))
		}
		items := ok[*statistics.Items](t)(statistics.ItemsOf(columns...))
		r := ok[statistics.Reliability](t)(items.Reliability(statistics.Scale{}))
		v.put(name+".total", r.Raw, r.Standardized, r.G6, r.AverageR, r.SignalNoise, r.ASE, r.Mean, r.SD, r.MedianR)
		var dropped, each []float64
		for _, i := range r.Items {
			dropped = append(dropped, i.Dropped.Raw, i.Dropped.Standardized, i.Dropped.G6, i.Dropped.AverageR, i.Dropped.SignalNoise, i.Dropped.MedianR)
			each = append(each, float64(i.N), i.Total, i.Rest, i.Mean, i.SD)
		}
		v.put(name+".drop", dropped...)
		v.put(name+".items", each...)
		feldt := ok[statistics.Interval](t)(r.Interval(0.95))
		v.put(name+".feldt", feldt.Low, feldt.High)
		v.put(name+".omega", ok[statistics.Omega](t)(items.Omega(statistics.Scale{})).Total)
	}
	return v
}

func comparisonValues(t testing.TB, folder string) values {
	simple := readTable(t, filepath.Join(folder, "simple.csv"))
	v := values{}
	group := simple.text(t, "group")
	of := func(column, name string) statistics.Estimate {
		var x []float64
		for i, value := range simple.number(t, column) {
			if group[i] == name {
				x = append(x, value)
			}
		}
		return estimate(t)(statistics.SampleOf(x))
	}
	test := ok[statistics.Test](t)
	w := test(statistics.Difference(of("score", "a"), of("score", "b"), 0.95))
	v.put("welch", w.Statistic, w.DF, w.P, w.Interval.Low, w.Interval.High, w.SE)
	w = test(statistics.Difference(of("real", "a"), of("real", "c"), 0.99))
	v.put("welch.real", w.Statistic, w.DF, w.P, w.Interval.Low, w.Interval.High, w.SE)
	w = test(statistics.PairedDifference(simple.number(t, "real"), simple.number(t, "size"), 0.95))
	v.put("paired", w.Statistic, w.DF, w.P, w.Interval.Low, w.Interval.High)
	counts := readTable(t, filepath.Join(folder, "counts.csv"))
	x1, n1, x2, n2 := counts.number(t, "x1"), counts.number(t, "n1"), counts.number(t, "x2"), counts.number(t, "n2")
	for i := range x1 {
		a, b := statistics.Count{Successes: int(x1[i]), N: int(n1[i])}, statistics.Count{Successes: int(x2[i]), N: int(n2[i])}
		p := test(statistics.TwoProportions(a, b, 0.95))
		v.put(fmt.Sprintf("proportions.%d", i+1), p.Statistic*p.Statistic, p.P, p.Interval.Low, p.Interval.High)
		s := ok[statistics.Interval](t)(statistics.WilsonInterval(a.Successes, a.N, 0, 0.95))
		v.put(fmt.Sprintf("wilson.%d", i+1), s.Low, s.High)
	}
	p := readTable(t, filepath.Join(folder, "pvalues.csv")).number(t, "p")
	v.put("holm", ok[[]float64](t)(statistics.AdjustP(p, statistics.Holm))...)
	v.put("bh", ok[[]float64](t)(statistics.AdjustP(p, statistics.BenjaminiHochberg))...)
	return v
}

func agreementValues(t testing.TB, folder string) values {
	f := readTable(t, filepath.Join(folder, "ratings.csv"))
	v := values{}
	for name, kind := range map[string]statistics.Disagreement{
		"kappa": statistics.Nominal, "kappa.linear": statistics.Linear, "kappa.quadratic": statistics.Quadratic,
	} {
		k := ok[statistics.Kappa](t)(statistics.CohenKappa(f.text(t, "r1"), f.text(t, "r2"), []string{"1", "2", "3", "4"}, kind))
		v.put(name, k.Value)
		if kind == statistics.Nominal {
			v.put(name, k.Value, k.SE)
		}
	}
	ratings := make([][]float64, len(f.rows))
	for _, rater := range f.names {
		for i, x := range f.number(t, rater) {
			ratings[i] = append(ratings[i], x)
		}
	}
	var numbers []float64
	for _, c := range ok[[]statistics.ICC](t)(statistics.IntraclassCorrelations(ratings, 0.95)) {
		numbers = append(numbers, c.Value, c.F, c.DF1, c.DF2, c.P, c.Interval.Low, c.Interval.High)
	}
	v.put("icc", numbers...)
	return v
}
