"""Every optimizer against PyTorch's: trajectories, states, state dicts both ways, printed form, refusals."""

from __future__ import annotations

import copy
import importlib
import inspect
import pickle
import warnings

import numpy as np
import pytest
import torch

import ingot

OPTIONS: dict[str, list[dict]] = {
    "SGD": [
        {"lr": 0.1},
        {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.1},
        {"lr": 0.1, "momentum": 0.9, "dampening": 0.3, "maximize": True},
        {"lr": 0.1, "momentum": 0.9, "nesterov": True, "foreach": True},
        {"lr": 0.1, "momentum": 0.9, "fused": True},
    ],
    "Adam": [
        {},
        {"lr": 0.1, "betas": (0.8, 0.95), "eps": 1e-3, "weight_decay": 0.1},
        {"lr": 0.1, "amsgrad": True, "maximize": True},
        {"lr": 0.1, "weight_decay": 0.1, "decoupled_weight_decay": True, "foreach": True},
        {"lr": 0.1, "fused": True, "amsgrad": True},
    ],
    "AdamW": [{}, {"lr": 0.1, "amsgrad": True, "weight_decay": 0.2}, {"lr": 0.1, "maximize": True, "foreach": False}],
    "RMSprop": [
        {},
        {"lr": 0.05, "alpha": 0.9, "weight_decay": 0.1},
        {"lr": 0.05, "centered": True, "momentum": 0.9},
        {"lr": 0.05, "momentum": 0.5, "maximize": True, "foreach": True},
    ],
    "Adagrad": [
        {},
        {"lr": 0.1, "lr_decay": 0.1, "weight_decay": 0.1, "eps": 1e-3},
        {"lr": 0.1, "initial_accumulator_value": 0.3, "maximize": True},
        {"lr": 0.1, "fused": True},
    ],
    "Adadelta": [{}, {"lr": 0.5, "rho": 0.8, "eps": 1e-3, "weight_decay": 0.1}, {"maximize": True, "foreach": True}],
    "Adamax": [{}, {"lr": 0.1, "betas": (0.8, 0.9), "weight_decay": 0.1}, {"maximize": True, "foreach": True}],
    "ASGD": [{}, {"lr": 0.1, "lambd": 0.1, "alpha": 0.5, "t0": 2, "weight_decay": 0.1}, {"maximize": True}],
    "NAdam": [
        {},
        {"lr": 0.1, "weight_decay": 0.1, "momentum_decay": 0.1},
        {"lr": 0.1, "weight_decay": 0.1, "decoupled_weight_decay": True, "maximize": True},
    ],
    "RAdam": [
        {},
        {"lr": 0.1, "betas": (0.8, 0.9), "weight_decay": 0.1},
        {"lr": 0.1, "betas": (0.8, 0.9), "weight_decay": 0.1, "decoupled_weight_decay": True, "maximize": True},
    ],
    "Rprop": [{}, {"lr": 0.1, "etas": (0.3, 1.5), "step_sizes": (1e-3, 0.2)}, {"maximize": True, "foreach": True}],
    "Adafactor": [{}, {"lr": 0.1, "beta2_decay": -0.5, "eps": (1e-6, 1e-2), "d": 2.0, "weight_decay": 0.1}],
    "LBFGS": [
        {"lr": 0.3, "max_iter": 4},
        {"lr": 0.3, "max_iter": 6, "history_size": 2, "tolerance_grad": 1e-3},
        {"max_iter": 5, "line_search_fn": "strong_wolfe"},
        {"max_iter": 12, "line_search_fn": "strong_wolfe", "max_eval": 9},
    ],
    "Muon": [{}, {"lr": 0.1, "weight_decay": 0.2, "nesterov": False, "adjust_lr_fn": "match_rms_adamw"}],
}
CASES = [(name, options) for name, sets in OPTIONS.items() for options in sets]

SHAPES = [(3, 4), (4,), (2, 3)]


def parameters(framework, dtype="float64", shapes=SHAPES):
    rng = np.random.default_rng(0)
    made = [framework.from_numpy(rng.standard_normal(shape).astype(dtype)).clone() for shape in shapes]
    return [framework.nn.Parameter(tensor) for tensor in made]


def loss_of(params):
    """Smooth, not convex, with gradients whose signs change."""
    return sum((p.sin() * (i + 1)).sum() + (p * p * p).sum() / 9 + p.pow(4).sum() / 20 for i, p in enumerate(params))


