"""Activation functions, and softmax."""

from __future__ import annotations

import math

from ..core import dtype as dtypes
from ..core.errors import normalize_dim
from ..core.graph import thread
from ..core.tensor import Tensor
from .declare import FLOATS, NOT_REAL_FLOAT, NUMBERS, composite, pointwise, primitive
from .normal_distribution import normal_distribution
from .reductions import contiguous

NN = "nn.functional"
_PLAIN = {"namespace": NN, "method": False, "inplace": True, "out": False}

# -- pieces that rules share ----------------------------------------------------------------------------------------------------------------


def _softplus_array(xp, x):
    """log(1 + exp(x)) without overflow."""
    return xp.maximum(x, 0) + xp.log1p(xp.exp(-xp.abs(x)))


def _keep_where(grad, condition):
    """``grad`` where the condition holds, else zero."""
    return grad.masked_fill(~condition, 0)


def _no_bool(dtype, *arguments):
    """RuntimeError for booleans, which PyTorch refuses here with another class than elsewhere."""
    if dtype.name == "bool":
        raise RuntimeError("Boolean inputs not supported for relu")


def _leaky_array(xp, x, slope):
    """max(x, slope x) up to a slope of 1, min beyond: a choice per element costs ten times as much. Slope 0 would make NaN of infinity."""
    bent = x * x.dtype.type(slope)
    if not slope:
        return xp.where(x > 0, x, bent)
    return xp.maximum(x, bent) if slope <= 1 else xp.minimum(x, bent)


# -- the table ------------------------------------------------------------------------------------------------------------------------------

relu = pointwise(
    "relu(input)", lambda xp, x: xp.maximum(xp.zeros((), x.dtype), x), fast=FLOATS, refuses=("complex64", "complex128"), check=_no_bool, out=False,
    input=lambda grad, result: _keep_where(grad, result > 0),
    doc="``max(0, x)``; the slope at 0 is 0.",
)  # fmt: skip
relu6 = pointwise(
    "relu6(input)", lambda xp, x: xp.clip(x, xp.asarray(0, dtype=x.dtype), xp.asarray(6, dtype=x.dtype)), fast=FLOATS,
    refuses=("complex64", "complex128"), check=_no_bool, **_PLAIN,
    input=lambda grad, input: _keep_where(grad, (input > 0) & (input < 6)),
    doc="``min(max(0, x), 6)``.",
)  # fmt: skip
_leaky = pointwise(
    "_leaky_relu(input, slope: float)", _leaky_array, fast=FLOATS, namespace="internal",
    method=False, inplace=False, out=False, node="LeakyReluBackward0",
    input=lambda grad, input, slope: grad.where(input > 0, grad * slope),
)  # fmt: skip
_elu = pointwise(
    "_elu(input, alpha: float, scale: float, input_scale: float)",
    lambda xp, x, alpha, scale, input_scale: xp.where(x <= 0, xp.expm1(xp.minimum(x, 0) * input_scale) * (alpha * scale), x * scale).astype(x.dtype),
    fast=FLOATS, namespace="internal", method=False, inplace=False, out=False, node="EluBackward0",
    input=lambda grad, input, alpha, scale, input_scale: (grad * ((input.clamp_max(0) * input_scale).exp() * (alpha * scale * input_scale))).where(
        input <= 0, grad * scale),
)  # fmt: skip
_softplus = pointwise(
    "_softplus(input, beta: float, threshold: float)",
    lambda xp, x, beta, threshold: xp.where(x * beta > threshold, x, _softplus_array(xp, x * beta) / beta).astype(x.dtype), fast=FLOATS, namespace="internal",
    method=False, inplace=False, out=False, node="SoftplusBackward0",
    input=lambda grad, input, beta, threshold: grad.where(input * beta > threshold, grad * (input * beta).sigmoid()),
)  # fmt: skip
logsigmoid = pointwise(
    "logsigmoid(input)", lambda xp, x: xp.minimum(x, 0) - xp.log1p(xp.exp(-xp.abs(x))), fast=FLOATS, refuses=NOT_REAL_FLOAT, namespace=NN, method=False,
    inplace=False, node="LogSigmoidBackward0", input=lambda grad, input: grad * (-input).sigmoid(),
    doc="``log(1 / (1 + exp(-x)))`` without overflow.",
)  # fmt: skip
_mish = pointwise(
    "_mish(input)", lambda xp, x: x * xp.tanh(_softplus_array(xp, x)), fast=FLOATS, namespace="internal", method=False, inplace=False, out=False,
    node="MishBackward0", input=lambda grad, input: grad * _mish_slope(input),
)  # fmt: skip
_hardsigmoid = pointwise(
    "_hardsigmoid(input)", lambda xp, x: (xp.clip(x + 3, 0, 6) / 6).astype(x.dtype), fast=FLOATS, namespace="internal", method=False, inplace=False, out=False,
    node="HardsigmoidBackward0", input=lambda grad, input: _keep_where(grad / 6, (input > -3) & (input < 3)),
)  # fmt: skip
_hardswish = pointwise(
    "_hardswish(input)", lambda xp, x: (x * xp.clip(x + 3, 0, 6) / 6).astype(x.dtype), fast=FLOATS, namespace="internal", method=False, inplace=False, out=False,
    node="HardswishBackward0",
    input=lambda grad, input: _keep_where((grad * (input / 3 + 0.5)).where(input < 3, grad), input > -3),
)  # fmt: skip
_hardtanh = pointwise(
    "_hardtanh(input, low: Number, high: Number)", lambda xp, x, low, high: xp.clip(x, xp.asarray(low).astype(x.dtype), xp.asarray(high).astype(x.dtype)),
    fast=NUMBERS, namespace="internal", method=False, inplace=False, out=False, node="HardtanhBackward0",
    input=lambda grad, input, low, high: _keep_where(grad, (input > low) & (input < high)),
)  # fmt: skip
_hardshrink = pointwise(
    "_hardshrink(input, lambd: Number)", lambda xp, x, lambd: xp.where((x >= -lambd) & (x <= lambd), xp.zeros((), x.dtype), x), fast=FLOATS, namespace="internal",
    method=False, inplace=False, out=False, node="HardshrinkBackward0",
    input=lambda grad, input, lambd: grad.masked_fill((input >= -lambd) & (input <= lambd), 0),
)  # fmt: skip
_softshrink = pointwise(
    "_softshrink(input, lambd: Number)",
    lambda xp, x, lambd: xp.where(x > lambd, x - x.dtype.type(lambd), xp.where(x < -lambd, x + x.dtype.type(lambd), x * 0)), fast=FLOATS, namespace="internal",
    method=False, inplace=False, out=False, node="SoftshrinkBackward0",
    input=lambda grad, input, lambd: grad.masked_fill((input >= -lambd) & (input <= lambd), 0),
)  # fmt: skip


