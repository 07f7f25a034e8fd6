"""Connectionist temporal classification: the probability that a network's labels per time step spell a target, summed over all alignments.

A. Graves, S. Fernández, F. Gomez, J. Schmidhuber, "Connectionist temporal classification", ICML 2006, equations 5 to 8.

NOTE [Derivatives of CTC]
``_alignments`` is the forward recursion in log space. Its derivative is a linear recursion over a band: state ``s`` is entered from ``s``, ``s - 1`` and ``s - 2``. ``_banded``
solves it onwards, ``_banded_transposed`` backwards (Graves's backward variables, up to scale). Each is the other's transpose, so derivatives of every order are made of these
two. The gradient is that by ``log_probs`` as they stand. PyTorch adds ``exp(log_probs)``, which vanishes behind a ``log_softmax`` and nowhere else.
"""

from __future__ import annotations

import math

import numpy as np

from ..backends import namespace_of
from ..core.tensor import Tensor, wrap
from .declare import composite, primitive
from .joining import stack
from .loss import NN, reduced
from .padding import constant_pad_nd

REACH = 3
"""How many states a state may be entered from: itself, the one before, the one before that."""


@primitive("_alignments(emissions, skips)", node="CtcLossBackward0")
def _alignments(xp, emissions, skips):
    """Log-probability of all ways to be in each state at each step: emissions (T, N, S), skips (N, S) whether a state may be entered from two before; (T, N, S)."""
    steps, batch, states = emissions.shape
    # Two states that cannot be reached stand before the first.
    found = xp.full((steps, batch, states + 2), -math.inf, emissions.dtype)
    if steps:
        found[0, :, 2:4] = emissions[0, :, :2]
    for step in range(1, steps):
        before = found[step - 1]
        stay, advance, skip = before[:, 2:], before[:, 1:-1], xp.where(skips, before[:, :-2], -math.inf)
        top = xp.maximum(xp.maximum(stay, advance), skip)
        top = xp.where(top == -math.inf, xp.zeros_like(top), top)
        total = xp.exp(stay - top) + xp.exp(advance - top) + xp.exp(skip - top)
        found[step, :, 2:] = top + xp.log(total) + emissions[step]
    return xp.ascontiguousarray(found[:, :, 2:])


def _shifted(tensor, fill: float):
    """(3, T, N, S): at each step and state the values one step before, in the states that lead there."""
    steps, _, states = tensor.shape
    before = constant_pad_nd(tensor.narrow(0, 0, steps - 1), (REACH - 1, 0, 0, 0, 1, 0), fill)
    return stack([before.narrow(2, REACH - 1 - back, states) for back in range(REACH)])


def _transitions(emissions, result, skips):
    """(3, T, N, S): the share of each state's probability that came from each state before it; 0 where there was none."""
    unreached = result == -math.inf
    before = _shifted(result, -math.inf)
    barred = (skips == 0).expand(result.shape)
    before = stack([before[0], before[1], before[2].masked_fill(barred, -math.inf)])
    entered = (result - emissions).masked_fill(unreached, 0)
    return (before - entered).exp().masked_fill(unreached, 0)


@_alignments.backward("emissions")
def _(grad, emissions, result, skips):
    return _banded_transposed(grad, _transitions(emissions, result, skips))


@_alignments.jvp("emissions")
def _(tangent, emissions, result, skips):
    return _banded(tangent, _transitions(emissions, result, skips))


@primitive("_banded(input, weights)", linear=("input",))
def _banded(xp, input, weights):
    """``x[t, s] = input[t, s] + sum over k of weights[k, t, s] * x[t - 1, s - k]``."""
    found = input.copy()
    for step in range(1, len(found)):
        found[step] += weights[0, step] * found[step - 1]
        for back in range(1, REACH):
            found[step, :, back:] += weights[back, step, :, back:] * found[step - 1, :, :-back]
    return found


@_banded.backward("input", "weights")
def _(grad, weights, result, needs):
    moved = _banded_transposed(grad, weights)
    return moved, _shifted(result, 0) * moved if needs[1] else None


@primitive("_banded_transposed(input, weights)", linear=("input",))
def _banded_transposed(xp, input, weights):
    """``y[t, s] = input[t, s] + sum over k of weights[k, t + 1, s + k] * y[t + 1, s + k]``."""
    found = input.copy()
    for step in range(len(found) - 2, -1, -1):
        found[step] += weights[0, step + 1] * found[step + 1]
        for back in range(1, REACH):
            found[step, :, :-back] += weights[back, step + 1, :, back:] * found[step + 1, :, back:]
    return found


@_banded_transposed.backward("input", "weights")
def _(grad, weights, result, needs):
    moved = _banded(grad, weights)
    return moved, _shifted(moved, 0) * result if needs[1] else None


# -- the loss -----------------------------------------------------------------------------------------------------------------------------


def _lengths(value, name: str, batch: int) -> np.ndarray:
    """Lengths (N,) as host integers, from a tensor or a sequence."""
    if isinstance(value, Tensor):
        if value.dtype.is_floating_point or value.dtype.is_complex:
            raise RuntimeError(f"{name} must be integral")
        value = value.reshape(-1).tolist()
    found = np.asarray([value] if isinstance(value, int) else list(value), np.int64)
    if len(found) != batch:
        raise RuntimeError(f"{name} must be of size batch_size: expected {batch} lengths, got {len(found)}")
    return found


