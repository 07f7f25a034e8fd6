"""backward, grad, hooks of every kind and their order, retained gradients, anomaly mode, saved-tensor hooks: as in PyTorch."""

from __future__ import annotations

import threading

import pytest

from .scenario import Table, assert_same, attempt, numbers

table = Table()


# -- backward and grad ---------------------------------------------------------------------------------------------------------------------


@table
def accumulates_over_calls(torch):
    x = numbers(torch, 3)
    (x * x).sum().backward()
    first = x.grad
    (x * 3).sum().backward()
    return [x.grad, first is x.grad, first]


@table
def shared_subexpressions(torch):
    x = numbers(torch, 3)
    y = x * x
    z = y * y + y.exp() + y
    z.sum().backward()
    return x.grad


@table
def gradient_is_not_the_weight_itself(torch):
    x = numbers(torch, 3)
    weight = numbers(torch, 3, requires_grad=False)
    (x + 0).backward(weight)
    x.grad.add_(1)
    y, z = numbers(torch, 3), numbers(torch, 3)
    (y + z).backward(weight)
    y.grad.mul_(10)
    return [weight, x.grad, y.grad, z.grad]


@table
def second_backward(torch):
    x = numbers(torch, 3)
    y = (x * x).sum()
    y.backward()
    return [attempt(lambda: y.backward()), x.grad]


@table
def second_backward_where_nothing_is_saved(torch):
    x = numbers(torch, 3)
    y = (x + 1).sum()
    y.backward()
    y.backward()
    return x.grad


@table
def retained_graph(torch):
    x = numbers(torch, 3)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    return [x.grad, attempt(lambda: y.backward())]


@table
def create_graph_keeps_the_graph(torch):
    x = numbers(torch, 3)
    y = (x * x * x).sum()
    (first,) = torch.autograd.grad(y, x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x, create_graph=True)
    (third,) = torch.autograd.grad(second.sum(), x)
    return [first, second, third, first.requires_grad, third.requires_grad]


@table
def backward_create_graph(torch):
    x = numbers(torch, 3)
    (x**3).sum().backward(create_graph=True)
    grad = x.grad
    x.grad = None
    grad.sum().backward()
    return [grad, x.grad]


@table
def non_scalar_backward(torch):
    x = numbers(torch, 3)
    return [attempt(lambda: (x * 2).backward()), attempt(lambda: (x * 2).backward(torch.ones(2, dtype=torch.float64))),
            attempt(lambda: (x * 2).backward("x")), attempt(lambda: torch.ones(3).sum().backward()), x.grad]  # fmt: skip


@table
def non_scalar_of_one_element(torch):
    x = numbers(torch, 1, 1)
    (x * 2).backward()
    return x.grad


@table
def complex_backward(torch):
    x = numbers(torch, 3)
    z = torch.complex(x, x * 2)
    z.backward(torch.complex(x.detach(), x.detach() * 3))
    return [
        x.grad,
        attempt(lambda: torch.complex(x, x).sum().backward()),
        attempt(lambda: (x * 1).backward(torch.ones(3, dtype=torch.complex128))),
    ]


@table
def complex_leaf(torch):
    z = torch.complex(
        numbers(torch, 3, requires_grad=False), numbers(torch, 3, start=-1.0, requires_grad=False)
    ).requires_grad_()
    w = (z * z.conj()).real.sum() + (z * z).imag.sum() + z.abs().sum() + z.exp().real.sum()
    w.backward()
    return z.grad


@table
def gradients_keep_the_dtype_of_their_tensor(torch):
    x = numbers(torch, 3).detach().float().requires_grad_()
    y = numbers(torch, 3)
    half = numbers(torch, 3).detach().bfloat16().requires_grad_()
    (x * y * half).sum().backward()
    return [x.grad.dtype, y.grad.dtype, half.grad.dtype]


@table
def real_input_of_complex_product(torch):
    x = numbers(torch, 3)
    w = (x * torch.tensor([1 + 2j, 2 - 1j, 3j], dtype=torch.complex128)).abs().sum()
    w.backward()
    return x.grad


@table
def broadcast_gradients(torch):
    x, y, z = numbers(torch, 3, 1), numbers(torch, 4), numbers(torch, 2, 1, 1)
    (x * y * z + y / x).sum().backward()
    return [x.grad, y.grad, z.grad]


@table
def backward_to_chosen_inputs(torch):
    x, y = numbers(torch, 3), numbers(torch, 3)
    middle = x * y
    (middle * middle).sum().backward(inputs=[x, middle])
    return [x.grad, y.grad, middle.grad]


