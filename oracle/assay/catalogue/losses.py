"""Losses and distances: what is compared, how it is weighted and how it is reduced."""

from __future__ import annotations

from typing import Any

from ..cases import Case, TensorSpec
from .drawing import Drawing
from .errors import (
    FOREIGN,
    NO_BOOL,
    NO_COMPLEX,
    NO_INTEGER,
    Bad,
    instead,
    longer,
    no_such_dim,
    of_shape,
    unbroadcastable,
)
from .record import SCALED, family

OPS, op = family("losses")

REDUCTIONS = ("mean", "sum", "none")
PROBABILITY = ("uniform", 0.02, 0.98)
POSITIVE = ("uniform", 0.25, 2.0)
LOGITS = ("uniform", -3.0, 3.0)


def reduction(d: Drawing) -> str:
    return d.choice(*REDUCTIONS)


def legacy(d: Drawing) -> dict[str, Any]:
    """How to reduce: by name, or by the older pair of flags."""
    if d.integer(0, 5):
        return {"reduction": reduction(d)}
    return {"size_average": d.choice(None, True, False), "reduce": d.choice(None, True, False)}


def signs(d: Drawing, shape: tuple[int, ...]) -> TensorSpec:
    """Targets of -1 and 1, in the dtype of the case."""
    return d.tensor(shape, ("signs",), constant=True, specials=False)


# -- refused calls -----------------------------------------------------------------------------------------------------------------


def named(name: str, *values: Any) -> Bad:
    """The keyword ``name`` gets one of ``values``, which it may not have."""
    return instead(99, name, *values)


def no_class(d: Drawing) -> Case:
    """A target beyond the classes."""
    classes = d.integer(2, 4)
    wrong = d.choice(classes, classes + 7, -3)
    return d.call(
        d.tensor((2, classes)), d.tensor((2,), ("values", 0, wrong), "int64", constant=True, layout="contiguous")
    )


def float_classes(d: Drawing) -> Case:
    """Class indices that are not whole numbers."""
    return d.call(d.tensor((2, 3)), d.tensor((2,), ("integers", 0, 3), constant=True, specials=False))


def negative_variance(d: Drawing) -> Case:
    x, y = d.tensor((2, 3)), d.tensor((2, 3))
    return d.call(x, y, d.tensor((2, 3), ("uniform", -2.0, -1.0)))


def beyond_one(d: Drawing) -> Case:
    """A probability above one."""
    return d.call(d.tensor((3,), ("uniform", 1.5, 2.0)), d.tensor((3,), ("uniform", 0.0, 1.0)))


# -- two tensors of one shape ------------------------------------------------------------------------------------------------------


def apart(d: Drawing) -> tuple[TensorSpec, TensorSpec]:
    """Two tensors of one shape whose differences are never zero, nor a bend of a smooth loss."""
    shape = d.shape()
    return d.distinct(shape, 0.1), d.distinct(shape, 0.55)


NO_REDUCTION = named("reduction", "average", "batch", 3)
PAIR: tuple[Bad, ...] = (*FOREIGN, NO_REDUCTION)
"""What every loss of two tensors refuses."""


@op("nn.functional.l1_loss", "nn.functional.mse_loss", tolerance=SCALED, core=(0, 0), bad=(*PAIR, unbroadcastable))
def difference(d: Drawing) -> Case:
    x, y = apart(d)
    how: dict[str, Any] = {"reduction": reduction(d)}
    if d.name.endswith("mse_loss") and d.integer(0, 3) == 0:
        how["weight"] = d.tensor(x.shape, POSITIVE)
    return d.call(x, y, **how)


@op("nn.functional.smooth_l1_loss", tolerance=SCALED, bad=(*PAIR, unbroadcastable, NO_BOOL, named("beta", -1.0)))
def smooth_l1_loss(d: Drawing) -> Case:
    return d.call(*apart(d), reduction=reduction(d), **d.keywords(beta=lambda: d.choice(1.0, 0.0, 0.5, 2.0)))


