"""autograd.functional, forward_ad, gradcheck and gradgradcheck, as in PyTorch."""

from __future__ import annotations

import pytest

from .scenario import Table, assert_same, attempt, numbers

table = Table()


# -- autograd.functional --------------------------------------------------------------------------------------------------------------------


def cubic(x):
    return (x**3).sum()


def two_inputs(x, y):
    return (x * x * y).sum() + (y**3).sum()


def vector(x):
    return x * x.sum()


def two_outputs(x, y):
    return x * y, (x**2).sum()


FUNCTIONS = {
    "jacobian": [(vector, 1), (two_outputs, 2), (cubic, 1)],
    "hessian": [(cubic, 1), (two_inputs, 2)],
}


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_matrices(name, create_graph):
    def scenario(torch):
        results = []
        for function, count in FUNCTIONS[name]:
            points = tuple(numbers(torch, 3, start=0.5 + n) for n in range(count))
            found = getattr(torch.autograd.functional, name)(
                function, points if count > 1 else points[0], create_graph=create_graph
            )
            results.append(found)
        return results

    scenario.__name__ = name
    assert_same(scenario)


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("name", ["vjp", "jvp", "vhp", "hvp"])
def test_products(name, create_graph):
    def scenario(torch):
        product = getattr(torch.autograd.functional, name)
        x, y = numbers(torch, 3), numbers(torch, 3, start=2.0)
        v, w = numbers(torch, 3, start=-1.0, requires_grad=False), numbers(torch, 3, start=5.0, requires_grad=False)
        scalar = torch.tensor(2.0, dtype=torch.float64)
        if name == "vjp":
            return [product(vector, x, v, create_graph=create_graph), product(two_outputs, (x, y), (v, scalar), create_graph=create_graph),
                    product(cubic, x, create_graph=create_graph), attempt(lambda: product(vector, x)), attempt(lambda: product(vector, x, v[:2]))]  # fmt: skip
        if name == "jvp":
            return [product(vector, x, v, create_graph=create_graph), product(two_outputs, (x, y), (v, w), create_graph=create_graph),
                    attempt(lambda: product(vector, x)), product(lambda s: s * s, scalar)]  # fmt: skip
        return [product(cubic, x, v, create_graph=create_graph), product(two_inputs, (x, y), (v, w), create_graph=create_graph),
                attempt(lambda: product(vector, x, v)), attempt(lambda: product(cubic, x))]  # fmt: skip

    scenario.__name__ = name
    assert_same(scenario)


@table
def strict_mode(torch):
    f = torch.autograd.functional
    x, y = numbers(torch, 3), numbers(torch, 3)
    return [attempt(lambda: f.jacobian(lambda a, b: a * 2, (x, y), strict=True)), attempt(lambda: f.vjp(lambda a: torch.ones(3), x, torch.ones(3), strict=True)),
            f.jacobian(lambda a, b: a * 2, (x, y)), attempt(lambda: f.hessian(lambda a: (a * 2).sum(), x, strict=True)),
            f.hessian(lambda a: (a * 2).sum(), x), f.vjp(lambda a: torch.ones(3, dtype=torch.float64), x, torch.ones(3, dtype=torch.float64))]  # fmt: skip


@table
def wrong_arguments(torch):
    f = torch.autograd.functional
    x = numbers(torch, 3)
    return [attempt(lambda: f.jacobian(vector, [1, 2])), attempt(lambda: f.jacobian(lambda a: 3, x)), attempt(lambda: f.jacobian(lambda a: [a, 3], x)),
            attempt(lambda: f.hessian(vector, x)), attempt(lambda: f.vjp(vector, "x", x))]  # fmt: skip


@table
def gradients_through_functional(torch):
    f = torch.autograd.functional
    x = numbers(torch, 3)
    jacobian = f.jacobian(vector, x, create_graph=True)
    hessian = f.hessian(cubic, x, create_graph=True)
    return torch.autograd.grad((jacobian**2).sum() + (hessian**2).sum(), x)


@table
def forward_strategy(torch):
    f = torch.autograd.functional
    x = numbers(torch, 3, requires_grad=False)
    return [f.jacobian(vector, x, vectorize=True, strategy="forward-mode").detach(), f.jacobian(vector, x, vectorize=True),
            f.hessian(cubic, x, vectorize=True, outer_jacobian_strategy="forward-mode").detach(), attempt(lambda: f.jacobian(vector, x, strategy="forward-mode")),
            attempt(lambda: f.jacobian(vector, x, strategy="sideways"))]  # fmt: skip


@table
def complex_jacobian(torch):
    z = torch.complex(numbers(torch, 2, requires_grad=False), numbers(torch, 2, start=2.0, requires_grad=False))
    return [
        torch.autograd.functional.jacobian(lambda a: a * a, z),
        torch.autograd.functional.jacobian(lambda a: a.conj() * 2, z),
    ]


# -- forward mode -----------------------------------------------------------------------------------------------------------------------------