@table
def backward_to_one_input(torch):
    x, y = numbers(torch, 3), numbers(torch, 3)
    (x * y).sum().backward(inputs=x)
    return [
        x.grad,
        y.grad,
        attempt(lambda: (x * y).sum().backward(inputs=[])),
        attempt(lambda: (x * y).sum().backward(inputs=[x.detach()])),
    ]


@table
def several_roots(torch):
    x = numbers(torch, 3)
    torch.autograd.backward([(x * 2).sum(), x * x], [None, torch.ones(3, dtype=torch.float64)])
    return [
        x.grad,
        attempt(lambda: torch.autograd.backward([x.sum()], [None, None])),
        attempt(lambda: torch.autograd.backward([x.sum(), x * x])),
    ]


@table
def same_root_twice(torch):
    x = numbers(torch, 3)
    y = (x * x).sum()
    return torch.autograd.grad([y, y], [x, x])


@table
def root_inside_the_graph(torch):
    x = numbers(torch, 3)
    y = (x * x).sum()
    z = y * y
    return torch.autograd.grad([z, y], x)


@table
def grad_of_the_root_itself(torch):
    x = numbers(torch, 3)
    y = (x * x).sum()
    return [
        torch.autograd.grad(y, y, retain_graph=True),
        torch.autograd.grad(x.sum(), x),
        attempt(lambda: torch.autograd.grad(x, x)),
    ]


@table
def unused_inputs(torch):
    x, y = numbers(torch, 3), numbers(torch, 2)

    def loss():
        return (x * x).sum()

    return [attempt(lambda: torch.autograd.grad(loss(), [x, y])), torch.autograd.grad(loss(), [x, y], allow_unused=True),
            torch.autograd.grad(loss(), [x, y], materialize_grads=True),
            attempt(lambda: torch.autograd.grad(loss(), [x, y], materialize_grads=True, allow_unused=False)),
            attempt(lambda: torch.autograd.grad(loss(), [x, y.detach()])), attempt(lambda: torch.autograd.grad(loss(), [])),
            attempt(lambda: torch.autograd.grad([], [x])), attempt(lambda: torch.autograd.grad(loss(), x, only_inputs=False)), x.grad]  # fmt: skip


@table
def batched_gradients(torch):
    x = numbers(torch, 3)
    y = x * x * numbers(torch, 3, requires_grad=False)
    return torch.autograd.grad(y, x, torch.eye(3, dtype=torch.float64), is_grads_batched=True)


@table
def grad_of_intermediate(torch):
    x = numbers(torch, 3)
    y = x * x
    z = (y * x).sum()
    return torch.autograd.grad(z, [y, x])


@table
def grad_of_one_output_of_many(torch):
    x = numbers(torch, 4)
    first, second = (x * x).split(2)
    z = (first * first).sum() + second.sum()
    return torch.autograd.grad(z, [first, second, x])


@table
def grad_leaves_other_leaves_alone(torch):
    x, y = numbers(torch, 3), numbers(torch, 3)
    torch.autograd.grad((x * y).sum(), x)
    return [x.grad, y.grad]


@table
def grad_where_outputs_need_no_gradient(torch):
    x = numbers(torch, 3)
    return [
        attempt(lambda: torch.autograd.grad(x.detach().sum(), x)),
        attempt(lambda: torch.autograd.grad(x.sum(), "x")),
        attempt(lambda: torch.autograd.backward([])),
    ]


# -- leaves ---------------------------------------------------------------------------------------------------------------------------------


@table
def assigned_grad(torch):
    x = numbers(torch, 3)
    x.grad = torch.ones(3, dtype=torch.float64)
    (x * 2).sum().backward()
    refused = [
        attempt(lambda value=value: setattr(x, "grad", value))
        for value in (torch.ones(2, dtype=torch.float64), torch.ones(3), 3, x)
    ]
    return [x.grad, *refused]


@table
def grad_of_tensor_without_history(torch):
    x = torch.ones(3)
    x.grad = torch.full((3,), 2.0)
    return [x.grad, x.requires_grad, x.is_leaf]


@table
def flags(torch):
    x = numbers(torch, 3)
    y = x * 2
    z = y.detach()
    return [
        (t.requires_grad, t.is_leaf, t.grad_fn is None, t.retains_grad, t.output_nr, t._version)
        for t in (x, y, z, y.split(1)[2], torch.ones(2))
    ]


@table
def grad_of_non_leaf_is_none(torch):
    y = numbers(torch, 3) * 2
    y.sum().backward()
    return y.grad