@op("nn.functional.huber_loss", tolerance=SCALED, bad=(*PAIR, NO_COMPLEX, named("delta", 0.0, -1.0)))
def huber_loss(d: Drawing) -> Case:
    x, y = apart(d)
    weight = {"weight": d.tensor(x.shape, POSITIVE)} if d.integer(0, 3) == 0 else {}
    return d.call(x, y, reduction=reduction(d), **d.keywords(delta=lambda: d.choice(1.0, 0.5, 2.0)), **weight)


@op("nn.functional.soft_margin_loss", tolerance=SCALED, bad=(*FOREIGN, NO_BOOL))
def soft_margin_loss(d: Drawing) -> Case:
    shape = d.shape()
    return d.call(d.tensor(shape, LOGITS), signs(d, shape), **legacy(d))


@op("nn.functional.hinge_embedding_loss", tolerance=SCALED, bad=(*PAIR, NO_BOOL))
def hinge_embedding_loss(d: Drawing) -> Case:
    shape = d.shape()
    margin = d.choice(1.0, 0.5, 2.0)
    x = d.tensor(shape, LOGITS, avoid=(margin,))
    return d.call(x, signs(d, shape), margin=margin, reduction=reduction(d))


@op("nn.functional.kl_div", tolerance=SCALED, bad=(*PAIR, unbroadcastable))
def kl_div(d: Drawing) -> Case:
    shape = d.shape()
    log_target = d.flag()
    target = d.tensor(shape, ("uniform", -3.0, 0.0) if log_target else d.choice(PROBABILITY, ("simplex",)))
    return d.call(
        d.tensor(shape, ("uniform", -3.0, 0.0)),
        target,
        reduction=d.choice(*REDUCTIONS, *(("batchmean",) if shape else ())),
        log_target=log_target,
    )


@op("nn.functional.poisson_nll_loss", tolerance=SCALED, bad=(*PAIR, unbroadcastable))
def poisson_nll_loss(d: Drawing) -> Case:
    shape = d.shape()
    log_input = d.flag()
    x = d.tensor(shape, ("uniform", -2.0, 2.0) if log_input else ("uniform", 0.5, 4.0))
    target = d.tensor(shape, ("uniform", 1.5, 5.0) if d.smooth else ("uniform", 0.0, 5.0))
    how = d.keywords(full=d.flag, eps=lambda: d.choice(1e-8, 1e-3))
    return d.call(x, target, log_input=log_input, reduction=reduction(d), **how)


@op("nn.functional.gaussian_nll_loss", tolerance=SCALED, specials=False, bad=(*PAIR, negative_variance))
def gaussian_nll_loss(d: Drawing) -> Case:
    shape = d.shape(1)
    variance = d.choice(shape, shape[:-1], (*shape[:-1], 1))
    how = d.keywords(full=d.flag, eps=lambda: d.choice(1e-6, 0.5))
    options = {**how, "reduction": reduction(d)}
    fill = ("uniform", 0.75, 3.0) if d.smooth else d.choice(POSITIVE, ("uniform", 0.0, 1.0))
    return d.call(d.tensor(shape, LOGITS), d.tensor(shape, LOGITS), d.tensor(variance, fill), **options)


@op(
    "nn.functional.binary_cross_entropy",
    tolerance=SCALED,
    specials=False,
    bad=(*PAIR, longer(1, 0), NO_INTEGER, beyond_one),
)
def binary_cross_entropy(d: Drawing) -> Case:
    shape = d.shape()
    fill = PROBABILITY if d.smooth else d.choice(PROBABILITY, ("integers", 0, 2), ("uniform", 0.0, 1.0))
    options = d.keywords(weight=lambda: d.tensor(d.narrower(shape), POSITIVE, constant=True))
    target = d.tensor(shape, PROBABILITY if d.smooth else d.choice(PROBABILITY, ("integers", 0, 2)))
    return d.call(d.tensor(shape, fill), target, reduction=reduction(d), **options)


