"""Where arrays live. A backend is found by the type of its arrays; kernels get its array namespace as ``xp``."""

from __future__ import annotations

import numpy as np

NAMESPACES: dict = {np.ndarray: np}
"""Array type -> array namespace. ``numpy`` is always here; ``cupy``, ``meta`` and the strict stand-in add themselves when loaded."""

BACKENDS: dict = {}
"""Device type -> backend module, loaded by ``backend_for``."""


def namespace_of(array):
    """The namespace (numpy, cupy, ...) whose functions compute on ``array``."""
    return NAMESPACES[type(array)]


def backend_for(device_type: str):
    """The backend module that serves a device type: "cpu", "cuda" or "meta".

    A backend module has ``xp`` (the namespace), ``empty(shape, numpy_dtype, index)``, ``from_host(ndarray, index)``, ``to_host(array)``,
    ``strided(array, shape, byte_strides)``,
    ``add_at(target, index, values)``, ``synchronize()`` and ``device_of(array)``. Raises RuntimeError where the device is not available.
    """
    found = BACKENDS.get(device_type)
    if found is None:
        from importlib import import_module

        module = {"cpu": "numpy_backend", "cuda": "cupy_backend", "meta": "meta_backend"}[device_type]
        found = BACKENDS[device_type] = import_module(f".{module}", __name__)
        adopt(found)
    return found


def adopt(backend) -> None:
    """Make a backend's arrays known: which namespace computes on them, which device they are on."""
    from ..core.tensor import DEVICE_OF

    NAMESPACES[backend.xp.ndarray] = backend.xp
    DEVICE_OF[backend.xp.ndarray] = backend.device_of


def backend_of(array):
    """The backend module whose arrays ``array`` is one of."""
    xp = NAMESPACES[type(array)]
    return next(backend for backend in (backend_for("cpu"), *BACKENDS.values()) if backend.xp is xp)