_TANHSHRINK_SERIES = tuple(2 * k / math.factorial(2 * k + 1) for k in range(9, 0, -1))
"""Of ``x cosh(x) - sinh(x)``, in odd powers of x from x^19 down to x^3: all positive, and enough for float64 below 1."""


def _tanhshrink_array(xp, x):
    """Below 1, where the difference cancels, ``(x cosh(x) - sinh(x)) / cosh(x)``. A zero is +0, as that of a difference is."""
    near = xp.abs(x) < 1
    small = xp.where(near, x, xp.zeros((), x.dtype))
    square = small * small
    series = _TANHSHRINK_SERIES[0]
    for coefficient in _TANHSHRINK_SERIES[1:]:
        series = series * square + coefficient
    return xp.where(near, small * square * series / xp.cosh(small), x - xp.tanh(x)) + x.dtype.type(0)


_tanhshrink = pointwise(
    "_tanhshrink(input)", _tanhshrink_array, fast=FLOATS, namespace="internal", method=False, inplace=False, out=False, node="SubBackward0",
    input=lambda grad, input: grad * input.tanh().square(),
)  # fmt: skip
_threshold = pointwise(
    "_threshold(input, threshold: Number, value: Number)",
    lambda xp, x, threshold, value: xp.where(x <= threshold, xp.asarray(value).astype(x.dtype), x), fast=NUMBERS, namespace="internal", method=False,
    inplace=False, out=False, node="ThresholdBackward0",
    input=lambda grad, input, threshold: grad.masked_fill(input <= threshold, 0),
)  # fmt: skip
_prelu = pointwise(
    "_prelu(input, weight)", lambda xp, x, weight: xp.where(x > 0, x, x * weight), fast=FLOATS, namespace="internal", method=False, inplace=False,
    out=False, node="PreluKernelBackward0",
    input=lambda grad, input, weight: grad.where(input > 0, grad * weight),
    weight=lambda grad, input: (grad * input).masked_fill(input > 0, 0),
)  # fmt: skip