@op("nn.functional.binary_cross_entropy_with_logits", tolerance=SCALED, bad=(*PAIR, longer(1, 0)))
def binary_cross_entropy_with_logits(d: Drawing) -> Case:
    shape = d.shape()
    fill = LOGITS if d.smooth else d.choice(LOGITS, ("uniform", -120.0, 120.0), ("log", -4.0, 2.0))
    options = d.keywords(
        weight=lambda: d.tensor(d.narrower(shape), POSITIVE, specials=False, constant=True),
        pos_weight=lambda: d.tensor(d.narrower(shape), POSITIVE, specials=False, constant=True),
    )
    target = d.tensor(shape, PROBABILITY if d.smooth else d.choice(PROBABILITY, ("integers", 0, 2)), specials=False)
    return d.call(d.tensor(shape, fill), target, reduction=reduction(d), **options)


# -- classes -----------------------------------------------------------------------------------------------------------------------


def classified(d: Drawing) -> tuple[int, tuple[int, ...], tuple[int, ...]]:
    """A number of classes, the shape of the scores and that of the targets: one sample, a batch, a batch of images."""
    classes = d.choice(3, 1, 2, 5, 9)
    batch = d.choice(2, 3, 1)
    rest = tuple(d.integer(1, 3) for _ in range(d.choice(0, 0, 1, 2)))
    if d.integer(0, 4) == 0:
        return classes, (classes,), ()
    return classes, (batch, classes, *rest), (batch, *rest)


def ignorable(d: Drawing, classes: int, shape: tuple[int, ...]) -> tuple[TensorSpec, dict[str, Any]]:
    """Class indices, and the index to ignore where one is: inside the classes or outside them."""
    index = d.choice(-100, None, classes - 1, -1)
    if index is None or classes == 1:
        return d.indices(shape, classes), {}
    if index in range(classes):
        return d.indices(shape, classes), {"ignore_index": index}
    target = d.tensor(shape, ("integers", 0, classes), "int64", constant=True, specials=False)
    marked = d.tensor(shape, ("integers or", 0, classes, index), "int64", constant=True, specials=False)
    return (marked, {} if index == -100 else {"ignore_index": index}) if shape else (target, {})


def class_weights(d: Drawing, classes: int) -> dict[str, Any]:
    return d.keywords(weight=lambda: d.tensor((classes,), POSITIVE, constant=True, specials=False))


@op("nn.functional.nll_loss", tolerance=SCALED, bad=(*PAIR, NO_COMPLEX, NO_INTEGER, no_class, float_classes))
def nll_loss(d: Drawing) -> Case:
    classes, scores, shape = classified(d)
    target, ignored = ignorable(d, classes, shape)
    weights = class_weights(d, classes)
    return d.call(d.tensor(scores, ("uniform", -4.0, 0.0)), target, reduction=reduction(d), **ignored, **weights)


def probabilities(d: Drawing, shape: tuple[int, ...]) -> TensorSpec:
    """A probability for each class (not normalised: the op does not ask for it)."""
    return d.tensor(shape, ("uniform", 0.1, 0.9), specials=False)


def smoothing(d: Drawing) -> dict[str, Any]:
    return d.keywords(label_smoothing=lambda: d.choice(0.1, 0.0, 0.5, 1.0))


@op(
    "nn.functional.cross_entropy",
    tolerance=SCALED,
    bad=(*PAIR, NO_COMPLEX, NO_INTEGER, no_class, named("label_smoothing", 1.5)),
)
def cross_entropy(d: Drawing) -> Case:
    classes, scores, shape = classified(d)
    target, ignored = ignorable(d, classes, shape)
    if d.integer(0, 3) == 0:
        target, ignored = probabilities(d, scores), {}
    fill = LOGITS if d.smooth else d.choice(LOGITS, ("uniform", -90.0, 90.0))
    options = {**ignored, **class_weights(d, classes), **smoothing(d)}
    return d.call(d.tensor(scores, fill), target, reduction=reduction(d), **options)


