"""Modules: how they are constructed and what they are given.

Most modules are a function of ``nn.functional`` whose parameters moved into a constructor. Their cases are those of the function, divided
between the two (``AFTER_FUNCTIONS``); the layers with parameters of their own are drawn here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from ..cases import Case, DType, ListOf, TensorSpec
from .convolutions import channels, geometry, lead, short, sizes
from .drawing import Drawing
from .errors import Bad, instead, longer, no_argument, no_tensor, of_shape, unknown_keyword
from .record import EXACT, ModuleRecord, collection

MODULES, module = collection(ModuleRecord)

UNIT = ("uniform", -1.0, 1.0)
SPREAD = ("uniform", -3.0, 3.0)

CALLED: tuple[Bad, ...] = (unknown_keyword, no_tensor)
LAYER: tuple[Bad, ...] = (unknown_keyword, no_tensor, no_argument)
"""What every module refuses: an unknown keyword; something else than a tensor; where the constructor needs arguments, none."""


def named(name: str, *values: Any) -> Bad:
    """The constructor's keyword ``name`` gets one of ``values``, which it may not have."""
    return instead(99, name, *values)


def factory(d: Drawing) -> dict[str, Any]:
    """The dtype of the parameters."""
    return {"dtype": DType(d.dtype)} if d.dtype != "float32" or d.flag() else {}


# -- functions as modules ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AfterFunction:
    """A module whose cases are those of a function: of the call's arguments the first ``inputs`` (and the keywords ``late``) are forward's.

    ``dropped``: keywords that only the function has.
    """

    name: str
    family: str
    function: str
    inputs: int = 1
    dropped: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    random: bool = False
    kinks: tuple[float, ...] = ()


def _activations() -> tuple[AfterFunction, ...]:
    names = (
        "CELU ELU GELU Hardshrink Hardsigmoid Hardswish Hardtanh LogSigmoid Mish ReLU ReLU6 SELU SiLU Softplus Softshrink "
        "Softsign Tanhshrink Threshold GLU"
    )
    plain = tuple(AfterFunction(name, "activations", name.lower()) for name in names.split())
    return (
        *plain,
        AfterFunction("LeakyReLU", "activations", "leaky_relu"),
        AfterFunction("RReLU", "activations", "rrelu", dropped=("training",), random=True),
        AfterFunction("Softmin", "activations", "softmin", dropped=("dtype",)),
    )


def _pooling() -> tuple[AfterFunction, ...]:
    found = []
    for n in (1, 2, 3):
        found += [
            AfterFunction(f"AvgPool{n}d", "pooling", f"avg_pool{n}d"),
            AfterFunction(f"MaxPool{n}d", "pooling", f"max_pool{n}d"),
            AfterFunction(f"MaxUnpool{n}d", "pooling", f"max_unpool{n}d", 2, late=("output_size",)),
            AfterFunction(f"AdaptiveAvgPool{n}d", "pooling", f"adaptive_avg_pool{n}d"),
            AfterFunction(f"AdaptiveMaxPool{n}d", "pooling", f"adaptive_max_pool{n}d"),
        ]
    for n in (2, 3):
        found.append(AfterFunction(f"FractionalMaxPool{n}d", "pooling", f"fractional_max_pool{n}d", random=True))
    return tuple(found)