_GELU_SCALE = math.sqrt(2 / math.pi)
_GELU_CUBIC = 0.044715


def _mish_slope(x):
    bent = _softplus(x, 1.0, 20.0).tanh()
    return bent + x * x.sigmoid() * (1 - bent * bent)


# -- gates: x times a smooth step ------------------------------------------------------------------------------------------------------------
# The step's slope costs little beside the step, and much on its own: both come from one kernel, and backward is one product.


def _gated(signature: str, node: str, formula):
    """Declare a gate: the kernel returns (result, slope); ``formula`` is the slope in differentiable ops, for derivatives of derivatives."""

    def rule(grad, input, slope):
        return grad * (formula(input) if thread.mode.watched else slope)

    def forward(tangent, input, slope):
        return rule(tangent, input, slope), None

    def declare(kernel):
        op = primitive(signature, outputs=("result", "slope"), node=node)(kernel)
        op.backward("input")(rule)
        op.jvp("input")(forward)
        return op

    return declare


def _silu_slope(x):
    gate = x.sigmoid()
    return gate * (1 + x * (1 - gate))


def _gelu_slope(x):
    return (x * math.sqrt(0.5)).erf() * 0.5 + 0.5 + x * (x * x * -0.5).exp() * (1 / math.sqrt(2 * math.pi))


def _gelu_tanh_slope(x):
    bent = (_GELU_SCALE * (x + _GELU_CUBIC * x * x * x)).tanh()
    return 0.5 * (1 + bent) + 0.5 * x * (1 - bent * bent) * _GELU_SCALE * (1 + 3 * _GELU_CUBIC * x * x)


@_gated("_silu(input)", "SiluBackward0", _silu_slope)
def _silu(xp, input):
    gate = 1 / (1 + xp.exp(-input))
    result = input * gate
    slope = 1 - gate
    slope *= result
    slope += gate
    return result, slope


@_gated("_gelu(input)", "GeluBackward0", _gelu_slope)
def _gelu(xp, input):
    below, density = normal_distribution(xp, input)
    result = input * below
    density *= input
    density += below
    return result, density


@_gated("_gelu_tanh(input)", "GeluBackward0", _gelu_tanh_slope)
def _gelu_tanh(xp, input):
    square = input * input
    inner = square * (_GELU_SCALE * _GELU_CUBIC)
    inner += _GELU_SCALE
    inner *= input
    bent = xp.tanh(inner)
    half = bent * 0.5
    half += 0.5
    result = input * half
    slope = bent * bent
    slope -= 1
    slope *= input
    square *= -1.5 * _GELU_SCALE * _GELU_CUBIC
    square -= 0.5 * _GELU_SCALE
    slope *= square
    slope += half
    return result, slope


# -- public functions -----------------------------------------------------------------------------------------------------------------------


def _tensor_only(name: str, input) -> None:
    if not isinstance(input, Tensor):
        raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")


def _float_only(name: str, input, *, complex_too: bool = False) -> None:
    """TypeError for what is no tensor, NotImplementedError for numbers that are not floating (nor, unless ``complex_too``, real)."""
    _tensor_only(name, input)
    if input.dtype.category < dtypes.FLOAT or (input._array.dtype.kind == "c" and not complex_too):
        raise NotImplementedError(f"\"{name}_cpu\" not implemented for '{input.dtype.legacy_name}'")


def _ordered_only(name: str, input) -> None:
    """NotImplementedError for complex numbers, RuntimeError for booleans: what clamps refuse."""
    _tensor_only(name, input)
    if input._array.dtype.kind == "c":
        raise NotImplementedError("clamp is not supported for complex types")
    if input._array.dtype.kind == "b":
        raise RuntimeError(f"Bool inputs not supported for {name}")


def _into(input, result, inplace: bool):
    """``result``, or ``input`` holding it."""
    if not inplace:
        return result(input)
    from .dispatch import inplace as write

    return write(_leaky.op, input, result)


@composite(namespace=NN)
def leaky_relu(input, negative_slope=0.01, inplace=False):
    """``x`` where positive, else ``negative_slope * x``."""
    _float_only("leaky_relu", input)
    return _into(input, lambda x: _leaky(x, negative_slope), inplace)