@op("nn.functional.linear_cross_entropy", tolerance=SCALED, bad=(*PAIR, longer(1, 1)))
def linear_cross_entropy(d: Drawing) -> Case:
    classes, features, batch = d.choice(3, 2, 5), d.integer(1, 4), d.integer(1, 3)
    target, ignored = ignorable(d, classes, (batch,))
    if d.integer(0, 3) == 0:
        target, ignored = probabilities(d, (batch, classes)), {}
    bias = d.keywords(linear_bias=lambda: d.tensor((classes,), LOGITS, specials=False))
    options = {**bias, **ignored, **class_weights(d, classes), **smoothing(d)}
    x, weight = d.tensor((batch, features), LOGITS), d.tensor((classes, features), LOGITS, specials=False)
    return d.call(x, weight, target, reduction=reduction(d), **options)


@op(
    "nn.functional.multi_margin_loss",
    tolerance=SCALED,
    dtypes=("real",),
    bad=(*PAIR, NO_COMPLEX, NO_INTEGER, no_class, named("p", 0, 3)),
)
def multi_margin_loss(d: Drawing) -> Case:
    classes, batch = d.choice(3, 2, 5), d.choice((2,), (), (1,))
    x = d.distinct((*batch, classes), 0.1)
    options = d.keywords(
        p=lambda: d.choice(1, 2),
        margin=lambda: d.choice(1.0, 0.5),
        weight=lambda: d.tensor((classes,), POSITIVE, constant=True, specials=False),
    )
    if d.smooth:
        options["margin"] = 0.625
    return d.call(x, d.indices(batch, classes), reduction=reduction(d), **options)


@op(
    "nn.functional.multilabel_margin_loss",
    tolerance=SCALED,
    dtypes=("real",),
    bad=(*PAIR, NO_COMPLEX, NO_INTEGER, longer(1, -1)),
)
def multilabel_margin_loss(d: Drawing) -> Case:
    classes, batch = d.choice(3, 2, 5), d.choice((2,), (), (1,))
    x = d.tensor((*batch, classes), ("grid", 0.35, 0.1)) if d.smooth else d.distinct((*batch, classes))
    labels = d.tensor((*batch, classes), ("labels",), "int64", constant=True, specials=False)
    return d.call(x, labels, reduction=reduction(d))


@op("nn.functional.multilabel_soft_margin_loss", tolerance=SCALED, bad=(*PAIR, NO_BOOL))
def multilabel_soft_margin_loss(d: Drawing) -> Case:
    classes, batch = d.choice(3, 1, 5), d.choice((2,), (), (1,), (2, 3))
    target = d.tensor((*batch, classes), ("integers", 0, 2), constant=True, specials=False)
    return d.call(d.tensor((*batch, classes), LOGITS), target, reduction=reduction(d), **class_weights(d, classes))


@op(
    "nn.functional.ctc_loss",
    tolerance=SCALED,
    specials=False,
    dtypes=("real",),
    bad=(*PAIR, NO_COMPLEX, NO_INTEGER, named("blank", -1, 9)),
)
def ctc_loss(d: Drawing) -> Case:
    steps, classes, batch = d.integer(3, 6), d.integer(2, 4), d.integer(1, 3)
    longest = d.integer(1, 3)
    scores = d.tensor((steps, batch, classes), ("log simplex",))
    blank = d.choice(0, classes - 1)
    kept = (0, classes - 1) if blank else (1, classes)
    targets = d.tensor((batch, longest), ("integers", *kept), "int64", constant=True, specials=False)
    used = tuple(d.integer(max(2, steps - 1), steps) for _ in range(batch))
    given = tuple(d.integer(0 if d.integer(0, 5) == 0 else 1, longest) for _ in range(batch))
    if d.flag():
        flat = (sum(given),)
        targets = d.tensor(flat, ("integers", *kept), "int64", constant=True, specials=False)
    lengths: tuple[Any, ...] = (used, given)
    if d.flag():
        lengths = tuple(
            d.tensor((batch,), ("values", *values), "int64", constant=True, layout="contiguous") for values in lengths
        )
    zero = {"zero_infinity": True} if d.smooth or d.flag() else {}
    return d.call(scores, targets, *lengths, blank=blank, reduction=reduction(d), **zero)


# -- two or three vectors ----------------------------------------------------------------------------------------------------------


