"""The frame of a plot: axes with ticks and labels, a grid, a legend, and marks that differ in shape, dash and colour."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from . import svg
from .scales import Scale

WIDTH = 380.0

LEFT, RIGHT, TOP, BOTTOM = 54.0, 12.0, 30.0, 40.0


@dataclass(frozen=True)
class Style:
    """How one subject looks everywhere: a colour (a CSS class), a dash and a marker."""

    colour: str
    dash: str | None
    marker: str


STYLES = {
    "ingot": Style("c1", None, "circle"),
    "torch": Style("c2", "6 3", "square"),
    "numpy": Style("c3", "2 3", "diamond"),
    "torch.compile": Style("c4", "9 3 2 3", "triangle"),
    "jax": Style("c5", "1 2", "cross"),
}

OTHER = Style("c6", "4 2", "cross")


def style_of(subject: str) -> Style:
    """The style of a subject; all that have none of their own share one."""
    return STYLES.get(subject, OTHER)


def marker(kind: str, x: float, y: float, size: float, colour: str, hint: str = "") -> str:
    """A mark at a point."""
    d = {
        "square": f"M{svg.number(x - size)} {svg.number(y - size)}h{2 * size}v{2 * size}h{-2 * size}z",
        "diamond": f"M{svg.number(x)} {svg.number(y - 1.3 * size)}l{1.3 * size} {1.3 * size}l{-1.3 * size} {1.3 * size}l{-1.3 * size} {-1.3 * size}z",
        "triangle": f"M{svg.number(x)} {svg.number(y - 1.2 * size)}l{1.2 * size} {2.1 * size}h{-2.4 * size}z",
        "cross": f"M{svg.number(x - size)} {svg.number(y - size)}l{2 * size} {2 * size}m{-2 * size} 0l{2 * size} {-2 * size}",
    }.get(kind)
    hints = (svg.title(hint),) if hint else ()
    if d is None:
        return svg.element("circle", *hints, cx=x, cy=y, r=float(size), class_=f"mark {colour}")
    return svg.element("path", *hints, d=d, class_=f"{'stroke' if kind == 'cross' else 'mark'} {colour}")


@dataclass
class Axes:
    """A plot in the making: scales, then ``add``, then ``render``."""

    label: str
    x: Scale
    y: Scale
    height: float
    x_label: str = ""
    y_label: str = ""
    x_format: Callable[[float], str] = lambda value: f"{value:g}"
    y_format: Callable[[float], str] = lambda value: f"{value:g}"
    width: float = WIDTH
    heading: str = ""
    marks: list[str] = field(default_factory=list)

    def add(self, *marks: str) -> None:
        """Draw something inside of the frame."""
        self.marks += marks

    def line(self, points: Sequence[tuple[float, float]], style: Style, *, extra: str = "", hint: str = "") -> None:
        """A line through points in data; where one is not finite the line is broken."""
        piece: list[tuple[float, float]] = []
        for x, y in (*points, (math.nan, math.nan)):
            if math.isfinite(x) and math.isfinite(y):
                piece.append((self.x(x), self.y(y)))
                continue
            if len(piece) > 1:
                hints = (svg.title(hint),) if hint else ()
                self.add(svg.element("path", *hints, d=svg.path(piece), class_=f"line {style.colour} {extra}".strip(), stroke_dasharray=style.dash))  # fmt: skip
            piece = []

    def point(self, x: float, y: float, style: Style, *, size: float = 3.2, hint: str = "") -> None:
        """A marker at a point in data, if it is finite."""
        if math.isfinite(x) and math.isfinite(y):
            self.add(marker(style.marker, self.x(x), self.y(y), size, style.colour, hint))

    def render(self, legend: Sequence[tuple[str, Style]] = ()) -> str:
        """The picture."""
        frame = [*self._grid(), *self.marks]
        frame += [svg.text(self.heading, 0, 12, class_="heading")] * bool(self.heading)
        frame += self._legend(legend)
        return svg.document(self.width, self.height, self.label, *frame)

    def _grid(self) -> list[str]:
        left, right, top, bottom = self.x.start, self.x.stop, self.y.stop, self.y.start
        made = []
        for value in self.y.ticks(5):
            at = self.y(value)
            made.append(
                svg.element("path", d=f"M{svg.number(left)} {svg.number(at)}H{svg.number(right)}", class_="grid")
            )
            made.append(svg.text(self.y_format(value), left - 5, at + 3.5, text_anchor="end"))
        for value in self.x.ticks(6):
            at = self.x(value)
            made.append(
                svg.element("path", d=f"M{svg.number(at)} {svg.number(top)}V{svg.number(bottom)}", class_="grid")
            )
            made.append(svg.text(self.x_format(value), at, bottom + 14, text_anchor="middle"))
        made.append(svg.element("path", d=f"M{svg.number(left)} {svg.number(top)}V{svg.number(bottom)}H{svg.number(right)}", class_="axis"))  # fmt: skip
        if self.x_label:
            made.append(svg.text(self.x_label, (left + right) / 2, bottom + 30, text_anchor="middle", class_="label"))
        if self.y_label:
            middle = (top + bottom) / 2
            made.append(svg.text(self.y_label, 11, middle, text_anchor="middle", class_="label", transform=f"rotate(-90 11 {svg.number(middle)})"))  # fmt: skip
        return made

    def _legend(self, entries: Sequence[tuple[str, Style]]) -> list[str]:
        made, x = [], 0.0
        for name, style in entries:
            line = svg.element(
                "path", d=f"M{svg.number(x)} 21h18", class_=f"line {style.colour}", stroke_dasharray=style.dash
            )
            mark = [marker(style.marker, x + 9, 21, 2.8, style.colour)] if style.marker else []
            made += [line, *mark, svg.text(name, x + 23, 24.5)]
            x += 36 + 6.2 * len(name)
        return made


def frame(height: float, width: float = WIDTH) -> tuple[tuple[float, float], tuple[float, float]]:
    """The pixels that x and y scales of a plot of this size go from and to."""
    return (LEFT, width - RIGHT), (height - BOTTOM, TOP)
