"""Limited-memory BFGS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..autograd import enable_grad, no_grad
from ..core.tensor import Tensor
from ..ops.joining import cat
from .optimizer import Optimizer, Params, number, scalar

__all__ = ["LBFGS"]


class LBFGS(Optimizer):
    """A quasi-Newton method for smooth losses of few parameters (Liu and Nocedal, 1989).

    One step makes up to ``max_iter`` iterations, or ``max_eval`` evaluations of the closure, and stops early at
    ``tolerance_grad`` or ``tolerance_change``. ``line_search_fn`` is None (steps of ``lr``) or "strong_wolfe". Only
    one parameter group is possible.

    Example: ``optimizer = optim.LBFGS(params, line_search_fn="strong_wolfe"); optimizer.step(closure)``
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        if isinstance(lr, Tensor) and lr.numel() != 1:
            raise ValueError("Tensor lr must be 1-element")
        if not lr >= 0.0:
            raise ValueError(f"Invalid learning rate: {lr}")
        super().__init__(
            params,
            {
                "lr": lr,
                "max_iter": max_iter,
                "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
                "tolerance_grad": tolerance_grad,
                "tolerance_change": tolerance_change,
                "history_size": history_size,
                "line_search_fn": line_search_fn,
            },
        )
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")

    @property
    def _params(self) -> list[Tensor]:
        return self.param_groups[0]["params"]

    def _flat_grad(self) -> Tensor:
        flat = []
        for p in self._params:
            grad = p.new_zeros(p.shape) if p.grad is None else p.grad
            grad = grad.to_dense() if grad.is_sparse else grad
            flat.append((grad.view_as_real() if grad.is_complex() else grad).reshape(-1))
        return cat(flat, 0)

    def _move(self, distance: float, direction: Tensor) -> None:
        """Add ``distance * direction`` to the parameters."""
        start = 0
        for p in self._params:
            p = p.view_as_real() if p.is_complex() else p
            stop = start + p.numel()
            p.add_(direction[start:stop].view_as(p), alpha=number(distance))
            start = stop

    @no_grad()
    def step(self, closure: Callable[[], Any]) -> Any:  # type: ignore[override]
        """Minimise; ``closure`` clears the gradients, computes the loss, calls backward and returns the loss.

        Returns the loss before the step.
        """
        evaluate = enable_grad()(closure)
        group = self.param_groups[0]
        lr = number(scalar(group["lr"]))
        max_iter, max_eval = group["max_iter"], group["max_eval"]
        tolerance_grad, tolerance_change = group["tolerance_grad"], group["tolerance_change"]
        line_search_fn = group["line_search_fn"]
        if line_search_fn not in (None, "strong_wolfe"):
            raise RuntimeError("only 'strong_wolfe' is supported")
        # The state is that of the first parameter, as in PyTorch's state dicts.
        state = self.state[self._params[0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)

        first_loss = evaluate()
        loss = float(first_loss)
        evaluations = 1
        state["func_evals"] += 1
        grad = self._flat_grad()
        if grad.abs().max() <= tolerance_grad:
            return first_loss

        for iteration in range(1, max_iter + 1):
            state["n_iter"] += 1
            direction = self._direction(state, grad, group["history_size"])
            previous_loss = loss
            if state.get("prev_flat_grad") is None:
                state["prev_flat_grad"] = grad.clone()
            else:
                state["prev_flat_grad"].copy_(grad)
            distance: Any = min(1.0, 1.0 / grad.abs().sum()) * lr if state["n_iter"] == 1 else lr
            slope = grad.dot(direction)
            state.update(d=direction, t=distance, prev_loss=previous_loss)
            if slope > -tolerance_change:
                break
            used = 0
            if line_search_fn is not None:
                origin = [p.clone() for p in self._params]

                def at(t: Any, origin: list[Tensor] = origin, direction: Tensor = direction) -> tuple[float, Tensor]:
                    self._move(t, direction)
                    value = float(evaluate())
                    gradient = self._flat_grad()
                    for p, start in zip(self._params, origin, strict=True):
                        p.copy_(start)
                    return value, gradient

                limit = max_eval - evaluations
                loss, grad, distance, used = strong_wolfe(at, distance, direction, loss, grad, slope, max_ls=limit)
                state["t"] = distance
                self._move(distance, direction)
                flat = grad.abs().max() <= tolerance_grad
            else:
                self._move(distance, direction)
                flat = False
                if iteration != max_iter:  # the next step evaluates anyway
                    loss = float(evaluate())
                    grad = self._flat_grad()
                    flat = grad.abs().max() <= tolerance_grad
                    used = 1
            evaluations += used
            state["func_evals"] += used
            if (
                evaluations >= max_eval
                or flat
                or direction.mul(distance).abs().max() <= tolerance_change
                or abs(loss - previous_loss) < tolerance_change
            ):
                break
        return first_loss

    def _direction(self, state: dict[str, Any], grad: Tensor, history_size: int) -> Tensor:
        """Minus the gradient times the inverse Hessian that the history implies (two-loop recursion)."""
        if state["n_iter"] == 1:
            state.update(old_dirs=[], old_stps=[], ro=[], H_diag=1)
            return grad.neg()
        changes, moves, inverses = state["old_dirs"], state["old_stps"], state["ro"]
        y = grad.sub(state["prev_flat_grad"])
        s = state["d"].mul(state["t"])
        curvature = y.dot(s)
        if curvature > 1e-10:
            if len(changes) == history_size:
                for history in (changes, moves, inverses):
                    history.pop(0)
            changes.append(y)
            moves.append(s)
            inverses.append(1.0 / curvature)
            state["H_diag"] = curvature / y.dot(y)
        if "al" not in state:
            state["al"] = [None] * history_size
        weights = state["al"]
        q = grad.neg()
        for i in range(len(changes) - 1, -1, -1):
            weights[i] = moves[i].dot(q) * inverses[i]
            q.add_(changes[i], alpha=-number(weights[i]))
        direction = q.mul(state["H_diag"])
        for i in range(len(changes)):
            back = changes[i].dot(direction) * inverses[i]
            direction.add_(moves[i], alpha=number(weights[i] - back))
        return direction


def _cubic_minimum(x1: Any, f1: Any, g1: Any, x2: Any, f2: Any, g2: Any, bounds: tuple[Any, Any] | None = None) -> Any:
    """The minimum within ``bounds`` of the cubic with these values and slopes (Nocedal and Wright, eq. 3.59)."""
    low, high = bounds if bounds is not None else (min(x1, x2), max(x1, x2))
    d1 = g1 + g2 - 3 * (f1 - f2) / (x1 - x2)
    square = d1**2 - g1 * g2
    if square < 0:
        return (low + high) / 2.0
    d2 = square.sqrt()
    if x1 <= x2:
        minimum = x2 - (x2 - x1) * ((g2 + d2 - d1) / (g2 - g1 + 2 * d2))
    else:
        minimum = x1 - (x1 - x2) * ((g1 + d2 - d1) / (g1 - g2 + 2 * d2))
    return min(max(minimum, low), high)


class _Point:
    """A distance along the line, with the loss, the gradient and the slope there."""

    def __init__(self, t: Any, f: float, g: Tensor, slope: Any) -> None:
        self.t = t
        self.f = f
        self.g = g
        self.slope = slope


def strong_wolfe(
    at: Callable[[Any], tuple[float, Tensor]],
    t: Any,
    direction: Tensor,
    f: float,
    g: Tensor,
    slope: Any,
    c1: float = 1e-4,
    c2: float = 0.9,
    tolerance_change: float = 1e-9,
    max_ls: int = 25,
) -> tuple[float, Tensor, Any, int]:
    """A distance that satisfies the strong Wolfe conditions (Nocedal and Wright, algorithms 3.5 and 3.6).

    ``at(t)`` gives loss and gradient at distance t. Returns loss, gradient, distance and the number of evaluations.
    """
    largest = direction.abs().max()
    start = _Point(0, f, g.clone(), slope)
    evaluations = 0

    def evaluate(t: Any) -> _Point:
        nonlocal evaluations
        evaluations += 1
        value, gradient = at(t)
        return _Point(t, value, gradient.clone(), gradient.dot(direction))

    def decreases(point: _Point) -> bool:
        return point.f <= f + c1 * point.t * slope

    def is_flat(point: _Point) -> bool:
        return abs(point.slope) <= -c2 * slope

    # Bracketing: go on until an interval contains a good point.
    previous, point = start, evaluate(t)
    iteration = 0
    bracket = None
    while iteration < max_ls:
        if not decreases(point) or (iteration > 1 and point.f >= previous.f):
            bracket = [previous, point]
            break
        if is_flat(point):
            return point.f, point.g, point.t, evaluations
        if point.slope >= 0:
            bracket = [previous, point]
            break
        bounds = (point.t + 0.01 * (point.t - previous.t), point.t * 10)
        t = _cubic_minimum(previous.t, previous.f, previous.slope, point.t, point.f, point.slope, bounds)
        previous, point = point, evaluate(t)
        iteration += 1
    if bracket is None:
        bracket = [start, point]

    # Zooming: shrink the interval around a good point.
    stalled = False
    low, high = (0, 1) if bracket[0].f <= bracket[1].f else (1, 0)
    while iteration < max_ls:
        first, second = bracket
        if abs(second.t - first.t) * largest < tolerance_change:
            break
        t = _cubic_minimum(first.t, first.f, first.slope, second.t, second.f, second.slope)
        left, right = min(first.t, second.t), max(first.t, second.t)
        margin = 0.1 * (right - left)
        # Close to an end of the interval twice in a row, or beyond it: move away from that end.
        if min(right - t, t - left) < margin:
            if stalled or t >= right or t <= left:
                t = right - margin if abs(t - right) < abs(t - left) else left + margin
                stalled = False
            else:
                stalled = True
        else:
            stalled = False
        point = evaluate(t)
        iteration += 1
        if not decreases(point) or point.f >= bracket[low].f:
            bracket[high] = point
            low, high = (0, 1) if bracket[0].f <= bracket[1].f else (1, 0)
            continue
        done = is_flat(point)
        if not done and point.slope * (bracket[high].t - bracket[low].t) >= 0:
            bracket[high] = bracket[low]
        bracket[low] = point
        if done:
            break
    best = bracket[low]
    return best.f, best.g, best.t, evaluations
