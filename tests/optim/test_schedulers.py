"""Every scheduler against PyTorch's: the rates (and momenta) of each epoch, state dicts, refusals and warnings."""

from __future__ import annotations

import inspect
import math
import warnings

import numpy as np
import pytest
import torch

import ingot

RISE = {"start_factor": 0.5, "total_iters": 4}

CASES: dict[str, object] = {
    "lambda": lambda s, o: s.LambdaLR(o, lambda epoch: 0.9**epoch),
    "lambdas": lambda s, o: s.LambdaLR(o, [lambda epoch: 0.9**epoch, lambda epoch: 1 / (1 + epoch)]),
    "multiplicative": lambda s, o: s.MultiplicativeLR(o, lambda epoch: 0.9 + 0.01 * epoch),
    "step": lambda s, o: s.StepLR(o, 3, 0.5),
    "multistep": lambda s, o: s.MultiStepLR(o, [2, 5, 5, 9], 0.5),
    "constant": lambda s, o: s.ConstantLR(o, 0.3, 4),
    "linear": lambda s, o: s.LinearLR(o, 0.25, 0.75, 6),
    "exponential": lambda s, o: s.ExponentialLR(o, 0.8),
    "polynomial": lambda s, o: s.PolynomialLR(o, 7, 2.0),
    "cosine": lambda s, o: s.CosineAnnealingLR(o, 5, eta_min=0.01),
    "restarts": lambda s, o: s.CosineAnnealingWarmRestarts(o, 3, 2, 0.01),
    "restarts_even": lambda s, o: s.CosineAnnealingWarmRestarts(o, 4),
    "cyclic": lambda s, o: s.CyclicLR(o, 0.01, 0.1, 3, 2),
    "cyclic_groups": lambda s, o: s.CyclicLR(o, [0.01, 0.02], [0.1, 0.3], 2, mode="triangular2", cycle_momentum=False),
    "cyclic_exp": lambda s, o: s.CyclicLR(o, 0.01, 0.1, 3, mode="exp_range", gamma=0.9),
    "cyclic_fn": lambda s, o: s.CyclicLR(o, 0.01, 0.1, 3, scale_fn=lambda x: 1 / x, scale_mode="cycle"),
    "one_cycle": lambda s, o: s.OneCycleLR(o, 0.1, total_steps=14),
    "one_cycle_epochs": lambda s, o: s.OneCycleLR(o, [0.1, 0.2], epochs=7, steps_per_epoch=2, pct_start=0.4),
    "one_cycle_linear": lambda s, o: s.OneCycleLR(o, 0.1, 14, anneal_strategy="linear", cycle_momentum=False),
    "one_cycle_three": lambda s, o: s.OneCycleLR(o, 0.1, 14, three_phase=True, div_factor=5, final_div_factor=10),
    "sequential": lambda s, o: s.SequentialLR(o, [s.LinearLR(o, **RISE), s.ExponentialLR(o, 0.8)], [4]),
    "sequential_three": lambda s, o: s.SequentialLR(
        o, [s.ConstantLR(o, 0.1, 9), s.StepLR(o, 2), s.CosineAnnealingLR(o, 5)], [3, 7]
    ),
    "chained": lambda s, o: s.ChainedScheduler([s.ConstantLR(o, 0.1, 3), s.ExponentialLR(o, 0.9)]),
    "nested": lambda s, o: s.SequentialLR(
        o, [s.ChainedScheduler([s.LinearLR(o, **RISE), s.ExponentialLR(o, 0.9)]), s.StepLR(o, 2)], [5]
    ),
    "plateau": lambda s, o: s.ReduceLROnPlateau(o, factor=0.5, patience=1, cooldown=1, min_lr=[0.001, 0.02]),
    "plateau_max": lambda s, o: s.ReduceLROnPlateau(o, "max", patience=0, threshold=0.1, threshold_mode="abs"),
}

METRICS = [1.0, 0.9, 0.95, 0.91, 0.9, 0.9, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.8]


def optimizer_of(framework, kind="SGD", tensor_rates=False):
    params = [framework.nn.Parameter(framework.ones(2)) for _ in range(2)]
    rates = [0.1, 0.5]
    if tensor_rates:
        rates = [framework.tensor(rate, dtype=framework.float64) for rate in rates]
    groups = [{"params": [p], "lr": lr} for p, lr in zip(params, rates, strict=True)]
    options = {"momentum": 0.9} if kind == "SGD" else {}
    return getattr(framework.optim, kind)(groups, lr=0.1, **options)


