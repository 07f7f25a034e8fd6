"""Runs a script with taps, in a process of its own: ``python -m assay.programs.trace TRACE NAMESPACE SCRIPT [ARGUMENTS]``.

Taps: the value of every tensor whose ``backward`` is called; the parameters after every ``step`` of an optimizer; what the generator would draw next, then. Each event is a line of JSON in
the file TRACE, written at once, so that a script that crashes leaves what it did before. The taps draw nothing and change nothing.
"""

from __future__ import annotations

import functools
import json
import runpy
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from .substitute import substitute

MOST = 256
"""Elements of a tensor that are written; of a larger one every n-th, so that no more are."""

DRAWS = 4


class Taps:
    """Listens to a namespace that looks like torch's."""

    def __init__(self, namespace: Any, stream: TextIO, script: str):
        self.namespace, self.stream, self.script = namespace, stream, script
        self.steps = 0
        self._inside = False

    def install(self) -> None:
        """Put the taps on ``Tensor.backward`` and on the ``step`` of every optimizer that is made."""
        tensor = self.namespace.Tensor
        backward = tensor.backward

        @functools.wraps(backward)
        def tapped_backward(this: Any, *args: Any, **kwargs: Any) -> Any:
            self.event("loss", "loss", this)
            return backward(this, *args, **kwargs)

        tensor.backward = tapped_backward
        optimizer = self.namespace.optim.Optimizer
        construct = optimizer.__init__

        @functools.wraps(construct)
        def tapped_init(this: Any, *args: Any, **kwargs: Any) -> None:
            self._tap_step(type(this))
            construct(this, *args, **kwargs)

        optimizer.__init__ = tapped_init

    def _tap_step(self, cls: type) -> None:
        if getattr(cls.step, "tapped", False):  # type: ignore[attr-defined]
            return
        step = cls.step  # type: ignore[attr-defined]

        @functools.wraps(step)
        def tapped_step(this: Any, *args: Any, **kwargs: Any) -> Any:
            answer = step(this, *args, **kwargs)
            self.steps += 1
            for number, group in enumerate(this.param_groups):
                for place, parameter in enumerate(group["params"]):
                    self.event("parameter", f"{cls.__name__} group {number} parameter {place}", parameter)
            self.generator()
            return answer

        tapped_step.tapped = True  # type: ignore[attr-defined]
        cls.step = tapped_step  # type: ignore[attr-defined]

    def generator(self) -> None:
        """What the generator would draw next, its state put back."""
        state = self.namespace.get_rng_state()
        self.event("generator", "the generator's next numbers", self.namespace.rand(DRAWS))
        self.namespace.set_rng_state(state)

    def event(self, kind: str, name: str, tensor: Any) -> None:
        """Write one tensor."""
        array = np.array(tensor.detach().double().cpu().reshape(-1).tolist() if tensor.numel() else [])
        stride = max(1, -(-array.size // MOST))
        record = {
            "kind": kind,
            "name": name,
            "step": self.steps,
            "line": self._line(),
            "dtype": str(tensor.dtype).rpartition(".")[2],
            "shape": list(tensor.shape),
            "values": array[::stride].tolist(),
            "norm": float(np.linalg.norm(array)),
        }
        self.stream.write(json.dumps(record) + "\n")
        self.stream.flush()

    def _line(self) -> int:
        frame = sys._getframe(2)
        while frame is not None and frame.f_code.co_filename != self.script:
            frame = frame.f_back  # type: ignore[assignment]
        return frame.f_lineno if frame is not None else 0


def main() -> None:
    trace, namespace, script, *arguments = sys.argv[1:]
    substitute(namespace)
    sys.argv = [script, *arguments]
    path = str(Path(script).resolve())
    sys.path.insert(0, str(Path(path).parent))
    with open(trace, "w") as stream:
        Taps(import_module("torch"), stream, path).install()
        runpy.run_path(path, run_name="__main__")


if __name__ == "__main__":
    main()
