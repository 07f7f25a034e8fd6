"""The functions of recurrent networks: one step (``lstm_cell``, ...) and whole sequences (``lstm``, ...).

A sequence is a list of steps, each a (batch, features) tensor. Steps of a packed sequence get smaller as sequences
end; steps of a padded one all have the whole batch. Only the recurrence itself is a loop over time: the projections
of all inputs of a layer are one matrix product.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..core.tensor import Tensor
from ..ops.joining import cat, stack
from ..ops.recurrence import _lstm
from . import functional as F

States = tuple[Tensor, ...]
Step = Callable[..., States]


def _rnn_tanh_step(projected: Tensor, states: States, w_hh: Tensor, b_hh: Any = None, w_hr: Any = None) -> States:
    return ((projected + F.linear(states[0], w_hh, b_hh)).tanh(),)


def _rnn_relu_step(projected: Tensor, states: States, w_hh: Tensor, b_hh: Any = None, w_hr: Any = None) -> States:
    return ((projected + F.linear(states[0], w_hh, b_hh)).relu(),)


def _gru_step(projected: Tensor, states: States, w_hh: Tensor, b_hh: Any = None, w_hr: Any = None) -> States:
    hidden = states[0]
    reset_x, update_x, new_x = projected.chunk(3, 1)
    reset_h, update_h, new_h = F.linear(hidden, w_hh, b_hh).chunk(3, 1)
    reset = (reset_x + reset_h).sigmoid()
    update = (update_x + update_h).sigmoid()
    new = (new_x + reset * new_h).tanh()
    return ((hidden - new) * update + new,)


def _lstm_step(projected: Tensor, states: States, w_hh: Tensor, b_hh: Any = None, w_hr: Any = None) -> States:
    hidden, cell = states
    input, forget, new, output = (projected + F.linear(hidden, w_hh, b_hh)).chunk(4, 1)
    cell = forget.sigmoid() * cell + input.sigmoid() * new.tanh()
    hidden = output.sigmoid() * cell.tanh()
    return (hidden if w_hr is None else F.linear(hidden, w_hr)), cell


_STEPS: dict[str, Step] = {
    "RNN_TANH": _rnn_tanh_step,
    "RNN_RELU": _rnn_relu_step,
    "GRU": _gru_step,
    "LSTM": _lstm_step,
}


def _forwards(step: Callable[..., States], steps: Sequence[Tensor], states: States) -> tuple[list[Tensor], States]:
    """Run over ``steps`` whose batches may get smaller; states of sequences that end are kept for the result."""
    outputs, ended = [], []
    batch = states[0].size(0)
    for projected in steps:
        if projected.size(0) < batch:
            batch = projected.size(0)
            ended.append(tuple(state[batch:] for state in states))
            states = tuple(state[:batch] for state in states)
        states = step(projected, states)
        outputs.append(states[0])
    if ended:
        states = tuple(cat(parts) for parts in zip(states, *reversed(ended), strict=True))
    return outputs, states


def _backwards(step: Callable[..., States], steps: Sequence[Tensor], initial: States) -> tuple[list[Tensor], States]:
    """Run over ``steps`` from the last to the first; sequences that end earlier join with their initial states."""
    outputs = []
    batch = steps[-1].size(0) if steps else initial[0].size(0)
    states = tuple(state[:batch] for state in initial) if batch < initial[0].size(0) else initial
    for projected in reversed(steps):
        if projected.size(0) > batch:
            joining = slice(batch, projected.size(0))
            batch = projected.size(0)
            states = tuple(cat([state, start[joining]]) for state, start in zip(states, initial, strict=True))
        states = step(projected, states)
        outputs.append(states[0])
    return outputs[::-1], states


def _fits_one_op(input: Tensor, *others: Tensor) -> bool:
    """Whether a padded layer may run as the op ``_lstm``: there are steps, and all tensors are of one real type."""
    dtype = input.dtype
    return input.size(0) > 0 and dtype.is_floating_point and all(one.dtype is dtype for one in others)


def _lstm_layer(projected: Tensor, states: States, w_hh: Tensor, backwards: bool) -> tuple[Tensor, States]:
    """A layer of an LSTM over whole padded sequences, in one op. NOTE [Recurrences in one op]"""
    hidden, cell = states
    output, hidden, cell, *_ = _lstm(projected.flip(0) if backwards else projected, hidden, cell, w_hh)
    return (output.flip(0) if backwards else output), (hidden, cell)


def recur(
    mode: str,
    input: Tensor,
    batch_sizes: Sequence[int] | None,
    states: States,
    weights: Sequence[Tensor],
    bias: bool,
    num_layers: int,
    dropout: float,
    training: bool,
    bidirectional: bool,
) -> tuple[Tensor, States]:
    """Run ``num_layers`` recurrent layers over ``input``, (T, N, features) or packed (sum of batch_sizes, features).

    ``states`` are (num_layers * directions, N, hidden) each. ``weights`` has, per layer and direction, w_ih, w_hh,
    with ``bias`` b_ih and b_hh, and perhaps the projection w_hr. Returns the outputs of the last layer, laid out as
    the input, and the final states.
    """
    directions = 2 if bidirectional else 1
    per_layer = len(weights) // (num_layers * directions)
    step = _STEPS[mode]
    finals: list[States] = []
    for layer in range(num_layers):
        if layer > 0 and dropout > 0:
            input = F.dropout(input, dropout, training)
        sides = []
        for direction in range(directions):
            index = layer * directions + direction
            w_ih, w_hh, *rest = weights[index * per_layer : (index + 1) * per_layer]
            b_ih, b_hh = (rest.pop(0), rest.pop(0)) if bias else (None, None)
            w_hr = rest[0] if rest else None
            start = tuple(state[index] for state in states)
            if mode == "LSTM" and batch_sizes is None and w_hr is None and _fits_one_op(input, *start, w_ih, w_hh):
                both = None if b_ih is None else b_ih + b_hh
                output, final = _lstm_layer(F.linear(input, w_ih, both), start, w_hh, backwards=bool(direction))
                sides.append(output)
                finals.append(final)
                continue
            projected = F.linear(input, w_ih, b_ih)
            steps = projected.unbind(0) if batch_sizes is None else projected.split(list(batch_sizes))

            def layer_step(x: Tensor, h: States, w_hh: Tensor = w_hh, b_hh: Any = b_hh, w_hr: Any = w_hr) -> States:
                return step(x, h, w_hh, b_hh, w_hr)

            run = _backwards if direction else _forwards
            outputs, final = run(layer_step, steps, start)
            sides.append(stack(outputs) if batch_sizes is None else cat(outputs))
            finals.append(final)
        input = sides[0] if directions == 1 else cat(sides, -1)
    return input, tuple(stack(state) for state in zip(*finals, strict=True))


def _whole_sequence(mode: str, args: tuple[Any, ...], packed: bool) -> tuple[Tensor, States]:
    """The two forms of a sequence function: (input, hx, params, ..., batch_first) and (data, batch_sizes, hx, ...)."""
    if packed:
        data, batch_sizes, hx, weights, *options = args
        return recur(
            mode, data, batch_sizes.tolist(), (hx,) if isinstance(hx, Tensor) else tuple(hx), weights, *options
        )
    input, hx, weights, *options, batch_first = args
    states = (hx,) if isinstance(hx, Tensor) else tuple(hx)
    input = input.transpose(0, 1) if batch_first else input
    output, final = recur(mode, input, None, states, weights, *options)
    return (output.transpose(0, 1) if batch_first else output), final


def lstm(*args: Any) -> tuple[Tensor, Tensor, Tensor]:
    """Output, final hidden and final cell states of a long short-term memory (Hochreiter and Schmidhuber, 1997).

    ``lstm(input, (h, c), params, has_biases, num_layers, dropout, train, bidirectional, batch_first)`` or, packed,
    ``lstm(data, batch_sizes, (h, c), params, has_biases, num_layers, dropout, train, bidirectional)``; shapes as in
    :func:`recur`.
    """
    output, (hidden, cell) = _whole_sequence("LSTM", args, packed=isinstance(args[1], Tensor))
    return output, hidden, cell


def _one_state(mode: str, name: str, doc: str) -> Callable[..., tuple[Tensor, Tensor]]:
    def sequence(*args: Any) -> tuple[Tensor, Tensor]:
        output, (hidden,) = _whole_sequence(mode, args, packed=isinstance(args[2], Tensor))
        return output, hidden

    sequence.__name__ = sequence.__qualname__ = name
    sequence.__doc__ = (
        f"Output and final state of {doc}.\n\n"
        f"``{name}(input, h, params, has_biases, num_layers, dropout, train, bidirectional, batch_first)`` or, \n"
        f"packed, ``{name}(data, batch_sizes, h, params, has_biases, num_layers, dropout, train, bidirectional)``;\n"
        "shapes as in :func:`recur`."
    )
    return sequence


gru = _one_state("GRU", "gru", "a gated recurrent unit (Cho et al., 2014)")
rnn_tanh = _one_state("RNN_TANH", "rnn_tanh", "a recurrent network with tanh (Elman, 1990)")
rnn_relu = _one_state("RNN_RELU", "rnn_relu", "a recurrent network with ReLU")


def lstm_cell(
    input: Tensor, hx: Sequence[Tensor], w_ih: Tensor, w_hh: Tensor, b_ih: Any = None, b_hh: Any = None
) -> tuple[Tensor, Tensor]:
    """One step of an LSTM: input (N, features), hx two (N, hidden) -> the new hidden and cell states.

    Example: ``lstm_cell(x, (h, c), w_ih, w_hh)`` with w_ih (4 * hidden, features), w_hh (4 * hidden, hidden)
    """
    hidden, cell = _lstm_step(F.linear(input, w_ih, b_ih), tuple(hx), w_hh, b_hh)
    return hidden, cell


def gru_cell(input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Any = None, b_hh: Any = None) -> Tensor:
    """One step of a GRU: input (N, features), hx (N, hidden) -> the new state.

    Example: ``gru_cell(x, h, w_ih, w_hh)`` with w_ih (3 * hidden, features), w_hh (3 * hidden, hidden)
    """
    return _gru_step(F.linear(input, w_ih, b_ih), (hx,), w_hh, b_hh)[0]


def rnn_tanh_cell(input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Any = None, b_hh: Any = None) -> Tensor:
    """``tanh(input w_ih^T + b_ih + hx w_hh^T + b_hh)``: input (N, features), hx (N, hidden) -> (N, hidden).

    Example: ``rnn_tanh_cell(x, h, w_ih, w_hh)`` with w_ih (hidden, features), w_hh (hidden, hidden)
    """
    return _rnn_tanh_step(F.linear(input, w_ih, b_ih), (hx,), w_hh, b_hh)[0]


def rnn_relu_cell(input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Any = None, b_hh: Any = None) -> Tensor:
    """``relu(input w_ih^T + b_ih + hx w_hh^T + b_hh)``: input (N, features), hx (N, hidden) -> (N, hidden).

    Example: ``rnn_relu_cell(x, h, w_ih, w_hh)`` with w_ih (hidden, features), w_hh (hidden, hidden)
    """
    return _rnn_relu_step(F.linear(input, w_ih, b_ih), (hx,), w_hh, b_hh)[0]