def number(value):
    return value.item() if hasattr(value, "item") else value


def settings(optimizer):
    """Rate and momentum of every group."""
    return [(number(group["lr"]), group.get("momentum"), group.get("betas")) for group in optimizer.param_groups]


def advance(scheduler, epoch):
    if type(scheduler).__name__ == "ReduceLROnPlateau":
        scheduler.step(METRICS[epoch])
    else:
        scheduler.step()


def schedule(framework, make, kind="SGD", tensor_rates=False, epochs=13):
    """Settings and reported rates, from the start and after every epoch."""
    optimizer = optimizer_of(framework, kind, tensor_rates)
    scheduler = make(framework.optim.lr_scheduler, optimizer)
    seen = [settings(optimizer)]
    for epoch in range(epochs):
        optimizer.step()
        advance(scheduler, epoch)
        seen.append((settings(optimizer), [number(rate) for rate in scheduler.get_last_lr()]))
    return seen


@pytest.mark.filterwarnings("ignore:Detected call of")  # of chained schedulers in a sequence
@pytest.mark.parametrize("kind", ["SGD", "Adam"])
@pytest.mark.parametrize("name", CASES)
def test_schedules_are_torchs(name, kind):
    assert schedule(ingot, CASES[name], kind) == schedule(torch, CASES[name], kind)


@pytest.mark.parametrize("name", ["step", "linear", "cosine", "sequential", "plateau", "cyclic"])
def test_rates_in_tensors_stay_the_same_tensors(name):
    optimizer = optimizer_of(ingot, tensor_rates=True)
    before = [group["lr"] for group in optimizer.param_groups]
    CASES[name](ingot.optim.lr_scheduler, optimizer)
    assert all(group["lr"] is lr for group, lr in zip(optimizer.param_groups, before, strict=True))
    ours, theirs = (schedule(fw, CASES[name], tensor_rates=True) for fw in (ingot, torch))
    for mine, reference in zip(ours[1:], theirs[1:], strict=True):
        assert mine[1] == pytest.approx(reference[1], rel=1e-12)


@pytest.mark.filterwarnings("ignore:Detected call of")  # of chained schedulers in a sequence
@pytest.mark.parametrize("name", CASES)
def test_states_go_on_where_they_were_saved(name):
    whole = schedule(ingot, CASES[name])
    optimizer = optimizer_of(ingot)
    scheduler = CASES[name](ingot.optim.lr_scheduler, optimizer)
    for epoch in range(5):
        optimizer.step()
        advance(scheduler, epoch)
    states = optimizer.state_dict(), scheduler.state_dict()
    optimizer = optimizer_of(ingot)
    scheduler = CASES[name](ingot.optim.lr_scheduler, optimizer)
    optimizer.load_state_dict(states[0])
    scheduler.load_state_dict(states[1])
    for epoch in range(5, 13):
        optimizer.step()
        advance(scheduler, epoch)
        assert settings(optimizer) == whole[epoch + 1][0]


@pytest.mark.filterwarnings("ignore:Detected call of")  # of chained schedulers in a sequence
@pytest.mark.parametrize("name", [name for name in CASES if "one_cycle" not in name and "cyclic" not in name])
def test_states_have_torchs_keys(name):
    states = []
    for fw in (ingot, torch):
        optimizer = optimizer_of(fw)
        states.append(CASES[name](fw.optim.lr_scheduler, optimizer).state_dict())
    assert sorted(states[0]) == sorted(states[1])


RESUMED = ("lambda", "step", "multistep", "linear", "exponential", "polynomial", "cosine", "restarts")


@pytest.mark.parametrize("name", ["step", "exponential", "cosine"])
def test_resuming_at_an_epoch(name):
    classes = {
        "step": ("StepLR", (3,)),
        "exponential": ("ExponentialLR", (0.9,)),
        "cosine": ("CosineAnnealingLR", (5,)),
    }

    def run(fw):
        optimizer = optimizer_of(fw)
        for group in optimizer.param_groups:
            group["initial_lr"] = 0.3
        cls, arguments = classes[name]
        scheduler = getattr(fw.optim.lr_scheduler, cls)(optimizer, *arguments, last_epoch=3)
        seen = [settings(optimizer)]
        for _ in range(4):
            optimizer.step()
            scheduler.step()
            seen.append(settings(optimizer))
        return seen

    assert run(ingot) == run(torch)


