"""SVG elements as text."""

from __future__ import annotations

from html import escape


def number(value: float) -> str:
    """A coordinate: a hundredth of a pixel is enough."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def element(name: str, *children: str, **attributes: object) -> str:
    """``<name ...>children</name>``; ``class_`` is class, underscores are hyphens, numbers are coordinates, None is left out."""
    shown = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{number(value) if isinstance(value, float) else escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{shown}>{''.join(children)}</{name}>" if children else f"<{name}{shown}/>"


def text(content: str, x: float, y: float, **attributes: object) -> str:
    """A line of text."""
    return element("text", escape(content), x=float(x), y=float(y), **attributes)


def shortened(name: str, most: int) -> str:
    """A name of at most ``most`` characters: of a longer one the middle is left out, since names differ at their ends."""
    if len(name) <= most:
        return name
    return f"{name[: most // 2]}…{name[-(most - most // 2 - 1) :]}"


def title(content: str) -> str:
    """What is shown when the pointer rests on an element, and read aloud."""
    return f"<title>{escape(content)}</title>"


def document(width: float, height: float, label: str, *children: str) -> str:
    """A whole picture that scales with its column. ``label``: what it shows, in a sentence."""
    return element(
        "svg", *children, class_="plot", viewBox=f"0 0 {number(width)} {number(height)}", role="img", aria_label=label, style=f"max-width:{width * 1.25:.0f}px"
    )  # fmt: skip


def path(points: list[tuple[float, float]]) -> str:
    """The ``d`` of a polyline."""
    return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points)
