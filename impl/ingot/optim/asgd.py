"""Averaged stochastic gradient descent."""

from __future__ import annotations

from typing import Any

from ..core.tensor import Tensor
from ..ops.creation import ones_like, tensor
from .optimizer import Params, TensorwiseOptimizer, check_options, counter, decayed, like, number, scalar

__all__ = ["ASGD"]


class ASGD(TensorwiseOptimizer):
    """Gradient descent with decay ``lambd`` and step ``eta_t``, and in ``state[p]["ax"]`` the average of all p.

    ``eta_t = lr / (1 + lambd * lr * t)^alpha``; averaging begins at step ``t0`` (Polyak and Juditsky, 1992).

    Example: ``optim.ASGD(model.parameters(), lr=1e-2, t0=100)``
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_options(lr=lr, weight_decay=weight_decay)
        super().__init__(
            params,
            {
                "lr": lr,
                "lambd": lambd,
                "alpha": alpha,
                "t0": t0,
                "weight_decay": weight_decay,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
                "capturable": capturable,
            },
        )

    def _new_state(self, group: dict[str, Any], p: Tensor) -> dict[str, Any]:
        on_device = {**group, "capturable": True}
        return {
            "step": counter(on_device, p),
            "eta": counter(on_device, p, number(group["lr"])),
            "mu": counter(on_device, p, 1.0),
            "ax": like(p),
        }

    def _update(self, group: dict[str, Any], p: Tensor, grad: Tensor, state: dict[str, Any]) -> None:
        lr, lambd, alpha, t0 = scalar(group["lr"]), group["lambd"], group["alpha"], group["t0"]
        mu, average, eta, step = state["mu"], state["ax"], state["eta"], state["step"]
        capturable = group["capturable"]
        step += 1
        grad = decayed(group, p, grad)
        if capturable:
            p.mul_(1 - lambd * eta).addcmul_(grad, eta, value=-1)
        else:
            p.mul_(1 - lambd * eta.item()).add_(grad, alpha=-eta.item())
        if capturable or mu.item() != 1:
            average.add_(p.sub(average).mul_(mu))
        else:
            average.copy_(p)
        if capturable:
            eta.copy_(lr / (1 + lambd * lr * step) ** alpha)
            mu.copy_(1 / (step - t0).maximum(ones_like(step)))
        else:
            t = step.item()
            # Rounded to the default dtype, also where a loaded state holds them in the parameter's.
            eta.copy_(tensor(number(lr / (1 + lambd * lr * t) ** alpha)))
            mu.copy_(tensor(1 / max(1, t - t0)))
