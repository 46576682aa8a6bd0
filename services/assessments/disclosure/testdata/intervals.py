#!/usr/bin/python3
"""The least and the greatest value of every hidden cell, by scipy's linprog.

Reads one system per line as JSON: {"values": [...], "hidden": [...], "sums": [[total, part, ...], ...]}.
Every cell that is not in "hidden" is known. Writes per line the list of [low, high], high null where nothing limits it.
"""
import json
import sys

import numpy as np
from scipy.optimize import linprog


def intervals(system):
    values, hidden = system["values"], system["hidden"]
    column = {cell: i for i, cell in enumerate(hidden)}
    rows, right = [], []
    for total, *parts in system["sums"]:
        row, rest = np.zeros(len(hidden)), 0.0
        for cell, sign in [(total, -1)] + [(p, 1) for p in parts]:
            if cell in column:
                row[column[cell]] += sign
            else:
                rest -= sign * values[cell]
        if row.any():
            rows.append(row)
            right.append(rest)
    answer = []
    for i in range(len(hidden)):
        ends = []
        for sign in (1, -1):
            cost = np.zeros(len(hidden))
            cost[i] = sign
            found = linprog(cost, A_eq=np.array(rows) if rows else None, b_eq=right or None, bounds=(0, None), method="highs", options={"presolve": False})
            ends.append(None if found.status == 3 else sign * found.fun if found.status == 0 else "failed: " + found.message)
        answer.append(ends)
    return answer


for line in sys.stdin:
    print(json.dumps(intervals(json.loads(line))))
