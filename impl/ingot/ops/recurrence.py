"""A whole sequence of a long short-term memory as one op.

NOTE [Recurrences in one op]
A step of an LSTM is a dozen elementwise ops on small arrays: recorded one by one, their bookkeeping outweighs them. Here the loop over time runs on raw arrays, and
backward runs its own. Whatever does not depend on the gradient that comes down the sequence is computed for all steps at once, before backward's loop.
Where the derivative is itself differentiated, the same formulas are evaluated as differentiable ops. Only time is looped over.
"""

from __future__ import annotations

from ..core.graph import thread
from .declare import primitive


def _gates(array, width: int):
    """Views of the four quarters of (..., 4 * width)."""
    return tuple(array[..., start * width : (start + 1) * width] for start in range(4))


@primitive(
    "_lstm(projected, hidden, cell, weight)",
    outputs=("result", "last_hidden", "last_cell", "cells", "bent", "gates"),
    differentiable=("result", "last_hidden", "last_cell"),
    node="LstmBackward0",
)
def _lstm(xp, projected, hidden, cell, weight):
    """``projected`` (T, N, 4H) are the inputs times their weights, with all biases; gates in the order input, forget, new, output. ``hidden`` and ``cell``
    (N, H), ``weight`` (4H, H). Returns all hidden states, the last hidden and cell state; and for backward all cells, their tanh, and the gates.
    """
    steps, width = projected.shape[0], hidden.shape[1]
    gates = xp.empty(projected.shape, projected.dtype)
    # The three gates that are sigmoids side by side: one call serves them.
    gates[..., : 2 * width] = projected[..., : 2 * width]
    gates[..., 2 * width : 3 * width] = projected[..., 3 * width :]
    gates[..., 3 * width :] = projected[..., 2 * width : 3 * width]
    matrix = xp.concatenate([weight[: 2 * width], weight[3 * width :], weight[2 * width : 3 * width]]).T
    shape = (steps, *hidden.shape)
    result, cells, bent = (xp.empty(shape, projected.dtype) for _ in range(3))
    product, added = xp.empty(projected.shape[1:], projected.dtype), xp.empty(hidden.shape, projected.dtype)
    for step in range(steps):
        z = gates[step]
        xp.matmul(hidden, matrix, out=product)
        z += product
        open_ = z[:, : 3 * width]
        xp.negative(open_, out=open_)
        xp.exp(open_, out=open_)
        open_ += 1
        xp.reciprocal(open_, out=open_)
        i, f, o, new = _gates(z, width)
        xp.tanh(new, out=new)
        xp.multiply(f, cell, out=cells[step])
        cell = cells[step]
        xp.multiply(i, new, out=added)
        cell += added
        xp.tanh(cell, out=bent[step])
        xp.multiply(o, bent[step], out=result[step])
        hidden = result[step]
    return result, hidden.copy(), cell.copy(), cells, bent, gates


@primitive(
    "_lstm_backward(grad_result, grad_hidden, grad_cell, hidden, cell, weight, result, cells, bent, gates)",
    outputs=("by_projected", "by_hidden", "by_cell", "by_weight"),
)
def _lstm_backward(xp, grad_result, grad_hidden, grad_cell, hidden, cell, weight, result, cells, bent, gates):
    """Backpropagation through time. Hochreiter and Schmidhuber 1997; the slopes of sigmoid and tanh by their values."""
    steps, count, width = result.shape
    i, f, o, new = _gates(gates, width)  # as the forward kernel laid them out
    slopes = xp.empty(gates.shape, gates.dtype)
    by_i, by_f, by_new, by_o = _gates(slopes, width)
    before = xp.concatenate([cell[None], cells[:-1]])
    for slope, gate, factor in ((by_i, i, new), (by_f, f, before), (by_o, o, bent)):
        xp.subtract(1, gate, out=slope)
        slope *= gate
        slope *= factor
    xp.multiply(new, new, out=by_new)
    xp.subtract(1, by_new, out=by_new)
    by_new *= i
    through = bent * bent
    xp.subtract(1, through, out=through)
    through *= o
    content = slopes[..., : 3 * width].reshape(steps, count, 3, width)
    by_hidden, by_cell = grad_hidden.copy(), grad_cell.copy()
    for step in reversed(range(steps)):
        by_hidden += grad_result[step]
        through[step] *= by_hidden
        by_cell += through[step]
        by_o[step] *= by_hidden
        content[step] *= by_cell[:, None]
        by_cell *= f[step]
        xp.matmul(slopes[step], weight, out=by_hidden)
    earlier = xp.concatenate([hidden[None], result[:-1]])
    by_weight = xp.matmul(slopes.reshape(-1, 4 * width).T, earlier.reshape(-1, width))
    return slopes, by_hidden, by_cell, by_weight


@_lstm.backward("projected", "hidden", "cell", "weight")
def _(grad_result, grad_last_hidden, grad_last_cell, projected, hidden, cell, weight, result, cells, bent, gates):
    if not thread.mode.watched:
        return _lstm_backward(
            grad_result, grad_last_hidden, grad_last_cell, hidden, cell, weight, result, cells, bent, gates
        )
    return _differentiable_backward(grad_result, grad_last_hidden, grad_last_cell, projected, hidden, cell, weight)


def _differentiable_backward(grad_result, by_hidden, by_cell, projected, hidden, cell, weight):
    """What ``_lstm_backward`` computes, from the inputs alone and as ops with derivatives of their own."""
    from .joining import cat, stack

    turned = weight.transpose(0, 1)
    kept = []
    for x in projected.unbind(0):
        i, f, new, o = (x + hidden.matmul(turned)).chunk(4, 1)
        i, f, new, o = i.sigmoid(), f.sigmoid(), new.tanh(), o.sigmoid()
        before, cell = cell, f * cell + i * new
        bent = cell.tanh()
        kept.append((hidden, before, i, f, new, o, bent))
        hidden = o * bent
    by_weight, slopes = weight.new_zeros(weight.shape), []
    for grad, (hidden, before, i, f, new, o, bent) in zip(reversed(grad_result.unbind(0)), reversed(kept), strict=True):
        by_hidden = by_hidden + grad
        by_cell = by_cell + by_hidden * o * (1 - bent * bent)
        slope = cat(
            [
                by_cell * new * i * (1 - i), by_cell * before * f * (1 - f), by_cell * i * (1 - new * new),
                by_hidden * bent * o * (1 - o),
            ],
            1,
        )  # fmt: skip
        by_cell = by_cell * f
        by_hidden = slope.matmul(weight)
        by_weight = by_weight + slope.transpose(0, 1).matmul(hidden)
        slopes.append(slope)
    return stack(slopes[::-1]), by_hidden, by_cell, by_weight
