"""Defects of the oracle as data that runs: an entry of the registry with a ``repro``, the ``answer`` that it gives and the ``exact`` one.

``repro`` and ``exact`` are Python expressions over ``SCOPE``; ``answer = "crash"`` stands for the end of the process. ``python -m assay.divergences.defects`` writes them into docs/oracle-defects.md.
"""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .registry import Divergence, load

CRASH = "crash"

BEGIN, END = "<!-- written by python -m assay.divergences.defects -->", "<!-- end -->"


def defects() -> list[Divergence]:
    """The entries that carry a repro, in their order."""
    return [each for each in load().divergences if each.repro]


# -- what repros are made of --------------------------------------------------------------------------------------------------------


def grad(function: Callable, x: Any, dtype: Any = None) -> Any:
    """The gradient of the sum of ``function`` at ``x`` (float64), as a list."""
    import torch

    point = torch.tensor(x, dtype=dtype or torch.float64, requires_grad=True)
    found = function(point)
    return torch.autograd.grad(found, point, torch.ones_like(found))[0].tolist()


def jvp(function: Callable, x: Any, v: Any) -> Any:
    """The tangent of ``function`` at ``x`` along ``v`` by forward mode; None where it has none."""
    import torch

    forward = torch.autograd.forward_ad
    with forward.dual_level():
        primal, tangent = (torch.tensor(each, dtype=torch.float64) for each in (x, v))
        found = forward.unpack_dual(function(forward.make_dual(primal, tangent))).tangent
        return None if found is None else found.tolist()


def second(function: Callable, x: Any, v: Any) -> float:
    """The second derivative of a scalar ``function`` along ``v`` by forward mode over forward mode."""
    import torch

    point, along = (torch.tensor(each, dtype=torch.float64) for each in (x, v))

    def slope(y: Any) -> Any:
        return torch.func.jvp(function, (y,), (along,))[1]

    return torch.func.jvp(slope, (point,), (along,))[1].item()


def raised(function: Callable) -> str:
    """The class of the error that ``function()`` raises, "nothing" where it answers."""
    try:
        function()
    except Exception as error:
        return type(error).__name__
    return "nothing"


def unpooled() -> None:
    """max_unpool2d with indices that do not lie contiguous, and its backward."""
    import torch

    x = torch.ones(2, 1, 2, 2, requires_grad=True)
    indices = torch.arange(4).reshape(2, 2).t().contiguous().t().expand(2, 1, 2, 2)
    torch.nn.functional.max_unpool2d(x, indices, (1, 1)).sum().backward()


def normalised_second(x: Sequence[float], weights: Sequence[float], v: Sequence[float], eps: float = 1e-5) -> float:
    """The second derivative of sum w (x - mean) / sqrt(var + eps) along ``v``, by mpmath at 40 digits."""
    import mpmath

    def along(s: Any) -> Any:
        z = [mpmath.mpf(a) + s * b for a, b in zip(x, v, strict=True)]
        mean = sum(z) / len(z)
        variance = sum((each - mean) ** 2 for each in z) / len(z)
        return sum(w * (each - mean) for w, each in zip(weights, z, strict=True)) / mpmath.sqrt(variance + eps)

    with mpmath.workdps(40):
        return float(mpmath.diff(along, 0, 2))


def scope() -> dict[str, Any]:
    """The names of repros and exact answers."""
    import mpmath
    import torch

    functions = (grad, jvp, second, raised, unpooled, normalised_second)
    return {
        "torch": torch,
        "F": torch.nn.functional,
        "math": math,
        "mpmath": mpmath,
        "inf": math.inf,
        "nan": math.nan,
    } | {each.__name__: each for each in functions}


def answer_of(defect: Divergence) -> str:
    """What the repro gives here and now, as text; one that may crash runs in a process of its own."""
    if defect.answer != CRASH:
        return repr(eval(defect.repro, scope()))
    program = f"from assay.divergences.defects import scope\neval({defect.repro!r}, scope())"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False, timeout=120)
    return CRASH if ended.returncode < 0 else "no crash"


def exact_of(defect: Divergence) -> str:
    """The right answer, as text; what is no expression stands for itself."""
    try:
        return repr(eval(defect.exact, scope()))
    except SyntaxError:
        return defect.exact


# -- the document -------------------------------------------------------------------------------------------------------------------


def section() -> str:
    """The defects as Markdown."""
    found = defects()
    lines = [BEGIN, "", "## Entries with a repro", ""]
    lines += [
        f"{len(found)} entries, found by the harness in runs of PyTorch alone and against Ingot; several share a cause (the second forward derivatives, the gradients at NaN). Every repro below is run by `tests/assay/test_defects.py`, beside the exact answer; "
        "`grad`, `jvp` and `second` are those of `assay.divergences.defects`.",
        "",
    ]
    for each in found:
        answer = "the process ends" if each.answer == CRASH else each.answer
        lines += [
            f"### {each.id}",
            "",
            f"    {each.repro}",
            f"    # {answer}    exact: {exact_of(each)}",
            "",
            each.reason,
            "",
        ]
    return "\n".join([*lines, END])


def main() -> int:
    """Write the section into the document, in the place of the one that is there."""
    path = Path(__file__).parents[3] / "docs" / "oracle-defects.md"
    text = path.read_text()
    head, _, rest = text.partition(BEGIN)
    tail = rest.partition(END)[2]
    path.write_text(f"{head.rstrip()}\n\n{section()}{tail.rstrip()}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
