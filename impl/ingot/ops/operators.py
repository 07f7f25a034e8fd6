"""Python's operators on tensors. An operand that is neither tensor nor number gets its turn: the operator returns NotImplemented."""

from __future__ import annotations

from ..core.tensor import Tensor
from . import arithmetic, comparison, linear, logical
from .generate import make_inplace, make_operator

_BINARY = {
    "add": arithmetic.add, "sub": arithmetic.sub, "mul": arithmetic.mul, "truediv": arithmetic.div, "floordiv": arithmetic.floor_divide,
    "mod": arithmetic.remainder, "pow": arithmetic.pow, "and": logical.bitwise_and, "or": logical.bitwise_or, "xor": logical.bitwise_xor,
    "lshift": logical.bitwise_left_shift, "rshift": logical.bitwise_right_shift,
}  # fmt: skip
"""Operator -> the op behind ``__op__``, ``__rop__`` and ``__iop__``."""

_COMPARISONS = {
    "eq": comparison.eq, "ne": comparison.ne, "lt": comparison.lt, "le": comparison.le, "gt": comparison.gt, "ge": comparison.ge,
}  # fmt: skip

for _name, _function in _BINARY.items():
    setattr(Tensor, f"__{_name}__", make_operator(_function.op, f"__{_name}__"))
    setattr(Tensor, f"__r{_name}__", make_operator(_function.op, f"__r{_name}__", reflected=True))
    setattr(Tensor, f"__i{_name}__", make_inplace(_function.op, f"__i{_name}__"))
for _name, _function in _COMPARISONS.items():
    setattr(Tensor, f"__{_name}__", make_operator(_function.op, f"__{_name}__"))


_product = linear.matmul.__wrapped__  # without the keyword ``out``


def _matmul(self, other):
    return _product(self, other) if isinstance(other, Tensor) else NotImplemented


def _rmatmul(self, other):
    return _product(other, self) if isinstance(other, Tensor) else NotImplemented


def _imatmul(self, other):
    return self.copy_(_product(self, other)) if isinstance(other, Tensor) else NotImplemented


def _invert(self):
    """``~x``: every bit turned. TypeError for floats."""
    if self._array.dtype.kind not in "biu":
        raise TypeError("~ (operator.invert) is only implemented on integer and Boolean-type tensors")
    return logical.bitwise_not(self)


for _name, _function in {
    "__neg__": arithmetic.neg, "__pos__": arithmetic.positive, "__abs__": arithmetic.abs, "__invert__": _invert, "__matmul__": _matmul,
    "__rmatmul__": _rmatmul, "__imatmul__": _imatmul,
    "__rdiv__": Tensor.__rtruediv__, "__div__": Tensor.__truediv__, "__idiv__": Tensor.__itruediv__,  # type: ignore[attr-defined]
}.items():  # fmt: skip
    setattr(Tensor, _name, _function)