def push(torch, function, *points, tangents=None):
    fw = torch.autograd.forward_ad
    tangents = tangents or [
        numbers(torch, *point.shape, start=-0.75, requires_grad=False).to(point.dtype) for point in points
    ]
    with fw.dual_level():
        duals = [fw.make_dual(point, tangent) for point, tangent in zip(points, tangents, strict=True)]
        results = function(*duals)
        results = results if isinstance(results, tuple) else (results,)
        return [tuple(fw.unpack_dual(result)) for result in results]


PUSHED = {
    "mul": lambda t, x: x * x,
    "chain": lambda t, x: (x.exp() * x.sin()).sum(),
    "div": lambda t, x: 1 / x + x / 3,
    "matmul": lambda t, x: x @ x.t(),
    "sum_dim": lambda t, x: x.sum(0, keepdim=True),
    "view": lambda t, x: x.view(-1)[1:5].reshape(2, 2).t(),
    "as_strided": lambda t, x: x.t().as_strided((2, 2), (1, 3), 1),
    "index": lambda t, x: x[[1, 0, 1], [0, 1, 2]],
    "mask": lambda t, x: x[x > 1],
    "cat": lambda t, x: t.cat([x, x * 2, t.ones_like(x)]),
    "stack": lambda t, x: t.stack([x, t.zeros_like(x)], 1),
    "split": lambda t, x: x.split(2, 1),
    "unbind": lambda t, x: x.unbind(0),
    "where": lambda t, x: t.where(x > 1, x * x, 2 * x),
    "clamp": lambda t, x: x.clamp(0.8, 1.4),
    "relu": lambda t, x: (x - 1).relu(),
    "softmax": lambda t, x: t.softmax(x, 1),
    "log_softmax": lambda t, x: t.log_softmax(x, 0),
    "mean": lambda t, x: x.mean(),
    "var": lambda t, x: x.var(1),
    "max": lambda t, x: x.max(1)[0],
    "amax": lambda t, x: x.amax(0),
    "prod": lambda t, x: x.prod(1),
    "cumsum": lambda t, x: x.cumsum(1),
    "cumprod": lambda t, x: x.cumprod(1),
    "norm": lambda t, x: x.norm(),
    "pow": lambda t, x: x**2.5,
    "pow_tensor": lambda t, x: x**x,
    "detach": lambda t, x: x.detach() * x,
    "no_tangent": lambda t, x: t.ones(2),
    "bool": lambda t, x: x > 1,
    "expand": lambda t, x: x[:, None].expand(2, 4, 3),
    "gather": lambda t, x: x.gather(1, t.tensor([[0, 2], [1, 1]])),
    "index_select": lambda t, x: x.index_select(1, t.tensor([2, 0])),
    "sort": lambda t, x: x.sort(1, descending=True)[0],
    "topk": lambda t, x: x.topk(2)[0],
    "tril": lambda t, x: x.tril(),
    "linear": lambda t, x: t.nn.functional.linear(x, x),
    "layer_norm": lambda t, x: t.nn.functional.layer_norm(x, (3,)),
    "mse": lambda t, x: t.nn.functional.mse_loss(x, x.detach() * 2),
    "cross_entropy": lambda t, x: t.nn.functional.cross_entropy(x, t.tensor([0, 2])),
    "to": lambda t, x: x.to(t.float32),
    "clone": lambda t, x: x.clone(),
    "flip": lambda t, x: x.flip(0),
    "einsum": lambda t, x: t.einsum("ij,kj->ik", x, x),
    "fill_in_place": lambda t, x: (x * 1).mul_(x).add_(1),
    "add_into_plain": lambda t, x: t.ones_like(x).mul_(x),
    "copy_into_plain": lambda t, x: t.zeros_like(x).copy_(x * 2),
    "setitem": lambda t, x: setitem(x * 1, (0, 1), x[1, 1] * 5),
    "setitem_number": lambda t, x: setitem(x * 1, (slice(None), 1), 3.0),
    "setitem_plain": lambda t, x: setitem(t.zeros(2, 3, dtype=x.dtype), 0, x[1]),
    "write_through_view": lambda t, x: through_view(x * 1),
}


def setitem(x, key, value):
    x[key] = value
    return x


def through_view(x):
    x[0].mul_(2)
    return x


@pytest.mark.parametrize("name", PUSHED)
def test_forward_mode(name):
    def scenario(torch):
        return push(torch, lambda x: PUSHED[name](torch, x), numbers(torch, 2, 3, requires_grad=False))

    scenario.__name__ = name
    assert_same(scenario)


@table
def forward_mode_of_two_inputs(torch):
    x, y = numbers(torch, 3, requires_grad=False), numbers(torch, 3, start=3.0, requires_grad=False)
    return push(torch, lambda a, b: a * b + a / b, x, y)


