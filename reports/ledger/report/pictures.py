"""The figures of a night: which rows go into which plot."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pandas

from duel.table import figure, quantity, seconds

from ..gates import BASELINE, SUBJECT
from ..night import Night
from ..plots import figures, matrix
from ..plots.figures import Cell, Dot

PER_MAP = 26
"""Rows of one heat map; more are continued beside it."""

SHOWN_CURVES = 12
"""Ops whose scaling is drawn; the table has all."""


def _cell(row) -> Cell:
    """A row of ``results`` as a cell."""
    name = f"{row.suite}/{row.case}"
    if row.failure or row.invalid:
        return Cell(math.nan, row.verdict.lower(), f"{name}: {row.detail or '; '.join(row.invalid)}")
    if math.isnan(row.ratio):
        return Cell(math.nan, "unknown", f"{name}: {seconds(row.time)}, and no ratio")
    hint = (
        f"{name}: {seconds(row.time)}, ratio {figure(row.ratio)} [{figure(row.low)}, {figure(row.high)}], {row.verdict}"
    )
    return Cell(row.ratio, "", hint, row.verdict != "UNDECIDED")


def _maps(table: dict[str, dict[str, Cell]], columns: list[str], heading: str, label: str, by: str = "") -> list[str]:
    """Heat maps of at most ``PER_MAP`` rows; first the row with the largest median, or the largest ratio in the column ``by``."""

    def worst(item: tuple[str, dict[str, Cell]]) -> tuple[float, str]:
        found = [
            math.log(cell.ratio) for name, cell in item[1].items() if math.isfinite(cell.ratio) and by in ("", name)
        ]
        return (-float(np.median(found)) if found else -math.inf, item[0])

    rows = sorted(table.items(), key=worst)
    # Equal heights side by side.
    count = max(1, math.ceil(len(rows) / PER_MAP))
    each = math.ceil(len(rows) / count) if rows else 0
    return [
        figures.heat_map(f"{label}{f', part {part + 1}' if count > 1 else ''}", dict(rows[part * each : (part + 1) * each]), columns, f"{heading}{f' ({part + 1} of {count})' if count > 1 else ''}")
        for part in range(count if rows else 0)
    ]  # fmt: skip


def op_size(night: Night, subject: str = SUBJECT) -> list[str]:
    """Ratio of every op at every size, float32 and contiguous; the column 16 is the overhead suite's."""
    rows = night.results
    rows = rows[(rows["subject"] == subject) & (rows["verdict"] != "")]
    table: dict[str, dict[str, Cell]] = {}
    sizes: set[float] = set()
    for row in rows[rows["suite"] == "ops"].itertuples():
        if row.dtype == "float32" and row.layout == "contiguous":
            table.setdefault(row.parameters.get("row", row.op), {})[_size(row.n)] = _cell(row)
            sizes.add(row.n)
    if not table:
        return []
    for row in rows[(rows["suite"] == "overhead") & rows["case"].isin(list(table))].itertuples():
        table[row.case]["16"] = _cell(row)
        sizes.add(16)
    columns = [_size(n) for n in sorted(sizes)]
    return _maps(
        table, columns, f"{subject} / {BASELINE}: ops by elements", f"Ratio of {subject} to {BASELINE}, op by size"
    )


def _size(n: float) -> str:
    return quantity(n).replace(" ", "") if n >= 1000 else f"{n:g}"


def op_kind(night: Night) -> list[str]:
    """Ratio of the ops that were measured in other dtypes and layouts."""
    rows = night.results
    rows = rows[(rows["subject"] == SUBJECT) & (rows["suite"] == "ops") & (rows["verdict"] != "")]
    other = rows[(rows["dtype"] != "float32") | (rows["layout"] != "contiguous")]
    table: dict[str, dict[str, Cell]] = {}
    for row in other.itertuples():
        column = row.dtype if row.layout == "contiguous" else row.layout
        table.setdefault(row.parameters.get("row", row.op), {})[column] = _cell(row)
    columns = sorted({column for cells in table.values() for column in cells})
    return _maps(
        table, columns, "Other dtypes and layouts", f"Ratio of {SUBJECT} to {BASELINE}, op by dtype and layout"
    )


