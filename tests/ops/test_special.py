"""``torch.special`` against PyTorch and, where the two differ, against mpmath."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
import torch

import ingot

from .against_torch import agree, tensor

UNARY = [
    "airy_ai", "bessel_j0", "bessel_j1", "bessel_y0", "bessel_y1", "digamma", "entr", "erf", "erfc", "erfcx", "erfinv", "exp2", "expit", "expm1", "gammaln",
    "i0", "i0e", "i1", "i1e", "log1p", "log_ndtr", "logit", "modified_bessel_i0", "modified_bessel_i1", "modified_bessel_k0", "modified_bessel_k1", "ndtr",
    "ndtri", "psi", "round", "scaled_modified_bessel_k0", "scaled_modified_bessel_k1", "sinc", "spherical_bessel_j0",
]  # fmt: skip
POLYNOMIALS = [
    *(f"{shifted}chebyshev_polynomial_{kind}" for shifted in ("", "shifted_") for kind in "tuvw"),
    "hermite_polynomial_h", "hermite_polynomial_he", "laguerre_polynomial_l", "legendre_polynomial_p",
]  # fmt: skip


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.int64, torch.bool], ids=str)
@pytest.mark.parametrize("name", UNARY)
def test_values_and_derivatives(name, dtype):
    relative = 1e-9 if dtype is torch.float64 else 2e-5
    agree(lambda t, x: getattr(t.special, name)(x), tensor(3, 5, dtype=dtype, low=0.05, high=0.95), rtol=relative, atol=1e-5 if dtype is not torch.float64 else 1e-10)  # fmt: skip


@pytest.mark.parametrize("name", UNARY)
def test_edges(name):
    """Infinities, NaN, both zeros; negative numbers outside the domain."""
    edges = torch.tensor([math.inf, -math.inf, math.nan, 0.0, -0.0, -1.5, -2.0, 1.0, -1.0], dtype=torch.float64)
    if name == "airy_ai":
        edges = edges[1:]  # PyTorch answers NaN at infinity; Ai is 0 there, see test_airy_ai_vanishes_far_out
    agree(lambda t, x: getattr(t.special, name)(x), edges, gradients=False, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", POLYNOMIALS)
def test_polynomials(name):
    x = tensor(40, low=-1.5, high=1.5)
    degrees = torch.arange(-2, 18)[:, None]
    agree(lambda t, x, n: getattr(t.special, name)(x, n), x, degrees, gradients=False, rtol=1e-8, atol=1e-8)
    agree(lambda t, x: getattr(t.special, name)(x, 5), x.float(), gradients=False, rtol=1e-4, atol=1e-4)
    agree(lambda t, n: getattr(t.special, name)(0.25, n), torch.arange(4), gradients=False, rtol=1e-5)


EXACT = {
    "chebyshev_polynomial_t": mpmath.chebyt, "chebyshev_polynomial_u": mpmath.chebyu, "hermite_polynomial_h": mpmath.hermite,
    "legendre_polynomial_p": mpmath.legendre, "laguerre_polynomial_l": lambda n, x: mpmath.laguerre(n, 0, x),
}  # fmt: skip


@pytest.mark.parametrize("name", EXACT)
def test_polynomials_are_right(name):
    places = np.linspace(-0.9, 0.9, 7)
    for degree in (0, 1, 5, 12, 30):
        found = getattr(ingot.special, name)(ingot.from_numpy(places), degree).numpy()
        exact = [float(EXACT[name](degree, x)) for x in places]
        np.testing.assert_allclose(found, exact, rtol=1e-9, atol=1e-10)


PAIRS = ["xlog1py", "xlogy", "zeta", "gammainc", "gammaincc"]


@pytest.mark.parametrize("name", PAIRS)
def test_pairs(name):
    x, y = tensor(3, 5, low=1.2, high=3), tensor(5, low=0.3, high=2, seed=1)
    agree(lambda t, x, y: getattr(t.special, name)(x, y), x, y, gradients=name.startswith("xlog"), rtol=1e-9)
    if name == "zeta":
        agree(lambda t, y: t.special.zeta(2.5, y), y, rtol=1e-9)


def test_xlog1py_at_its_edges():
    x = torch.tensor([0.0, 0.0, 0.0, 1.0, math.nan], dtype=torch.float64)
    y = torch.tensor([-1.0, math.inf, math.nan, -1.0, 0.0], dtype=torch.float64)
    agree(lambda t, x, y: t.special.xlog1py(x, y), x, y, gradients=False)


def test_names_are_pytorchs():
    missing = {name for name in torch.special.__all__ if not hasattr(ingot.special, name)}
    assert not missing


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_airy_ai_vanishes_far_out(dtype):
    far = [103.0, 111.0, 1e5, 3e38, float("inf")]
    found = ingot.special.airy_ai(ingot.tensor(far, dtype=getattr(ingot, dtype)))
    assert found[1:].tolist() == [0.0] * 4
    assert found[0].item() == pytest.approx(float(mpmath.airyai(103)) if dtype == "float64" else 0.0, rel=1e-10, abs=0)
    assert ingot.special.airy_ai(ingot.tensor(float("nan"))).isnan().item()


def test_spherical_bessel_j0_to_the_last_bits():
    x = [5e-324, 1e-9, 0.1, 0.476, 0.499999, 0.5, 1.0, 3.0, -2.0, 100.0]
    exact = [float(mpmath.sin(mpmath.mpf(each)) / each) for each in x]
    found = ingot.special.spherical_bessel_j0(ingot.tensor(x, dtype=ingot.float64)).numpy()
    np.testing.assert_allclose(found, exact, rtol=5e-16)
