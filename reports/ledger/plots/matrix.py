"""The coverage matrix: op x property, one mark a cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from . import svg

MARKS = {
    "clean": ("checked, nothing found", "ok"),
    "failing": ("a cause is held against the target", "bad"),
    "unchecked": ("applies, not reached in this run", "wait"),
    "lacking": ("the target lacks the op", "lack"),
}
"""State -> what it means, and its class. A cell without mark: the property does not apply."""

STEP, ROW = 15.0, 13.0


def matrix(label: str, rows: Mapping[str, Mapping[str, str]], properties: Sequence[str]) -> str:
    """``rows[op][property]`` is a state of ``MARKS``. A path for each state holds all its marks: a thousand ops stay small."""
    left, top = 168.0, 84.0
    paths: dict[str, list[str]] = {state: [] for state in MARKS}
    made = [
        svg.text(name.replace("_", " "), 0, 0, transform=f"translate({svg.number(left + STEP * (place + 0.5) + 3)} {svg.number(top - 6)}) rotate(-60)")
        for place, name in enumerate(properties)
    ]  # fmt: skip
    for line, (op, states) in enumerate(rows.items()):
        y = top + ROW * (line + 0.5)
        made.append(svg.text(svg.shortened(op, 29), left - 5, y + 3.5, text_anchor="end"))
        for place, name in enumerate(properties):
            if name in states:
                paths[states[name]].append(_mark(states[name], left + STEP * (place + 0.5), y))
    made += [svg.element("path", svg.title(MARKS[state][0]), d="".join(found), class_=f"state {MARKS[state][1]}") for state, found in paths.items() if found]  # fmt: skip
    return svg.document(left + STEP * len(properties) + 40, top + ROW * len(rows) + 6, label, *made)


def _mark(state: str, x: float, y: float) -> str:
    """A full square, a cross, an open square, a dash."""
    at = f"M{svg.number(x - 4)} {svg.number(y - 4)}"
    return {
        "clean": f"{at}h8v8h-8z",
        "failing": f"{at}l8 8m0-8l-8 8",
        "unchecked": f"{at}h8v8h-8z",
        "lacking": f"M{svg.number(x - 3)} {svg.number(y)}h6",
    }[state]


def example(state: str) -> str:
    """One mark, for the legend."""
    return svg.element("svg", svg.element("path", d=_mark(state, 6, 6), class_=f"state {MARKS[state][1]}"), class_="key", viewBox="0 0 12 12", aria_hidden="true")  # fmt: skip