@composite(namespace=NN)
def elu(input, alpha=1.0, inplace=False):
    """``x`` where positive, else ``alpha (exp(x) - 1)`` (Clevert et al. 2016)."""
    _float_only("elu", input)
    return _into(input, lambda x: _elu(x, alpha, 1.0, 1.0), inplace)


@composite()
def selu(input, inplace=False):
    """``elu`` scaled so that it keeps mean 0 and variance 1 (Klambauer et al. 2017)."""
    _float_only("elu", input)
    return _into(
        input, lambda x: _elu(x, 1.6732632423543772848170429916717, 1.0507009873554804934193349852946, 1.0), inplace
    )


@composite()
def celu(input, alpha=1.0, inplace=False):
    """``x`` where positive, else ``alpha (exp(x / alpha) - 1)`` (Barron 2017)."""
    _float_only("elu", input)
    if alpha == 0:
        raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU")
    return _into(input, lambda x: _elu(x, alpha, 1.0, 1.0 / alpha), inplace)


@composite(namespace=NN, out="exact")
def gelu(input, approximate="none"):
    """``x Phi(x)``, Phi the normal distribution function; ``approximate="tanh"`` for Hendrycks and Gimpel's formula."""
    _float_only("GeluKernelImpl", input)
    if approximate == "none":
        return _gelu(input)[0]
    if approximate == "tanh":
        return _gelu_tanh(input)[0]
    raise RuntimeError("approximate argument must be either none or tanh.")


@composite(namespace=NN)
def silu(input, inplace=False):
    """``x sigmoid(x)``."""
    _float_only("silu", input, complex_too=True)
    return _into(input, lambda x: _silu(x)[0], inplace)


@composite(namespace=NN)
def mish(input, inplace=False):
    """``x tanh(softplus(x))`` (Misra 2019)."""
    _float_only("mish", input)
    return _into(input, _mish, inplace)


@composite(namespace=NN)
def hardsigmoid(input, inplace=False):
    """``min(max(x + 3, 0), 6) / 6``."""
    _float_only("hardsigmoid", input)
    return _into(input, _hardsigmoid, inplace)


@composite(namespace=NN)
def hardswish(input, inplace=False):
    """``x min(max(x + 3, 0), 6) / 6`` (Howard et al. 2019)."""
    _float_only("hardswish", input)
    return _into(input, _hardswish, inplace)


@composite(namespace=NN)
def hardtanh(input, min_val=-1.0, max_val=1.0, inplace=False):
    """``min(max(x, min_val), max_val)``; the slope at the bounds is 0."""
    if min_val > max_val:
        raise ValueError("min_val cannot be greater than max_val")
    _ordered_only("hardtanh", input)
    if input._array.dtype.kind == "u" and (int(min_val) < 0 or int(max_val) < 0):
        raise RuntimeError("cannot do hardtanh on an unsigned type with negative limits")
    return _into(input, lambda x: _hardtanh(x, min_val, max_val), inplace)


@composite(namespace=NN, out="exact")
def softplus(input, beta=1.0, threshold=20.0):
    """``log(1 + exp(beta x)) / beta``, the identity above ``threshold``."""
    _float_only("softplus", input)
    return _softplus(input, beta, threshold)


@composite(namespace=NN, out="exact")
def softshrink(input, lambd=0.5):
    """``x`` moved towards 0 by ``lambd``, 0 within it."""
    _float_only("softshrink", input)
    if lambd < 0:
        raise RuntimeError(f"lambda must be greater or equal to 0, but found to be {lambd}.")
    return _softshrink(input, lambd)


@composite(out="exact", method=True)
def hardshrink(input, lambd=0.5):
    """``x`` outside [-lambd, lambd], 0 within."""
    _float_only("hardshrink", input)
    return _hardshrink(input, lambd)


@composite(namespace=NN)
def softsign(input):
    """``x / (1 + |x|)``."""
    return input / (input.abs() + 1)


@composite(namespace=NN)
def tanhshrink(input):
    """``x - tanh(x)``, for real numbers without its cancellation near 0: ``tanhshrink(tensor(0.01))`` is 3.33320e-07."""
    if isinstance(input, Tensor) and input.is_floating_point():
        return _tanhshrink(input)
    return input - input.tanh()