def shapes_for(name):
    return [shape for shape in SHAPES if name != "Muon" or len(shape) == 2]


def walk(framework, optimizer, params, steps=8):
    """The parameters after every step."""
    path = []
    for _ in range(steps):

        def closure():
            optimizer.zero_grad()
            loss = loss_of(params)
            loss.backward()
            return loss

        if type(optimizer).__name__ == "LBFGS":
            optimizer.step(closure)
        else:
            closure()
            optimizer.step()
        path.append([p.detach().numpy().copy() for p in params])
    return path


def made(framework, name, options, dtype="float64", params=None):
    params = parameters(framework, dtype, shapes_for(name)) if params is None else params
    return getattr(framework.optim, name)(params, **options), params


def flat(state):
    """A state dict with tensors as (dtype, array)."""
    if isinstance(state, dict):
        return {key: flat(value) for key, value in state.items()}
    if isinstance(state, list | tuple):
        return [flat(value) for value in state]
    return (str(state.dtype), state.detach().numpy().copy()) if hasattr(state, "detach") else state


def across(state, framework):
    """A flat state dict as one of ``framework``."""
    if isinstance(state, dict):
        return {key: across(value, framework) for key, value in state.items()}
    if isinstance(state, tuple):
        return framework.from_numpy(state[1].copy())
    return [across(value, framework) for value in state] if isinstance(state, list) else state


def assert_same_state(ours, theirs, rtol=1e-9):
    assert type(ours) is type(theirs)
    if isinstance(ours, dict):
        assert set(ours) == set(theirs)
        for key in ours:
            assert_same_state(ours[key], theirs[key], rtol)
    elif isinstance(ours, list):
        assert len(ours) == len(theirs)
        for mine, reference in zip(ours, theirs, strict=True):
            assert_same_state(mine, reference, rtol)
    elif isinstance(ours, tuple):
        assert ours[0] == theirs[0]
        np.testing.assert_allclose(ours[1], theirs[1], rtol=rtol, atol=1e-12)
    elif isinstance(ours, float):
        assert ours == pytest.approx(theirs, rel=rtol)
    else:
        assert ours == theirs


def assert_same_path(ours, theirs, rtol, atol=0.0):
    for mine, reference in zip(ours, theirs, strict=True):
        for a, b in zip(mine, reference, strict=True):
            np.testing.assert_allclose(a, b, rtol=rtol, atol=atol)


@pytest.mark.parametrize(("name", "options"), CASES)
def test_trajectories_are_torchs(name, options):
    ours, mine = made(ingot, name, options)
    theirs, reference = made(torch, name, options)
    assert repr(ours) == repr(theirs)
    # Muon rounds to bfloat16 on the way; line searches stop and go by comparisons of rounded numbers.
    rtol, atol = {"Muon": (2e-2, 2e-3), "LBFGS": (1e-9, 1e-12)}.get(name, (1e-12, 1e-14))
    assert_same_path(walk(ingot, ours, mine), walk(torch, theirs, reference), rtol, atol)
    assert_same_state(flat(ours.state_dict()), flat(theirs.state_dict()), rtol=max(rtol, 1e-9) if name != "Muon" else 1)


@pytest.mark.parametrize("name", OPTIONS)
def test_float32(name):
    options = OPTIONS[name][1]
    (ours, mine), (theirs, reference) = (made(fw, name, options, "float32") for fw in (ingot, torch))
    rtol = 3e-2 if name == "Muon" else 1e-4
    assert_same_path(walk(ingot, ours, mine, 4), walk(torch, theirs, reference, 4), rtol, rtol / 10)


@pytest.mark.parametrize("name", [name for name in OPTIONS if name not in ("Adafactor", "Muon", "LBFGS")])
def test_complex(name):
    def run(fw):
        rng = np.random.default_rng(0)
        p = fw.nn.Parameter(fw.from_numpy(rng.standard_normal(4) + 1j * rng.standard_normal(4)).clone())
        optimizer = getattr(fw.optim, name)([p], lr=0.05)
        path = []
        for _ in range(4):
            optimizer.zero_grad()
            (p * p.conj()).real.sum().backward()
            optimizer.step()
            path.append([p.detach().numpy().copy()])
        return path, flat(optimizer.state_dict()["state"])

    (ours, our_state), (theirs, their_state) = run(ingot), run(torch)
    assert_same_path(ours, theirs, 1e-12)
    assert_same_state(our_state, their_state)


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize("giver", ["ingot", "torch"])
def test_states_travel_both_ways(name, giver):
    options = OPTIONS[name][1]
    giving, taking = (ingot, torch) if giver == "ingot" else (torch, ingot)
    source, params = made(giving, name, options)
    walk(giving, source, params, 3)
    state = flat(source.state_dict())
    paths = []
    for framework in (giving, taking):
        copied = [framework.nn.Parameter(framework.from_numpy(p.detach().numpy().copy())) for p in params]
        target, _ = made(framework, name, {}, params=copied)
        target.load_state_dict(across(state, framework))
        paths.append((framework, target, copied))
    rtol, atol = (3e-2, 3e-3) if name == "Muon" else (1e-9, 1e-12)
    assert_same_path(*(walk(*path, 4) for path in paths), rtol, atol)


