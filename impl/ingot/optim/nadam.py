"""Adam with Nesterov momentum."""

from __future__ import annotations

from typing import Any

from ..core.tensor import Tensor
from .optimizer import Params, TensorwiseOptimizer, check_options, counter, decayed, like, number, scalar

__all__ = ["NAdam"]


class NAdam(TensorwiseOptimizer):
    """:class:`Adam` that looks one step of momentum ahead (Dozat, 2016).

    The momentum of step t is ``beta1 * (1 - 0.96^(t * momentum_decay) / 2)``.

    Example: ``optim.NAdam(model.parameters())``
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_options(lr=lr, eps=eps, betas=betas, weight_decay=weight_decay, momentum_decay=momentum_decay)
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "momentum_decay": momentum_decay,
                "decoupled_weight_decay": decoupled_weight_decay,
                "maximize": maximize,
                "foreach": foreach,
                "capturable": capturable,
                "differentiable": differentiable,
            },
        )

    def _new_state(self, group: dict[str, Any], p: Tensor) -> dict[str, Any]:
        return {
            "step": counter(group, p),
            "mu_product": counter(group, p, 1.0),
            "exp_avg": like(p),
            "exp_avg_sq": like(p),
        }

    def _update(self, group: dict[str, Any], p: Tensor, grad: Tensor, state: dict[str, Any]) -> None:
        beta1, beta2 = group["betas"]
        lr, eps, momentum_decay = scalar(group["lr"]), group["eps"], group["momentum_decay"]
        mean, square, mu_product, step = state["exp_avg"], state["exp_avg_sq"], state["mu_product"], state["step"]
        step += 1
        t = step if group["capturable"] else step.item()
        if not group["decoupled_weight_decay"]:
            grad = decayed(group, p, grad)
        elif group["weight_decay"] != 0:
            p.mul_(1 - lr * group["weight_decay"])
        mu = beta1 * (1.0 - 0.5 * 0.96 ** (t * momentum_decay))
        mu_next = beta1 * (1.0 - 0.5 * 0.96 ** ((t + 1) * momentum_decay))
        mu_product *= mu
        mean.lerp_(grad, 1 - beta1)
        square.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
        root = square.div(1 - beta2**t).sqrt()
        if group["differentiable"] or group["capturable"]:
            root = root.add(eps)
            p.addcdiv_(grad * (-lr * (1.0 - mu) / (1.0 - mu_product)), root)
            p.addcdiv_(mean * (-lr * mu_next / (1.0 - mu_product * mu_next)), root)
        else:
            product = mu_product.item()
            root.add_(eps)
            p.addcdiv_(grad, root, value=number(-lr * (1.0 - mu) / (1.0 - product)))
            p.addcdiv_(mean, root, value=number(-lr * mu_next / (1.0 - product * mu_next)))
