#!/usr/bin/python3
"""What a reader can know, computed by scipy and by nothing of ours.

Reads one case a line: {"published": [tables as readers get them], "complete":
{variable: how many values it has, where everybody has one}}. Writes one line for each: the interval
of every number that is withheld, and of every difference that a reader can form
(what came late in a round, the rest of a variable), given all tables together.
"""
import json
import sys

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import lil_matrix


def cell(table, place, category):
    """The unknown that a number of a table is: totals are shared."""
    if category is None and table.get("of"):
        if "#" in table["of"]:
            population, category = table["of"].split("#", 1)
            return (population, table.get("filter", ""), table["round"], place, category)
        return ("of " + table["of"], table.get("filter", ""), table["round"], place, "")
    return (table["population"], table.get("filter", ""), table["round"], place, category or "")


class Problem:
    def __init__(self):
        self.index, self.rows, self.known = {}, {}, {}

    def var(self, key):
        return self.index.setdefault(key, len(self.index))

    def sum(self, total, parts):
        """total = sum of parts"""
        row = {}
        for part in parts:
            row[self.var(part)] = row.get(self.var(part), 0) + 1
        row[self.var(total)] = row.get(self.var(total), 0) - 1
        self.rows[tuple(sorted(row.items()))] = True

    def table(self, t):
        for i, place in enumerate(t["places"]):
            keys = [cell(t, place["id"], c) for c in t["categories"]]
            whole = cell(t, place["id"], None)
            self.sum(whole, keys)
            for key, n in zip([whole] + keys, [t["totals"][i]] + t["counts"][i]):
                self.var(key)
                if n >= 0:
                    assert self.known.get(key, n) == n, "two values for one number"
                    self.known[key] = n
            children = [p["id"] for p in t["places"] if p["parent"] == i]
            if children:
                for c in [None] + t["categories"]:
                    self.sum(cell(t, place["id"], c), [cell(t, child, c) for child in children])

    def ties(self, complete):
        """Rounds and filters; answers with the differences."""
        differences = []
        keys = list(self.index)
        present = set(keys)
        for key in keys:
            population, filt, number, place, category = key
            before = [k[2] for k in keys if k[:2] == key[:2] and k[3:] == key[3:] and k[2] < number]
            if before:
                late = ("late",) + key
                self.sum(key, [(population, filt, max(before), place, category), late])
                differences.append(late)
            if filt == "":
                variables = {k[1].split("=")[0] for k in keys if k[1] and k[0] == population and k[2:] == key[2:]}
                for v in sorted(variables):
                    parts = [k for k in keys if k[1].startswith(v + "=") and k[0] == population and k[2:] == key[2:]]
                    if len(parts) == complete.get(v):
                        self.sum(key, parts)
                    else:
                        rest = ("rest " + v,) + key
                        self.sum(key, parts + [rest])
                        differences.append(rest)
        assert present <= set(self.index)
        return differences

    def solve(self):
        a = lil_matrix((len(self.rows), len(self.index)))
        for r, row in enumerate(self.rows):
            for variable, sign in row:
                a[r, variable] = sign
        bounds = [(0, None)] * len(self.index)
        for key, n in self.known.items():
            bounds[self.index[key]] = (n, n)
        a = a.tocsr()
        zero = np.zeros(len(self.rows))

        def best(key, sign):
            c = np.zeros(len(self.index))
            c[self.index[key]] = sign
            r = linprog(c, A_eq=a, b_eq=zero, bounds=bounds, method="highs-ds")
            if r.status == 3:
                return None
            assert r.status == 0, r.message
            return r.fun * sign

        return best


for line in sys.stdin:
    case = json.loads(line)
    p = Problem()
    for t in case["published"]:
        p.table(t)
    withheld = [k for k in p.index if k not in p.known]
    withheld += p.ties(case["complete"])
    best = p.solve()
    print(json.dumps([{"key": list(k), "low": best(k, 1), "high": best(k, -1)} for k in withheld]), flush=True)