def test_groups_and_names():
    def run(fw):
        a, b, c = parameters(fw)
        optimizer = fw.optim.Adam([{"params": [a], "lr": 0.5}, {"params": b, "betas": (0.5, 0.6)}], lr=0.1)
        optimizer.add_param_group({"params": (p for p in [c]), "weight_decay": 0.3})
        named = fw.optim.SGD(fw.nn.Linear(2, 1).named_parameters(), lr=0.1)
        return walk(fw, optimizer, [a, b, c], 3), repr(optimizer), repr(named), flat(named.state_dict()["param_groups"])

    ours, theirs = run(ingot), run(torch)
    assert_same_path(ours[0], theirs[0], 1e-12)
    assert ours[1:] == theirs[1:]


def test_parameters_without_gradient_are_left_alone():
    for name in ("SGD", "Adam"):
        p, q, _ = parameters(ingot)
        optimizer = getattr(ingot.optim, name)([p, q], lr=0.1)
        before = q.detach().numpy().copy()
        p.sum().backward()
        optimizer.step()
        np.testing.assert_array_equal(q.detach().numpy(), before)
        assert q not in optimizer.state


def test_tensor_learning_rates():
    def run(fw, name):
        params = parameters(fw)
        lr = fw.tensor(0.1, dtype=fw.float64)
        return walk(fw, getattr(fw.optim, name)(params, lr=lr), params, 3)

    for name in ("SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta", "Adamax", "NAdam", "RAdam", "ASGD"):
        assert_same_path(run(ingot, name), run(torch, name), 1e-12)


DIFFERENTIABLE = [
    ("SGD", {"lr": 0.1, "weight_decay": 0.1}),  # PyTorch detaches the first momentum
    ("Adam", {"lr": 0.1, "amsgrad": True, "weight_decay": 0.1}),
    ("AdamW", {"lr": 0.1}),
    ("RMSprop", {"lr": 0.1, "momentum": 0.5, "centered": True}),
    ("Adagrad", {"lr": 0.1}),
    ("Adadelta", {"lr": 0.5}),
    ("NAdam", {"lr": 0.1}),
    ("RAdam", {"lr": 0.1}),
    ("Adamax", {"lr": 0.1}),
    ("ASGD", {"lr": 0.1}),
    ("Rprop", {"lr": 0.1}),
]


@pytest.mark.parametrize(("name", "options"), DIFFERENTIABLE)
def test_gradients_pass_through_a_step(name, options):
    def after_two_steps(start):
        p = start.clone()
        optimizer = getattr(ingot.optim, name)([p], differentiable=True, **options)
        for _ in range(2):
            p.grad = (start * 2).clone()
            optimizer.step()
        return (p * p).sum()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # .grad of a non-leaf
        start = parameters(ingot)[1]
        after_two_steps(start).backward()
        at, step = start.detach().numpy().copy(), 1e-6
        for i in range(len(at)):
            around = [at.copy(), at.copy()]
            around[0][i] -= step
            around[1][i] += step
            low, high = (after_two_steps(ingot.nn.Parameter(ingot.from_numpy(x))).item() for x in around)
            assert start.grad[i].item() == pytest.approx((high - low) / (2 * step), rel=1e-5, abs=1e-6)


