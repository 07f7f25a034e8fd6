"""Adam."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd.views import bump
from ..core.tensor import Tensor
from .optimizer import (
    Params,
    TensorwiseOptimizer,
    check_fused,
    check_options,
    counter,
    decayed,
    like,
    number,
    on_arrays,
    scalar,
    snapshot,
)

__all__ = ["Adam"]


class Adam(TensorwiseOptimizer):
    """``p -= lr * m / (sqrt(v) + eps)``, m and v the bias-corrected moving means of g and g^2 (Kingma and Ba, 2014).

    ``betas`` are the decay rates of the two means. ``amsgrad`` uses the largest v so far (Reddi et al., 2018).
    ``weight_decay`` adds ``weight_decay * p`` to g, or with ``decoupled_weight_decay`` shrinks p by
    ``lr * weight_decay`` as :class:`AdamW` does.

    Example: ``optim.Adam(model.parameters(), lr=1e-3)``
    """

    sparse_advice = ", please consider SparseAdam instead"

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        check_options(lr=lr, eps=eps, betas=betas, weight_decay=weight_decay)
        if foreach and not capturable and isinstance(lr, Tensor):
            raise ValueError("lr as a Tensor is not supported for capturable=False and foreach=True")
        kinds = {
            type(beta) if isinstance(beta, float) else Tensor for beta in betas if isinstance(beta, float | Tensor)
        }
        if len(kinds) != 1 or any(not isinstance(beta, float | Tensor) for beta in betas):
            raise ValueError("betas must be either both floats or both Tensors")
        for index, beta in enumerate(betas):
            if isinstance(beta, Tensor):
                if foreach and not capturable:
                    raise ValueError(
                        f"betas[{index}] as a Tensor is not supported for capturable=False and foreach=True"
                    )
                if beta.numel() != 1:
                    raise ValueError(f"Tensor betas[{index}] must be 1-element")
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": tuple(scalar(beta) for beta in betas),
                "eps": eps,
                "weight_decay": weight_decay,
                "amsgrad": amsgrad,
                "maximize": maximize,
                "foreach": foreach,
                "capturable": capturable,
                "differentiable": differentiable,
                "fused": fused,
                "decoupled_weight_decay": decoupled_weight_decay,
            },
        )
        check_fused(self.param_groups, fused, foreach, differentiable)

    def _new_state(self, group: dict[str, Any], p: Tensor) -> dict[str, Any]:
        state = {"step": counter(group, p), "exp_avg": like(p), "exp_avg_sq": like(p)}
        if group["amsgrad"]:
            state["max_exp_avg_sq"] = like(p)
        return state

    def _update(self, group: dict[str, Any], p: Tensor, grad: Tensor, state: dict[str, Any]) -> None:
        beta1, beta2 = group["betas"]
        lr, eps, amsgrad = scalar(group["lr"]), group["eps"], group["amsgrad"]
        mean, square, step = state["exp_avg"], state["exp_avg_sq"], state["step"]
        step += 1
        if self._updated_on_arrays(group, p, grad, state):
            return
        if not group["decoupled_weight_decay"]:
            grad = decayed(group, p, grad)
        elif group["weight_decay"] != 0:
            p.mul_(1 - lr * group["weight_decay"])
        mean.lerp_(grad, 1 - beta1)
        if group["differentiable"] and isinstance(beta2, Tensor):
            square.lerp_(grad.square(), 1 - beta2)
        else:
            square.mul_(beta2).addcmul_(grad, grad, value=number(1 - beta2))
        if group["capturable"] or group["differentiable"]:
            self._move_on_device(group, p, mean, square, state)
            return
        t = step.item()
        step_size = lr / (1 - beta1**t)
        correction = (1 - beta2**t) ** 0.5
        if amsgrad:
            largest = state["max_exp_avg_sq"]
            square = largest.copy_(largest.maximum(square))
        denominator = square.sqrt().div_(correction).add_(eps)
        p.addcdiv_(mean, denominator, value=number(-step_size))

    def _updated_on_arrays(self, group: dict[str, Any], p: Tensor, grad: Tensor, state: dict[str, Any]) -> bool:
        """The same update with ufuncs, where the tensors and options allow it; returns whether they did."""
        lr, (beta1, beta2), decay = group["lr"], group["betas"], group["weight_decay"]
        moments = [state[name] for name in ("exp_avg", "exp_avg_sq", "max_exp_avg_sq") if name in state]
        if (
            group["capturable"]
            or any(isinstance(one, Tensor) for one in (lr, beta1, beta2, decay))
            or not on_arrays(p, grad, *moments)
        ):
            return False
        values, slope = p._array, grad._array
        mean, square, *largest = (one._array for one in moments)
        if decay != 0:
            if group["decoupled_weight_decay"]:
                values *= 1 - lr * decay
            else:
                slope = values * decay
                slope += grad._array
        change = np.subtract(slope, mean, out=np.empty_like(mean))
        if 1 - beta1 < 0.5:
            change *= 1 - beta1
            mean += change
        else:  # as lerp: from the nearer end
            change *= beta1
            np.subtract(slope, change, out=mean)
        np.multiply(slope, slope, out=change)
        change *= 1 - beta2
        square *= beta2
        square += change
        if largest:
            square = np.maximum(largest[0], square, out=largest[0])
        steps = state["step"].item()
        np.sqrt(square, out=change)
        change /= (1 - beta2**steps) ** 0.5
        change += group["eps"]
        np.divide(mean, change, out=change)
        change *= lr / (1 - beta1**steps)
        values -= change
        for one in (p, *moments):
            bump(one)
        return True

    def _move_on_device(
        self, group: dict[str, Any], p: Tensor, mean: Tensor, square: Tensor, state: dict[str, Any]
    ) -> None:
        """The step in tensors only: nothing is read from the device, and everything can be differentiated."""
        beta1, beta2 = group["betas"]
        step = state["step"].clone()
        minus_step_size = (scalar(group["lr"]) / (1 - beta1**step)).neg()
        correction = (1 - beta2**step).sqrt()
        if group["amsgrad"]:
            largest = state["max_exp_avg_sq"]
            square = largest.copy_(snapshot(group, largest).maximum(snapshot(group, square)))
        denominator = (square.sqrt() / (correction * minus_step_size)).add_(group["eps"] / minus_step_size)
        p.addcdiv_(snapshot(group, mean), denominator)
