"""Writes through views and bases: values, histories and refusals, as in PyTorch."""

from __future__ import annotations

import pytest

from .scenario import Table, assert_same, attempt, numbers

table = Table()


def leaf_and_copy(torch, *shape):
    x = numbers(torch, *shape)
    return x, x * 1


def gradient(torch, x, y):
    """The gradient of a weighted sum: every element has its own weight, so that a misplaced one is seen."""
    weight = numbers(torch, *y.shape, start=1.0, requires_grad=False)
    return torch.autograd.grad((y * y * weight).sum(), x, retain_graph=True, allow_unused=True)


# -- writes into a base and into views ----------------------------------------------------------------------------------------------------

VIEWS = {
    "row": lambda x: x[1],
    "element": lambda x: x[1, 2],
    "slice": lambda x: x[:, 1:3],
    "step": lambda x: x[::2, ::2],
    "transpose": lambda x: x.t(),
    "view": lambda x: x.view(2, 6),
    "flat_part": lambda x: x.view(-1)[2:7],
    "diagonal": lambda x: x.diagonal(),
    "unsqueeze": lambda x: x.unsqueeze(1),
    "permute": lambda x: x.view(3, 2, 2).permute(2, 0, 1),
    "as_strided": lambda x: x.as_strided((2, 3), (1, 4), 1),
    "unfold": lambda x: x.unfold(1, 2, 2),
    "detached_chain": lambda x: x[1:][0],
    "squeeze": lambda x: x[None].squeeze(0),
    "narrow": lambda x: x.narrow(1, 1, 2),
    "expand_one": lambda x: x[:, None].expand(3, 1, 4),
    "select": lambda x: x.select(1, -1),
    "movedim": lambda x: x.movedim(0, 1),
    "unflatten": lambda x: x.unflatten(1, (2, 2)),
    "swapaxes": lambda x: x.swapaxes(0, 1),
}

WRITES = {
    "add_number": lambda v: v.add_(1.5),
    "mul_number": lambda v: v.mul_(3.0),
    "add_self": lambda v: v.add_(v),
    "mul_self": lambda v: v.mul_(v),
    "zero": lambda v: v.zero_(),
    "fill": lambda v: v.fill_(2.0),
    "exp": lambda v: v.exp_(),
    "tanh": lambda v: v.tanh_(),
    "sigmoid": lambda v: v.sigmoid_(),
    "sqrt": lambda v: v.sqrt_(),
    "pow": lambda v: v.pow_(2),
    "clamp": lambda v: v.clamp_(1.0, 2.0),
    "relu": lambda v: v.relu_(),
    "neg": lambda v: v.neg_(),
    "copy_itself": lambda v: v.copy_(v.clone() * 2),
    "iadd": lambda v: v.__iadd__(1),
    "idiv": lambda v: v.__itruediv__(2),
    "isub": lambda v: v.__isub__(v * 0.5),
}


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("view", VIEWS)
def test_write_through_view(view, write):
    def scenario(torch):
        x, base = leaf_and_copy(torch, 3, 4)
        other = base[0:2]
        shown = VIEWS[view](base)
        version = base._version
        WRITES[write](shown)
        results = [base, shown, other, base._version - version, shown._version == base._version]
        results += [gradient(torch, x, tensor)[0] for tensor in (base.clone(), shown.clone(), other.clone())]
        return results

    scenario.__name__ = f"{view}-{write}"
    assert_same(scenario)


@pytest.mark.parametrize("view", VIEWS)
def test_write_into_base_is_seen_by_view(view):
    def scenario(torch):
        x, base = leaf_and_copy(torch, 3, 4)
        shown = VIEWS[view](base)
        base.mul_(2).add_(numbers(torch, 3, 4, requires_grad=False))
        again = shown * 1
        name = shown.grad_fn.name()
        return [shown, name, gradient(torch, x, again), gradient(torch, x, base * 1)]

    scenario.__name__ = view
    assert_same(scenario)


@pytest.mark.parametrize("view", VIEWS)
def test_write_of_tracked_values_into_untracked_base(view):
    def scenario(torch):
        base = torch.zeros(3, 4, dtype=torch.float64)
        shown = VIEWS[view](base)
        w = numbers(torch, *shown.shape)
        shown.copy_(w * 2)
        return [base, shown, base.requires_grad, shown.requires_grad, base.is_leaf, shown.is_leaf,
                gradient(torch, w, base * 1), gradient(torch, w, shown * 1)]  # fmt: skip

    scenario.__name__ = view
    assert_same(scenario)


@table
def chained_writes(torch):
    x, base = leaf_and_copy(torch, 3, 4)
    a, b = base[0], base[:, 1]
    a.mul_(2)
    b.add_(a[1])
    base[2].exp_()
    a.mul_(b[0])
    return [base, a, b, gradient(torch, x, base * 1), base.grad_fn.name(), a.grad_fn.name()]


