"""Linear algebra on the strict stand-in for CuPy, held against the host; what has no batched equivalent there says so."""

from __future__ import annotations

import pytest

import ingot
from ingot.backends import strict_backend

CALLS = {
    "inv": lambda a, b: ingot.linalg.inv(a),
    "solve": lambda a, b: ingot.linalg.solve(a, b),
    "det": lambda a, b: ingot.linalg.det(a),
    "slogdet": lambda a, b: ingot.linalg.slogdet(a)[1],
    "cholesky": lambda a, b: ingot.linalg.cholesky(a @ a.mT),
    "qr": lambda a, b: ingot.linalg.qr(a)[1],
    "eigvalsh": lambda a, b: ingot.linalg.eigvalsh(a + a.mT),
    "svdvals": lambda a, b: ingot.linalg.svdvals(a),
    "pinv": lambda a, b: ingot.linalg.pinv(a),
    "solve_triangular": lambda a, b: ingot.linalg.solve_triangular(a, b, upper=True),
    "matrix_norm": lambda a, b: ingot.linalg.matrix_norm(a, 2),
    "cond": lambda a, b: ingot.linalg.cond(a, 1),
    "householder_product": lambda a, b: ingot.linalg.householder_product(a, b[..., 0]),
    "matrix_power": lambda a, b: ingot.linalg.matrix_power(a, -2),
    "cross": lambda a, b: ingot.linalg.cross(a, b.mT.sum(-2, keepdim=True)),
}
"""Each with its gradient by the matrix."""


@pytest.fixture
def device():
    strict_backend.install()
    yield "cuda"
    strict_backend.uninstall()


def _inputs():
    ingot.manual_seed(0)
    return ingot.randn(2, 3, 3, dtype=ingot.float64) + 4 * ingot.eye(3), ingot.randn(2, 3, 2, dtype=ingot.float64)


@pytest.mark.parametrize("name", CALLS)
def test_values_and_gradients_are_those_of_the_host(device, name):
    found = []
    for place in ("cpu", device):
        a, b = (one.to(place) for one in _inputs())
        a.requires_grad_()
        result = CALLS[name](a, b)
        result.sum().backward()
        found.append((result.detach().cpu(), a.grad.cpu()))
    for host, there in zip(*found, strict=True):
        assert (host - there).abs().max() < 1e-12


@pytest.mark.parametrize("name", [name for name in CALLS if name != "cond"])
def test_meta_tensors_have_the_shape(name):
    a, b = _inputs()
    assert CALLS[name](a.to("meta"), b.to("meta")).shape == CALLS[name](a, b).shape


def test_what_no_device_library_offers_is_refused(device):
    a = _inputs()[0].to(device)
    for function in (ingot.linalg.lu, ingot.linalg.ldl_factor, ingot.linalg.matrix_exp):
        with pytest.raises(NotImplementedError, match="not implemented for device arrays"):
            function(a)
