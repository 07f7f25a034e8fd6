"""Adam for sparse gradients."""

from __future__ import annotations

import math
from typing import Any

from ..core.tensor import Tensor
from .optimizer import Params, TensorwiseOptimizer, check_options, like, number, scalar

__all__ = ["SparseAdam"]


class SparseAdam(TensorwiseOptimizer):
    """:class:`Adam` that updates parameters and moments only where a sparse gradient has entries.

    Example: ``optim.SparseAdam(nn.Embedding(1000, 64, sparse=True).parameters())``
    """

    sparse_advice = None  # type: ignore[assignment]

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        maximize: bool = False,
    ) -> None:
        check_options(lr=lr, betas=betas)
        if not lr > 0.0:
            raise ValueError(f"Invalid learning rate: {lr}")
        if not eps > 0.0:
            raise ValueError(f"Invalid epsilon value: {eps}")
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "maximize": maximize})
        places = [(g, i, p) for g, group in enumerate(self.param_groups) for i, p in enumerate(group["params"])]
        found = [[g, i] for g, i, p in places if p.is_sparse]
        if found:
            raise ValueError(f"Sparse params at indices {found}: SparseAdam requires dense parameter tensors")
        found = [[g, i] for g, i, p in places if p.is_complex()]
        if found:
            raise ValueError(f"Complex params at indices {found}: SparseAdam does not support complex parameters")

    def _new_state(self, group: dict[str, Any], p: Tensor) -> dict[str, Any]:
        return {"step": 0, "exp_avg": like(p), "exp_avg_sq": like(p)}

    def _update(self, group: dict[str, Any], p: Tensor, grad: Tensor, state: dict[str, Any]) -> None:
        if not grad.is_sparse:
            raise RuntimeError("SparseAdam does not support dense gradients, please consider Adam instead")
        beta1, beta2 = group["betas"]
        state["step"] += 1
        grad = grad.coalesce()
        rows, values = tuple(grad._indices()), grad._values()
        if values.numel() == 0:
            return
        mean = state["exp_avg"][rows]
        mean += values.sub(mean).mul_(1 - beta1)
        square = state["exp_avg_sq"][rows]
        square += values.pow(2).sub_(square).mul_(1 - beta2)
        state["exp_avg"][rows] = mean
        state["exp_avg_sq"][rows] = square
        lr = number(scalar(group["lr"]))
        step_size = lr * math.sqrt(1 - beta2 ** state["step"]) / (1 - beta1 ** state["step"])
        p[rows] = p[rows] - step_size * mean.div_(square.sqrt_().add_(group["eps"]))