@pytest.mark.parametrize("name", RESUMED)
def test_deprecated_epochs(name):
    def run(fw):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            optimizer = optimizer_of(fw)
            scheduler = CASES[name](fw.optim.lr_scheduler, optimizer)
            optimizer.step()
            seen = []
            for epoch in (1, 5, 2, 9):
                scheduler.step(epoch)
                seen.append(settings(optimizer))
        return seen, [str(item.message) for item in caught]

    assert run(ingot) == run(torch)


def test_fractions_of_epochs():
    def run(fw):
        optimizer = optimizer_of(fw)
        scheduler = fw.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 3, 2)
        seen = []
        for step in range(40):
            scheduler.step(step / 4)
            seen.append(settings(optimizer))
        return seen

    assert run(ingot) == run(torch)


def warned(framework, program):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        program(framework)
    return [(item.category, str(item.message)) for item in caught]


def too_early(fw):
    fw.optim.lr_scheduler.StepLR(optimizer_of(fw), 3).step()


def overridden(fw):
    optimizer = optimizer_of(fw)
    scheduler = fw.optim.lr_scheduler.StepLR(optimizer, 3)
    optimizer.step = lambda: None
    scheduler.step()


def asked_outside(fw):
    fw.optim.lr_scheduler.StepLR(optimizer_of(fw), 3).get_lr()


@pytest.mark.parametrize("program", [too_early, overridden, asked_outside])
def test_warnings(program):
    assert warned(ingot, program) == warned(torch, program) != []


REFUSALS = {
    "no_optimizer": lambda s, o: s.StepLR(3, 1),
    "lambdas": lambda s, o: s.LambdaLR(o, [math.sin]),
    "not_callable": lambda s, o: s.MultiplicativeLR(o, 3),
    "constant": lambda s, o: s.ConstantLR(o, 2.0),
    "linear_start": lambda s, o: s.LinearLR(o, 0.0),
    "linear_end": lambda s, o: s.LinearLR(o, 0.5, 2.0),
    "restart_period": lambda s, o: s.CosineAnnealingWarmRestarts(o, 0),
    "restart_factor": lambda s, o: s.CosineAnnealingWarmRestarts(o, 2, 0),
    "restart_low": lambda s, o: s.CosineAnnealingWarmRestarts(o, 2, 1, "0"),
    "restart_epoch": lambda s, o: s.CosineAnnealingWarmRestarts(o, 2).step(-1),
    "cyclic_mode": lambda s, o: s.CyclicLR(o, 0.1, 0.2, mode="round"),
    "cyclic_groups": lambda s, o: s.CyclicLR(o, [0.1], 0.2),
    "one_cycle_length": lambda s, o: s.OneCycleLR(o, 0.1),
    "one_cycle_negative": lambda s, o: s.OneCycleLR(o, 0.1, total_steps=-1),
    "one_cycle_epochs": lambda s, o: s.OneCycleLR(o, 0.1, epochs=1.5, steps_per_epoch=2),
    "one_cycle_fraction": lambda s, o: s.OneCycleLR(o, 0.1, total_steps=9, pct_start=2.0),
    "one_cycle_strategy": lambda s, o: s.OneCycleLR(o, 0.1, total_steps=9, anneal_strategy="log"),
    "one_cycle_over": lambda s, o: [
        scheduler := s.OneCycleLR(o, 0.1, total_steps=2),
        *(scheduler.step() for _ in "abc"),
    ],
    "sequential_nothing": lambda s, o: s.SequentialLR(o, [], []),
    "sequential_milestones": lambda s, o: s.SequentialLR(o, [s.StepLR(o, 1)], [1]),
    "sequential_plateau": lambda s, o: s.SequentialLR(o, [s.ReduceLROnPlateau(o)], []),
    "sequential_kind": lambda s, o: s.SequentialLR(o, [3], []),
    "chained_nothing": lambda s, o: s.ChainedScheduler([]),
    "plateau_factor": lambda s, o: s.ReduceLROnPlateau(o, factor=1.5),
    "plateau_mode": lambda s, o: s.ReduceLROnPlateau(o, mode="mid"),
    "plateau_threshold": lambda s, o: s.ReduceLROnPlateau(o, threshold_mode="x"),
    "plateau_min": lambda s, o: s.ReduceLROnPlateau(o, min_lr=[0.1]),
    "resume": lambda s, o: s.StepLR(o, 1, last_epoch=3),
}


