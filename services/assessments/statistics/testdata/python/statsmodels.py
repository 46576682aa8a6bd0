"""Intervals of shares and weighted kappa as statsmodels and scipy have them.

Start it as: python3 statsmodels.py FOLDER [FOLDER...]; it reads FOLDER/*.csv and
writes FOLDER/statsmodels.json. The name of the package is the name of this file,
so the folder of the script is taken off the path first.
"""

import csv
import json
import os
import sys

sys.path.pop(0)

import numpy
import scipy
import scipy.stats
import statsmodels
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.proportion import proportion_confint


def rows(folder, name):
    with open(os.path.join(folder, name), newline="") as file:
        return list(csv.DictReader(file))


def values(folder):
    found = {}
    for i, row in enumerate(rows(folder, "counts.csv"), 1):
        for level, name in ((0.05, "95"), (0.1, "90")):
            interval = proportion_confint(int(row["x1"]), int(row["n1"]), alpha=level, method="wilson")
            found[f"wilson.{name}.{i}"] = list(interval)
    table = numpy.zeros((4, 4))
    for row in rows(folder, "ratings.csv"):
        table[int(row["r1"]) - 1, int(row["r2"]) - 1] += 1
    for name, weights in (("nominal", None), ("linear", "linear"), ("quadratic", "quadratic")):
        kappa = cohens_kappa(table, wt=weights)
        found[f"kappa.{name}"] = [kappa.kappa, kappa.std_kappa]
    simple = rows(folder, "simple.csv")
    groups = [[float(r["score"]) for r in simple if r["group"] == g and r["score"]] for g in "ab"]
    test = scipy.stats.ttest_ind(groups[0], groups[1], equal_var=False)
    found["welch"] = [test.statistic, test.pvalue]
    return found


for folder in sys.argv[1:]:
    session = f"statsmodels {statsmodels.__version__}, scipy {scipy.__version__}"
    with open(os.path.join(folder, "statsmodels.json"), "w") as out:
        json.dump({"session": session, "values": values(folder)}, out, indent=2, sort_keys=True)
        out.write("\n")
