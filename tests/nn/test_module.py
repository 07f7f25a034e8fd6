"""The machinery of modules: each program below is run with PyTorch and with Ingot, and must tell the same story."""

from __future__ import annotations

import copy
import pickle
import warnings
from collections import OrderedDict

import numpy as np
import pytest
import torch

import ingot

PROGRAMS = []


def same(program):
    """Registers a program: a function of the framework that returns or raises what is to be compared."""
    PROGRAMS.append(program)
    return program


def plain(value):
    """A result without the framework: tensors as lists, classes by name, containers item by item."""
    if hasattr(value, "detach"):
        return str(value.dtype), tuple(value.shape), value.detach().to("cpu").tolist()
    if isinstance(value, dict):
        return [(plain(k), plain(v)) for k, v in value.items()]
    if isinstance(value, list | tuple | set):
        return [plain(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return type(value).__name__


def story(framework, program):
    """What the program returns, or the class and sentence of what it raises, and the warnings on the way."""
    framework.manual_seed(0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = plain(program(framework))
        except Exception as error:
            result = type(error).__name__, str(error)
    return result, [(item.category.__name__, str(item.message)) for item in caught]


def net(framework):
    nn = framework.nn

    class Block(nn.Module):
        def __init__(self, size):
            super().__init__()
            self.linear = nn.Linear(size, size)
            self.norm = nn.BatchNorm1d(size)
            self.register_buffer("scale", framework.ones(size))
            self.register_buffer("scratch", framework.zeros(1), persistent=False)

        def forward(self, x):
            return self.norm(self.linear(x)) * self.scale

    return nn.Sequential(OrderedDict(first=Block(3), act=nn.ReLU(), second=Block(3), head=nn.Linear(3, 2)))


# --- members ---------------------------------------------------------------------------------------------------------


@same
def traversal(fw):
    model = net(fw)
    model.tied = model.first.linear
    return [
        [name for name, _ in model.named_parameters()],
        [name for name, _ in model.named_parameters(prefix="p", recurse=True, remove_duplicate=False)],
        [name for name, _ in model.named_parameters(recurse=False)],
        [name for name, _ in model.named_buffers()],
        [name for name, _ in model.named_modules()],
        [name for name, _ in model.named_modules(prefix="m", remove_duplicate=False)],
        [name for name, _ in model.named_children()],
        len(list(model.modules())),
        len(list(model.children())),
        len(list(model.buffers())),
    ]


@same
def attributes(fw):
    nn = fw.nn
    module = nn.Module()
    told = []
    module.weight = nn.Parameter(fw.ones(2))
    module.child = nn.Linear(2, 1)
    module.register_buffer("state", fw.zeros(2))
    module.weight = None
    told.append(list(module._parameters))
    module.child = None
    told.append(list(module._modules))
    module.state = fw.ones(3)
    told.append(module.state)
    module.state = nn.Parameter(fw.ones(1))
    told.append((list(module._buffers), list(module._parameters)))
    del module.state
    told.append(hasattr(module, "state"))
    module.extra = nn.Buffer(fw.ones(1), persistent=False)
    told.append((list(module._buffers), list(module.state_dict())))
    module.plain = 3
    module.plain = nn.Linear(1, 1)
    told.append(("plain" in module.__dict__, list(module._modules)))
    told.append([name for name in dir(module) if name in ("weight", "child", "extra", "plain", "state_dict")])
    return told


BAD_MEMBERS = {
    "assign_tensor_to_parameter": lambda fw, m: setattr(m, "weight", fw.ones(1)),
    "assign_number_to_child": lambda fw, m: setattr(m, "child", 3),
    "assign_string_to_buffer": lambda fw, m: setattr(m, "state", "x"),
    "missing_attribute": lambda fw, m: m.nothing,
    "delete_missing": lambda fw, m: delattr(m, "nothing"),
    "buffer_dot": lambda fw, m: m.register_buffer("a.b", None),
    "buffer_empty": lambda fw, m: m.register_buffer("", None),
    "buffer_name": lambda fw, m: m.register_buffer(3, None),
    "buffer_taken": lambda fw, m: m.register_buffer("weight", None),
    "buffer_kind": lambda fw, m: m.register_buffer("new", 3.0),
    "parameter_dot": lambda fw, m: m.register_parameter("a.b", None),
    "parameter_taken": lambda fw, m: m.register_parameter("state", None),
    "parameter_kind": lambda fw, m: m.register_parameter("new", fw.ones(2)),
    "parameter_not_leaf": lambda fw, m: m.register_parameter("new", fw.nn.Parameter(fw.ones(1)) * 2),
    "module_dot": lambda fw, m: m.add_module("a.b", None),
    "module_empty": lambda fw, m: m.add_module("", None),
    "module_kind": lambda fw, m: m.add_module("new", 3),
    "module_name": lambda fw, m: m.add_module(3, fw.nn.ReLU()),
    "module_taken": lambda fw, m: m.add_module("weight", fw.nn.ReLU()),
    "unexpected_keyword": lambda fw, m: fw.nn.Module(size=3),
    "unexpected_argument": lambda fw, m: fw.nn.Module(3),
    "no_forward": lambda fw, m: m(1),
    "train_mode": lambda fw, m: m.train(1),
    "submodule_missing": lambda fw, m: m.get_submodule("child.nothing"),
    "submodule_kind": lambda fw, m: m.get_submodule("child.weight"),
    "parameter_missing": lambda fw, m: m.get_parameter("child.nothing"),
    "parameter_is_buffer": lambda fw, m: m.get_parameter("state"),
    "buffer_is_parameter": lambda fw, m: m.get_buffer("weight"),
    "set_submodule_nowhere": lambda fw, m: m.set_submodule("", fw.nn.ReLU()),
    "set_submodule_kind": lambda fw, m: m.set_submodule("weight", fw.nn.ReLU()),
    "set_submodule_strict": lambda fw, m: m.set_submodule("new", fw.nn.ReLU(), strict=True),
    "to_int": lambda fw, m: m.to(fw.int32),
    "extra_state": lambda fw, m: m.load_state_dict([1]),
}


@pytest.mark.parametrize("name", BAD_MEMBERS)
def test_bad_members_raise_and_change_nothing(name):
    def program(fw):
        module = fw.nn.Module()
        module.weight = fw.nn.Parameter(fw.ones(2))
        module.child = fw.nn.Linear(2, 1)
        module.register_buffer("state", fw.zeros(2))
        before = (list(module._parameters), list(module._modules), list(module._buffers), sorted(module.__dict__))
        try:
            BAD_MEMBERS[name](fw, module)
        finally:
            after = (list(module._parameters), list(module._modules), list(module._buffers), sorted(module.__dict__))
            assert before == after

    (ours, _), (theirs, _) = story(ingot, program), story(torch, program)
    # A type is written with its module: "<class 'ingot...'>".
    assert tuple(part.replace("ingot", "torch") for part in ours) == tuple(theirs)


@same
def members_before_init(fw):
    class Early(fw.nn.Module):
        def __init__(self, what):
            self.member = what

    told = []
    for what in (fw.nn.Parameter(fw.ones(1)), fw.nn.ReLU()):
        try:
            Early(what)
        except AttributeError as error:
            told.append(str(error))
    return told


@same
def by_path(fw):
    model = net(fw)
    model.set_submodule("second.linear", fw.nn.Identity())
    model.set_submodule("act", fw.nn.Tanh(), strict=True)
    return [
        repr(model.get_submodule("second.linear")),
        repr(model.get_submodule("")) == repr(model),
        model.get_parameter("head.weight"),
        model.get_buffer("first.norm.running_var"),
        repr(model),
    ]


@same
def apply_and_modes(fw):
    model = net(fw)
    seen = []
    assert model.apply(lambda module: seen.append(type(module).__name__)) is model
    assert model.eval() is model
    seen.append([module.training for module in model.modules()])
    model.train()
    assert model.requires_grad_(False) is model
    seen.append([p.requires_grad for p in model.parameters()])
    return seen


@same
def conversions(fw):
    model = net(fw)
    told = []
    for convert in (
        lambda: model.double(),
        lambda: model.half(),
        lambda: model.bfloat16(),
        lambda: model.float(),
        lambda: model.to(fw.float64),
        lambda: model.to("cpu", fw.float32, True),
        lambda: model.to(fw.ones(1, dtype=fw.float64)),
        lambda: model.to(device="cpu", dtype=fw.float32),
        lambda: model.type(fw.float64),
        lambda: model.cpu(),
    ):
        parameters = list(model.parameters())
        assert convert() is model
        assert all(a is b for a, b in zip(parameters, model.parameters(), strict=True))
        told.append([str(value.dtype) for value in model.state_dict().values()])
    return told


@same
def conversion_keeps_gradients(fw):
    linear = fw.nn.Linear(2, 1)
    linear(fw.ones(1, 2)).sum().backward()
    linear.double()
    return linear.weight, linear.weight.grad, linear.weight.requires_grad


@same
def meta(fw):
    linear = fw.nn.Linear(2, 3, device="meta")
    shapes = [(name, p.is_meta, tuple(p.shape)) for name, p in linear.named_parameters()]
    linear.to_empty(device="cpu")
    skipped = fw.nn.utils.skip_init(fw.nn.Linear, 2, 3)
    return shapes, [p.is_meta for p in linear.parameters()], [tuple(p.shape) for p in skipped.parameters()]


@same
def zero_grad(fw):
    linear = fw.nn.Linear(2, 1)
    linear(fw.ones(1, 2)).sum().backward()
    linear.zero_grad(set_to_none=False)
    grads = [p.grad for p in linear.parameters()]
    linear.zero_grad()
    return grads, [p.grad for p in linear.parameters()]


@same
def copies(fw):
    model = net(fw)
    model.tied = model.first.linear
    twin = copy.deepcopy(model)
    twin.head.weight.data.zero_()
    return [
        twin.tied is twin.first.linear,
        twin.head.weight.requires_grad,
        bool((model.head.weight == 0).all()),
        list(twin.state_dict()),
        repr(twin) == repr(model),
    ]


@same
def old_pickles(fw):
    linear = fw.nn.Linear(2, 1)
    state = linear.__getstate__()
    for name in ("_forward_hooks_with_kwargs", "_backward_pre_hooks", "_non_persistent_buffers_set"):
        del state[name]
    revived = fw.nn.Linear.__new__(fw.nn.Linear)
    revived.__setstate__(state)
    return revived(fw.ones(1, 2)), list(revived.state_dict())


@same
def registration_hooks(fw):
    hooks = fw.nn.modules.module
    seen = []
    handles = [
        register(lambda module, name, member, kind=kind: seen.append((kind, type(module).__name__, name)))
        for kind, register in (
            ("buffer", hooks.register_module_buffer_registration_hook),
            ("module", hooks.register_module_module_registration_hook),
            ("parameter", hooks.register_module_parameter_registration_hook),
        )
    ]
    fw.nn.Sequential(fw.nn.Linear(1, 1), fw.nn.BatchNorm1d(1))
    for handle in handles:
        handle.remove()
    fw.nn.Linear(1, 1)
    return seen


# --- printing --------------------------------------------------------------------------------------------------------


@same
def printing(fw):
    nn = fw.nn

    class Extra(nn.Module):
        def extra_repr(self):
            return "one\ntwo"

    nested = Extra()
    nested.child = nn.Sequential(nn.Linear(1, 2), nn.ReLU())
    lists = nn.ModuleList([nn.Linear(1, 2), nn.Linear(1, 2), nn.Sequential(nn.Tanh()), nn.Linear(1, 2)])
    table = nn.ModuleDict({"a": nn.ReLU(), "b": nn.ModuleList()})
    parameters = nn.ParameterList([fw.ones(2, 3), nn.Parameter(fw.ones(1)), "text"])
    named = nn.ParameterDict({"z": fw.ones(2), "a": 3})
    return [repr(m) for m in (nn.Module(), Extra(), nested, lists, table, parameters, named, nn.Sequential(), net(fw))]


@same
def parameters_print(fw):
    return [
        repr(fw.nn.Parameter(fw.ones(2))),
        repr(fw.nn.Parameter(fw.ones(1), requires_grad=False)),
        str(fw.nn.Parameter()),
    ]


# --- parameters and buffers ------------------------------------------------------------------------------------------


@same
def parameters(fw):
    data = fw.ones(2)
    parameter = fw.nn.Parameter(data)
    data[0] = 5.0
    buffer = fw.nn.Buffer(fw.zeros(2))
    return [
        parameter,
        parameter.requires_grad,
        parameter.is_leaf,
        isinstance(parameter, fw.Tensor),
        isinstance(fw.ones(1), fw.nn.Parameter),
        isinstance(buffer, fw.nn.Buffer),
        type(parameter * 2).__name__,
        type(parameter.data).__name__,
        type(parameter.detach()).__name__,
        type(copy.deepcopy(parameter)).__name__,
        fw.nn.Parameter(fw.ones(1, dtype=fw.int64), requires_grad=False),
        fw.nn.Parameter(),
    ]


@same
def integer_parameter(fw):
    fw.nn.Parameter(fw.ones(1, dtype=fw.int64))


@same
def lazy(fw):
    nn = fw.nn
    model = nn.Sequential(nn.LazyLinear(3), nn.LazyBatchNorm1d())
    told = [repr(model), repr(model[0].weight), model[0].has_uninitialized_params(), type(model[0]).__name__]
    model.double()
    told.append([str(p.dtype) for p in model.parameters()])
    for use in (lambda: model[0].weight.shape, lambda: model[0].weight + 1):
        try:
            use()
        except (RuntimeError, ValueError) as error:
            told.append(type(error).__name__)
    model(fw.ones(2, 4, dtype=fw.float64))
    told += [repr(model), model[0].weight, type(model[0]).__name__, len(model[0]._forward_pre_hooks)]
    fresh = nn.Sequential(nn.LazyLinear(3), nn.LazyBatchNorm1d())
    told.append(fresh.load_state_dict(model.state_dict()))
    told.append(fresh[0].weight)
    return told


# --- state dicts -----------------------------------------------------------------------------------------------------


@same
def state_dicts(fw):
    model = net(fw)
    state = model.state_dict()
    twin = net(fw)
    told = [list(state), dict(state._metadata), repr(twin.load_state_dict(state)), twin.state_dict()]
    told.append([v.requires_grad for v in model.state_dict(keep_vars=True).values()])
    told.append(list(model.first.state_dict(prefix="x.")))
    told.append(list(model.state_dict(destination=OrderedDict(a=1), prefix="p.")))
    model.head.weight.data.zero_()
    told.append(state["head.weight"])
    return told


@same
def wrong_state_dicts(fw):
    told = []
    for change in (
        lambda state: state.pop("head.weight"),
        lambda state: state.update({"head.extra": fw.ones(1), "other.weight": fw.ones(1), "solo": fw.ones(1)}),
        lambda state: state.update({"head.weight": fw.ones(3, 3), "head.bias": fw.ones(5)}),
        lambda state: state.update({"head.bias": 3}),
    ):
        model = net(fw)
        state = model.state_dict()
        change(state)
        for strict in (True, False):
            try:
                told.append(repr(model.load_state_dict(state, strict=strict)))
            except RuntimeError as error:
                told.append(str(error))
    return told


@same
def assigned_state(fw):
    model = net(fw)
    state = {name: value.double() if value.is_floating_point() else value for name, value in model.state_dict().items()}
    model.load_state_dict(state, assign=True)
    return [(name, str(p.dtype), type(p).__name__, p.requires_grad) for name, p in model.named_parameters()] + [
        model.head.weight.data_ptr() == state["head.weight"].data_ptr()
    ]


@same
def scalar_with_one_dimension(fw):
    module = fw.nn.Module()
    module.scale = fw.nn.Parameter(fw.tensor(1.0))
    module.load_state_dict({"scale": fw.tensor([3.0])})
    return module.scale


@same
def state_hooks(fw):
    model = net(fw)
    told = []
    model.register_state_dict_pre_hook(lambda m, prefix, keep: told.append(("pre", prefix, keep)))
    model.first.register_state_dict_post_hook(lambda m, state, prefix, meta: state.pop(prefix + "scale"))
    model.second._register_state_dict_hook(lambda m, state, prefix, meta: told.append((prefix, dict(meta))))
    model.register_load_state_dict_pre_hook(
        lambda m, state, prefix, meta, strict, missing, unexpected, errors: state.setdefault("first.scale", fw.ones(3))
    )
    model.head.register_load_state_dict_post_hook(lambda m, keys: keys.missing_keys.append("made up"))
    state = model.state_dict()
    told.append(list(state))
    told.append(model.load_state_dict(state, strict=False))
    return told


@same
def state_hook_that_returns(fw):
    model = net(fw)
    model.register_state_dict_post_hook(lambda m, state, prefix, meta: 3)
    model.state_dict()


@same
def extra_state(fw):
    class Counting(fw.nn.Module):
        def __init__(self):
            super().__init__()
            self.count = 3

        def get_extra_state(self):
            return {"count": self.count}

        def set_extra_state(self, state):
            self.count = state["count"]

    model = fw.nn.Sequential(Counting(), fw.nn.ReLU())
    state = model.state_dict()
    model[0].count = 5
    told = [list(state), repr(model.load_state_dict(state)), model[0].count]
    for broken in ({}, {**state, "1._extra_state": 1}):
        try:
            model.load_state_dict(broken)
        except RuntimeError as error:
            told.append(str(error))
    return told


@same
def batch_norm_of_version_one(fw):
    norm = fw.nn.BatchNorm1d(2)
    state = norm.state_dict()
    del state["num_batches_tracked"]
    state._metadata[""]["version"] = 1
    return repr(norm.load_state_dict(state)), norm.num_batches_tracked


@same
def prefixes(fw):
    state = OrderedDict((f"module.{name}", value) for name, value in fw.nn.Linear(1, 1).state_dict().items())
    state._metadata = OrderedDict([("", {}), ("module", {"version": 1})])
    fw.nn.modules.utils.consume_prefix_in_state_dict_if_present(state, "module.")
    return list(state), dict(state._metadata)


@same
def positional_state_dict(fw):
    return list(fw.nn.Linear(1, 1).state_dict(OrderedDict(), "p.", True))


# --- hooks -----------------------------------------------------------------------------------------------------------


@same
def forward_hooks(fw):
    linear = fw.nn.Linear(2, 1)
    told = []
    handles = [
        linear.register_forward_pre_hook(lambda m, args: told.append(("pre", args)) or (args[0] * 2,)),
        linear.register_forward_pre_hook(lambda m, args: args[0] + 1, prepend=True),
        linear.register_forward_pre_hook(lambda m, args, kwargs: (args, {}), with_kwargs=True),
        linear.register_forward_hook(lambda m, args, out: told.append(("post", args, out))),
        linear.register_forward_hook(lambda m, args, kwargs, out: out * 10, with_kwargs=True, prepend=True),
    ]
    told.append(linear(fw.ones(1, 2)))
    for handle in handles:
        handle.remove()
    told.append(linear(fw.ones(1, 2)))
    with linear.register_forward_hook(lambda m, args, out: out * 0):
        told.append(linear(fw.ones(1, 2)))
    told.append(linear(input=fw.ones(1, 2)))
    return told


@same
def bad_pre_hook(fw):
    linear = fw.nn.Linear(2, 1)
    linear.register_forward_pre_hook(lambda m, args, kwargs: 3, with_kwargs=True)
    linear(fw.ones(1, 2))


@same
def always_called(fw):
    told = []

    class Fails(fw.nn.Module):
        def forward(self, x):
            raise ValueError("no")

    def complain(module, args, out):
        raise KeyError("hook")

    module = Fails()
    module.register_forward_hook(lambda m, args, out: told.append("never"))
    module.register_forward_hook(lambda m, args, out: told.append(("always", out)), always_call=True)
    module.register_forward_hook(complain, always_call=True)
    try:
        module(1)
    except ValueError as error:
        told.append(str(error))
    return told


@same
def global_hooks(fw):
    hooks = fw.nn.modules.module
    told = []
    handles = [
        hooks.register_module_forward_pre_hook(lambda m, args: told.append(("pre", type(m).__name__))),
        hooks.register_module_forward_hook(lambda m, args, out: told.append(("post", type(m).__name__))),
        hooks.register_module_full_backward_pre_hook(lambda m, out: told.append(("bpre", type(m).__name__, out))),
        hooks.register_module_full_backward_hook(lambda m, gi, go: told.append(("back", type(m).__name__, gi, go))),
    ]
    model = fw.nn.Sequential(fw.nn.Linear(2, 2), fw.nn.Threshold(-9.0, 0.0))
    try:
        model(fw.ones(1, 2, requires_grad=True)).sum().backward()
        try:
            hooks.register_module_backward_hook(print)
        except RuntimeError as error:
            told.append(str(error))
    finally:
        for handle in handles:
            handle.remove()
    model(fw.ones(1, 2))
    return told


@same
def backward_hooks(fw):
    class Several(fw.nn.Module):
        def forward(self, a, b, c, text):
            return a * 2, a * 3, text

    told = []
    module = Several()
    module.register_full_backward_hook(lambda m, gi, go: told.append((gi, go)))
    module.register_full_backward_pre_hook(lambda m, go: told.append(go))
    module.register_full_backward_hook(lambda m, gi, go: (gi[0] * 10, None, None, None), prepend=True)
    module.register_full_backward_pre_hook(lambda m, go: (go[0] * 5, None, None), prepend=True)
    a, b = (fw.ones(2, requires_grad=True) for _ in range(2))
    outputs = module(a, b, fw.ones(2), "x")
    outputs[0].sum().backward()
    return told, a.grad, b.grad, outputs


@same
def backward_hooks_without_input_gradient(fw):
    told = []
    linear = fw.nn.Linear(2, 1)
    linear.register_full_backward_hook(lambda m, gi, go: told.append((gi, go)))
    linear(fw.ones(1, 2)).sum().backward()
    return told, linear.weight.grad


@same
def bad_backward_hooks(fw):
    told = []
    for register, hook in (
        ("register_full_backward_hook", lambda m, gi, go: (None, None)),
        ("register_full_backward_pre_hook", lambda m, go: (None, None)),
    ):
        linear = fw.nn.Linear(2, 1)
        getattr(linear, register)(hook)
        try:
            linear(fw.ones(1, 2, requires_grad=True)).sum().backward()
        except RuntimeError as error:
            told.append(str(error))
    linear = fw.nn.Linear(2, 1)
    linear.register_full_backward_hook(lambda m, gi, go: None)
    try:
        linear.register_backward_hook(lambda m, gi, go: None)
    except RuntimeError as error:
        told.append(str(error))
    return told


@same
def deprecated_backward_hooks(fw):
    told = []
    module = fw.nn.Tanh()
    module.register_backward_hook(lambda m, gi, go: told.append((type(m).__name__, gi, go)))
    x = fw.ones(2, requires_grad=True)
    module(x * 2).sum().backward()
    return told, x.grad


# --- containers ------------------------------------------------------------------------------------------------------


@same
def sequential(fw):
    nn = fw.nn
    model = nn.Sequential(nn.Linear(1, 2), nn.ReLU(), nn.Linear(2, 3))
    told = [len(model), repr(model[-1]), repr(model[0:2]), repr(model[[1][0]])]
    model[1] = nn.Tanh()
    model.append(nn.Sigmoid()).extend([nn.ELU()]).insert(1, nn.GELU()).insert(-1, nn.SiLU())
    told.append(repr(model))
    del model[0], model[1:3]
    told += [repr(model), list(model.state_dict()), repr(model.pop(0)), repr(model)]
    told += [repr(model + nn.Sequential(nn.ReLU())), repr(2 * model), len(model * 3)]
    model += nn.Sequential(nn.Mish())
    model *= 2
    told += [repr(model), [type(module).__name__ for module in model]]
    for bad in (
        lambda: model[9],
        lambda: model + 3,
        lambda: model * 0,
        lambda: model * 1.5,
        lambda: model.insert(99, nn.ReLU()),
    ):
        try:
            bad()
        except Exception as error:
            told.append((type(error).__name__, str(error).replace("ingot", "torch")))
    return told


@same
def module_list(fw):
    nn = fw.nn
    layers = nn.ModuleList(nn.Linear(1, i) for i in (1, 2, 3))
    layers.insert(1, nn.ReLU())
    layers.append(nn.Tanh())
    layers += [nn.ELU()]
    layers[0] = nn.GELU()
    told = [repr(layers), repr(layers[1:3]), repr(layers[-1]), len(layers), repr(layers + nn.ModuleList([nn.Mish()]))]
    del layers[1]
    del layers[0:2]
    told += [repr(layers), list(layers.state_dict()), repr(layers.pop(-1)), repr(layers.pop(slice(0, 1)))]
    for bad in (lambda: layers[9], lambda: layers.extend(3), lambda: layers(1)):
        try:
            bad()
        except Exception as error:
            told.append((type(error).__name__, str(error)))
    return told


@same
def module_dict(fw):
    nn = fw.nn
    table = nn.ModuleDict({"b": nn.ReLU(), "a": nn.Tanh()})
    table.update([("c", nn.Linear(1, 1)), ["d", nn.ELU()]])
    table.update(nn.ModuleDict({"e": nn.GELU()}))
    table["f"] = nn.SiLU()
    del table["a"]
    told = [repr(table), list(table), list(table.keys()), "b" in table, len(table), repr(table.pop("b"))]
    told.append([name for name, _ in table.items()] + [type(m).__name__ for m in table.values()])
    for bad in (lambda: table["zzz"], lambda: table.update(3), lambda: table.update([3]), lambda: table.update([(1,)])):
        try:
            bad()
        except Exception as error:
            told.append((type(error).__name__, str(error)))
    table.clear()
    return [*told, len(table)]


@same
def parameter_list(fw):
    values = fw.nn.ParameterList([fw.ones(1), fw.zeros(2)])
    values.append(fw.nn.Parameter(fw.ones(3), requires_grad=False))
    values += [fw.ones(1), "text"]
    values[1] = fw.ones(4)
    told = [repr(values), values[-2], repr(values[1:3]), len(values), [type(v).__name__ for v in values]]
    told.append(list(values.state_dict()))
    for bad in (lambda: values[9], lambda: values.extend(3), lambda: values(1), lambda: values.extend(fw.ones(2))):
        try:
            bad()
        except Exception as error:
            told.append((type(error).__name__, str(error)))
    return told


@same
def parameter_dict(fw):
    ParameterDict = fw.nn.ParameterDict
    values = ParameterDict({"b": fw.ones(1), "a": fw.zeros(2)})
    values.update([("z", fw.ones(1)), ("y", "text")])
    told = [list(values), values["a"], "z" in values, len(values), list(reversed(values)), list(values.state_dict())]
    told += [values.get("none", 3), values.setdefault("new", fw.ones(2)), list((values | {"q": 1}).keys())]
    told += [values.popitem(), list(values.pop("a").shape), list(values.copy()), list(values.fromkeys("st"))]
    values |= ParameterDict({"late": fw.ones(1)})
    told.append([k for k, _ in values.items()])
    for bad in (lambda: values[3], lambda: values["none"], lambda: values(1), lambda: values.update(3)):
        try:
            bad()
        except Exception as error:
            told.append((type(error).__name__, str(error).replace("ParametersDict", "ParameterDict")))
    values.clear()
    return [*told, len(values)]


@same
def deprecated_classes(fw):
    container = fw.nn.Container(a=fw.nn.ReLU())
    loss = fw.nn.NLLLoss2d()
    old = fw.nn.MSELoss(size_average=False)
    return repr(container), repr(loss), old.reduction, fw.nn.Hardtanh(min_value=-2.0).min_val


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_same_story(program):
    assert story(ingot, program) == story(torch, program)


def test_pickled_modules_come_back():
    linear = ingot.nn.Linear(2, 3)
    revived = pickle.loads(pickle.dumps(linear))
    np.testing.assert_array_equal(revived.weight.detach().numpy(), linear.weight.detach().numpy())
    assert isinstance(revived.weight, ingot.nn.Parameter)
    assert revived.weight.requires_grad


def test_a_call_without_hooks_is_one_function_call():
    import sys

    calls = []
    module = ingot.nn.Identity()
    sys.setprofile(lambda frame, event, arg: calls.append(frame.f_code.co_name) if event == "call" else None)
    try:
        module(1)
    finally:
        sys.setprofile(None)
    assert calls == ["__call__", "forward"]