@composite()
def threshold(input, threshold, value, inplace=False):
    """``x`` above ``threshold``, else ``value``."""
    _tensor_only("threshold", input)
    if input._array.dtype.kind in "cb":
        raise NotImplementedError(f"\"threshold_cpu\" not implemented for '{input.dtype.legacy_name}'")
    return _into(input, lambda x: _threshold(x, threshold, value), inplace)


@composite(method=True)
def prelu(input, weight):
    """``x`` where positive, else ``weight * x``, one weight or one per channel (dim 1)."""
    _float_only("prelu", input)
    if weight._array.dtype != input._array.dtype:
        raise RuntimeError(
            f"prelu: Type promoting not supported. Got {input.dtype.legacy_name} and {weight.dtype.legacy_name}"
        )
    count = weight._array.size
    rank = input._array.ndim
    if count != 1:
        if rank == 0:
            raise RuntimeError("Not allow zero-dim input tensor.")
        channels = input._array.shape[1] if rank >= 2 else 1
        if channels != count:
            raise RuntimeError(
                f"Mismatch of parameter numbers and input channel size. Found parameter numbers = {count} and channel size = {channels}."
            )
    if weight._array.ndim > 1:
        raise RuntimeError(
            f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {weight._array.ndim}"
        )
    shape = (1, count, *(1,) * (rank - 2)) if rank >= 2 else (count,) if rank == 1 else ()
    return _prelu(input, weight.reshape(shape))


@composite()
def rrelu(input, lower=1.0 / 8, upper=1.0 / 3, training=False, inplace=False):
    """Leaky ReLU whose slope is drawn from [lower, upper] per element in training, their mean otherwise (Xu et al. 2015)."""
    _float_only("leaky_relu", input)
    if not training:
        return leaky_relu(input, (lower + upper) / 2, inplace)
    if lower > upper:
        raise RuntimeError(f"Lower bound should be less than or equal to the upper bound, got {lower} and {upper}")
    if not input.is_floating_point():
        raise NotImplementedError(f"\"rrelu_with_noise_out_cpu\" not implemented for '{input.dtype.legacy_name}'")
    slopes = _drawn_slopes(input, lower, upper)
    return _into(input, lambda x: _prelu(x, slopes), inplace)


def _drawn_slopes(input, lower: float, upper: float):
    """One slope per element that is not positive, drawn in order as PyTorch draws them."""
    negative = input.detach() <= 0
    count = int(negative._array.sum())
    slopes = input.new_ones(input.shape)
    if count:
        # PyTorch rounds the bounds to float32, and its product and sum apart, where uniform_(lower, upper) rounds once.
        kind = (input.dtype if input.dtype is dtypes.float64 else dtypes.float32).numpy.type
        lower, upper = float(kind(lower)), float(kind(upper))
        numbers = input.new_empty((count,), dtype=dtypes.float64).uniform_()
        slopes[negative] = (numbers * (upper - lower) + lower).to(input.dtype)
    return slopes


