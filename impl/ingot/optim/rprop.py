"""Resilient backpropagation."""

from __future__ import annotations

from typing import Any

from ..core.tensor import Tensor
from ..ops.creation import full_like
from .optimizer import Params, TensorwiseOptimizer, check_options, counter, like, number, snapshot

__all__ = ["Rprop"]


class Rprop(TensorwiseOptimizer):
    """Steps by the sign of g, of a size that grows while the sign stays and shrinks when it changes (Riedmiller, 1993).

    ``etas`` are the factors of shrinking and growing, ``step_sizes`` the smallest and largest size; ``lr`` is the
    first. Where the sign changed no step is made.

    Example: ``optim.Rprop(model.parameters(), lr=1e-2)``
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_options(lr=lr)
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ValueError(f"Invalid eta values: {etas[0]}, {etas[1]}")
        super().__init__(
            params,
            {
                "lr": lr,
                "etas": etas,
                "step_sizes": step_sizes,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
                "capturable": capturable,
            },
        )

    def _new_state(self, group: dict[str, Any], p: Tensor) -> dict[str, Any]:
        lr = number(group["lr"])
        lr = complex(lr, lr) if p.is_complex() else lr
        return {"step": counter(group, p), "prev": like(p), "step_size": full_like(p.detach(), lr)}

    def _update(self, group: dict[str, Any], p: Tensor, grad: Tensor, state: dict[str, Any]) -> None:
        shrink, grow = group["etas"]
        previous, size, step = state["prev"], state["step_size"], state["step"]
        step += 1
        agreement = grad.mul(snapshot(group, previous)).sign()
        changed = agreement.lt(0)
        factor = agreement.masked_fill(agreement.eq(0), 1)
        factor.masked_fill_(agreement.gt(0), grow).masked_fill_(changed, shrink)
        size.mul_(factor).clamp_(*group["step_sizes"])
        grad = grad.masked_fill(changed, 0)
        p.addcmul_(grad.sign(), snapshot(group, size), value=-1)
        previous.copy_(grad)