@table
def node_names_and_edges(torch):
    x = numbers(torch, 3)
    y = (x * x).exp().sum()
    names, node = [], y.grad_fn
    while node is not None:
        names.append(node.name())
        node = node.next_functions[0][0]
    return names


@table
def next_functions(torch):
    x, y = numbers(torch, 3), numbers(torch, 3, requires_grad=False)
    node = (x * y).grad_fn
    leaf = node.next_functions[0][0]
    first, second = (x * 2).split([1, 2])
    return [
        len(node.next_functions),
        node.next_functions[1],
        leaf.variable is x,
        (first + 1).grad_fn.next_functions[0][1],
        (second + 1).grad_fn.next_functions[0][1],
    ]


# -- retained gradients ---------------------------------------------------------------------------------------------------------------------


@table
def retain_grad(torch):
    x = numbers(torch, 3)
    y = x * x
    y.retain_grad()
    y.retain_grad()
    z = (y * 3).sum()
    z.backward(retain_graph=True)
    once = y.grad.clone()
    z.backward()
    x.retain_grad()
    return [once, y.grad, y.retains_grad, x.retains_grad, attempt(lambda: torch.ones(2).retain_grad())]


@table
def retain_grad_of_outputs_and_views(torch):
    x = numbers(torch, 4)
    y = x * 2
    view, (first, second) = y[1:], y.split(2)
    for one in (view, first, second):
        one.retain_grad()
    (view.sum() + (first * second).sum()).backward()
    return [view.grad, first.grad, second.grad, x.grad]


@table
def retain_grad_then_write(torch):
    x = numbers(torch, 3)
    y = x * 2
    y.retain_grad()
    y.mul_(3)
    (y * y).sum().backward()
    return [y.grad, x.grad]


@table
def retain_grad_sees_hooks(torch):
    x = numbers(torch, 3)
    y = x * 2
    y.retain_grad()
    y.register_hook(lambda grad: grad * 10)
    y.sum().backward()
    return [y.grad, x.grad]


# -- hooks ----------------------------------------------------------------------------------------------------------------------------------


@table
def tensor_hooks_in_order(torch):
    x = numbers(torch, 3)
    y = x * 2
    log = []
    y.register_hook(lambda grad: log.append(("a", grad)))
    y.register_hook(lambda grad: grad * 2)
    y.register_hook(lambda grad: log.append(("b", grad)))
    x.register_hook(lambda grad: log.append(("leaf", grad)))
    (y * 1).sum().backward()
    return [log, x.grad]


@table
def removed_hook(torch):
    x = numbers(torch, 3)
    handle = x.register_hook(lambda grad: grad * 5)
    x.sum().backward()
    handle.remove()
    handle.remove()
    x.sum().backward()
    with x.register_hook(lambda grad: grad * 100):
        x.sum().backward()
    x.sum().backward()
    return x.grad


@table
def hook_on_each_output(torch):
    x = numbers(torch, 4)
    first, second = (x * 2).split(2)
    first.register_hook(lambda grad: grad * 10)
    second.register_hook(lambda grad: grad * 100)
    (first + second).sum().backward()
    return x.grad


@table
def hook_before_write_applies_to_old_value(torch):
    x = numbers(torch, 3)
    y = x * 2
    log = []
    y.register_hook(lambda grad: log.append(("old", grad)))
    y.mul_(3)
    y.register_hook(lambda grad: log.append(("new", grad)))
    y.sum().backward()
    return [log, x.grad]


@table
def hook_refusals(torch):
    x = numbers(torch, 3)
    y = x * 2
    y.register_hook(lambda grad: "not a tensor")
    return [attempt(lambda: torch.ones(3).register_hook(print)), attempt(lambda: y.sum().backward()), x.grad]


@table
def post_accumulate_hooks(torch):
    x = numbers(torch, 3)
    log = []
    x.register_post_accumulate_grad_hook(lambda tensor: log.append(("grad", tensor.grad.clone(), tensor is x)))
    x.register_hook(lambda grad: log.append(("hook", grad)))
    (x * x).sum().backward()
    (x * x).sum().backward()
    return [
        log,
        attempt(lambda: (x * 1).register_post_accumulate_grad_hook(print)),
        attempt(lambda: torch.ones(2).register_post_accumulate_grad_hook(print)),
    ]


@table
def optimizer_in_a_hook(torch):
    x = numbers(torch, 3)

    def step(tensor):
        with torch.no_grad():
            tensor.sub_(tensor.grad * 0.1)
        tensor.grad = None

    x.register_post_accumulate_grad_hook(step)
    (x * x).sum().backward()
    return [x, x.grad]