@composite(namespace=NN)
def glu(input, dim=-1):
    """``a sigmoid(b)``, a and b the halves of a dim (Dauphin et al. 2016)."""
    _float_only("glu", input)
    if input._array.ndim == 0:
        raise RuntimeError("glu does not support scalars because halving size must be even")
    dim = normalize_dim(dim, input._array.ndim)
    length = input._array.shape[dim]
    if length % 2:
        raise RuntimeError(f"Halving dimension must be even, but dimension {dim} is size {length}")
    value, gate = input.narrow(dim, 0, length // 2), input.narrow(dim, length // 2, length // 2)
    return value * gate.sigmoid()


# -- softmax --------------------------------------------------------------------------------------------------------------------------------


@primitive("_softmax(input, dim: int)", node="SoftmaxBackward0")
def _softmax(xp, input, dim):
    result = input - xp.maximum.reduce(input, axis=dim, keepdims=True) if input.shape[dim] else input.copy()
    xp.exp(result, out=result)
    result /= xp.add.reduce(result, axis=dim, keepdims=True)
    return contiguous(xp, result)


@_softmax.backward("input")
def _(grad, result, dim):
    weighted = grad * result
    return weighted - result * weighted.sum(dim, keepdim=True)


@_softmax.jvp("input")
def _(tangent, result, dim):
    weighted = tangent * result
    return weighted - result * weighted.sum(dim, keepdim=True)


@primitive("_log_softmax(input, dim: int)", node="LogSoftmaxBackward0")
def _log_softmax(xp, input, dim):
    if not input.shape[dim]:
        return input.copy()
    result = input - xp.maximum.reduce(input, axis=dim, keepdims=True)
    result -= xp.log(xp.add.reduce(xp.exp(result), axis=dim, keepdims=True))
    return contiguous(xp, result)


@_log_softmax.backward("input")
def _(grad, result, dim):
    return grad - result.exp() * grad.sum(dim, keepdim=True)


@_log_softmax.jvp("input")
def _(tangent, result, dim):
    return tangent - (tangent * result.exp()).sum(dim, keepdim=True)


def _over_dim(name: str, kernel, input, dim, dtype):
    if dtype is not None:
        input = input.to(dtypes.parse(dtype))
    array = input._array
    if array.dtype.kind in "biuc":
        raise NotImplementedError(f"\"{name}_lastdim_kernel_impl\" not implemented for '{input.dtype.legacy_name}'")
    rank = array.ndim
    if type(dim) is not int or not 0 <= dim < rank:
        dim = normalize_dim(dim, rank)
        if not rank:
            return kernel(input.reshape(1), 0).reshape(())
    return kernel(input, dim)


@composite(method=True, out="exact")
def softmax(input, dim, dtype=None):
    """``exp(x) / sum(exp(x))`` along a dim, computed without overflow."""
    return _over_dim("softmax", _softmax, input, dim, dtype)


@composite(method=True, out="exact")
def log_softmax(input, dim, dtype=None):
    """The logarithm of ``softmax``, computed without cancellation."""
    return _over_dim("log_softmax", _log_softmax, input, dim, dtype)


def _implied_dim(name: str, rank: int, dim):
    if dim is not None:
        return dim
    import warnings

    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.",
        stacklevel=3,
    )
    return 0 if rank in (0, 1, 3) else 1


@composite("softmax", namespace=NN)
def _nn_softmax(input, dim=None, _stacklevel=3, dtype=None):
    """``softmax`` along a dim."""
    return softmax(input, _implied_dim("softmax", input._array.ndim, dim), dtype)


@composite("log_softmax", namespace=NN)
def _nn_log_softmax(input, dim=None, _stacklevel=3, dtype=None):
    """``log_softmax`` along a dim."""
    return log_softmax(input, _implied_dim("log_softmax", input._array.ndim, dim), dtype)


@composite(namespace=NN)
def softmin(input, dim=None, _stacklevel=3, dtype=None):
    """``softmax`` of the negated input."""
    dim = _implied_dim("softmin", input._array.ndim, dim)
    return softmax(-input if dtype is None else -input.to(dtypes.parse(dtype)), dim)


@composite(namespace=NN)
def gumbel_softmax(logits, tau=1, hard=False, eps=1e-10, dim=-1):
    """A sample of a categorical distribution that a gradient flows through (Jang et al. 2017); ``hard`` rounds it to one-hot."""
    noise = -logits.new_empty(logits.shape).exponential_().log()
    soft = softmax((logits + noise) / tau, dim)
    if not hard:
        return soft
    place = soft.max(dim, keepdim=True)[1]
    chosen = logits.new_zeros(logits.shape).scatter(dim, place, 1.0)
    return chosen - soft.detach() + soft


@composite("sigmoid", namespace=NN)
def _nn_sigmoid(input):
    """``1 / (1 + exp(-x))``."""
    return input.sigmoid()


@composite("tanh", namespace=NN)
def _nn_tanh(input):
    """The hyperbolic tangent."""
    return input.tanh()


def _named_inplace(name: str, function):
    def written(input, *args, **kwargs):
        return function(input, *args, inplace=True, **kwargs)

    written.__name__ = written.__qualname__ = name
    written.__doc__ = f"In-place version of ``{name[:-1]}``."
    composite(name, namespace=NN)(written)


for _name, _function in {
    "leaky_relu_": leaky_relu,
    "elu_": elu,
    "selu_": selu,
    "celu_": celu,
    "hardtanh_": hardtanh,
    "threshold_": threshold,
    "rrelu_": rrelu,
}.items():
    _named_inplace(_name, _function)


@composite("relu", namespace=NN)
def _nn_relu(input, inplace=False):
    """``max(0, x)``."""
    return input.relu_() if inplace else relu(input)


ALSO = {"nn.functional": ("selu", "celu", "hardshrink", "threshold", "prelu", "rrelu", "relu_")}