def test_hooks():
    def run(fw):
        told = []
        params = parameters(fw)
        optimizer = fw.optim.SGD(params, lr=0.1)
        hooks = importlib.import_module(f"{fw.__name__}.optim.optimizer")
        handles = [
            hooks.register_optimizer_step_pre_hook(lambda *a: told.append(("global pre", len(a[1])))),
            hooks.register_optimizer_step_post_hook(lambda *a: told.append("global post")),
            optimizer.register_step_pre_hook(lambda *a: told.append("pre")),
            optimizer.register_step_post_hook(lambda *a: told.append("post")),
            optimizer.register_state_dict_pre_hook(lambda o: told.append("save")),
            optimizer.register_state_dict_post_hook(lambda o, state: {**state, "more": 1}),
            optimizer.register_state_dict_pre_hook(lambda o: told.append("save first"), prepend=True),
            optimizer.register_load_state_dict_pre_hook(lambda o, state: told.append(sorted(state))),
            optimizer.register_load_state_dict_post_hook(lambda o: told.append("loaded")),
        ]
        walk(fw, optimizer, params, 1)
        optimizer.load_state_dict(optimizer.state_dict())
        for handle in handles:
            handle.remove()
        walk(fw, optimizer, params, 1)
        told.append(sorted(optimizer.state_dict()))
        return told

    assert run(ingot) == run(torch)


def test_closures_and_zero_grad():
    p = ingot.nn.Parameter(ingot.ones(2))
    optimizer = ingot.optim.SGD([p], lr=0.5)

    def closure():
        loss = (p * 2).sum()
        loss.backward()
        return loss

    with ingot.no_grad():
        assert optimizer.step(closure).item() == 4.0
    optimizer.zero_grad(set_to_none=False)
    assert p.grad.tolist() == [0.0, 0.0]
    optimizer.zero_grad()
    assert p.grad is None


def test_a_users_optimizer():
    required = importlib.import_module("ingot.optim.optimizer").required

    class Sign(ingot.optim.Optimizer):
        def __init__(self, params, lr=required):
            super().__init__(params, {"lr": lr})

        @ingot.no_grad()
        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    p.add_(p.grad.sign(), alpha=-group["lr"])

    p = ingot.nn.Parameter(ingot.ones(2))
    optimizer = Sign([p], lr=0.25)
    seen = []
    optimizer.register_step_post_hook(lambda *a: seen.append("post"))
    (p * p).sum().backward()
    optimizer.step()
    assert p.tolist() == [0.75, 0.75]
    assert seen == ["post"]
    with pytest.raises(ValueError, match="didn't specify a value of required optimization parameter lr"):
        Sign([p])


def test_copies_and_pickles():
    optimizer, params = made(ingot, "Adam", {"lr": 0.1})
    walk(ingot, optimizer, params, 2)
    twin = pickle.loads(pickle.dumps(optimizer))
    assert_same_state(flat(twin.state_dict()), flat(optimizer.state_dict()))
    assert_same_state(flat(copy.deepcopy(optimizer).state_dict()), flat(optimizer.state_dict()))


def test_states_of_earlier_versions():
    def run(fw):
        optimizer, params = made(fw, "Adam", {"lr": 0.1})
        walk(fw, optimizer, params, 2)
        state = optimizer.state_dict()
        for group in state["param_groups"]:
            for name in ("amsgrad", "maximize", "foreach", "capturable", "differentiable", "fused"):
                del group[name]
        for remembered in state["state"].values():
            remembered["step"] = 2
        optimizer.load_state_dict(state)
        return flat(optimizer.state_dict()), walk(fw, optimizer, params, 2)

    (our_state, ours), (their_state, theirs) = run(ingot), run(torch)
    assert_same_state(our_state, their_state)
    assert_same_path(ours, theirs, 1e-12)


def one(fw):
    return [fw.nn.Parameter(fw.ones(2, 2))]