@table
def node_hooks(torch):
    x = numbers(torch, 3)
    y = x * 2
    z = y.exp()
    log = []
    z.grad_fn.register_hook(lambda inputs, outputs: log.append(("post", list(inputs), list(outputs))))
    z.grad_fn.register_prehook(lambda outputs: log.append(("pre", list(outputs))))
    z.grad_fn.register_prehook(lambda outputs: (outputs[0] * 2,))
    z.grad_fn.register_hook(lambda inputs, outputs: (inputs[0] * 3,))
    y.register_hook(lambda grad: log.append(("tensor", grad)))
    z.sum().backward()
    return [log, x.grad]


@table
def hooks_of_all_kinds_in_order(torch):
    x, w = numbers(torch, 3), numbers(torch, 3)
    log = []
    y = x * w
    z = y.exp()
    for name, tensor in (("y", y), ("z", z), ("x", x), ("w", w)):
        tensor.register_hook(lambda grad, name=name: log.append(f"tensor {name}"))
    for name, node in (("mul", y.grad_fn), ("exp", z.grad_fn)):
        node.register_prehook(lambda grads, name=name: log.append(f"pre {name}"))
        node.register_hook(lambda inputs, outputs, name=name: log.append(f"post {name}"))
    x.register_post_accumulate_grad_hook(lambda tensor: log.append("accumulated x"))
    w.register_post_accumulate_grad_hook(lambda tensor: log.append("accumulated w"))
    z.sum().backward()
    return log


@table
def order_of_nodes(torch):
    x, w = numbers(torch, 3), numbers(torch, 3)
    log = []
    a = x * 2
    b = w * 3
    c = a * b
    d = a + b
    e = c * d
    for name, tensor in (("a", a), ("b", b), ("c", c), ("d", d), ("e", e)):
        tensor.grad_fn.register_hook(lambda inputs, outputs, name=name: log.append(name))
    x.register_hook(lambda grad: log.append("x"))
    w.register_hook(lambda grad: log.append("w"))
    e.sum().backward()
    return log


@table
def hooks_during_grad(torch):
    x = numbers(torch, 3)
    y = x * 2
    log = []
    x.register_hook(lambda grad: log.append("x") or grad * 2)
    y.register_hook(lambda grad: log.append("y") or grad * 5)
    y.retain_grad()
    x.register_post_accumulate_grad_hook(lambda tensor: log.append("accumulated"))
    found = torch.autograd.grad((y * y).sum(), [x, y])
    return [found, log, y.grad, x.grad]


@table
def grad_inside_a_hook(torch):
    x = numbers(torch, 3)
    log = []

    def hook(grad):
        with torch.enable_grad():
            z = numbers(torch, 2)
            log.append(torch.autograd.grad((z * z).sum(), z)[0])

    y = x * x
    y.register_hook(hook)
    y.sum().backward()
    return [log, x.grad]


@table
def error_inside_a_hook(torch):
    x = numbers(torch, 3)

    def fail(grad):
        raise KeyError("the user's own error, with a sentence")

    y = x * x
    y.register_hook(fail)
    refused = attempt(lambda: y.sum().backward())
    return [refused, x.grad, torch.is_grad_enabled()]


@table
def multi_grad_hooks(torch):
    x, w = numbers(torch, 3), numbers(torch, 3)
    y, z = x * 2, w * 3
    log = []
    torch.autograd.graph.register_multi_grad_hook((y, z), lambda grads: log.append(list(grads)))
    torch.autograd.graph.register_multi_grad_hook((y, z), lambda grad: log.append(grad), mode="any")
    (y * z).sum().backward()
    removed = torch.autograd.graph.register_multi_grad_hook((y, z), lambda grads: log.append("again"))
    removed.remove()
    return [log, attempt(lambda: torch.autograd.graph.register_multi_grad_hook((y,), print, mode="some"))]


@table
def multi_grad_hook_where_one_is_unused(torch):
    x, w = numbers(torch, 3), numbers(torch, 3)
    log = []
    torch.autograd.graph.register_multi_grad_hook((x, w), lambda grads: log.append([grad is None for grad in grads]))
    (x * 2).sum().backward()
    (x * w).sum().backward()
    return log


@table
def metadata_of_nodes(torch):
    y = numbers(torch, 3) * 2
    y.grad_fn.metadata["note"] = 3
    return y.grad_fn.metadata["note"]