LOSSES = {
    "L1Loss": ("l1_loss", 2),
    "MSELoss": ("mse_loss", 2),
    "SmoothL1Loss": ("smooth_l1_loss", 2),
    "HuberLoss": ("huber_loss", 2),
    "SoftMarginLoss": ("soft_margin_loss", 2),
    "HingeEmbeddingLoss": ("hinge_embedding_loss", 2),
    "KLDivLoss": ("kl_div", 2),
    "PoissonNLLLoss": ("poisson_nll_loss", 2),
    "GaussianNLLLoss": ("gaussian_nll_loss", 3),
    "BCELoss": ("binary_cross_entropy", 2),
    "BCEWithLogitsLoss": ("binary_cross_entropy_with_logits", 2),
    "NLLLoss": ("nll_loss", 2),
    "NLLLoss2d": ("nll_loss", 2),
    "CrossEntropyLoss": ("cross_entropy", 2),
    "MultiMarginLoss": ("multi_margin_loss", 2),
    "MultiLabelMarginLoss": ("multilabel_margin_loss", 2),
    "MultiLabelSoftMarginLoss": ("multilabel_soft_margin_loss", 2),
    "CTCLoss": ("ctc_loss", 4),
    "CosineEmbeddingLoss": ("cosine_embedding_loss", 3),
    "MarginRankingLoss": ("margin_ranking_loss", 3),
    "TripletMarginLoss": ("triplet_margin_loss", 3),
    "TripletMarginWithDistanceLoss": ("triplet_margin_with_distance_loss", 3),
    "PairwiseDistance": ("pairwise_distance", 2),
    "CosineSimilarity": ("cosine_similarity", 2),
}
"""Loss -> its function, and how many arguments forward takes."""

DROPOUTS = {
    "Dropout": "dropout",
    "AlphaDropout": "alpha_dropout",
    "Dropout2d": "dropout2d",
    "Dropout3d": "dropout3d",
    "FeatureAlphaDropout": "feature_alpha_dropout",
}

AFTER_FUNCTIONS: tuple[AfterFunction, ...] = (
    *_activations(),
    *_pooling(),
    *(
        AfterFunction(name, "losses", *entry, dropped=("weight",) * (name in ("HuberLoss",)))
        for name, entry in LOSSES.items()
    ),
    *(AfterFunction(name, "dropout", function, 1, ("training",), random=True) for name, function in DROPOUTS.items()),
    AfterFunction("Upsample", "vision", "interpolate", dropped=("antialias",)),
    AfterFunction("UpsamplingNearest2d", "vision", "upsample_nearest"),
    AfterFunction("UpsamplingBilinear2d", "vision", "upsample_bilinear"),
    AfterFunction("ChannelShuffle", "vision", "channel_shuffle"),
    AfterFunction("PixelShuffle", "vision", "pixel_shuffle"),
    AfterFunction("PixelUnshuffle", "vision", "pixel_unshuffle"),
    AfterFunction("Unfold", "convolutions", "unfold"),
    AfterFunction("LocalResponseNorm", "normalisation", "local_response_norm"),
)


def divided(entry: AfterFunction) -> Callable[[Drawing], Case]:
    """The ``draw`` function of a row: a call of the function, divided between constructor and forward."""
    records = import_module(f".{entry.family}", __package__).OPS
    (function,) = [op for op in records if op.name == f"nn.functional.{entry.function}"]

    def draw(d: Drawing) -> Case:
        case = function.draw(d)
        given = {name: value for name, value in case.kwargs if name not in (*entry.dropped, *entry.late)}
        late = tuple(value for name, value in case.kwargs if name in entry.late)
        if given.get("mode") == "lanczos":
            given["mode"] = "bicubic"
        arguments = case.args[entry.inputs :]
        if entry.late and len(arguments) == 4:
            arguments, late = arguments[:3], arguments[3:]
        return d.stateful(*arguments, inputs=(*case.args[: entry.inputs], *late), **given)

    return draw


for entry in AFTER_FUNCTIONS:
    module(f"nn.{entry.name}", bad=CALLED, random=entry.random)(divided(entry))


@module("nn.Sigmoid", "nn.Tanh", bad=CALLED)
def pointwise(d: Drawing) -> Case:
    return d.stateful(inputs=(d.tensor(d.shape(), SPREAD),))


def nothing_given(d: Drawing) -> Case:
    """A module without the argument of its forward."""
    return d.stateful()


@module("nn.Identity", tolerance=EXACT, bad=(nothing_given,))
def identity(d: Drawing) -> Case:
    """Identity ignores whatever it is constructed with."""
    return d.stateful(*d.choice((), (54,)), inputs=(d.tensor(d.shape(), SPREAD),), **d.choice({}, {"unused": 1}))