@op(
    "nn.functional.cosine_embedding_loss",
    tolerance=SCALED,
    dtypes=("real", "half", "integer"),
    bad=(*PAIR, of_shape((2, 2, 2), ())),
)
def cosine_embedding_loss(d: Drawing) -> Case:
    size, batch = d.integer(1, 6), d.choice((3,), (), (1,))
    x, y = (d.tensor((*batch, size), LOGITS) for _ in range(2))
    margin = d.keywords(margin=lambda: d.choice(0.0, 0.5, -0.5))
    return d.call(x, y, signs(d, batch), reduction=reduction(d), **margin)


@op("nn.functional.margin_ranking_loss", tolerance=SCALED, bad=(*PAIR, NO_BOOL, of_shape((2, 2, 2, 2, 2))))
def margin_ranking_loss(d: Drawing) -> Case:
    shape = d.shape()
    x, y = d.distinct(shape, 0.1), d.distinct(shape, 0.5)
    margin = d.keywords(margin=lambda: d.choice(0.0, 0.5, 1.0))
    return d.call(x, y, signs(d, shape), reduction=reduction(d), **margin)


def norms(d: Drawing) -> float:
    return d.choice(2.0, 1.0, 3.0, 1.5)


@op("nn.functional.pairwise_distance", tolerance=SCALED, bad=(*FOREIGN, unbroadcastable))
def pairwise_distance(d: Drawing) -> Case:
    shape = d.shape(1, 3, side=1)
    other = d.narrower(shape)
    named = {"p": d.choice(norms(d), float("inf"), 0.0), "eps": d.choice(1e-6, 1e-3), "keepdim": d.flag()}
    if d.smooth:
        named["p"] = norms(d)
    return d.either(d.distinct(shape, 0.1), d.distinct(other or shape, 0.55), **named)


@op("nn.functional.cosine_similarity", tolerance=SCALED, bad=(*FOREIGN, no_such_dim(2), unbroadcastable))
def cosine_similarity(d: Drawing) -> Case:
    shape = d.shape(1, 3, side=1)
    return d.either(
        d.tensor(shape, LOGITS), d.tensor(d.narrower(shape), LOGITS), dim=d.dim(shape), eps=d.choice(1e-8, 1e-3)
    )


@op(
    "nn.functional.pdist",
    tolerance=SCALED,
    dtypes=("real",),
    bad=(*FOREIGN, of_shape((3,), (2, 2, 2)), instead(1, "p", -1.0)),
)
def pdist(d: Drawing) -> Case:
    # PyTorch 2.13 ends the process (SIGFPE) in the backward of no rows at all, so smooth cases have some.
    rows, columns = d.choice(*((3, 2, 1) if d.smooth else (3, 2, 1, 6, 0))), d.choice(2, 1, 3, 9)
    p = norms(d) if d.smooth else d.choice(norms(d), 0.0, float("inf"))
    return d.either(d.distinct((rows, columns), 0.3), p=p)


def triplet(d: Drawing) -> tuple[TensorSpec, ...]:
    shape = (*d.choice((3,), (), (1,), (2, 2)), d.integer(1, 5))
    return tuple(d.distinct(shape, phase) for phase in (0.1, 0.45, 0.8))


@op("nn.functional.triplet_margin_loss", tolerance=SCALED, bad=(*PAIR, named("margin", 0.0, -1.0)))
def triplet_margin_loss(d: Drawing) -> Case:
    options = d.keywords(
        margin=lambda: d.choice(1.0, 0.5, 4.0), p=lambda: norms(d), eps=lambda: d.choice(1e-6, 1e-3), swap=d.flag
    )
    return d.call(*triplet(d), reduction=reduction(d), **options)


@op("nn.functional.triplet_margin_with_distance_loss", tolerance=SCALED, bad=(*PAIR, named("margin", 0.0, -1.0)))
def triplet_margin_with_distance_loss(d: Drawing) -> Case:
    options: dict[str, Any] = d.keywords(margin=lambda: d.choice(1.0, 0.5, 4.0), swap=d.flag)
    return d.call(*triplet(d), reduction=reduction(d), **options)