@table
def write_between_uses(torch):
    x, base = leaf_and_copy(torch, 4)
    before = base[:2].sum()
    base[:2] += 1
    after = base[:2].sum()
    return torch.autograd.grad(before * 3 + after * 5, x)


@table
def setitem_of_all_kinds(torch):
    x, base = leaf_and_copy(torch, 3, 4)
    w = numbers(torch, 4, start=3.0)
    base[0] = w
    base[1, 2] = w[0] * w[1]
    base[:, 3] = 7.0
    base[[0, 2], 1] = w[:2]
    base[base > 5] = 1.0
    return [base, torch.autograd.grad((base * base).sum(), [x, w])]


@table
def setitem_twice_same_place(torch):
    x, base = leaf_and_copy(torch, 4)
    base[1] = base[0] * 2
    base[1] = base[1] * base[2]
    return [base, gradient(torch, x, base * 1)]


@table
def inplace_on_result_of_add(torch):
    x = numbers(torch, 3)
    y = x + 1
    y *= x
    y -= 2
    return [y, y.grad_fn.name(), gradient(torch, x, y * 1), y._version]


@table
def view_of_view_base(torch):
    base = numbers(torch, 4, 4, requires_grad=False)
    v = base[1:][:, 1:]
    return [v._base is base, base._base is None, v._is_view(), base._is_view(), v.storage_offset(), v.stride()]


@table
def no_grad_write_into_leaf(torch):
    x = numbers(torch, 3)
    y = x * x
    with torch.no_grad():
        x.add_(1)
    return [x, x.is_leaf, x._version, attempt(lambda: torch.autograd.grad(y.sum(), x))]


@table
def no_grad_copy_of_tracked_into_leaf(torch):
    x, w = numbers(torch, 3), numbers(torch, 3)
    with torch.no_grad():
        x.copy_(w * 2)
        x[0] = w[1]
        x.view(-1)[1:].copy_(w[:2])
    return [x, x.is_leaf, x.grad_fn is None, torch.autograd.grad((x * x).sum(), [x, w], allow_unused=True)]


@table
def no_grad_write_through_view_of_leaf(torch):
    x = numbers(torch, 3)
    with torch.no_grad():
        x[0] = 9
        x[1:].mul_(2)
    return [x, x._version, torch.autograd.grad((x * x).sum(), x)]


# -- refusals -------------------------------------------------------------------------------------------------------------------------------


@table
def write_into_leaf(torch):
    x = numbers(torch, 3)
    return [
        attempt(lambda: x.add_(1)),
        attempt(lambda: x.zero_()),
        attempt(lambda: x.__setitem__(0, 1.0)),
        attempt(lambda: x.copy_(x)),
        x,
        x._version,
    ]


@table
def write_into_view_of_leaf(torch):
    x = numbers(torch, 3, 4)
    return [
        attempt(lambda: x[0].add_(1)),
        attempt(lambda: x.t().mul_(2)),
        attempt(lambda: x.view(-1).fill_(0)),
        x,
        x._version,
    ]


@table
def write_into_view_that_is_a_leaf(torch):
    x = numbers(torch, 12, requires_grad=False).view(3, 4).requires_grad_()
    return [attempt(lambda: x.add_(1)), attempt(lambda: x[0].add_(1)), attempt(lambda: x.t().mul_(2)), x, x._version]


@table
def write_through_multi_output_views(torch):
    x, base = leaf_and_copy(torch, 4, 4)
    parts = [base.unbind(0)[0], base.split(2)[1], base.chunk(2, 1)[0], base.tensor_split(2)[0]]
    return [[attempt(lambda part=part: part.mul_(2)) for part in parts[:3]], base, gradient(torch, x, base * 1)]


@table
def multi_output_view_after_write_to_base(torch):
    _, base = leaf_and_copy(torch, 4)
    first = base.unbind(0)[0]
    base.mul_(2)
    return attempt(lambda: first.grad_fn.name())


@table
def view_made_in_no_grad(torch):
    _x, base = leaf_and_copy(torch, 4)
    with torch.no_grad():
        shown = base[:2]
    # PyTorch says that ``shown`` requires grad, against its own documentation, and gives it none.
    return [shown.is_leaf, attempt(lambda: shown.mul_(2)), base]


@table
def view_made_and_written_in_no_grad(torch):
    x, base = leaf_and_copy(torch, 4)
    with torch.no_grad():
        shown = base[:2]
        shown.mul_(2)
    return [base, gradient(torch, x, base * 1)]