def _states(targets, lengths: np.ndarray, blank: int) -> np.ndarray:
    """The labels of the states (N, 2 * longest + 1): blank, first label, blank, second label, ..., blank."""
    values = np.asarray(targets.detach().cpu().numpy(), np.int64)
    longest = int(lengths.max(initial=0))
    if values.ndim == 1:
        if values.size != lengths.sum():
            raise RuntimeError(
                f"Expected targets of size {int(lengths.sum())}, the sum of target_lengths, but got {values.size}"
            )
        rows = np.split(values, np.cumsum(lengths)[:-1])
    elif values.ndim == 2:
        if len(values) != len(lengths) or values.shape[1] < longest:
            raise RuntimeError(
                f"Expected tensor to have size at least {longest} at dimension 1, and {len(lengths)} rows, but got size {list(values.shape)} for targets"
            )
        rows = [row[:length] for row, length in zip(values, lengths, strict=True)]
    else:
        raise RuntimeError(f"expected targets of 1 or 2 dimensions, got {values.ndim}")
    states = np.full((len(lengths), 2 * longest + 1), blank, np.int64)
    for state, row in zip(states, rows, strict=True):
        state[1 : 2 * len(row) : 2] = row
    return states


@composite(namespace=NN)
def ctc_loss(log_probs, targets, input_lengths, target_lengths, blank=0, reduction="mean", zero_infinity=False):
    """Minus the log-probability of each target: log_probs (T, N, C) or (T, C), targets (N, S), or (sum(target_lengths),) one after the other; lengths (N,).

    ``targets`` hold classes other than ``blank``. "mean" divides each loss by its target's length first. ``zero_infinity`` makes the loss of a target that no alignment
    spells 0, with no gradient. float32 and float64 only (NotImplementedError). RuntimeError for lengths and sizes that do not fit together.
    ``ctc_loss(torch.zeros(4, 1, 3).log_softmax(2), torch.tensor([[1, 2]]), (4,), (2,))`` is ``-log(15 / 3 ** 4) / 2``.
    """
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    if log_probs.dtype.name not in ("float32", "float64"):
        raise NotImplementedError(f"\"ctc_loss_cpu\" not implemented for '{log_probs.dtype.legacy_name}'")
    if targets.dtype.name not in ("int64", "int32"):
        raise RuntimeError(f"expected targets of int32 or int64, got {targets.dtype}")
    if log_probs.ndim not in (2, 3):
        raise RuntimeError(f"expected log_probs of size (T, N, C) or (T, C), got {list(log_probs.shape)}")
    scores = log_probs if log_probs.ndim == 3 else log_probs.unsqueeze(1)
    steps, batch, classes = scores.shape
    if scores.numel() == 0:
        raise RuntimeError(f"log_probs tensor must not be empty, got size {list(log_probs.shape)}")
    if not 0 <= blank < classes:
        raise RuntimeError(f"blank must be in label range: from 0 to {classes - 1}, got {blank}")
    given = _lengths(input_lengths, "input_lengths", batch)
    wanted = _lengths(target_lengths, "target_lengths", batch)
    if given.min() < 0 or given.max() > steps:
        raise RuntimeError(
            f"Expected input_lengths to have values from 0 to {steps}, the steps of log_probs, got {given.tolist()}"
        )
    if wanted.min() < 0:
        raise RuntimeError(f"Expected target_lengths to have no negative value, got {wanted.tolist()}")
    states = _states(targets if log_probs.ndim == 3 or targets.ndim != 1 else targets.unsqueeze(0), wanted, blank)
    if states.min() < 0 or states.max() >= classes:
        raise RuntimeError(f"expected targets from 0 to {classes - 1}, got {int(states.min())} to {int(states.max())}")
    losses = _losses(scores, states, given, wanted)
    if zero_infinity:
        losses = losses.masked_fill(losses == math.inf, 0)
    if log_probs.ndim == 2:
        losses = losses.squeeze(0)
    if reduction == "mean":
        xp = namespace_of(log_probs._array)
        divisor = wrap(xp.asarray(np.maximum(wanted, 1))).to(losses.dtype)
        losses = losses / divisor
    return reduced(losses, reduction)


def _losses(scores, states: np.ndarray, given: np.ndarray, wanted: np.ndarray):
    """The loss of each target (N,), inf where no alignment spells it (and its gradient 0)."""
    xp = namespace_of(scores._array)
    skips = np.zeros(states.shape, np.uint8)
    skips[:, 2:] = states[:, 2:] != states[:, :-2]
    labels = wrap(xp.asarray(states)).expand(scores.shape[0], *states.shape)
    found = _alignments(scores.gather(2, labels), wrap(xp.asarray(skips)))
    # Alignments end in the last label or in the blank behind it. A sample of no steps spells the empty target, and nothing else.
    last_step = wrap(xp.asarray(np.maximum(given - 1, 0))).reshape(1, -1, 1).expand(1, -1, states.shape[1])
    ends = found.gather(0, last_step).squeeze(0)
    in_blank = ends.gather(1, wrap(xp.asarray(2 * wanted[:, None]))).squeeze(1)
    in_label = ends.gather(1, wrap(xp.asarray(np.maximum(2 * wanted - 1, 0)[:, None]))).squeeze(1)
    in_label = in_label.masked_fill(wrap(xp.asarray(wanted == 0)), -math.inf)
    stepless = wrap(xp.asarray(given == 0))
    impossible = (in_blank == -math.inf) & (in_label == -math.inf) | stepless
    losses = -in_blank.masked_fill(impossible, 0).logaddexp(in_label.masked_fill(impossible, 0))
    losses = losses.masked_fill(impossible, math.inf)
    return losses.masked_fill(stepless & wrap(xp.asarray(wanted == 0)), 0)