@table
def gradient_edges(torch):
    x = numbers(torch, 3)
    y = x * 2
    edge, leaf_edge = torch.autograd.graph.get_gradient_edge(y), torch.autograd.graph.get_gradient_edge(x)
    z = (y * y).sum()
    return [edge.node is y.grad_fn, edge.output_nr, leaf_edge.node.name(), torch.autograd.grad(z, [edge, leaf_edge]),
            attempt(lambda: torch.autograd.graph.get_gradient_edge(torch.ones(2)))]  # fmt: skip


@table
def backward_from_an_edge(torch):
    x = numbers(torch, 3)
    edge = torch.autograd.graph.get_gradient_edge(x * x)
    torch.autograd.backward([edge], [torch.ones(3, dtype=torch.float64)])
    return x.grad


@table
def version_increment(torch):
    x = numbers(torch, 3, requires_grad=False)
    torch.autograd.graph.increment_version(x)
    torch.autograd.graph.increment_version([x, x])
    return x._version


@table
def allow_mutation(torch):
    x, w = numbers(torch, 3), numbers(torch, 3, requires_grad=False)
    with torch.autograd.graph.allow_mutation_on_saved_tensors():
        y = x * w
        w.mul_(100)
        y.sum().backward()
    return [x.grad, w]


# -- saved tensors ---------------------------------------------------------------------------------------------------------------------------


@table
def saved_tensor_hooks(torch):
    x = numbers(torch, 3)
    log = []

    def pack(tensor):
        log.append(("pack", tensor.detach()))
        return tensor.tolist()

    def unpack(packed):
        log.append(("unpack", packed))
        return torch.tensor(packed, dtype=torch.float64)

    with torch.autograd.graph.saved_tensors_hooks(pack, unpack):
        y = x * x
        z = y.exp()
    z.sum().backward()
    return [log, x.grad]


@table
def saved_tensor_hooks_nest(torch):
    x = numbers(torch, 3)
    hooks = torch.autograd.graph.saved_tensors_hooks
    with hooks(lambda t: t * 10, lambda t: t / 10):
        with hooks(lambda t: t * 0, lambda t: t):
            zero = x * x
        kept = x * x
    (zero + kept).sum().backward()
    return x.grad


@table
def saved_tensors_on_host(torch):
    x = numbers(torch, 3)
    with torch.autograd.graph.save_on_cpu():
        y = (x * x).exp()
    y.sum().backward()
    return x.grad


@table
def disabled_saved_tensor_hooks(torch):
    x = numbers(torch, 3)

    def inside():
        with (
            torch.autograd.graph.disable_saved_tensors_hooks("not here, please"),
            torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t),
        ):
            return x * x

    return attempt(inside)


@table
def saved_values_of_nodes(torch):
    x, w = numbers(torch, 3), numbers(torch, 3)
    y = x * w
    z = y.exp()
    saved = [y.grad_fn._saved_self, y.grad_fn._saved_other, z.grad_fn._saved_result]
    z.sum().backward()
    return [saved, attempt(lambda: y.grad_fn._saved_self)]


# -- anomaly mode ----------------------------------------------------------------------------------------------------------------------------


@table
def anomaly(torch):
    x = torch.zeros(2, dtype=torch.float64, requires_grad=True)

    def run(**options):
        with torch.autograd.detect_anomaly(**options):
            (x.sqrt() * 0).sum().backward()

    refused = attempt(lambda: run())
    x.grad = None
    run(check_nan=False)
    return [refused, x.grad, torch.is_anomaly_enabled()]


@table
def anomaly_switch(torch):
    with torch.autograd.set_detect_anomaly(True):
        inside = torch.is_anomaly_enabled()
        with torch.autograd.set_detect_anomaly(False):
            nested = torch.is_anomaly_enabled()
    return [inside, nested, torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()]


# -- threads ---------------------------------------------------------------------------------------------------------------------------------


@table
def backward_in_threads(torch):
    shared = numbers(torch, 4)
    lock = threading.Lock()
    results = []

    def work(number):
        x = numbers(torch, 4)
        with torch.no_grad():
            inside = torch.is_grad_enabled()
        loss = (x * shared * number).sum()
        with lock:
            loss.backward()
        results.append((number, x.grad, inside, torch.is_grad_enabled()))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    with torch.no_grad():
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    return [sorted(results, key=lambda item: item[0]), shared.grad]


@pytest.mark.parametrize("scenario", table.cases, ids=table.names)
def test_as_in_pytorch(scenario):
    assert_same(scenario)