REFUSALS = {
    "lr": lambda fw: fw.optim.SGD(one(fw), lr=-1.0),
    "momentum": lambda fw: fw.optim.SGD(one(fw), lr=1.0, momentum=-1.0),
    "sgd_decay": lambda fw: fw.optim.SGD(one(fw), lr=1.0, weight_decay=-1.0),
    "nesterov": lambda fw: fw.optim.SGD(one(fw), lr=1.0, nesterov=True),
    "adam_eps": lambda fw: fw.optim.Adam(one(fw), eps=-1.0),
    "adam_beta": lambda fw: fw.optim.Adam(one(fw), betas=(0.9, 1.0)),
    "adam_beta_kinds": lambda fw: fw.optim.Adam(one(fw), betas=(0.9, fw.tensor(0.9))),
    "adam_lr_shape": lambda fw: fw.optim.Adam(one(fw), lr=fw.ones(2)),
    "adam_foreach_lr": lambda fw: fw.optim.Adam(one(fw), lr=fw.tensor(0.1), foreach=True),
    "fused_foreach": lambda fw: fw.optim.Adam(one(fw), fused=True, foreach=True),
    "fused_differentiable": lambda fw: fw.optim.SGD(one(fw), lr=1.0, fused=True, differentiable=True),
    "alpha": lambda fw: fw.optim.RMSprop(one(fw), alpha=-1.0),
    "lr_decay": lambda fw: fw.optim.Adagrad(one(fw), lr_decay=-1.0),
    "rho": lambda fw: fw.optim.Adadelta(one(fw), rho=1.5),
    "etas": lambda fw: fw.optim.Rprop(one(fw), etas=(1.5, 1.2)),
    "momentum_decay": lambda fw: fw.optim.NAdam(one(fw), momentum_decay=-1.0),
    "adafactor_d": lambda fw: fw.optim.Adafactor(one(fw), d=0.5),
    "muon_shape": lambda fw: fw.optim.Muon([fw.nn.Parameter(fw.ones(2))]),
    "muon_rule": lambda fw: fw.optim.Muon(one(fw), adjust_lr_fn="best"),
    "lbfgs_groups": lambda fw: fw.optim.LBFGS([{"params": one(fw)}, {"params": one(fw)}]),
    "lbfgs_search": lambda fw: walk(fw, *made(fw, "LBFGS", {"line_search_fn": "weak"})),
    "sparse_lr": lambda fw: fw.optim.SparseAdam(one(fw), lr=0.0),
    "one_tensor": lambda fw: fw.optim.SGD(fw.ones(2), lr=1.0),
    "nothing": lambda fw: fw.optim.SGD([], lr=1.0),
    "not_tensors": lambda fw: fw.optim.SGD([3], lr=1.0),
    "not_leaves": lambda fw: fw.optim.SGD([one(fw)[0] * 2], lr=1.0),
    "a_set": lambda fw: fw.optim.SGD([{"params": set(one(fw))}], lr=1.0),
    "some_names": lambda fw: fw.optim.SGD([("a", one(fw)[0]), one(fw)[0]], lr=1.0),
    "twice": lambda fw: fw.optim.SGD([{"params": p} for p in one(fw) * 2], lr=1.0),
    "group_kind": lambda fw: fw.optim.SGD(one(fw), lr=1.0).add_param_group([1]),
    "names_later": lambda fw: fw.optim.SGD(one(fw), lr=1.0).add_param_group({"params": [("a", one(fw)[0])]}),
    "state_groups": lambda fw: fw.optim.SGD(one(fw), lr=1.0).load_state_dict({"state": {}, "param_groups": []}),
    "state_sizes": lambda fw: fw.optim.SGD(one(fw), lr=1.0).load_state_dict(
        {"state": {}, "param_groups": [{"params": [0, 1]}]}
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_refusals(name):
    raised = []
    for fw in (ingot, torch):
        with pytest.raises((ValueError, TypeError, RuntimeError)) as caught:
            REFUSALS[name](fw)
        raised.append((type(caught.value), str(caught.value)))
    assert raised[0] == raised[1]


def test_duplicates_warn():
    p = one(ingot)[0]
    with pytest.warns(UserWarning, match="duplicate parameters"):
        ingot.optim.SGD([p, p], lr=1.0)


def test_dense_gradients_are_not_for_sparse_adam():
    p = one(ingot)[0]
    optimizer = ingot.optim.SparseAdam([p])
    p.sum().backward()
    with pytest.raises(RuntimeError, match="SparseAdam does not support dense gradients"):
        optimizer.step()


def test_capturable_needs_a_gpu():
    p = one(ingot)[0]
    optimizer = ingot.optim.Adam([p], capturable=True)
    p.sum().backward()
    with pytest.raises(AssertionError, match="If capturable=True"):
        optimizer.step()


def test_names_and_signatures_are_torchs():
    names = {
        name
        for name, value in vars(torch.optim).items()
        if inspect.isclass(value) and issubclass(value, torch.optim.Optimizer)
    }
    assert {name for name in names if not hasattr(ingot.optim, name)} == set()
    assert names == set(OPTIONS) | {"Optimizer", "SparseAdam"}
    for name in names:
        ours, theirs = (
            {p.name: p.default for p in inspect.signature(getattr(fw.optim, name)).parameters.values()}
            for fw in (ingot, torch)
        )
        assert ours == theirs, name