def suite_maps(night: Night, subjects: list[str]) -> list[str]:
    """The maps of all suites but the ops, whose columns are sizes, and the controls."""
    suites = [name for name in dict.fromkeys(night.results["suite"]) if name not in ("ops", "controls")]
    return [each for suite in suites for each in _suite_map(night, suite, subjects)]


def _suite_map(night: Night, suite: str, subjects: list[str]) -> list[str]:
    """Ratio of every case of a suite, a column for each subject."""
    rows = night.results
    rows = rows[(rows["suite"] == suite) & (rows["verdict"] != "")]
    table: dict[str, dict[str, Cell]] = {}
    for row in rows[rows["subject"].isin(subjects)].itertuples():
        table.setdefault(row.case, {})[row.subject] = _cell(row)
    columns = [name for name in subjects if any(name in cells for cells in table.values())]
    return _maps(
        table, columns, f"{suite}: time over {BASELINE}'s", f"Ratio to {BASELINE} in the suite {suite}", SUBJECT
    )


def roofs(night: Night) -> list[str]:
    """The roofline and the shares of the roof."""
    rows = night.results
    rows = rows[
        (rows["suite"] == "ops")
        & rows["share"].notna()
        & (rows["failure"] == "")
        & rows["subject"].isin([SUBJECT, BASELINE])
    ]
    if not len(rows):
        return []
    memory = rows[rows["roof"] != "gemm"]
    big = memory[memory["working_set"] >= 2**20]
    lines = {}
    if len(big):
        lines[f"{quantity(big['roof_rate'].median())}B/s from memory"] = float(big["roof_rate"].median())
    small = memory[memory["working_set"] < 2**20]
    if len(small):
        lines[f"{quantity(small['roof_rate'].median())}B/s from cache"] = float(small["roof_rate"].median())
    lines = dict(sorted(lines.items(), key=lambda item: -item[1]))
    gemm = rows[rows["roof"] == "gemm"]["roof_rate"].max()
    dots = [
        Dot(row.flops / row.bytes, row.flop_rate, row.subject, f"{row.subject} {row.case}: {quantity(row.flop_rate)}FLOP/s, {row.share:.0%} of the {row.roof} roof")
        for row in rows[(rows["flops"] > 0) & (rows["bytes"] > 0) & (rows["dtype"] == "float32")].itertuples()
    ]  # fmt: skip
    made = [figures.roofline(dots, lines, float(gemm))] if dots and lines else []
    wide = memory.pivot_table(index="case", columns="subject", values="share", aggfunc="last").dropna()
    if {SUBJECT, BASELINE} <= set(wide.columns):
        pairs = [
            Dot(torch, ingot, SUBJECT, f"{case}: {SUBJECT} {ingot:.0%}, {BASELINE} {torch:.0%}")
            for case, ingot, torch in zip(wide.index, wide[SUBJECT], wide[BASELINE], strict=True)
        ]
        made.append(figures.shares(pairs))
    return made


def scaling_rows(night: Night) -> pandas.DataFrame:
    """A row for every op, dtype and layout of the subject, with the baseline's line beside it; those that never overtake first, by how much they lose an element."""
    found = night.scaling
    key = ["op", "dtype", "layout"]
    mine, other = found[found["subject"] == SUBJECT], found[found["subject"] == BASELINE]
    joined = mine.merge(other[[*key, "overhead", "per_element"]], on=key, suffixes=("", "_base"))
    joined["slope_ratio"] = joined["per_element"] / joined["per_element_base"]
    joined["overhead_ratio"] = joined["overhead"] / joined["overhead_base"]
    return joined.sort_values(["slope_ratio", "op"], ascending=[False, True], ignore_index=True)


