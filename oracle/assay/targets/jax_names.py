"""torch's names in JAX, as data: name -> (JAX's dotted name, keywords that are called otherwise there).

``FLOAT`` ops turn whole numbers into the default float first, as torch does. Ops that answer views, and those whose arguments JAX orders in another way, are left out: JAX's arrays cannot be written to, so there is
nothing to judge about sharing.
"""

from __future__ import annotations

AXIS = {"dim": "axis", "keepdim": "keepdims"}

SAME: dict[str, str] = {}

FLOAT: dict[str, tuple[str, dict[str, str]]] = {
    name: (f"jax.numpy.{name}", SAME)
    for name in (
        "sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt", "sinc", "rad2deg", "deg2rad",
    )
} | {
    "asin": ("jax.numpy.arcsin", {}),
    "acos": ("jax.numpy.arccos", {}),
    "atan": ("jax.numpy.arctan", {}),
    "asinh": ("jax.numpy.arcsinh", {}),
    "acosh": ("jax.numpy.arccosh", {}),
    "atanh": ("jax.numpy.arctanh", {}),
    "rsqrt": ("jax.lax.rsqrt", {}),
    "sigmoid": ("jax.nn.sigmoid", {}),
    "erf": ("jax.scipy.special.erf", {}),
    "erfc": ("jax.scipy.special.erfc", {}),
    "erfinv": ("jax.scipy.special.erfinv", {}),
    "lgamma": ("jax.scipy.special.gammaln", {}),
    "digamma": ("jax.scipy.special.digamma", {}),
    "i0": ("jax.numpy.i0", {}),
    "special.i0e": ("jax.scipy.special.i0e", {}),
    "special.i1": ("jax.scipy.special.i1", {}),
    "special.i1e": ("jax.scipy.special.i1e", {}),
    "special.ndtri": ("jax.scipy.special.ndtri", {}),
    "special.log_ndtr": ("jax.scipy.special.log_ndtr", {}),
    "special.entr": ("jax.scipy.special.entr", {}),
    "igamma": ("jax.scipy.special.gammainc", {}),
    "igammac": ("jax.scipy.special.gammaincc", {}),
    "special.xlog1py": ("jax.scipy.special.xlog1py", {}),
    "special.zeta": ("jax.scipy.special.zeta", {}),
}  # fmt: skip

EXACTLY: dict[str, tuple[str, dict[str, str]]] = {
    "add": ("jax.numpy.add", {}),
    "sub": ("jax.numpy.subtract", {}),
    "mul": ("jax.numpy.multiply", {}),
    "hypot": ("jax.numpy.hypot", {}),
    "copysign": ("jax.numpy.copysign", {}),
    "nextafter": ("jax.numpy.nextafter", {}),
    "maximum": ("jax.numpy.maximum", {}),
    "minimum": ("jax.numpy.minimum", {}),
    "fmax": ("jax.numpy.fmax", {}),
    "fmin": ("jax.numpy.fmin", {}),
    "logaddexp": ("jax.numpy.logaddexp", {}),
    "logaddexp2": ("jax.numpy.logaddexp2", {}),
    "gcd": ("jax.numpy.gcd", {}),
    "heaviside": ("jax.numpy.heaviside", {}),
    "eq": ("jax.numpy.equal", {}),
    "ne": ("jax.numpy.not_equal", {}),
    "lt": ("jax.numpy.less", {}),
    "le": ("jax.numpy.less_equal", {}),
    "gt": ("jax.numpy.greater", {}),
    "ge": ("jax.numpy.greater_equal", {}),
    "isnan": ("jax.numpy.isnan", {}),
    "isinf": ("jax.numpy.isinf", {}),
    "isfinite": ("jax.numpy.isfinite", {}),
    "signbit": ("jax.numpy.signbit", {}),
    "neg": ("jax.numpy.negative", {}),
    "square": ("jax.numpy.square", {}),
    "logsumexp": ("jax.scipy.special.logsumexp", AXIS),
    "amax": ("jax.numpy.max", AXIS),
    "amin": ("jax.numpy.min", AXIS),
    "roll": ("jax.numpy.roll", {"shifts": "shift", "dims": "axis"}),
    "kron": ("jax.numpy.kron", {}),
    "outer": ("jax.numpy.outer", {}),
    "matmul": ("jax.numpy.matmul", {}),
    "mm": ("jax.numpy.matmul", {}),
    "bmm": ("jax.numpy.matmul", {}),
    "mv": ("jax.numpy.matmul", {}),
    "dot": ("jax.numpy.dot", {}),
    "linalg.det": ("jax.numpy.linalg.det", {}),
    "linalg.inv": ("jax.numpy.linalg.inv", {}),
    "linalg.solve": ("jax.numpy.linalg.solve", {}),
    "linalg.cholesky": ("jax.numpy.linalg.cholesky", {}),
    "linalg.slogdet": ("jax.numpy.linalg.slogdet", {}),
    "linalg.pinv": ("jax.numpy.linalg.pinv", {}),
    "nn.functional.relu": ("jax.nn.relu", {}),
    "nn.functional.silu": ("jax.nn.silu", {}),
    "nn.functional.softplus": ("jax.nn.softplus", {}),
    "nn.functional.logsigmoid": ("jax.nn.log_sigmoid", {}),
    "nn.functional.softmax": ("jax.nn.softmax", {"dim": "axis"}),
    "nn.functional.log_softmax": ("jax.nn.log_softmax", {"dim": "axis"}),
    "softmax": ("jax.nn.softmax", {"dim": "axis"}),
    "log_softmax": ("jax.nn.log_softmax", {"dim": "axis"}),
}