@pytest.mark.filterwarnings("ignore:Detected call of")
@pytest.mark.parametrize("name", REFUSALS)
def test_refusals(name):
    raised = []
    for fw in (ingot, torch):
        with pytest.raises((ValueError, TypeError, KeyError)) as caught:
            REFUSALS[name](fw.optim.lr_scheduler, optimizer_of(fw))
        raised.append((type(caught.value), str(caught.value)))
    assert raised[0] == raised[1]


def test_momentum_cycles_need_momentum():
    optimizer = ingot.optim.Adagrad([ingot.nn.Parameter(ingot.ones(1))])
    for make in (lambda s: s.CyclicLR(optimizer, 0.1, 0.2), lambda s: s.OneCycleLR(optimizer, 0.1, total_steps=3)):
        with pytest.raises(ValueError, match="must support momentum or beta1"):
            make(ingot.optim.lr_scheduler)


def test_callable_objects_are_saved_by_their_attributes():
    class Rule:
        def __init__(self):
            self.factor = 0.5

        def __call__(self, epoch):
            return self.factor**epoch

    schedulers = ingot.optim.lr_scheduler
    for make in (
        lambda o: schedulers.LambdaLR(o, Rule()),
        lambda o: schedulers.CyclicLR(o, 0.1, 0.2, scale_fn=Rule()),
    ):
        state = make(optimizer_of(ingot)).state_dict()
        scheduler = make(optimizer_of(ingot))
        rule = scheduler.lr_lambdas[0] if hasattr(scheduler, "lr_lambdas") else scheduler._scale_fn_custom
        rule.factor = 0.1
        scheduler.load_state_dict(state)
        assert rule.factor == 0.5


def test_names_and_signatures_are_torchs():
    names = list(torch.optim.lr_scheduler.__all__)
    assert sorted(names) == sorted(ingot.optim.lr_scheduler.__all__)
    for name in names:
        ours, theirs = (
            {p.name: p.default for p in inspect.signature(getattr(fw.optim.lr_scheduler, name)).parameters.values()}
            for fw in (ingot, torch)
        )
        assert ours == theirs, name


AVERAGES = {
    "swa": {},
    "swa_fn": {"avg_fn": "get_swa_avg_fn"},
    "ema": {"multi_avg_fn": "get_ema_multi_avg_fn"},
    "ema_fn": {"avg_fn": "get_ema_avg_fn", "use_buffers": True},
    "swa_multi": {"multi_avg_fn": "get_swa_multi_avg_fn"},
}


@pytest.mark.parametrize("name", AVERAGES)
def test_averaged_models(name):
    def run(fw):
        fw.manual_seed(0)
        swa = fw.optim.swa_utils
        model = fw.nn.Sequential(fw.nn.Linear(2, 3), fw.nn.BatchNorm1d(3)).double()
        options = {key: getattr(swa, fn)() if isinstance(fn, str) else fn for key, fn in AVERAGES[name].items()}
        average = swa.AveragedModel(model, **options)
        x = fw.arange(8, dtype=fw.float64).reshape(4, 2)
        for step in range(3):
            model(x + step)
            for p in model.parameters():
                p.data.mul_(1.1).add_(0.1)
            average.update_parameters(model)
        swa.update_bn([x, [x * 2, 1]], average)
        return {key: value.numpy().tolist() for key, value in average.state_dict().items()}, average(x).tolist()

    (our_state, our_output), (their_state, their_output) = run(ingot), run(torch)
    assert list(our_state) == list(their_state)
    # PyTorch's weight 1 / (n + 1) is a float32 here.
    rtol = 1e-7 if name == "swa_multi" else 1e-12
    for key, value in their_state.items():
        np.testing.assert_allclose(our_state[key], value, rtol=rtol, atol=1e-12)
    np.testing.assert_allclose(our_output, their_output, rtol=100 * rtol)


@pytest.mark.parametrize("options", [{}, {"anneal_epochs": 3, "anneal_strategy": "linear"}, {"anneal_epochs": 0}])
def test_swa_rates(options):
    make = lambda fw: lambda s, o: fw.optim.swa_utils.SWALR(o, 0.05, **options)  # noqa: E731
    assert schedule(ingot, make(ingot)) == schedule(torch, make(torch))