def scaling_curves(night: Night) -> list[str]:
    """Time over size for the ops in which subject and baseline cross, and for those that fall behind most."""
    table = scaling_rows(night)
    table = table[(table["dtype"] == "float32") & (table["layout"] == "contiguous")]
    crossing = table[np.isfinite(table["crossover"]) & (table["crossover"] > 0)]
    chosen = list(dict.fromkeys([*crossing["op"].head(SHOWN_CURVES // 2), *table["op"]]))[:SHOWN_CURVES]
    rows = night.results
    rows = rows[
        (rows["suite"] == "ops")
        & (rows["dtype"] == "float32")
        & (rows["layout"] == "contiguous")
        & (rows["failure"] == "")
    ]
    made = []
    for op in chosen:
        mine = rows[[parameters.get("row", "") == op for parameters in rows["parameters"]]]
        order = [name for name in (SUBJECT, BASELINE, "numpy", "torch.compile", "jax") if name in set(mine["subject"])]
        points = {
            name: [(row.n, row.time) for row in mine[mine["subject"] == name].sort_values("n").itertuples()]
            for name in order
        }
        lines = {
            row.subject: (row.overhead, row.per_element)
            for row in night.scaling[(night.scaling["op"] == op) & (night.scaling["dtype"] == "float32") & (night.scaling["layout"] == "contiguous")].itertuples()
        }  # fmt: skip
        made.append(figures.scaling(op, points, lines, float(table.loc[table["op"] == op, "crossover"].iloc[0])))
    return made


def loss_curves(night: Night, compared: int = 50) -> list[str]:
    """Both trainings of every example."""
    made = []
    bounds = {(row.example, row.dtype): row.bound for row in night.examples.itertuples()}
    for (example, dtype), rows in night.losses.groupby(["example", "dtype"], sort=False):
        curves = {str(name): each.sort_values("step")["loss"].tolist() for name, each in rows.groupby("framework")}
        if len(curves) < 2:
            continue
        ours, theirs = curves[SUBJECT], curves[BASELINE]
        apart = [
            (step, abs(a - b) / abs(b) if b else math.nan)
            for step, (a, b) in enumerate(zip(ours, theirs, strict=False))
        ]
        made.append(
            figures.losses(
                f"{example}, {dtype}", {BASELINE: theirs, SUBJECT: ours}, apart, bounds[example, dtype], compared
            )
        )
    return made


def coverage_states(night: Night) -> pandas.DataFrame:
    """Op x property with a state (``plots.matrix.MARKS``), and whether it applies; from the catalogue's table where the night has it, else from the campaign's arms."""
    arms, causes = night.arms, night.causes
    if len(night.coverage):
        table = night.coverage[["op", "family", "there", "property", "applies"]].copy()
    else:
        lacking = set(night.missing["name"])
        table = arms[["op", "property"]].assign(family="", applies=True)
        table["there"] = [op not in lacking for op in table["op"]]
    checked = set(map(tuple, arms.loc[arms["cases"] > 0, ["op", "property"]].to_numpy()))
    failing = set(map(tuple, causes.loc[causes["held"], ["op", "property"]].to_numpy())) if len(causes) else set()

    def state(row) -> str:
        if not row.there:
            return "lacking"
        if (row.op, row.property) in failing:
            return "failing"
        return "clean" if (row.op, row.property) in checked else "unchecked"

    table = table[table["applies"]]
    table["state"] = [state(row) for row in table.itertuples()]
    return table


def coverage_matrices(states: pandas.DataFrame) -> Iterator[tuple[str, int, int, str]]:
    """For each family: its name, how many ops it has, how many of them fail something, and the matrix."""
    order = list(dict.fromkeys(states["property"]))
    for family, rows in states.groupby("family", sort=True):
        table = {
            str(op): dict(zip(each["property"], each["state"], strict=True))
            for op, each in rows.groupby("op", sort=True)
        }
        properties = [name for name in order if name in set(rows["property"])]
        failing = sum("failing" in cells.values() for cells in table.values())
        yield (
            str(family),
            len(table),
            failing,
            matrix.matrix(f"Coverage of {family}: op by property", table, properties),
        )


def coverage_totals(states: pandas.DataFrame) -> tuple[list[str], list[tuple[str, list[tuple[int, int, int]]]]]:
    """Property names, and for each family, for each of them: pairs that apply, pairs reached, pairs failing."""
    order = list(dict.fromkeys(states["property"]))
    made = []
    for family, rows in states.groupby("family", sort=True):
        cells = []
        for name in order:
            of = rows.loc[rows["property"] == name, "state"]
            cells.append((len(of), int(of.isin(["clean", "failing"]).sum()), int((of == "failing").sum())))
        made.append((str(family), cells))
    return order, made