@table
def view_of_untracked_made_in_no_grad_written_with_tracked(torch):
    base = numbers(torch, 4, requires_grad=False)
    w = numbers(torch, 2)
    with torch.no_grad():
        shown = base[:2]
    return [attempt(lambda: shown.mul_(w)), base]


@table
def write_into_expanded(torch):
    x = numbers(torch, 1, 3, requires_grad=False)
    wide = x.expand(4, 3)
    return [attempt(lambda: wide.add_(1)), attempt(lambda: wide.zero_()), attempt(lambda: wide.__setitem__(0, 1.0)),
            attempt(lambda: wide.copy_(x)), x, x._version]  # fmt: skip


@table
def write_with_partial_overlap(torch):
    x = numbers(torch, 6, requires_grad=False)
    return [attempt(lambda: x[1:].add_(x[:-1])), attempt(lambda: x[1:].mul_(x[:-1])), x]


@table
def write_with_full_overlap(torch):
    x = numbers(torch, 6, requires_grad=False)
    return [x[1:].add_(x[1:]), x]


@table
def write_of_wrong_shape(torch):
    x = numbers(torch, 3, requires_grad=False)
    return [
        attempt(lambda: x.add_(torch.ones(2, 3, dtype=torch.float64))),
        attempt(lambda: x.copy_(torch.ones(2))),
        x,
        x._version,
    ]


@table
def write_of_wrong_dtype(torch):
    x = torch.ones(3, dtype=torch.int64)
    return [
        attempt(lambda: x.add_(1.5)),
        attempt(lambda: x.mul_(torch.ones(3))),
        attempt(lambda: x.div_(2)),
        attempt(lambda: x.sqrt_()),
        x,
        x._version,
    ]


@table
def result_dtype_of_write(torch):
    x = torch.ones(3, dtype=torch.float32)
    y = torch.ones(3, dtype=torch.float64, requires_grad=True)
    x.mul_(y)
    return [x, torch.autograd.grad((x * x).sum(), y)]


# -- saved tensors -------------------------------------------------------------------------------------------------------------------------


@table
def saved_input_written(torch):
    x = numbers(torch, 3)
    y = x * 1
    z = y * y
    y.add_(1)
    return attempt(lambda: z.sum().backward())


@table
def saved_result_written(torch):
    x = numbers(torch, 3)
    y = x.exp()
    y.mul_(2)
    return attempt(lambda: y.sum().backward())


@table
def saved_result_written_through_view(torch):
    x = numbers(torch, 3)
    y = x.exp()
    y[0] = 1
    return attempt(lambda: y.sum().backward())


@table
def unsaved_input_written(torch):
    x = numbers(torch, 3)
    y = x * 1
    z = y + y
    y.mul_(2)
    z.sum().backward()
    return x.grad


@table
def saved_by_one_side_only(torch):
    x, w = numbers(torch, 3), numbers(torch, 3, requires_grad=False)
    y = x * w
    x_copy = x.detach().clone()
    w.add_(1)
    return [attempt(lambda: y.sum().backward()), x_copy]


@table
def inplace_keeps_its_own_result(torch):
    x = numbers(torch, 3)
    y = x * 1
    y.exp_()
    z = y.sum()
    z.backward()
    return [x.grad, y]


@table
def written_after_inplace_result_saved(torch):
    x = numbers(torch, 3)
    y = x * 1
    y.exp_()
    y.add_(1)
    return attempt(lambda: y.sum().backward())


@table
def detach_shares_version(torch):
    x = numbers(torch, 3)
    y = x * 1
    z = y * y
    y.detach().add_(1)
    return [y._version, attempt(lambda: z.sum().backward())]


@table
def data_has_its_own_version(torch):
    x = numbers(torch, 3)
    y = x * 1
    z = y * y
    y.data.add_(1)
    z.sum().backward()
    return [y._version, y, x.grad]


@table
def data_before_any_write(torch):
    x = numbers(torch, 3)
    data = x.data
    data.mul_(2)
    return [x, x._version, data._version, data.requires_grad]


@table
def data_assigned(torch):
    x = numbers(torch, 3)
    x.data = torch.ones(2, dtype=torch.float64)
    return [x, x.is_leaf, x.requires_grad, attempt(lambda: setattr(x, "data", 3))]


@table
def detach_in_place(torch):
    x = numbers(torch, 3)
    y = x * 2
    y.detach_()
    view = (x * 2)[0]
    return [y.requires_grad, y.grad_fn is None, y, attempt(lambda: view.detach_())]


@table
def requires_grad_of_views(torch):
    x = numbers(torch, 3, requires_grad=False)
    view = x[1:]
    view.requires_grad_()
    (view * view).sum().backward()
    return [view.grad, x.requires_grad, view.is_leaf, x.grad]


