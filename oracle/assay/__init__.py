"""Assay: judges a tensor framework against an oracle, and says who is wrong.

    python -m assay check softmax layer_norm --target ingot
    pytest fuzz/ -k softmax --target ingot

``targets`` are the frameworks, ``cases`` what is fed to them, ``catalogue`` what each op accepts, ``properties`` what must hold,
``judge`` how two answers are compared, ``divergences`` the known differences.
"""

from .gradcheck import gradcheck

__all__ = ["gradcheck"]
