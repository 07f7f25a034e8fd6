"""Adadelta."""

from __future__ import annotations

from typing import Any

from ..core.tensor import Tensor
from .optimizer import Params, TensorwiseOptimizer, check_options, counter, decayed, like, number, scalar, snapshot

__all__ = ["Adadelta"]


class Adadelta(TensorwiseOptimizer):
    """``p -= lr * d``, ``d = sqrt(u + eps) / sqrt(v + eps) * g``, v and u the means of g^2 and d^2 (Zeiler, 2012).

    Example: ``optim.Adadelta(model.parameters())``
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_options(lr=lr, eps=eps, weight_decay=weight_decay)
        if not 0.0 <= rho <= 1.0:
            raise ValueError(f"Invalid rho value: {rho}")
        super().__init__(
            params,
            {
                "lr": lr,
                "rho": rho,
                "eps": eps,
                "weight_decay": weight_decay,
                "maximize": maximize,
                "capturable": capturable,
                "foreach": foreach,
                "differentiable": differentiable,
            },
        )

    def _new_state(self, group: dict[str, Any], p: Tensor) -> dict[str, Any]:
        return {"step": counter(group, p), "square_avg": like(p), "acc_delta": like(p)}

    def _update(self, group: dict[str, Any], p: Tensor, grad: Tensor, state: dict[str, Any]) -> None:
        rho, eps = group["rho"], group["eps"]
        square, deltas, step = state["square_avg"], state["acc_delta"], state["step"]
        step += 1
        grad = decayed(group, p, grad)
        square.mul_(rho).addcmul_(grad, grad, value=1 - rho)
        root = square.add(eps).sqrt_()
        delta = deltas.add(eps).sqrt_()
        delta = snapshot(group, delta).div_(root).mul_(grad)
        deltas.mul_(rho).addcmul_(delta, delta, value=1 - rho)
        p.add_(delta, alpha=-number(scalar(group["lr"])))