@table
def requires_grad_refusals(torch):
    x = numbers(torch, 3)
    y = x * 2
    return [attempt(lambda: y.requires_grad_(False)), attempt(lambda: torch.ones(2, dtype=torch.int64).requires_grad_()),
            attempt(lambda: torch.ones(2, dtype=torch.bool).requires_grad_()), y.requires_grad_().requires_grad]  # fmt: skip


@table
def shapes_in_place(torch):
    x = numbers(torch, 1, 3)
    y = x * 2
    y.squeeze_()
    y.unsqueeze_(1)
    y.t_()
    y.mul_(y)
    return [y, y.shape == (1, 3), gradient(torch, x, y * 1), y._version]


@table
def in_place_shape_of_view(torch):
    x = numbers(torch, 3, 4)
    base = x * 2
    view = base[1:]
    view.t_()
    view.mul_(3)
    return [base, view, gradient(torch, x, base * 1), gradient(torch, x, view * 1)]


@table
def leaf_shape_in_place(torch):
    x = numbers(torch, 1, 3)
    return [attempt(lambda: x.squeeze_()), x.shape == (1, 3)]


@table
def write_after_view_without_grad_becomes_tracked(torch):
    base = numbers(torch, 4, requires_grad=False)
    view = base[1:3]
    w = numbers(torch, 4)
    base.mul_(w)
    return [view.requires_grad, view.grad_fn.name(), gradient(torch, w, view * 1)]


@table
def version_counts(torch):
    x = numbers(torch, 4, requires_grad=False)
    versions = [x._version]
    for write in (lambda: x.add_(1), lambda: x[0].mul_(2), lambda: x.__setitem__(0, 1.0), lambda: x.copy_(x + 1), lambda: x.zero_(), lambda: x.fill_(1),
                  lambda: torch.add(x, 1, out=x), lambda: x.data.add_(1), lambda: x.detach().add_(1), lambda: x.clamp_(0), lambda: x.sqrt_(),
                  lambda: x.index_add_(0, torch.tensor([0]), torch.ones(1, dtype=torch.float64)), lambda: x.masked_fill_(x > 0, 1.0),
                  lambda: x.resize_(4), lambda: x.requires_grad_(False), lambda: x.view(2, 2).t_(), lambda: x.transpose(0, 0).add_(1)):  # fmt: skip
        write()
        versions.append(x._version)
    return versions


@table
def out_aliases_an_input(torch):
    x = numbers(torch, 4, requires_grad=False)
    y = numbers(torch, 4, start=2.0, requires_grad=False)
    torch.mul(x, y, out=x)
    torch.exp(x, out=x)
    partly = numbers(torch, 5, requires_grad=False)
    return [x, attempt(lambda: torch.add(partly[1:], 1, out=partly[:-1])), partly]


@table
def out_of_wrong_kind(torch):
    x = numbers(torch, 4, requires_grad=False)
    tracked = numbers(torch, 4)
    results = [attempt(lambda: torch.add(x, 1, out=torch.empty(4, dtype=torch.int64))), attempt(lambda: torch.add(tracked, 1, out=torch.empty(4, dtype=torch.float64))),
               attempt(lambda: torch.add(x, 1, out=tracked)), attempt(lambda: torch.add(x, 1, out="x")), attempt(lambda: torch.add(x, 1, out=torch.empty(1, dtype=torch.float64).expand(4)))]  # fmt: skip
    empty = torch.empty(0, dtype=torch.float64)
    wide = torch.empty(4, dtype=torch.float64)
    return [*results, torch.add(x, 1, out=empty), empty, torch.add(x.float(), 1, out=wide), wide.dtype]


@table
def out_in_no_grad(torch):
    x = numbers(torch, 4)
    target = torch.empty(4, dtype=torch.float64)
    with torch.no_grad():
        torch.mul(x, x, out=target)
    return target


@table
def cat_of_views_after_write(torch):
    x, base = leaf_and_copy(torch, 2, 3)
    a = base[0]
    base[1].mul_(5)
    return gradient(torch, x, torch.cat([a, base[1]]))


@table
def complex_views(torch):
    x = numbers(torch, 3, 2)
    z = torch.view_as_complex(x * 1)
    z.mul_(2j)
    z.real.add_(1)
    z.imag[0] = 5
    return [z, torch.view_as_real(z), torch.autograd.grad((torch.view_as_real(z) ** 2).sum(), x)]


@table
def index_put_accumulates(torch):
    x, base = leaf_and_copy(torch, 4)
    w = numbers(torch, 3, start=2.0)
    base.index_put_((torch.tensor([0, 1, 0]),), w, accumulate=True)
    return [base, torch.autograd.grad((base * base).sum(), [x, w])]


@pytest.mark.parametrize("scenario", table.cases, ids=table.names)
def test_as_in_pytorch(scenario):
    assert_same(scenario)