def power_pooling(dimensions: int) -> Callable[[Drawing], Case]:
    """Pooling by the p-norm: of positive numbers, the root of an even power of the others being no function of their sign."""

    def draw(d: Drawing) -> Case:
        kernel = tuple(d.integer(1, 3) for _ in range(dimensions))
        plane = tuple(length + d.integer(0, 3) for length in kernel)
        options = d.keywords(stride=lambda: d.integer(1, 3), ceil_mode=d.flag)
        fill = ("uniform", 0.25, 3.0)
        inputs = (d.tensor((*d.choice((2,), ()), d.integer(1, 3), *plane), fill),)
        window = kernel[0] if dimensions == 1 else short(d, kernel)
        return d.stateful(d.choice(2, 1, 3.0), window, inputs=inputs, **options)

    return draw


for dimensions in (1, 2, 3):
    module(f"nn.LPPool{dimensions}d", bad=(*LAYER, of_shape((), (3,))))(power_pooling(dimensions))


@module("nn.Softmax", "nn.LogSoftmax", bad=(*CALLED, named("dim", 9)))
def softmax(d: Drawing) -> Case:
    shape = d.shape(side=1)
    return d.stateful(d.dim(shape), inputs=(d.tensor(shape, SPREAD),))


@module("nn.Softmax2d", bad=(*CALLED, of_shape((3,), (2, 3))))
def softmax_2d(d: Drawing) -> Case:
    return d.stateful(inputs=(d.tensor((*d.choice((), (2,)), *(d.side(1, 5) for _ in range(3))), SPREAD),))


@module("nn.PReLU", bad=(*CALLED, longer(0, 1)))
def prelu(d: Drawing) -> Case:
    count = d.integer(2, 4)
    options: dict[str, Any] = d.keywords(init=lambda: d.real(-1.0, 1.0))
    return d.stateful(count, inputs=(d.tensor((d.integer(1, 3), count, 2), avoid=(0.0,)),), **options, **factory(d))


@module("nn.Dropout1d", random=True, bad=(*CALLED, named("p", -0.5, 1.5), of_shape((3,))))
def dropout_1d(d: Drawing) -> Case:
    shape = (*d.choice((2,), ()), d.integer(1, 4), d.integer(1, 5))
    return d.stateful(d.choice(0.5, 0.25, 0.0, 1.0), inputs=(d.tensor(shape),))


@module("nn.CrossMapLRN2d", bad=LAYER)
def cross_map(d: Drawing) -> Case:
    options = d.keywords(alpha=lambda: d.choice(1e-4, 0.5), beta=lambda: d.choice(0.75, 0.5), k=lambda: d.choice(1, 2))
    image = d.tensor((d.integer(1, 2), d.integer(1, 5), 2, 3), SPREAD)
    return d.stateful(d.integer(1, 4), inputs=(image,), **options)


# -- shapes ------------------------------------------------------------------------------------------------------------------------


@module("nn.Flatten", bad=CALLED, tolerance=EXACT)
def flatten(d: Drawing) -> Case:
    shape = d.shape(2, 4)
    first = d.integer(0, len(shape) - 1)
    return d.stateful(first, d.integer(first, len(shape) - 1), inputs=(d.tensor(shape),))


@module("nn.Unflatten", bad=LAYER, tolerance=EXACT)
def unflatten(d: Drawing) -> Case:
    a, b = d.integer(1, 3), d.integer(1, 3)
    return d.stateful(1, d.choice((a, b), (a, -1), (1, a * b)), inputs=(d.tensor((2, a * b, 2)),))


@module("nn.Fold", bad=(*LAYER, longer(0, -1)))
def fold(d: Drawing) -> Case:
    form = geometry(d, 2)
    least = tuple(span - 2 * pad for span, pad in zip(form.spans, form.padding, strict=True))
    plane = sizes(d, 2, least)
    blocks = 1
    for size, span, step, pad in zip(plane, form.spans, form.stride, form.padding, strict=True):
        blocks *= (size + 2 * pad - span) // step + 1
    columns = d.integer(1, 2) * form.kernel[0] * form.kernel[1]
    options = {"dilation": short(d, form.dilation), "padding": short(d, form.padding), "stride": short(d, form.stride)}
    return d.stateful(
        plane, short(d, form.kernel), inputs=(d.tensor((*d.choice((2,), ()), columns, blocks)),), **options
    )


