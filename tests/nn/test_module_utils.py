"""nn.utils against PyTorch's, by programs that are run with both."""

from __future__ import annotations

import inspect
from itertools import pairwise

import numpy as np
import pytest
import torch

import ingot

from .test_module import plain, story

PROGRAMS = []


def same(program):
    PROGRAMS.append(program)
    return program


def rounded(value):
    """Floats to 10 digits: these programs compute."""
    if isinstance(value, float):
        return float(f"{value:.10g}")
    return [rounded(item) for item in value] if isinstance(value, list | tuple) else value


def trained(fw, *sizes, scale=1.0):
    """A model in float64 with gradients, its input and its output."""
    model = fw.nn.Sequential(*[fw.nn.Linear(a, b) for a, b in pairwise(sizes)]).double()
    x = fw.from_numpy(np.random.default_rng(0).standard_normal((4, sizes[0])))
    output = model(x)
    (scale * output.pow(2).sum()).backward()
    return model, x, output


@same
def clip_norm(fw):
    told = []
    for norm_type in (2.0, 1.0, float("inf"), 3.0):
        model, _, _ = trained(fw, 3, 2, 1)
        told.append(fw.nn.utils.clip_grad_norm_(model.parameters(), 0.5, norm_type))
        told.append([p.grad for p in model.parameters()])
    one = fw.nn.Parameter(fw.ones(3, dtype=fw.float64))
    one.grad = fw.full((3,), 0.1, dtype=fw.float64)
    told += [fw.nn.utils.clip_grad_norm_(one, 100.0), one.grad, fw.nn.utils.clip_grad_norm_([], 1.0)]
    return told


@same
def clip_in_two_steps(fw):
    model, _, _ = trained(fw, 3, 2, 1)
    total = fw.nn.utils.get_total_norm([p.grad for p in model.parameters()])
    fw.nn.utils.clip_grads_with_norm_(model.parameters(), 0.1, total)
    return total, [p.grad for p in model.parameters()]


@same
def clip_values(fw):
    model, _, _ = trained(fw, 3, 2, 1)
    fw.nn.utils.clip_grad_value_(model.parameters(), 0.3)
    return [p.grad for p in model.parameters()]


@same
def clip_nan(fw):
    model, _, _ = trained(fw, 3, 2, scale=float("nan"))
    fw.nn.utils.clip_grad_norm_(model.parameters(), 1.0, error_if_nonfinite=True)


@same
def clip_nothing(fw):
    return [fw.nn.utils.clip_grad_norm_((p for p in ()), 1.0), fw.nn.utils.clip_grad_norm([fw.ones(1)], 1.0)]


@same
def vectors(fw):
    model, _, _ = trained(fw, 3, 2, 1)
    vector = fw.nn.utils.parameters_to_vector(model.parameters())
    fw.nn.utils.vector_to_parameters(vector.detach() * 2, model.parameters())
    return vector, [(p, p.requires_grad) for p in model.parameters()]


@same
def vector_kind(fw):
    fw.nn.utils.vector_to_parameters([1.0], [fw.ones(1)])


@same
def fusion(fw):
    told = []
    for layer, norm in (
        (fw.nn.Conv2d(3, 4, 2, bias=False), fw.nn.BatchNorm2d(4)),
        (fw.nn.ConvTranspose1d(3, 4, 2), fw.nn.BatchNorm1d(4, affine=False)),
    ):
        layer, norm = layer.double(), norm.double()
        norm.running_mean.normal_()
        norm.running_var.uniform_(0.5, 2)
        fused = fw.nn.utils.fuse_conv_bn_eval(layer.eval(), norm.eval(), transpose=layer.transposed)
        told += [fused.weight, fused.bias, fused.weight.requires_grad]
    linear, norm = fw.nn.Linear(3, 4).double(), fw.nn.BatchNorm1d(4).double()
    norm.running_mean.normal_()
    fused = fw.nn.utils.fuse_linear_bn_eval(linear.eval(), norm.eval())
    return [*told, fused.weight, fused.bias]


@same
def fusion_in_training(fw):
    fw.nn.utils.fuse_conv_bn_eval(fw.nn.Conv1d(1, 1, 1), fw.nn.BatchNorm1d(1))


