"""Adagrad."""

from __future__ import annotations

from typing import Any

from ..core.tensor import Tensor
from ..ops.creation import full_like
from .optimizer import Params, TensorwiseOptimizer, check_fused, check_options, counter, decayed, number, scalar

__all__ = ["Adagrad"]


class Adagrad(TensorwiseOptimizer):
    """``p -= lr_t * g / (sqrt(s) + eps)``, s the sum of all g^2 (Duchi et al., 2011).

    ``lr_t = lr / (1 + (t - 1) * lr_decay)``; s starts as ``initial_accumulator_value``.

    Example: ``optim.Adagrad(model.parameters(), lr=1e-2)``
    """

    sparse_advice = None  # type: ignore[assignment]

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_options(
            lr=lr,
            lr_decay=lr_decay,
            weight_decay=weight_decay,
            initial_accumulator_value=initial_accumulator_value,
            eps=eps,
        )
        super().__init__(
            params,
            {
                "lr": lr,
                "lr_decay": lr_decay,
                "eps": eps,
                "weight_decay": weight_decay,
                "initial_accumulator_value": initial_accumulator_value,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
                "fused": fused,
            },
        )
        check_fused(self.param_groups, fused, foreach, differentiable)
        for group in self.param_groups:
            for p in group["params"]:
                self.state[p].update(self._new_state(group, p))

    def share_memory(self) -> None:
        """Move the sums to memory that other processes can map."""
        for group in self.param_groups:
            for p in group["params"]:
                self.state[p]["sum"].share_memory_()

    def _new_state(self, group: dict[str, Any], p: Tensor) -> dict[str, Any]:
        start = group["initial_accumulator_value"]
        start = complex(start, start) if p.is_complex() else start
        return {"step": counter(group, p), "sum": full_like(p.detach(), start)}

    def _update(self, group: dict[str, Any], p: Tensor, grad: Tensor, state: dict[str, Any]) -> None:
        total, step = state["sum"], state["step"]
        step += 1
        lr = number(scalar(group["lr"])) / (1 + (step.item() - 1) * group["lr_decay"])
        eps = group["eps"]
        if grad.is_sparse:
            if group["weight_decay"] != 0:
                raise RuntimeError("weight_decay option is not compatible with sparse gradients")
            grad = grad.coalesce()
            rows, values = tuple(grad._indices()), grad._values()
            sums = total[rows].add_(values.pow(2))
            total[rows] = sums
            p[rows] = p[rows].add_(values.div(sums.sqrt_().add_(eps)), alpha=-lr)
            return
        grad = decayed(group, p, grad)
        total.addcmul_(grad, grad, value=1)
        root = total.sqrt()
        root = root.add(eps) if group["differentiable"] else root.add_(eps)
        p.addcdiv_(grad, root, value=-lr)
