"""Layers that look up, project and attend: embeddings, linear maps, attention."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..cases import Case, TensorSpec
from .drawing import Drawing
from .errors import FOREIGN, NO_FLOAT, NO_INTEGER, first_of_dtype, instead, longer
from .record import EXACT, SCALED, SUM, family

OPS, op = family("embedding_attention")

UNIT = ("uniform", -1.0, 1.0)


@op("nn.functional.linear", tolerance=SUM, bad=(*FOREIGN, longer(1, -1), first_of_dtype("bool")))
def linear(d: Drawing) -> Case:
    inputs, outputs = d.side(0, 33), d.side(0, 17)
    x = d.tensor((*d.shape(0, 2)[:2], inputs), UNIT)
    if d.integer(0, 6) == 0:
        return d.call(x, d.tensor((inputs,), UNIT, specials=False))
    return d.either(
        x,
        d.tensor((outputs, inputs), UNIT, specials=False),
        bias=d.maybe(lambda: d.tensor((outputs,), UNIT, specials=False)),
    )


@op("nn.functional.bilinear", tolerance=SUM, dtypes=("real", "half"), bad=(*FOREIGN, longer(2, 1), longer(0, -1)))
def bilinear(d: Drawing) -> Case:
    left, right, outputs = d.integer(1, 5), d.integer(1, 5), d.integer(1, 4)
    lead = d.choice((2,), (), (3, 2), (0,)) if not d.smooth else d.choice((2,), ())
    return d.either(
        d.tensor((*lead, left), UNIT),
        d.tensor((*lead, right), UNIT),
        d.tensor((outputs, left, right), UNIT, specials=False),
        bias=d.maybe(lambda: d.tensor((outputs,), UNIT, specials=False)),
    )


@op(
    "nn.functional.one_hot",
    tolerance=EXACT,
    dtypes=("int64",),
    smooth=False,
    bad=(*FOREIGN, NO_FLOAT, instead(1, "num_classes", 0, -2)),
)
def one_hot(d: Drawing) -> Case:
    classes = d.integer(1, 9)
    x = d.indices(d.shape(0, 3, side=1), classes)
    return d.call(x, **d.keywords(num_classes=lambda: classes + d.integer(0, 2)))


def float_index(d: Drawing) -> Case:
    return d.call(d.tensor((2, 3), ("uniform", 0.0, 2.0)), d.tensor((4, 2)))


def beyond_table(d: Drawing) -> Case:
    """An index that the table does not have."""
    index = d.tensor((1, 2), ("values", 0, d.choice(4, -1, 99)), "int64", constant=True, layout="contiguous")
    return d.call(index, d.tensor((4, 2)))


def table(d: Drawing) -> tuple[int, TensorSpec]:
    """An embedding table and its number of rows."""
    rows = d.integer(1, 8)
    return rows, d.tensor((rows, d.integer(1, 5)), UNIT)


@op(
    "nn.functional.embedding",
    tolerance=EXACT,
    bad=(*FOREIGN, float_index, beyond_table, instead(2, "padding_idx", 99, -99)),
)
def embedding(d: Drawing) -> Case:
    rows, weight = table(d)
    options = d.keywords(padding_idx=lambda: d.integer(-rows, rows - 1), scale_grad_by_freq=d.flag)
    if d.smooth and "scale_grad_by_freq" in options:
        # The gradient is scaled on purpose, so it is not the derivative.
        del options["scale_grad_by_freq"]
    if d.smooth:
        options.pop("padding_idx", None)
    index = d.indices(d.shape(0, 3), rows, dtype=d.choice("int64", "int32"))
    return d.call(index, weight, **options)


@op(
    "nn.functional.embedding_bag",
    tolerance=SUM,
    bad=(*FOREIGN, float_index, beyond_table, instead(99, "mode", "median")),
)
def embedding_bag(d: Drawing) -> Case:
    rows, weight = table(d)
    mode = d.choice("mean", "sum", "max")
    if d.smooth and mode == "max":
        weight = d.distinct(weight.shape)
    options: dict[str, Any] = {"mode": mode}
    kind = d.choice("int64", "int32")
    if d.flag():
        bags: tuple[int, ...] = (d.integer(1, 3), d.integer(1, 4))
        index = d.indices(bags, rows, dtype=kind)
    else:
        count = d.integer(1, 6)
        bags = (count,)
        index = d.indices(bags, rows, dtype=kind)
        starts = sorted(d.integer(0, count) for _ in range(d.integer(0, 3)))
        options["include_last_offset"] = d.flag()
        ends = (count,) if options["include_last_offset"] else ()
        offsets = (0, *starts, *ends)
        options["offsets"] = d.tensor((len(offsets),), ("values", *offsets), kind, constant=True, layout="contiguous")
    if mode == "sum":
        options |= d.keywords(per_sample_weights=lambda: d.tensor(bags, UNIT, specials=False))
    if not d.smooth:
        options |= d.keywords(padding_idx=lambda: d.integer(0, rows - 1))
    return d.call(index, weight, **options)


def attention_mask(d: Drawing, queries: int, keys: int, lead: tuple[int, ...] = ()) -> TensorSpec:
    """A mask of booleans, or of numbers to add."""
    shape = (*d.choice((), lead), queries, keys)
    if d.flag():
        return d.tensor(shape, ("boolean", 0.75), "bool", constant=True)
    return d.tensor(shape, UNIT, constant=True, specials=False)


@op("nn.functional.scaled_dot_product_attention", tolerance=SCALED, bad=(*FOREIGN, NO_INTEGER, longer(1, -1)))
def scaled_dot_product_attention(d: Drawing) -> Case:
    """Batches, heads, more queries than keys and the reverse, values of another width, grouped heads, masks, causality."""
    small = 3 if d.smooth else 9
    queries, keys, width, values = (d.integer(1, small) for _ in range(4))
    heads = d.choice(1, 2, 4)
    shared = d.choice(1, 2) if heads % 2 == 0 else 1
    lead = d.choice((1,), (2,)) if shared > 1 else d.choice((), (1,), (2,))
    grouped = {"enable_gqa": True} if shared > 1 else {}
    head = () if not lead else (heads,)
    fewer = () if not lead else (heads // shared,)
    mask = d.choice("none", "mask", "causal")
    masks: dict[str, Callable[[], dict[str, Any]]] = {
        "none": dict,
        "mask": lambda: {"attn_mask": attention_mask(d, queries, keys, (*lead, *head))},
        "causal": lambda: {"is_causal": True},
    }
    return d.call(
        d.tensor((*lead, *head, queries, width), UNIT),
        d.tensor((*lead, *fewer, keys, width), UNIT, specials=False),
        d.tensor((*lead, *fewer, keys, values), UNIT, specials=False),
        **masks[mask](),
        **d.keywords(scale=lambda: d.choice(1.0, 0.25), dropout_p=lambda: 0.0),
        **grouped,
    )


@op(
    "nn.functional.multi_head_attention_forward",
    tolerance=SCALED,
    bad=(*FOREIGN, instead(3, "embed_dim_to_check", 99), instead(4, "num_heads", 0, 7)),
)
def multi_head_attention_forward(d: Drawing) -> Case:
    """Self and cross attention, packed and separate projections, extra keys, padding of keys, with and without weights returned."""
    heads, width = d.choice(1, 2), d.choice(1, 2)
    size = heads * width
    queries, keys, batch = d.integer(1, 3), d.integer(1, 3), d.choice((2,), (1,), ())
    separate = d.flag()
    key_width, value_width = (d.integer(1, 3), d.integer(1, 3)) if separate else (size, size)
    extra = (d.tensor((1, 1, size), UNIT), d.tensor((1, 1, size), UNIT)) if d.integer(0, 3) == 0 else (None, None)
    count = heads * batch[0] if batch else heads
    options: dict[str, Any] = {"training": d.flag(), "need_weights": d.flag(), "average_attn_weights": d.flag()}
    options["key_padding_mask"] = d.maybe(
        lambda: d.tensor((*batch, keys), ("boolean", 0.2), "bool", constant=True) if keys > 1 else None
    )
    if d.flag():
        shape = (queries, keys) if d.flag() else (count, queries, keys)
        options["attn_mask"] = d.tensor(shape, UNIT, constant=True, specials=False)
        if options["key_padding_mask"] is not None:
            options["key_padding_mask"] = d.tensor((*batch, keys), UNIT, constant=True, specials=False)
    packed = None if separate else d.tensor((3 * size, size), UNIT, specials=False)
    if separate:
        options |= {
            "use_separate_proj_weight": True,
            "q_proj_weight": d.tensor((size, size), UNIT, specials=False),
            "k_proj_weight": d.tensor((size, key_width), UNIT, specials=False),
            "v_proj_weight": d.tensor((size, value_width), UNIT, specials=False),
        }
    return d.call(
        d.tensor((queries, *batch, size), UNIT),
        d.tensor((keys, *batch, key_width), UNIT, specials=False),
        d.tensor((keys, *batch, value_width), UNIT, specials=False),
        size,
        heads,
        packed,
        d.maybe(lambda: d.tensor((3 * size,), UNIT, specials=False)),
        *extra,
        d.flag(),
        0.0,
        d.tensor((size, size), UNIT, specials=False),
        d.maybe(lambda: d.tensor((size,), UNIT, specials=False)),
        **options,
    )