@same
def memory_formats(fw):
    model = fw.nn.Sequential(fw.nn.Conv2d(3, 4, 2), fw.nn.Conv3d(3, 4, 2))
    fw.nn.utils.convert_conv2d_weight_memory_format(model, fw.channels_last)
    fw.nn.utils.convert_conv3d_weight_memory_format(model, fw.channels_last_3d)
    return [p.stride() for p in model.parameters()]


@same
def weight_norm(fw):
    utils = fw.nn.utils
    told = []
    for module, dim in ((fw.nn.Linear(3, 2), 0), (fw.nn.Linear(3, 2), None), (fw.nn.Conv1d(2, 3, 2), 1)):
        module = utils.weight_norm(module.double(), dim=dim)
        x = fw.ones(2, 3, dtype=fw.float64) if dim != 1 else fw.ones(1, 2, 4, dtype=fw.float64)
        module(x).pow(2).sum().backward()
        told += [[name for name, _ in module.named_parameters()], module.weight_g.grad, module.weight_v.grad]
    told.append(repr(utils.remove_weight_norm(module)))
    told.append([(name, p) for name, p in module.named_parameters()])
    for bad in (lambda: utils.remove_weight_norm(module), lambda: utils.weight_norm(utils.weight_norm(module))):
        try:
            bad()
        except (ValueError, RuntimeError) as error:
            told.append(str(error))
    return told


@same
def spectral_norm(fw):
    utils = fw.nn.utils
    module = utils.spectral_norm(fw.nn.Linear(3, 4).double(), n_power_iterations=2)
    x = fw.ones(2, 3, dtype=fw.float64)
    told = [module(x), module(x), module.eval()(x), [n for n, _ in module.named_buffers()]]
    module.train()(x).sum().backward()
    state = module.state_dict()
    told += [module.weight_orig.grad, list(state), dict(state._metadata[""])]
    twin = utils.spectral_norm(fw.nn.Linear(3, 4).double())
    told += [repr(twin.load_state_dict(state)), twin.eval()(x)]
    utils.remove_spectral_norm(module)
    told += [[(n, p) for n, p in module.named_parameters()], len(module._state_dict_hooks)]
    for bad in (
        lambda: utils.remove_spectral_norm(module),
        lambda: utils.spectral_norm(twin),
        lambda: utils.spectral_norm(module, n_power_iterations=0),
        lambda: utils.spectral_norm(fw.nn.Linear(1, 1, bias=False), "bias"),
    ):
        try:
            bad()
        except (ValueError, RuntimeError) as error:
            told.append(str(error))
    return told


@same
def parametrized(fw):
    parametrize = fw.nn.utils.parametrize

    class Symmetric(fw.nn.Module):
        def forward(self, x):
            return x.triu() + x.triu(1).T

        def right_inverse(self, x):
            return x.triu()

    class Doubled(fw.nn.Module):
        def forward(self, x):
            return 2 * x

    linear = fw.nn.Linear(3, 3).double()
    parametrize.register_parametrization(linear, "weight", Symmetric())
    told = [linear.weight, [n for n, _ in linear.named_parameters()], type(linear).__name__, repr(linear)]
    linear.weight = fw.arange(9, dtype=fw.float64).reshape(3, 3)
    told.append(linear.weight)
    parametrize.register_parametrization(linear, "weight", Doubled())
    linear(fw.ones(1, 3, dtype=fw.float64)).sum().backward()
    told += [linear.weight, linear.parametrizations.weight.original.grad, list(linear.state_dict())]
    with parametrize.cached():
        told.append(linear.weight is linear.weight)
    told += [
        linear.weight is linear.weight,
        parametrize.is_parametrized(linear),
        parametrize.is_parametrized(linear, "bias"),
    ]
    told.append(parametrize.type_before_parametrizations(linear).__name__)
    target = parametrize.transfer_parametrizations_and_params(linear, fw.nn.Linear(3, 3).double())
    told.append(target.weight)
    try:
        linear.weight = fw.ones(3, 3, dtype=fw.float64)
    except RuntimeError as error:
        told.append(str(error))
    parametrize.remove_parametrizations(linear, "weight")
    told += [linear.weight, type(linear).__name__, [n for n, _ in linear.named_parameters()]]
    return told


