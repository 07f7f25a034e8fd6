"""``autograd.Function`` in all its forms, as in PyTorch."""

from __future__ import annotations

import pytest

from .scenario import Table, assert_same, attempt, numbers

table = Table()


def square_of(torch):
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, grad):
            (x,) = ctx.saved_tensors
            return 2 * x * grad

    return Square


@table
def square(torch):
    x = numbers(torch, 3)
    y = square_of(torch).apply(x)
    name = y.grad_fn.name()
    y.sum().backward()
    return [y, name, x.grad]


@table
def second_derivative(torch):
    x = numbers(torch, 3)
    (first,) = torch.autograd.grad(square_of(torch).apply(x).sum(), x, create_graph=True)
    return [first, torch.autograd.grad(first.sum(), x)]


@table
def second_backward_of_function(torch):
    y = square_of(torch).apply(numbers(torch, 3)).sum()
    y.backward()
    return attempt(y.backward)


@table
def forward_in_no_grad(torch):
    log = []

    class Spy(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            log.append((torch.is_grad_enabled(), (x * 2).requires_grad, ctx.needs_input_grad))
            return x * 2

        @staticmethod
        def backward(ctx, grad):
            log.append((torch.is_grad_enabled(), ctx.needs_input_grad))
            return grad * 2

    x = numbers(torch, 3)
    Spy.apply(x).sum().backward()
    Spy.apply(x.detach())
    with torch.no_grad():
        Spy.apply(x)
    return [x.grad, [[list(part) if isinstance(part, tuple) else part for part in entry] for entry in log]]


@table
def setup_context(torch):
    class Scale(torch.autograd.Function):
        @staticmethod
        def forward(x, factor):
            return x * factor

        @staticmethod
        def setup_context(ctx, inputs, output):
            _x, ctx.factor = inputs
            ctx.save_for_backward(output)

        @staticmethod
        def backward(ctx, grad):
            (output,) = ctx.saved_tensors
            return grad * ctx.factor + 0 * output, None

    x = numbers(torch, 3)
    y = Scale.apply(x, 3.0)
    y.sum().backward()
    return [y, x.grad]


@table
def several_inputs_and_outputs(torch):
    class Both(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, number, w):
            ctx.save_for_backward(x, w)
            ctx.number = number
            return x * w, "a note", x + number

        @staticmethod
        def backward(ctx, product, note, total):
            x, w = ctx.saved_tensors
            return product * w + total, None, product * x

    x, w = numbers(torch, 3), numbers(torch, 3, start=2.0)
    a, note, b = Both.apply(x, 5.0, w)
    a.sum().backward(retain_graph=True)
    first = [x.grad.clone(), w.grad.clone()]
    b.sum().backward()
    return [a, note, b, first, x.grad, w.grad, a.grad_fn is b.grad_fn, b.output_nr]


@table
def unmaterialized(torch):
    log = []

    class Quiet(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(False)
            return x * 1, x * 2

        @staticmethod
        def backward(ctx, a, b):
            log.append((a is None, b is None))
            return (0 if a is None else a) + (0 if b is None else 2 * b)

    x = numbers(torch, 3)
    Quiet.apply(x)[1].sum().backward()
    return [x.grad, [list(item) for item in log]]


@table
def materialized(torch):
    log = []

    class Loud(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1, x[:2] * 2

        @staticmethod
        def backward(ctx, a, b):
            log.append((a, b))
            return a

    x = numbers(torch, 3)
    Loud.apply(x)[0].sum().backward()
    return [x.grad, log]


@table
def none_for_a_gradient(torch):
    class Nothing(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            return x + y

        @staticmethod
        def backward(ctx, grad):
            return grad, None

    x, y = numbers(torch, 3), numbers(torch, 3)
    Nothing.apply(x, y).sum().backward()
    return [x.grad, y.grad]


@table
def non_differentiable_results(torch):
    class Sorted(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            index = (x * 0).long()
            floats = x * 0
            ctx.mark_non_differentiable(floats)
            return x * 2, index, floats

        @staticmethod
        def backward(ctx, grad, *rest):
            return grad * 2

    x = numbers(torch, 3)
    y, index, floats = Sorted.apply(x)
    y.sum().backward()
    return [x.grad, y.requires_grad, index.requires_grad, floats.requires_grad, index]


@table
def dirty_inputs(torch):
    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            x.mul_(2)
            ctx.mark_dirty(x)
            return x

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

    x = numbers(torch, 3)
    base = x * 1
    same = Double.apply(base)
    viewed = x * 1
    Double.apply(viewed[1:])
    (same.sum() + (viewed * viewed).sum()).backward()
    return [
        same is base,
        base._version,
        same.grad_fn.name(),
        x.grad,
        viewed,
        attempt(lambda: Double.apply(x)),
        x._version > 0,
    ]


@table
def input_returned_as_it_is(torch):
    class Same(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x

        @staticmethod
        def backward(ctx, grad):
            return grad * 7

    x = numbers(torch, 3)
    y = Same.apply(x)
    y.sum().backward()
    return [y is x, x.grad, y.grad_fn.name(), y.is_leaf]


@table
def view_of_input_returned(torch):
    class Part(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x[1:]

        @staticmethod
        def backward(ctx, grad):
            return torch.cat([torch.zeros(1, dtype=grad.dtype), grad * 3])

    x = numbers(torch, 3)
    y = Part.apply(x)
    y.sum().backward()
    return [y, x.grad]


@table
def wrong_number_of_gradients(torch):
    def returning(*grads):
        class Wrong(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x, y):
                return x * y

            @staticmethod
            def backward(ctx, grad):
                return grads

        return attempt(lambda: Wrong.apply(numbers(torch, 3), numbers(torch, 3)).sum().backward())

    one = torch.ones(3, dtype=torch.float64)
    return [
        returning(one),
        returning(one, one, one),
        returning(one, one, None),
        returning(one, torch.ones(2, dtype=torch.float64)),
        returning(one, "text"),
    ]


@table
def gradient_of_another_dtype(torch):
    class Cast(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.float()

        @staticmethod
        def backward(ctx, grad):
            return grad

    x = numbers(torch, 3)
    Cast.apply(x).sum().backward()
    return x.grad


@table
def gradient_that_broadcasts(torch):
    class Wide(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.expand(2, 3) * 1

        @staticmethod
        def backward(ctx, grad):
            return grad

    x = numbers(torch, 3)
    Wide.apply(x).sum().backward()
    return x.grad


@table
def missing_parts(torch):
    class Bare(torch.autograd.Function):
        pass

    class NoBackward(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

    x = numbers(torch, 3)
    return [attempt(lambda: Bare.apply(x)), attempt(lambda: NoBackward.apply(x).sum().backward()), NoBackward.apply(x.detach())]  # fmt: skip


@table
def saving_what_is_no_tensor(torch):
    class Saves(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward("text")
            return x * 1

        @staticmethod
        def backward(ctx, grad):
            return grad

    return attempt(lambda: Saves.apply(numbers(torch, 3)))


@table
def saved_input_written_since(torch):
    x = numbers(torch, 3)
    y = x * 1
    z = square_of(torch).apply(y)
    y.add_(1)
    return attempt(lambda: z.sum().backward())


@table
def saved_result_and_intermediate(torch):
    class Exp(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            result = x.exp()
            ctx.save_for_backward(result, None, x * 2)
            return result

        @staticmethod
        def backward(ctx, grad):
            result, nothing, doubled = ctx.saved_tensors
            assert nothing is None
            return grad * result + 0 * doubled

    x = numbers(torch, 3)
    (first,) = torch.autograd.grad(Exp.apply(x).sum(), x, create_graph=True)
    return [first, torch.autograd.grad(first.sum(), x)]


@table
def once(torch):
    class Once(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx, grad):
            return 2 * ctx.saved_tensors[0] * grad

    x = numbers(torch, 3)
    (first,) = torch.autograd.grad(Once.apply(x).sum(), x, create_graph=True)
    return [first, attempt(lambda: torch.autograd.grad(first.sum(), x))]


@table
def attributes_of_context_reach_backward(torch):
    class Keeps(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, shape=(3,)):
            ctx.shape, ctx.extra = shape, {"k": 2}
            return x * 1

        @staticmethod
        def backward(ctx, grad):
            return grad * ctx.extra["k"]

    x = numbers(torch, 3)
    Keeps.apply(x).sum().backward()
    return x.grad


@table
def forward_mode_rule(torch):
    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, power):
            ctx.save_for_backward(x)
            ctx.save_for_forward(x)
            return x**power

        @staticmethod
        def backward(ctx, grad):
            return 3 * ctx.saved_tensors[0] ** 2 * grad, None

        @staticmethod
        def jvp(ctx, tangent, _):
            return 3 * ctx.saved_tensors[0] ** 2 * tangent

    x = numbers(torch, 3, requires_grad=False)
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x, torch.ones_like(x) * 2)
        primal, tangent = torch.autograd.forward_ad.unpack_dual(Cube.apply(dual, 3))
    return [primal, tangent]


@table
def forward_mode_without_rule(torch):
    x = numbers(torch, 3, requires_grad=False)
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x, torch.ones_like(x))
        return attempt(lambda: square_of(torch).apply(dual))


@table
def vjp_and_backward_are_one(torch):
    class Ambiguous(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def vjp(ctx, grad):
            return grad * 4

    x = numbers(torch, 3)
    Ambiguous.apply(x).sum().backward()
    return x.grad


@table
def both_vjp_and_backward(torch):
    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, grad):
            return grad

        @staticmethod
        def vjp(ctx, grad):
            return grad * 4

    return attempt(lambda: Twice.apply(numbers(torch, 3)).sum().backward())


@table
def saved_tensors_of_the_node(torch):
    x = numbers(torch, 3)
    y = square_of(torch).apply(x)
    return [y.grad_fn.saved_tensors, list(y.grad_fn.needs_input_grad)]


@table
def lists_are_not_looked_into(torch):
    class Total(torch.autograd.Function):
        @staticmethod
        def forward(ctx, items):
            return sum(items)

        @staticmethod
        def backward(ctx, grad):
            return None

    y = Total.apply([numbers(torch, 3), numbers(torch, 3)])
    return y.requires_grad


@pytest.mark.parametrize("scenario", table.cases, ids=table.names)
def test_as_in_pytorch(scenario):
    assert_same(scenario)