@table
def forward_mode_with_one_plain_input(torch):
    y = numbers(torch, 3, start=3.0, requires_grad=False)
    return push(torch, lambda a: torch.addcmul(y, a, y, value=2), numbers(torch, 3, requires_grad=False))


@table
def forward_over_reverse(torch):
    fw = torch.autograd.forward_ad
    x = numbers(torch, 3)
    with fw.dual_level():
        dual = fw.make_dual(x, torch.ones_like(x))
        (first,) = torch.autograd.grad((dual**3).sum(), dual, create_graph=True)
        return list(fw.unpack_dual(first))


@table
def reverse_over_forward(torch):
    fw = torch.autograd.forward_ad
    x = numbers(torch, 3)
    with fw.dual_level():
        dual = fw.make_dual(x, torch.ones_like(x))
        tangent = fw.unpack_dual(dual.exp() * dual).tangent
    return torch.autograd.grad(tangent.sum(), x)


@table
def complex_forward_mode(torch):
    z = torch.complex(numbers(torch, 3, requires_grad=False), numbers(torch, 3, start=2.0, requires_grad=False))
    return [
        push(torch, f, z)
        for f in (
            lambda a: a * a,
            torch.exp,
            torch.abs,
            torch.angle,
            lambda a: a.conj() * 1,
            lambda a: a.real,
            torch.view_as_real,
        )
    ]


@table
def forward_mode_refusals(torch):
    fw = torch.autograd.forward_ad
    x = numbers(torch, 3, requires_grad=False)
    outside = attempt(lambda: fw.make_dual(x, x))
    results = [outside, attempt(lambda: fw.exit_dual_level())]
    with fw.dual_level():
        results += [attempt(lambda: fw.make_dual(x, x[:2])), attempt(lambda: fw.make_dual(x, x.float())), attempt(lambda: fw.make_dual(x.long(), x.long())),
                    attempt(fw.enter_dual_level), fw.unpack_dual(x).tangent is None]  # fmt: skip
    return results


@table
def tangents_end_with_their_level(torch):
    fw = torch.autograd.forward_ad
    x = numbers(torch, 3, requires_grad=False)
    with fw.dual_level():
        dual = fw.make_dual(x, x * 2)
        y = dual * dual
    with fw.dual_level():
        return [fw.unpack_dual(dual).tangent is None, fw.unpack_dual(y).tangent is None, y]


@table
def forward_mode_in_no_grad(torch):
    fw = torch.autograd.forward_ad
    x = numbers(torch, 3)
    with fw.dual_level(), torch.no_grad():
        dual = fw.make_dual(x, torch.ones_like(x))
        return list(fw.unpack_dual(dual * dual))


# -- gradcheck ---------------------------------------------------------------------------------------------------------------------------------


def with_wrong_backward(torch):
    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, grad):
            (x,) = ctx.saved_tensors
            return 3 * x * grad

    return Wrong.apply


@table
def right_derivatives(torch):
    check, check2 = torch.autograd.gradcheck, torch.autograd.gradgradcheck
    x, w = numbers(torch, 2, 3), numbers(torch, 3, 2)
    z = torch.complex(
        numbers(torch, 2, requires_grad=False), numbers(torch, 2, start=2.0, requires_grad=False)
    ).requires_grad_()
    return [check(torch.exp, x), check(torch.matmul, (x, w)), check(lambda a: a.sin().sum(), x, check_forward_ad=True), check(torch.exp, x, fast_mode=True),
            check2(lambda a: a**3, x), check2(torch.matmul, (x, w)), check(lambda a: a * a, z), check(lambda a: a.abs(), z, check_forward_ad=True),
            check(lambda a, n: a * n, (x, 3.0)), check(lambda a: (a * 2, a.exp()), x), check2(lambda a: a**3, x, fast_mode=True),
            check(lambda a: a * a, z, fast_mode=True, check_forward_ad=True), check(lambda a: a.split(1), x)]  # fmt: skip


@table
def wrong_derivatives(torch):
    check = torch.autograd.gradcheck
    x = numbers(torch, 3)
    wrong = with_wrong_backward(torch)
    return [attempt(lambda: check(wrong, x)), check(wrong, x, raise_exception=False), attempt(lambda: check(wrong, x, fast_mode=True)),
            attempt(lambda: torch.autograd.gradgradcheck(wrong, x)), check(wrong, x, atol=100.0)]  # fmt: skip


@table
def wrong_use_of_gradcheck(torch):
    check = torch.autograd.gradcheck
    x = numbers(torch, 3)
    return [attempt(lambda: check(torch.exp, x.detach())), attempt(lambda: check(torch.exp, x, check_backward_ad=False)),
            attempt(lambda: check(torch.exp, x.detach()[:1].expand(3).requires_grad_())), check(lambda a: a.detach() * 1 if False else a * 1, x)]  # fmt: skip


@pytest.mark.parametrize("scenario", table.cases, ids=table.names)
def test_as_in_pytorch(scenario):
    assert_same(scenario)
