"""Adamax."""

from __future__ import annotations

from typing import Any

from ..core.tensor import Tensor
from .optimizer import Params, TensorwiseOptimizer, check_options, counter, decayed, like, number, scalar, snapshot

__all__ = ["Adamax"]


class Adamax(TensorwiseOptimizer):
    """``p -= lr / (1 - beta1^t) * m / u``, ``u = max(beta2 * u, |g| + eps)`` (Kingma and Ba, 2014).

    Example: ``optim.Adamax(model.parameters())``
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_options(lr=lr, eps=eps, betas=betas, weight_decay=weight_decay)
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
                "capturable": capturable,
            },
        )

    def _new_state(self, group: dict[str, Any], p: Tensor) -> dict[str, Any]:
        return {"step": counter(group, p), "exp_avg": like(p), "exp_inf": like(p)}

    def _update(self, group: dict[str, Any], p: Tensor, grad: Tensor, state: dict[str, Any]) -> None:
        beta1, beta2 = group["betas"]
        lr = scalar(group["lr"])
        mean, largest, step = state["exp_avg"], state["exp_inf"], state["step"]
        step += 1
        grad = decayed(group, p, grad)
        mean.lerp_(grad, 1 - beta1)
        largest.copy_(snapshot(group, largest.mul_(beta2)).maximum(grad.abs().add_(group["eps"])))
        mean, largest = snapshot(group, mean), snapshot(group, largest)
        if group["capturable"]:
            p.addcdiv_(mean, largest * ((beta1**step - 1) / lr))
        else:
            p.addcdiv_(mean, largest, value=number(-(lr / (1 - beta1 ** step.item()))))
