"""The judge of these tests: one call under both frameworks from one seed, its bits and the state it leaves the generator in."""

from __future__ import annotations

import numpy as np
import torch

import ingot

FLOATS = ("float32", "float64", "float16", "bfloat16")
COMPLEXES = ("complex64", "complex128")
INTEGERS = ("int64", "int32", "int16", "int8", "uint8")


def bits(tensor) -> tuple[str, tuple[int, ...], bytes]:
    """A tensor's dtype, shape and bytes in logical order."""
    if isinstance(tensor, torch.Tensor):
        raw = tensor.detach().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
    else:
        raw = np.ascontiguousarray(tensor.detach()._array).tobytes()
    return str(tensor.dtype), tuple(tensor.shape), raw


def state(framework) -> bytes:
    """The bytes of a framework's default generator."""
    found = framework.get_rng_state()
    return bits(found)[2]


def agree(call, seed: int = 0) -> None:
    """``call(framework)`` gives the same bits under both, and leaves both generators in the same state.

    ``call`` returns a tensor, or several in a list.
    """
    torch.manual_seed(seed)
    ingot.manual_seed(seed)
    expected, found = call(torch), call(ingot)
    expected, found = (one if isinstance(one, list) else [one] for one in (expected, found))
    for want, got in zip(expected, found, strict=True):
        (dtype, shape, raw), (dtype_, shape_, raw_) = bits(want), bits(got)
        assert (dtype_, shape_) == (dtype, shape)
        if raw_ != raw:
            want, got = want.detach().reshape(-1), got.detach().reshape(-1)
            places = [place for place in range(len(want)) if bits(want[place])[2] != bits(got[place])[2]]
            first = places[0]
            raise AssertionError(
                f"{len(places)} of {len(want)} numbers differ, the first at {first}: {got[first].item()!r}, not {want[first].item()!r}"
            )
    assert state(ingot) == state(torch), "the generators stand in different places"


def refuse(call, error: type[Exception], sentence: str = "") -> None:
    """``call(framework)`` raises ``error`` under both, and Ingot's generator stays where it was; its message contains ``sentence``."""
    ingot.manual_seed(0)
    before = state(ingot)
    for framework in (torch, ingot):
        try:
            call(framework)
        except error as raised:
            assert framework is torch or sentence in str(raised)
        else:
            raise AssertionError(f"{framework.__name__} raised nothing")
    assert state(ingot) == before