@same
def bad_parametrizations(fw):
    parametrize = fw.nn.utils.parametrize

    class Shrinks(fw.nn.Module):
        def forward(self, x):
            return x[:1]

    class Casts(fw.nn.Module):
        def forward(self, x):
            return x.double()

    told = []
    for bad in (
        lambda: parametrize.register_parametrization(fw.nn.Linear(2, 2), "weight", Shrinks()),
        lambda: parametrize.register_parametrization(fw.nn.Linear(2, 2), "weight", Casts()),
        lambda: parametrize.register_parametrization(fw.nn.Linear(2, 2), "nothing", Casts()),
        lambda: parametrize.remove_parametrizations(fw.nn.Linear(2, 2), "weight"),
        lambda: parametrize.ParametrizationList([], fw.ones(1)),
    ):
        try:
            bad()
        except ValueError as error:
            told.append(str(error))
    return told


@same
def parametrized_weight_norm(fw):
    module = fw.nn.utils.parametrizations.weight_norm(fw.nn.Linear(3, 2).double())
    module(fw.ones(1, 3, dtype=fw.float64)).sum().backward()
    told = [(name, p, p.grad) for name, p in module.named_parameters()]
    old = {"bias": fw.zeros(2), "weight_g": fw.ones(2, 1), "weight_v": fw.ones(2, 3)}
    return [*told, repr(module.load_state_dict(old)), module.weight, repr(module)]


@same
def parametrized_spectral_norm(fw):
    module = fw.nn.utils.parametrizations.spectral_norm(fw.nn.Linear(3, 4).double())
    x = fw.ones(1, 3, dtype=fw.float64)
    told = [module(x), module(x), module.eval()(x)]
    module(x).sum().backward()
    told += [(name, p.grad) for name, p in module.named_parameters()]
    vector = fw.nn.utils.parametrizations.spectral_norm(fw.nn.LayerNorm(3).double())
    return [*told, list(module.state_dict()), vector.weight]


@same
def parametrized_orthogonal(fw):
    told = []
    for shape, options in (
        ((3, 3), {}),
        ((3, 3), {"orthogonal_map": "cayley"}),
        ((5, 3), {"orthogonal_map": "matrix_exp", "use_trivialization": False}),
    ):
        linear = fw.nn.utils.parametrizations.orthogonal(fw.nn.Linear(*shape).double(), **options)
        weight = linear.weight
        told.append((weight @ weight.T if shape[0] >= shape[1] else weight.T @ weight).round(decimals=9) + 0.0)
        told.append([n for n, _ in linear.named_parameters()])
    for bad in ("bias", "nothing"):
        try:
            fw.nn.utils.parametrizations.orthogonal(fw.nn.Linear(2, 2), bad)
        except ValueError as error:
            told.append(str(error))
    return told


@same
def stateless(fw):
    call = fw.nn.utils.stateless.functional_call
    model = fw.nn.Sequential(fw.nn.Linear(2, 2), fw.nn.BatchNorm1d(2)).double()
    model.tied = model[0]
    x = fw.arange(6.0, dtype=fw.float64).reshape(3, 2)
    weight = fw.ones(2, 2, dtype=fw.float64, requires_grad=True)
    counts = {"0.weight": weight, "1.num_batches_tracked": fw.tensor(5)}
    told = [call(model, counts, x), counts["1.num_batches_tracked"], model[1].num_batches_tracked]
    told.append(bool((model[0].weight == 1).all()))
    told.append(call(model, {"0.weight": weight}, (x,), {}))
    for bad in (
        lambda: call(model, {"0.weight": weight}, x, strict=True),
        lambda: call(model, {"0.weight": weight, "tied.weight": fw.zeros(2, 2)}, x),
        lambda: call(model, {"0.weight": 3}, x),
    ):
        try:
            bad()
        except (RuntimeError, ValueError, TypeError) as error:
            told.append((type(error).__name__, str(error)))
    return told


@same
def skipped(fw):
    told = []
    for bad in (lambda: fw.nn.utils.skip_init(fw.nn.ReLU), lambda: fw.nn.utils.skip_init(dict)):
        try:
            bad()
        except RuntimeError as error:
            told.append(str(error))
    return told


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_same_story(program):
    ours, theirs = (story(fw, lambda fw: rounded(plain(program(fw)))) for fw in (ingot, torch))
    assert ours == theirs


def test_names_are_torchs():
    names = {
        name
        for name, value in vars(torch.nn.utils).items()
        if name[0] != "_" and (inspect.isfunction(value) or inspect.ismodule(value))
    }
    assert {name for name in names if not hasattr(ingot.nn.utils, name)} == set()