PADS = {"ConstantPad": 2, "ZeroPad": 2, "ReflectionPad": -1, "ReplicationPad": 2, "CircularPad": 0}
"""Kind of padding -> how far its width may exceed the length of the dimension."""


def padded(kind: str, dimensions: int) -> Callable[[Drawing], Case]:
    def draw(d: Drawing) -> Case:
        plane = tuple(d.integer(2, 5) for _ in range(dimensions))
        widths = tuple(d.integer(0, plane[-1 - i // 2] + PADS[kind]) for i in range(2 * dimensions))
        least = min(plane) + PADS[kind]
        padding: Any = d.choice(widths, d.integer(0, least))
        batch = d.choice((2, 1), (3,))
        return d.stateful(
            padding, *((d.real(),) if kind == "ConstantPad" else ()), inputs=(d.tensor((*batch, *plane)),)
        )

    return draw


for kind in PADS:
    for dimensions in (1, 2, 3):
        module(f"nn.{kind}{dimensions}d", bad=LAYER, tolerance=EXACT)(padded(kind, dimensions))


# -- layers with parameters --------------------------------------------------------------------------------------------------------


@module("nn.Linear", bad=(*LAYER, longer(0, -1)))
def linear(d: Drawing) -> Case:
    inputs, outputs = d.side(1, 33), d.side(1, 17)
    batch = d.choice((2,), (), (2, 3), (0,))
    options = d.keywords(bias=d.flag)
    return d.stateful(inputs, outputs, inputs=(d.tensor((*batch, inputs), UNIT),), **options, **factory(d))


@module("nn.LazyLinear", bad=LAYER)
def lazy_linear(d: Drawing) -> Case:
    x = d.tensor((d.integer(1, 3), d.integer(1, 9)), UNIT)
    return d.stateful(d.integer(1, 9), inputs=(x,), **d.keywords(bias=d.flag), **factory(d))


@module("nn.Bilinear", bad=(*LAYER, longer(0, -1)))
def bilinear(d: Drawing) -> Case:
    left, right = d.integer(1, 5), d.integer(1, 5)
    batch = d.choice((2,), (), (2, 3))
    inputs = (d.tensor((*batch, left), UNIT), d.tensor((*batch, right), UNIT))
    return d.stateful(left, right, d.integer(1, 4), inputs=inputs, **d.keywords(bias=d.flag), **factory(d))


def convolution(dimensions: int, *, lazy: bool, transposed: bool) -> Callable[[Drawing], Case]:
    def draw(d: Drawing) -> Case:
        form = geometry(d, dimensions)
        inputs, outputs, groups = channels(d)
        least = tuple(max(span, 2 * pad + 2) for span, pad in zip(form.spans, form.padding, strict=True))
        options: dict[str, Any] = {"stride": short(d, form.stride), "padding": short(d, form.padding)}
        options |= {"dilation": short(d, form.dilation), "groups": groups} | d.keywords(bias=d.flag)
        if transposed:
            extra = tuple(d.integer(0, max(s, dil) - 1) for s, dil in zip(form.stride, form.dilation, strict=True))
            options["output_padding"] = short(d, extra)
        else:
            options |= d.keywords(padding_mode=lambda: d.choice("zeros", "reflect", "replicate", "circular"))
        x = d.tensor((*(lead(d) or (1,) if lazy else lead(d)), inputs, *sizes(d, dimensions, least)), UNIT)
        given = (outputs,) if lazy else (inputs, outputs)
        return d.stateful(*given, short(d, form.kernel), inputs=(x,), **options, **factory(d))

    return draw


for dimensions in (1, 2, 3):
    for lazy in (False, True):
        name = f"nn.{'Lazy' if lazy else ''}Conv{{}}{dimensions}d".format
        refused = (*LAYER, named("groups", 7, 0), *(() if lazy else (longer(0, -dimensions - 1),)))
        module(name(""), bad=(*refused, named("padding_mode", "mirror")))(
            convolution(dimensions, lazy=lazy, transposed=False)
        )
        module(name("Transpose"), bad=(*refused, named("padding_mode", "reflect")))(
            convolution(dimensions, lazy=lazy, transposed=True)
        )


def normalisation(dimensions: int, *, lazy: bool, single: bool) -> Callable[[Drawing], Case]:
    """Batch norm, or with ``single`` instance norm, of so many spatial dimensions."""

    def draw(d: Drawing) -> Case:
        count = d.integer(1, 4)
        plane = tuple(d.integer(2, 4) for _ in range(dimensions))
        if dimensions == 1 and not single and d.flag():
            plane = ()
        batch: tuple[int, ...] = (d.integer(2, 3),) if not single or lazy or d.flag() else ()
        options = d.keywords(
            eps=lambda: d.choice(1e-5, 1e-2),
            momentum=lambda: d.choice(0.1, 0.5, *(() if single else (None,))),
            affine=d.flag,
            track_running_stats=d.flag,
        )
        return d.stateful(
            *(() if lazy else (count,)), inputs=(d.tensor((*batch, count, *plane), SPREAD),), **options, **factory(d)
        )

    return draw


for dimensions in (1, 2, 3):
    for kind in ("BatchNorm", "InstanceNorm"):
        for lazy in (False, True):
            module(f"nn.{'Lazy' if lazy else ''}{kind}{dimensions}d", bad=(unknown_keyword, no_tensor, of_shape((3,))))(
                normalisation(dimensions, lazy=lazy, single=kind == "InstanceNorm")
            )
module("nn.SyncBatchNorm", modes=("eval",), bad=CALLED)(normalisation(2, lazy=False, single=False))


@module("nn.GroupNorm", bad=(*LAYER, instead(0, "num_groups", 7)))
def group_norm(d: Drawing) -> Case:
    groups = d.integer(1, 3)
    count = groups * d.integer(1, 2)
    options = d.keywords(eps=lambda: d.choice(1e-5, 1e-2), affine=d.flag)
    return d.stateful(groups, count, inputs=(d.tensor((2, count, 3), SPREAD),), **options, **factory(d))


@module("nn.LayerNorm", bad=(*LAYER, longer(0, -1)))
def layer_norm(d: Drawing) -> Case:
    shape = d.shape(1, 4, side=1)
    kept = shape[d.integer(0, len(shape) - 1) :]
    options = d.keywords(eps=lambda: d.choice(1e-5, 1e-2), elementwise_affine=d.flag, bias=d.flag)
    return d.stateful(kept[0] if len(kept) == 1 else kept, inputs=(d.tensor(shape, SPREAD),), **options, **factory(d))


@module("nn.RMSNorm", bad=(*LAYER, longer(0, -1)))
def rms_norm(d: Drawing) -> Case:
    shape = d.shape(1, 4, side=1)
    kept = shape[d.integer(0, len(shape) - 1) :]
    options = d.keywords(eps=lambda: d.choice(1e-5, None, 1e-2), elementwise_affine=d.flag)
    return d.stateful(kept, inputs=(d.tensor(shape, SPREAD),), **options, **factory(d))


@module("nn.Embedding", bad=(*LAYER, named("padding_idx", 99, -99)))
def embedding(d: Drawing) -> Case:
    rows = d.integer(1, 8)
    options: dict[str, Any] = d.keywords(padding_idx=lambda: d.integer(-rows, rows - 1))
    if not d.smooth:
        options |= d.keywords(max_norm=lambda: d.choice(1.0, 0.5), norm_type=lambda: d.choice(2.0, 1.0))
        options |= d.keywords(scale_grad_by_freq=d.flag)
    index = d.indices(d.shape(0, 2), rows, dtype=d.choice("int64", "int32"))
    return d.stateful(rows, d.integer(1, 5), inputs=(index,), **options, **factory(d))


@module("nn.EmbeddingBag", bad=(*LAYER, named("mode", "median")))
def embedding_bag(d: Drawing) -> Case:
    rows = d.integer(1, 8)
    options: dict[str, Any] = {"mode": d.choice("mean", "sum", "max")}
    options |= d.keywords(padding_idx=lambda: d.integer(0, rows - 1))
    kind = d.choice("int64", "int32")
    if d.flag():
        inputs: tuple[TensorSpec, ...] = (d.indices((d.integer(1, 3), d.integer(1, 4)), rows, dtype=kind),)
    else:
        count = d.integer(1, 6)
        starts = (0, *sorted(d.integer(0, count) for _ in range(d.integer(0, 3))))
        offsets = d.tensor((len(starts),), ("values", *starts), kind, constant=True, layout="contiguous")
        inputs = (d.indices((count,), rows, dtype=kind), offsets)
    return d.stateful(rows, d.integer(1, 5), inputs=inputs, **options, **factory(d))


@module("nn.AdaptiveLogSoftmaxWithLoss", bad=(*LAYER, named("cutoffs", (3, 2), (0, 2), (2, 99))))
def adaptive_softmax(d: Drawing) -> Case:
    features, classes = d.integer(2, 8), d.integer(5, 9)
    cutoffs = ListOf(d.choice((2,), (1, 3), (2, 4)))
    options = d.keywords(div_value=lambda: d.choice(4.0, 2.0), head_bias=d.flag)
    batch = d.choice((3,), (), (1,))
    inputs = (d.tensor((*batch, features), UNIT), d.indices(batch, classes))
    return d.stateful(features, classes, cutoffs=cutoffs, inputs=inputs, **options, **factory(d))


@module("nn.LinearCrossEntropyLoss", bad=LAYER)
def linear_cross_entropy(d: Drawing) -> Case:
    features, classes, batch = d.integer(1, 5), d.integer(2, 5), d.integer(1, 3)
    options = d.keywords(bias=d.flag, label_smoothing=lambda: d.choice(0.1, 0.5), ignore_index=lambda: 0)
    options |= {"reduction": d.choice("mean", "sum", "none")} | factory(d)
    return d.stateful(
        features, classes, inputs=(d.tensor((batch, features), UNIT), d.indices((batch,), classes)), **options
    )


# -- recurrent ---------------------------------------------------------------------------------------------------------------------


def recurrent(d: Drawing, *, projects: bool, states: int, mode: tuple = ()) -> Case:
    """Layers, directions, both orders of the dimensions, batched or not, with and without an initial state."""
    size, hidden, layers, steps = d.integer(1, 4), d.integer(2, 4), d.integer(1, 2), d.integer(1, 4)
    batch = d.choice((2,), (1,), ())
    options: dict[str, Any] = {"num_layers": layers} | d.keywords(bias=d.flag, bidirectional=d.flag, batch_first=d.flag)
    if projects:
        options |= d.keywords(proj_size=lambda: 1)
    first = options.get("batch_first") and batch
    x = d.tensor((*batch, steps, size) if first else (steps, *batch, size), UNIT)
    directions = 2 if options.get("bidirectional") else 1
    widths = (options.get("proj_size", hidden), hidden)[:states]
    initial = tuple(d.tensor((layers * directions, *batch, width), UNIT) for width in widths)
    given = () if d.flag() else (initial if states > 1 else initial[0],)
    return d.stateful(*mode, size, hidden, inputs=(x, *given), **options, **factory(d))


RECURRENT: tuple[Bad, ...] = (*LAYER, longer(0, -1), named("num_layers", 0), named("dropout", 1.5, -0.5))


@module("nn.LSTM", bad=(*RECURRENT, named("proj_size", -1, 99)))
def lstm(d: Drawing) -> Case:
    return recurrent(d, projects=True, states=2)


@module("nn.GRU", bad=(*RECURRENT, named("proj_size", 1)))
def gru(d: Drawing) -> Case:
    return recurrent(d, projects=False, states=1)


@module("nn.RNN", bad=RECURRENT)
def rnn(d: Drawing) -> Case:
    case = recurrent(d, projects=False, states=1)
    nonlinearity = d.choice("tanh", "relu")
    inputs = case.inputs  # type: ignore[attr-defined]
    return d.stateful(*case.args, inputs=inputs, **dict(case.kwargs), nonlinearity=nonlinearity)


@module("nn.RNNBase", modes=(), bad=(unknown_keyword, no_argument))
def rnn_base(d: Drawing) -> Case:
    kind = d.choice("LSTM", "GRU", "RNN_TANH", "RNN_RELU")
    return recurrent(d, projects=kind == "LSTM", states=2 if kind == "LSTM" else 1, mode=(kind,))


def cell(d: Drawing, states: int) -> Case:
    size, hidden = d.integer(1, 4), d.integer(1, 4)
    batch = d.choice((2,), (1,), ())
    state = tuple(d.tensor((*batch, hidden), UNIT) for _ in range(states))
    given = () if d.flag() else (state if states > 1 else state[0],)
    inputs = (d.tensor((*batch, size), UNIT), *given)
    return d.stateful(size, hidden, inputs=inputs, **d.keywords(bias=d.flag), **factory(d))


@module("nn.LSTMCell", bad=(*LAYER, longer(0, -1)))
def lstm_cell(d: Drawing) -> Case:
    return cell(d, 2)


@module("nn.GRUCell", "nn.RNNCell", bad=(*LAYER, longer(0, -1)))
def gru_cell(d: Drawing) -> Case:
    return cell(d, 1)


@module("nn.RNNCellBase", modes=(), bad=(unknown_keyword, no_argument))
def cell_base(d: Drawing) -> Case:
    return d.stateful(d.integer(1, 4), d.integer(1, 4), d.flag(), d.choice(1, 3, 4), **factory(d))


# -- attention ---------------------------------------------------------------------------------------------------------------------


@module("nn.MultiheadAttention", bad=(*LAYER, named("num_heads", 0, 5)))
def multihead_attention(d: Drawing) -> Case:
    heads, width = d.choice(1, 2), d.choice(1, 2)
    size, queries, keys = heads * width, d.integer(1, 3), d.integer(2, 3)
    batch = d.choice((2,), (1,), ())
    options = d.keywords(bias=d.flag, add_bias_kv=d.flag, add_zero_attn=d.flag, batch_first=d.flag)
    widths = d.keywords(kdim=lambda: d.integer(1, 3), vdim=lambda: d.integer(1, 3))

    def sequence(steps: int, features: int) -> TensorSpec:
        first = options.get("batch_first") and batch
        return d.tensor((*batch, steps, features) if first else (steps, *batch, features), UNIT)

    last = (*(0,) * (keys - 1), 1) * (batch or (1,))[0]
    padding = d.maybe(lambda: d.tensor((*batch, keys), ("values", *last), "bool", constant=True, layout="contiguous"))
    inputs = (
        sequence(queries, size),
        sequence(keys, widths.get("kdim", size)),
        sequence(keys, widths.get("vdim", size)),
    )
    return d.stateful(size, num_heads=heads, inputs=(*inputs, padding, d.flag()), **options, **widths, **factory(d))


def transformer_options(d: Drawing) -> dict[str, Any]:
    return (
        {"dim_feedforward": d.choice(3, 1), "dropout": 0.0}
        | d.keywords(
            activation=lambda: d.choice("relu", "gelu"),
            norm_first=d.flag,
            batch_first=d.flag,
            bias=d.flag,
            layer_norm_eps=lambda: d.choice(1e-5, 1e-2),
        )
        | factory(d)
    )


def tokens(d: Drawing, steps: int, options: dict[str, Any]) -> TensorSpec:
    shape = (2, steps, 4) if options.get("batch_first") else (steps, 2, 4)
    return d.tensor(shape, SPREAD)


def causal(d: Drawing, steps: int) -> TensorSpec:
    """A mask that hides later steps."""
    above = tuple(float(column > row) for row in range(steps) for column in range(steps))
    return d.tensor((steps, steps), ("values", *above), "bool", constant=True, layout="contiguous")


@module("nn.TransformerEncoderLayer", bad=(*LAYER, named("activation", "softsign")))
def encoder_layer(d: Drawing) -> Case:
    options, steps = transformer_options(d), d.integer(1, 3)
    masks = (causal(d, steps),) if d.flag() else ()
    return d.stateful(4, d.choice(1, 2), inputs=(tokens(d, steps, options), *masks), **options)


@module("nn.TransformerDecoderLayer", bad=(*LAYER, named("activation", "softsign")))
def decoder_layer(d: Drawing) -> Case:
    options, steps = transformer_options(d), d.integer(1, 3)
    masks = (causal(d, steps),) if d.flag() else ()
    inputs = (tokens(d, steps, options), tokens(d, d.integer(1, 3), options), *masks)
    return d.stateful(4, d.choice(1, 2), inputs=inputs, **options)


@module("nn.TransformerEncoder", bad=(unknown_keyword, no_argument))
def encoder(d: Drawing) -> Case:
    options = transformer_options(d)
    layer = d.made("nn.TransformerEncoderLayer", 4, 2, **options)
    norm = d.keywords(norm=lambda: d.made("nn.LayerNorm", 4, dtype=DType(d.dtype)))
    inputs = (tokens(d, d.integer(1, 3), options),)
    return d.stateful(layer, d.integer(1, 2), inputs=inputs, **norm, enable_nested_tensor=False)


@module("nn.TransformerDecoder", bad=(unknown_keyword, no_argument))
def decoder(d: Drawing) -> Case:
    options = transformer_options(d)
    layer = d.made("nn.TransformerDecoderLayer", 4, 2, **options)
    norm = d.keywords(norm=lambda: d.made("nn.LayerNorm", 4, dtype=DType(d.dtype)))
    inputs = (tokens(d, d.integer(1, 3), options), tokens(d, 2, options))
    return d.stateful(layer, d.integer(1, 2), inputs=inputs, **norm)


@module("nn.Transformer", bad=CALLED)
def transformer(d: Drawing) -> Case:
    options = transformer_options(d)
    inputs = (tokens(d, d.integer(1, 3), options), tokens(d, 2, options))
    return d.stateful(4, d.choice(1, 2), 1, d.integer(1, 2), inputs=inputs, **options)


# -- containers --------------------------------------------------------------------------------------------------------------------


def layers(d: Drawing) -> tuple[Any, ...]:
    """A small stack that takes 3 features."""
    dtype = DType(d.dtype)
    made = [
        d.made("nn.Linear", 3, 2, dtype=dtype),
        d.made("nn.Tanh"),
        d.made("nn.Linear", 2, 3, bias=False, dtype=dtype),
    ]
    return tuple(made[: d.integer(1, 3)])


@module("nn.Sequential", bad=(unknown_keyword,))
def sequential(d: Drawing) -> Case:
    return d.stateful(*layers(d), inputs=(d.tensor((2, 3), UNIT),))


@module("nn.DataParallel", bad=(unknown_keyword, no_argument))
def data_parallel(d: Drawing) -> Case:
    return d.stateful(d.made("nn.Sequential", *layers(d)), inputs=(d.tensor((2, 3), UNIT),))


@module("nn.ModuleList", modes=(), bad=(unknown_keyword,))
def module_list(d: Drawing) -> Case:
    return d.stateful(ListOf(layers(d)))


@module("nn.ModuleDict", modes=(), bad=(unknown_keyword,))
def module_dict(d: Drawing) -> Case:
    return d.stateful(ListOf(tuple(zip("abc", layers(d), strict=False))))


def parameters(d: Drawing) -> tuple[TensorSpec, ...]:
    return tuple(d.tensor(d.shape(0, 2)) for _ in range(d.integer(0, 3)))


@module("nn.ParameterList", modes=(), bad=(unknown_keyword,))
def parameter_list(d: Drawing) -> Case:
    return d.stateful(ListOf(parameters(d)))


@module("nn.ParameterDict", modes=(), bad=(unknown_keyword,))
def parameter_dict(d: Drawing) -> Case:
    return d.stateful(ListOf(tuple(zip("abc", parameters(d), strict=False))))


@module("nn.Module", modes=(), bad=(unknown_keyword,))
def bare(d: Drawing) -> Case:
    return d.stateful()


@module("nn.Container", modes=(), bad=(unknown_keyword,))
def container(d: Drawing) -> Case:
    return d.stateful(**dict(zip("abc", layers(d), strict=False)))
