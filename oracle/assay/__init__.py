"""Assay: judges a tensor framework against an oracle, and says who is wrong.

    python -m assay check softmax layer_norm --target ingot
    pytest fuzz/ -k softmax --target ingot

``targets`` are the frameworks, ``cases`` what is fed to them, ``catalogue`` what each op accepts, ``properties`` what must hold,
``judge`` how two answers are compared, ``divergences`` the known differences, ``campaign`` runs with a budget, ``programs`` whole programs.
"""

from __future__ import annotations

from typing import Any

__all__ = ["GradcheckError", "GradcheckReport", "gradcheck", "torch_gradcheck", "torch_gradgradcheck"]


def __getattr__(name: str) -> Any:
    """The gradient checks load when first named, so that the pytest plugin costs other people's runs nothing."""
    if name not in __all__:
        raise AttributeError(f"module 'assay' has no attribute '{name}'")
    from . import gradient_check

    return getattr(gradient_check, name)
