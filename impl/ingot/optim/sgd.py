"""Stochastic gradient descent."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd.views import bump
from ..core.tensor import Tensor, wrap
from .optimizer import Params, TensorwiseOptimizer, check_fused, check_options, decayed, number, on_arrays, scalar

__all__ = ["SGD"]


class SGD(TensorwiseOptimizer):
    """``p -= lr * g``, with momentum ``b = momentum * b + (1 - dampening) * g`` in place of g.

    ``nesterov`` steps by ``g + momentum * b`` (Sutskever et al., 2013). The first b is g itself. ``weight_decay`` adds
    ``weight_decay * p`` to g; ``maximize`` climbs.

    Example: ``optim.SGD(model.parameters(), lr=0.1, momentum=0.9)``
    """

    sparse_advice = None  # type: ignore[assignment]
    updates_complex_as_real = False

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float | Tensor = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_options(lr=lr, momentum=momentum, weight_decay=weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        super().__init__(
            params,
            {
                "lr": lr,
                "momentum": momentum,
                "dampening": dampening,
                "weight_decay": weight_decay,
                "nesterov": nesterov,
                "maximize": maximize,
                "foreach": foreach,
                "differentiable": differentiable,
                "fused": fused,
            },
        )
        check_fused(self.param_groups, fused, foreach, differentiable)

    def _new_state(self, group: dict[str, Any], p: Tensor) -> dict[str, Any]:
        return {"momentum_buffer": None} if group["momentum"] != 0 else {}

    def _update(self, group: dict[str, Any], p: Tensor, grad: Tensor, state: dict[str, Any]) -> None:
        if self._updated_on_arrays(group, p, grad, state):
            return
        weight_decay = group["weight_decay"]
        if isinstance(weight_decay, Tensor) and weight_decay.requires_grad:
            grad = grad.addcmul(p.clone(), weight_decay)
        else:
            grad = decayed(group, p, grad)
        momentum = group["momentum"]
        if momentum != 0:
            buffer = state["momentum_buffer"]
            if buffer is None:
                buffer = state["momentum_buffer"] = grad.detach().clone()
            else:
                buffer.mul_(momentum).add_(grad, alpha=1 - group["dampening"])
            grad = grad.add(buffer, alpha=momentum) if group["nesterov"] else buffer
        lr = scalar(group["lr"])
        if isinstance(lr, Tensor) and lr.requires_grad:
            p.addcmul_(grad, lr, value=-1)
        else:
            p.add_(grad, alpha=-number(lr))

    def _updated_on_arrays(self, group: dict[str, Any], p: Tensor, grad: Tensor, state: dict[str, Any]) -> bool:
        """The same update with ufuncs, where the tensors and options allow it; returns whether they did."""
        buffer = state.get("momentum_buffer")
        tensors = (p, grad) if buffer is None else (p, grad, buffer)
        lr, weight_decay, momentum = group["lr"], group["weight_decay"], group["momentum"]
        if isinstance(lr, Tensor) or isinstance(weight_decay, Tensor) or not on_arrays(*tensors):
            return False
        change = grad._array
        if weight_decay != 0:
            change = p._array * weight_decay
            change += grad._array
        if momentum != 0:
            if buffer is None:
                buffer = state["momentum_buffer"] = wrap(np.array(change))
            else:
                moving = buffer._array
                moving *= momentum
                moving += change * (1 - group["dampening"])
                bump(buffer)
            if group["nesterov"]:
                ahead = buffer._array * momentum
                ahead += change
                change = ahead
            else:
                change = buffer._array
        values = p._array
        values -= change * lr
        bump(p)
        return True
