"""Rectified Adam."""

from __future__ import annotations

from typing import Any

from ..core.tensor import Tensor
from .optimizer import Params, TensorwiseOptimizer, check_options, counter, decayed, like, number, scalar

__all__ = ["RAdam"]


class RAdam(TensorwiseOptimizer):
    """:class:`Adam` that adapts step sizes only once their variance is under control (Liu et al., 2019).

    Example: ``optim.RAdam(model.parameters())``
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_options(lr=lr, eps=eps, betas=betas, weight_decay=weight_decay)
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "maximize": maximize,
                "foreach": foreach,
                "capturable": capturable,
                "decoupled_weight_decay": decoupled_weight_decay,
                "differentiable": differentiable,
            },
        )

    def _new_state(self, group: dict[str, Any], p: Tensor) -> dict[str, Any]:
        return {"step": counter(group, p), "exp_avg": like(p), "exp_avg_sq": like(p)}

    def _update(self, group: dict[str, Any], p: Tensor, grad: Tensor, state: dict[str, Any]) -> None:
        beta1, beta2 = group["betas"]
        lr = scalar(group["lr"])
        mean, square, step = state["exp_avg"], state["exp_avg_sq"], state["step"]
        step += 1
        t = step if group["capturable"] else step.item()
        if not group["decoupled_weight_decay"]:
            grad = decayed(group, p, grad)
        elif group["weight_decay"] != 0:
            p.mul_(1 - lr * group["weight_decay"])
        mean.lerp_(grad, 1 - beta1)
        square.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
        corrected = mean / (1 - beta1**t)
        correction = 1 - beta2**t
        # The length of the moving mean's approximation by a simple one: at infinity, and at step t.
        longest = 2 / (1 - beta2) - 1
        length = longest - 2 * t * beta2**t / correction

        def rectification() -> Any:
            numerator = (length - 4) * (length - 2) * longest
            return (numerator / ((longest - 4) * (longest - 2) * length)) ** 0.5

        def adaptive() -> Tensor:
            root = square.sqrt()
            root = root.add(group["eps"]) if group["differentiable"] else root.add_(group["eps"])
            return correction**0.5 / root

        if group["capturable"]:
            p.add_(corrected * lr * (rectification() * adaptive()).where(length > 5.0, 1.0), alpha=-1.0)
        elif length > 5.0:
            p.add_(corrected * number(lr) * adaptive() * rectification(), alpha=-1.0)
        else:
            p.add_(corrected * number(lr), alpha=-1.0)
