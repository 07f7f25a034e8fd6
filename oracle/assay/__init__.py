"""Assay: judges a tensor framework against an oracle, and says who is wrong.

    python -m assay check softmax layer_norm --target ingot
    pytest fuzz/ -k softmax --target ingot

``targets`` are the frameworks, ``cases`` what is fed to them, ``catalogue`` what each op accepts, ``properties`` what must hold,
``judge`` how two answers are compared, ``divergences`` the known differences.
"""

from __future__ import annotations

__all__ = ["gradcheck"]


def __getattr__(name: str):
    """``gradcheck`` loads when first named, so that the pytest plugin costs other people's runs nothing."""
    if name == "gradcheck":
        from .gradcheck import gradcheck

        return gradcheck
    raise AttributeError(f"module 'assay' has no attribute '{name}'")
