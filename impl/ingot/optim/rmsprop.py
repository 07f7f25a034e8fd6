"""RMSprop."""

from __future__ import annotations

from typing import Any

from ..core.tensor import Tensor
from .optimizer import Params, TensorwiseOptimizer, check_options, counter, decayed, like, number, scalar, snapshot

__all__ = ["RMSprop"]


class RMSprop(TensorwiseOptimizer):
    """``p -= lr * g / (sqrt(v) + eps)``, v the moving mean of g^2 (Hinton, 2012).

    ``centered`` subtracts the square of the moving mean of g from v (Graves, 2013). With ``momentum`` p steps by
    ``b = momentum * b + g / (sqrt(v) + eps)``.

    Example: ``optim.RMSprop(model.parameters(), lr=1e-2, alpha=0.99)``
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_options(lr=lr, eps=eps, momentum=momentum, weight_decay=weight_decay, alpha=alpha)
        super().__init__(
            params,
            {
                "lr": lr,
                "momentum": momentum,
                "alpha": alpha,
                "eps": eps,
                "centered": centered,
                "weight_decay": weight_decay,
                "capturable": capturable,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
            },
        )

    def _new_state(self, group: dict[str, Any], p: Tensor) -> dict[str, Any]:
        state = {"step": counter(group, p), "square_avg": like(p)}
        if group["momentum"] > 0:
            state["momentum_buffer"] = like(p)
        if group["centered"]:
            state["grad_avg"] = like(p)
        return state

    def _update(self, group: dict[str, Any], p: Tensor, grad: Tensor, state: dict[str, Any]) -> None:
        lr, alpha, momentum = number(scalar(group["lr"])), group["alpha"], group["momentum"]
        square, step = state["square_avg"], state["step"]
        step += 1
        grad = decayed(group, p, grad)
        square.mul_(alpha).addcmul_(grad, grad, value=1 - alpha)
        if group["centered"]:
            mean = snapshot(group, state["grad_avg"].lerp_(grad, 1 - alpha))
            root = square.addcmul(mean, mean, value=-1).sqrt_()
        else:
            root = square.sqrt()
        # Backward of the root needs it as it is.
        root = root.add(group["eps"]) if group["differentiable"] else root.add_(group["eps"])
        if momentum > 0:
            buffer = state["momentum_buffer"].mul_(momentum).addcdiv_(grad, root)
            p.add_(buffer, alpha=-lr)
        else:
            p.addcdiv_(grad, root, value=-lr)
