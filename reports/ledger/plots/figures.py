"""The figures of the benchmarks: ratio heat map, roofline, scaling, losses, history."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from duel.table import figure as ratio_text
from duel.table import quantity, seconds

from . import svg
from .axes import BOTTOM, WIDTH, Axes, Style, frame, style_of
from .scales import Scale, fit

Points = Sequence[tuple[float, float]]

SHADES = (
    (0.5, "f3"),
    (0.8, "f2"),
    (0.97, "f1"),
    (1.03, "z0"),
    (1.25, "s1"),
    (2.0, "s2"),
    (5.0, "s3"),
    (math.inf, "s4"),
)
"""Of the heat map: the ratio up to which a cell has a class. f: faster, z: equal, s: slower; the number in the cell says it too."""


def shade(ratio: float) -> str:
    """The class of a cell of the heat map."""
    return next(name for most, name in SHADES if ratio <= most)


@dataclass(frozen=True)
class Cell:
    """A cell of the heat map: its ratio or a word in its place, and a sentence for whoever points at it. ``sure``: the interval excludes 1."""

    ratio: float
    word: str = ""
    hint: str = ""
    sure: bool = True


def heat_map(label: str, rows: Mapping[str, Mapping[str, Cell]], columns: Sequence[str], heading: str) -> str:
    """Rows of cells, each with its ratio; a cell that says nothing has its word."""
    left, height, top = 158.0, 17.0, 38.0
    wide = (WIDTH - left - 4) / max(len(columns), 1)
    made = [svg.text(heading, 0, 12, class_="heading")]
    made += [svg.text(name, left + wide * (place + 0.5), top - 6, text_anchor="middle") for place, name in enumerate(columns)]  # fmt: skip
    for line, (name, cells) in enumerate(rows.items()):
        y = top + line * height
        made.append(svg.text(svg.shortened(name, 26), left - 6, y + 12, text_anchor="end"))
        for place, column in enumerate(columns):
            cell = cells.get(column)
            if cell is None:
                continue
            x = left + wide * place
            finite = math.isfinite(cell.ratio)
            made.append(
                svg.element(
                    "g", svg.title(cell.hint),
                    svg.element("rect", x=x + 0.5, y=y + 0.5, width=wide - 1, height=height - 1, class_=f"cell {shade(cell.ratio) if finite else 'off'}{'' if cell.sure else ' unsure'}"),
                    svg.text((ratio_text(cell.ratio) if finite else cell.word) + ("" if cell.sure or not finite else "?"), x + wide / 2, y + 12, text_anchor="middle",
                             class_=f"in {shade(cell.ratio) if finite and cell.sure else 'off'}"),
                )
            )  # fmt: skip
    return svg.document(WIDTH, top + len(rows) * height + 4, label, *made)


@dataclass(frozen=True)
class Dot:
    """A row in a scatter: its place, whose it is, and a sentence about it."""

    x: float
    y: float
    subject: str
    hint: str


def roofline(dots: Sequence[Dot], memory: Mapping[str, float], gemm: float) -> str:
    """Work per byte against rate (Williams, Waterman and Patterson 2009). ``memory``: roofs by name, bytes/s; ``gemm``: FLOP/s, NaN where not measured."""
    height = 330.0
    across, up = frame(height)
    x = fit([dot.x for dot in dots], *across, logarithmic=True, room=0.08)
    roofs = [rate * x.low for rate in memory.values()] + [gemm]
    y = fit([*(dot.y for dot in dots), *roofs], *up, logarithmic=True)
    axes = Axes(
        "Roofline: rate of each op over its work per byte, with the measured roofs", x, y, height, "FLOP per byte (least traffic)", "FLOP/s",
        x_format=lambda value: f"{value:.3g}", y_format=lambda value: quantity(value).strip().replace(" ", ""), heading="Roofline, float32",
    )  # fmt: skip
    notes = []
    for place, (name, rate) in enumerate(memory.items()):
        ridge = min(gemm / rate, x.high) if math.isfinite(gemm) else x.high
        points = [(x.low * (ridge / x.low) ** (step / 40), rate * x.low * (ridge / x.low) ** (step / 40)) for step in range(41)]  # fmt: skip
        inside = [(px, py) for px, py in points if y.low <= py <= y.high]
        axes.line(inside, Style("roof", None if place == 0 else "5 3", ""))
        if inside:
            at = inside[len(inside) // 4 if place else 0]
            notes.append(svg.text(name, x(at[0]) + 4, y(at[1]) + (14 if place else -5), class_="note"))
    if math.isfinite(gemm):
        start = max(x.low, gemm / max(memory.values())) if memory else x.low
        axes.line([(start, gemm), (x.high, gemm)], Style("roof", None, ""))
        axes.add(svg.text(f"matrix product {quantity(gemm)}FLOP/s", across[1] - 2, y(gemm) - 5, text_anchor="end", class_="note"))  # fmt: skip
    for dot in dots:
        axes.point(dot.x, dot.y, style_of(dot.subject), size=2.6, hint=dot.hint)
    axes.add(*notes)
    return axes.render(_legend(dot.subject for dot in dots))


def shares(dots: Sequence[Dot]) -> str:
    """How much of the roof the baseline reaches (across) and the subject (up): below the diagonal the subject is slower."""
    height = 330.0
    across, up = frame(height)
    values = [each for dot in dots for each in (dot.x, dot.y)]
    low = min((each for each in values if each > 0), default=0.01)
    x, y = Scale(low / 1.2, 1.2, *across, True), Scale(low / 1.2, 1.2, *up, True)
    percent = lambda value: f"{value * 100:.3g} %"  # noqa: E731
    axes = Axes(
        "Share of the roof that each op reaches under both frameworks", x, y, height, "torch: share of the measured roof", "ingot: share of the roof", percent, percent,
        heading="Share of the memory roof, every op",
    )  # fmt: skip
    axes.line([(low, low), (1.2, 1.2)], Style("roof", "5 3", ""))
    axes.add(svg.text("equal", x(0.75) - 4, y(0.75) - 6, text_anchor="end", class_="note"))
    for dot in dots:
        axes.point(dot.x, dot.y, style_of(dot.subject), size=2.8, hint=dot.hint)
    return axes.render()


def scaling(op: str, measured: Mapping[str, Points], lines: Mapping[str, tuple[float, float]], crossover: float) -> str:
    """Time of one call over the number of elements: what was measured as marks, the fitted lines, and where the subject overtakes."""
    height = 220.0
    across, up = frame(height)
    x = fit([n for points in measured.values() for n, _ in points], *across, logarithmic=True, room=0.12)
    y = fit([t for points in measured.values() for _, t in points], *up, logarithmic=True, room=0.1)
    axes = Axes(
        f"Time of {op} over the number of elements", x, y, height, "elements", "time of a call", lambda value: f"{value:.0e}".replace("e+0", "e"),
        lambda value: seconds(value).replace(" ", ""), heading=op,
    )  # fmt: skip
    for subject, points in measured.items():
        style = style_of(subject)
        if subject in lines:
            overhead, slope = lines[subject]
            sizes = [x.low * (x.high / x.low) ** (step / 30) for step in range(31)]
            axes.line([(n, t) for n in sizes if y.low <= (t := overhead + slope * n) <= y.high], style)
        for n, t in points:
            axes.point(n, t, style, hint=f"{subject}, {op}, n = {n:g}: {seconds(t)}")
    if x.low < crossover < x.high:
        at = x(crossover)
        axes.add(svg.element("path", d=f"M{svg.number(at)} {svg.number(y.stop)}V{svg.number(y.start)}", class_="rule", stroke_dasharray="3 3"))  # fmt: skip
        left = crossover < math.sqrt(x.low * x.high)
        axes.add(svg.text(f"level at {quantity(crossover).replace(' ', '')}", at + (3 if left else -3), y.start - 5, text_anchor="start" if left else "end", class_="note"))  # fmt: skip
    return axes.render(_legend(measured))


def losses(name: str, curves: Mapping[str, Sequence[float]], apart: Points, bound: float, compared: int) -> str:
    """Two trainings laid over each other, and below how far their losses are apart, relative, with the bound."""
    upper, lower = 190.0, 130.0
    across, up = frame(upper)
    x = fit([0, max(len(curve) for curve in curves.values()) - 1], *across, room=0.0)
    y = fit([loss for curve in curves.values() for loss in curve], *up)
    top = Axes(f"Losses of {name} under both frameworks", x, y, upper - 4, "", "loss", heading=name)
    for place, (framework, curve) in enumerate(curves.items()):
        points = list(enumerate(curve))
        top.line(points, style_of(framework), extra="under" if place == 0 else "over", hint=framework)
    picture = top.render([(name, replace(style, marker="")) for name, style in _legend(curves)])
    shown = [(step, value) for step, value in apart if value > 0]
    y = fit([*(value for _, value in shown), bound], lower - BOTTOM, 12.0, logarithmic=True)
    below = Axes(
        f"Relative difference of the losses of {name}", x, y, lower, "step", "apart", y_format=lambda value: f"{value:.0e}".replace("e-0", "e-"),
    )  # fmt: skip
    below.line(shown, Style("c1", None, ""))
    below.line([(x.low, bound), (min(float(compared), x.high), bound)], Style("limit", "6 3", ""))
    below.add(svg.text(f"bound {bound:g}, first {compared} steps", x.start + 4, y(bound) - 4, class_="note"))
    return svg.element("div", picture, below.render(), class_="pair")


def sparkline(
    values: Sequence[float],
    steps: Sequence[int] = (),
    *,
    width: float = 150.0,
    height: float = 30.0,
    label: str = "history",
) -> str:
    """A small line of ratios, the last marked, steps as ticks above; without axes: the numbers stand beside it."""
    kept = [(place, value) for place, value in enumerate(values) if math.isfinite(value)]
    if len(kept) < 2:
        return '<span class="quiet">one night</span>'
    x = Scale(0, max(len(values) - 1, 1), 4, width - 6)
    y = fit([value for _, value in kept], height - 5, 7)
    points = [(x(place), y(value)) for place, value in kept]
    marks = [svg.element("path", d=svg.path(points), class_="line c1 thin")]
    marks += [svg.element("path", d=f"M{svg.number((x(place - 1) + x(place)) / 2)} 2V{svg.number(height - 2)}", class_="rule", stroke_dasharray="2 2") for place in steps]  # fmt: skip
    marks.append(svg.element("circle", cx=points[-1][0], cy=points[-1][1], r=2.6, class_="mark c1"))
    sentence = f"{label}: {ratio_text(kept[0][1])} to {ratio_text(kept[-1][1])} over {len(kept)} nights"
    return svg.element("svg", svg.title(sentence), *marks, class_="spark", viewBox=f"0 0 {svg.number(width)} {svg.number(height)}", role="img", aria_label=sentence)  # fmt: skip


def curve(label: str, points: Points, x_label: str, y_label: str, heading: str) -> str:
    """Shares over planted errors, largest first: what the comparison can see."""
    height = 220.0
    across, up = frame(height)
    x = fit([value for value, _ in points], *across, logarithmic=True, room=0.08)
    axes = Axes(label, x, Scale(0.0, 1.05, *up), height, x_label, y_label, lambda v: f"{v:.0e}".replace("e-0", "e-"), lambda v: f"{v:.0%}", heading=heading)  # fmt: skip
    axes.line(sorted(points), style_of("ingot"))
    for value, share in points:
        axes.point(value, share, style_of("ingot"), hint=f"{value:g}: {share:.0%}")
    return axes.render()


def stacked(label: str, parts: Sequence[tuple[str, int, str]], width: float = 240.0) -> str:
    """One bar of counts, each part with its number where there is room. ``parts``: name, count, class."""
    total = sum(count for _, count, _ in parts)
    made, x = [], 0.0
    for name, count, shade_ in parts:
        wide = width * count / max(total, 1)
        if not count:
            continue
        made.append(svg.element("g", svg.title(f"{count} {name}"), svg.element("rect", x=x, y=1.0, width=max(wide - 1, 0.8), height=18.0, class_=f"cell {shade_}"),
                                *([svg.text(str(count), x + wide / 2, 14, text_anchor="middle", class_=f"in {shade_}")] if wide > 7 * len(str(count)) + 2 else [])))  # fmt: skip
        x += wide
    return svg.element("svg", *made, class_="bar", viewBox=f"0 0 {svg.number(width)} 20", role="img", aria_label=f"{label}: " + ", ".join(f"{count} {name}" for name, count, _ in parts if count))  # fmt: skip


def _legend(subjects) -> list[tuple[str, Style]]:
    return [(name, style_of(name)) for name in dict.fromkeys(subjects)]
