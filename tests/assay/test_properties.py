"""Every property passes on healthy code and fails on a planted fault."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from assay.campaign import Campaign, arms
from assay.catalogue.record import (
    COMMUTATIVE,
    ODD,
    SHIFTED,
    SUM,
    ModuleRecord,
    Op,
    OptimizerRecord,
    SchedulerRecord,
    along,
    ulp,
)
from assay.judge import Verdict
from assay.properties import load
from assay.targets.faulty import Faulty
from assay.targets.torch import TorchTarget

ORACLE = TorchTarget()


def op(name: str, draw: Callable, **traits: Any) -> Op:
    """The record of one op, drawn by ``draw``."""
    return Op(name, "tests", draw, **traits)


def found(
    target: TorchTarget, record: Any, property: str, *, cases: int = 20, oracle: TorchTarget = ORACLE, seed: int = 0
) -> list[Verdict]:
    """One verdict for every cluster of ``cases`` cases, unshrunk."""
    campaign = Campaign(target, oracle, arms([record], [load(property)]), seed, shrinking=0.0)
    assert campaign.arms, f"{property} does not apply to {record.name}"
    campaign.run(most=cases)
    return [each.verdict for each in campaign.failures.values()]


def findings(verdicts: list[Verdict]) -> set[str]:
    return {verdict.finding.value for verdict in verdicts}


class Derivative(torch.autograd.Function):
    """sin with a derivative of one's own choice: subclasses say what backward and jvp multiply by."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        ctx.save_for_forward(x)
        return x.sin()

    @classmethod
    def slope(cls, x):
        return x.cos()

    @classmethod
    def backward(cls, ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * cls.slope(x)

    @staticmethod
    def jvp(ctx, tangent):
        (x,) = ctx.saved_tensors
        return tangent * x.cos()


TWIN = Faulty(name="twin")


def unary(d):
    return d.call(d.tensor(d.shape()))


def rows(d):
    return d.call(d.tensor(d.shape(1, 3, side=1)), d.integer(-1, 0))


def pair(d):
    return d.call(*[d.tensor(shape) for shape in d.broadcastable(2)])


def no_such_dim(d):
    return d.call(d.tensor((2, 3)), 7)


SIN = op("sin", unary, tolerance=ulp(2), analytic=True, core=(0,), laws=(ODD,))
REAL_SIN = op("sin", unary, tolerance=ulp(2), dtypes=("real",))
ABS = op("abs", unary, tolerance=ulp(2), kinks=(0.0,), dtypes=("real",))
MUL = op("mul", pair, tolerance=ulp(2), laws=(COMMUTATIVE,))
SUMS = op("sum", rows, tolerance=SUM, bad=(no_such_dim,))
SOFTMAX = op("softmax", rows, tolerance=ulp(32), dtypes=("real",))
CLONE = op("clone", unary)
ARGMAX = op("argmax", rows, points=along(), smooth=False, dtypes=("real",))
RAND = op("rand_like", lambda d: d.call(d.tensor(d.shape(), specials=False)), random=True, dtypes=("real",))

LINEAR = ModuleRecord(
    "nn.Linear", lambda d: d.stateful(3, 2, inputs=(d.tensor((4, 3), specials=False, dtype="float32"),))
)
BATCH_NORM = ModuleRecord(
    "nn.BatchNorm1d", lambda d: d.stateful(3, inputs=(d.tensor((4, 3), specials=False, dtype="float32"),))
)
SGD = OptimizerRecord(
    "optim.SGD", lambda d: d.stateful(inputs=(d.tensor((3,)), d.tensor((2, 2))), steps=3, lr=0.1, momentum=0.5)
)
STEP = SchedulerRecord("optim.lr_scheduler.StepLR", lambda d: d.stateful(steps=5, step_size=2, gamma=0.5))

HEALTHY = [
    *((record, name) for record in (SIN, MUL, SUMS, SOFTMAX) for name in ("values", "forms", "layouts", "determinism")),
    *((record, name) for record in (SIN, ABS, MUL, SUMS, SOFTMAX) for name in ("derivatives", "higher_derivatives")),
    *((record, "laws") for record in (SIN, MUL)),
    (ABS, "kinks"),
    (SUMS, "errors"),
    (ARGMAX, "values"),
    (RAND, "randomness"),
    (LINEAR, "modules"),
    (BATCH_NORM, "modules"),
    (SGD, "optimizers"),
    (STEP, "schedulers"),
]


@pytest.mark.parametrize(("record", "name"), HEALTHY, ids=lambda value: getattr(value, "name", value))
def test_healthy_code_passes(record, name):
    assert found(TWIN, record, name, cases=12) == []


@pytest.mark.parametrize("name", ["values", "derivatives", "higher_derivatives", "layouts", "laws", "determinism"])
def test_a_framework_is_judged_alone(name):
    """Target and oracle are one object: only properties that need no oracle count, and healthy code passes them."""
    assert found(ORACLE, SIN, name, cases=15) == []


# -- values -----------------------------------------------------------------------------------------------------------------------


def off_by(relative):
    def sin(x):
        return torch.sin(x) * (1 + relative)

    return sin


def test_values_sees_a_small_relative_error():
    verdicts = found(Faulty({"sin": off_by(1e-6)}), SIN, "values")
    assert "target wrong" in findings(verdicts)
    assert any("mpmath" in line for verdict in verdicts for line in verdict.evidence)


def test_values_blames_the_oracle_that_is_wrong():
    verdicts = found(TWIN, REAL_SIN, "values", oracle=Faulty({"sin": off_by(1e-5)}, "wrong"))
    assert "oracle wrong" in findings(verdicts)
    assert "target wrong" not in findings(verdicts)


def test_values_blames_both():
    verdicts = found(Faulty({"sin": off_by(1e-5)}), SIN, "values", oracle=Faulty({"sin": off_by(-2e-5)}, "wrong"))
    assert "both wrong" in findings(verdicts)


def test_values_alone_sees_an_error():
    alone = Faulty({"sin": off_by(1e-5)})
    assert "target wrong" in findings(found(alone, SIN, "values", oracle=alone))


FAULTS = {
    "dtype": (SIN, {"sin": lambda x: torch.sin(x).double()}, "dtype"),
    "shape": (SUMS, {"sum": lambda x, dim: torch.sum(x, dim, keepdim=True)}, "shape"),
    "structure": (SIN, {"sin": lambda x: (torch.sin(x),)}, "answers (T)"),
    "history": (SIN, {"sin": lambda x: torch.sin(x.detach())}, "requires_grad"),
    "alias for a copy": (CLONE, {"clone": lambda x: x.view(x.shape)}, "shares memory"),
    "written into its input": (SIN, {"sin": lambda x: torch.sin(x.detach().mul_(2).div_(2).add_(1))}, "writes into"),
    "swallowed NaN": (SIN, {"sin": lambda x: torch.nan_to_num(torch.sin(x))}, "not finite in one"),
    "raises": (SIN, {"sin": lambda x: 1 / 0}, "raises ZeroDivisionError"),
    "other index": (ARGMAX, {"argmax": lambda x, dim: torch.argmin(x, dim)}, "differ"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_values_sees(fault):
    record, faults, sentence = FAULTS[fault]
    verdicts = found(Faulty(faults), record, "values")
    assert any(sentence in verdict.what for verdict in verdicts), [verdict.what for verdict in verdicts]


def test_an_index_of_an_equal_value_is_right():
    def last_argmax(x, dim):
        return x.shape[dim] - 1 - torch.argmax(x.flip(dim), dim)

    tied = op(
        "argmax",
        lambda d: d.call(d.tensor((3, 5), ("integers", 0, 2), specials=False), 1),
        points=along(),
        dtypes=("real",),
    )
    assert found(Faulty({"argmax": last_argmax}), tied, "values") == []


def test_a_missing_name_is_no_pass():
    class Poor(Faulty):
        def resolve(self, name):
            return None

    campaign = Campaign(Poor(), ORACLE, arms([SIN]))
    campaign.run(most=3)
    assert campaign.missing == {"sin"}
    assert campaign.cases == 0


# -- errors, forms ----------------------------------------------------------------------------------------------------------------


def test_errors_sees_an_answer_to_a_bad_call():
    verdicts = found(Faulty({"sum": lambda x, dim: torch.sum(x)}), SUMS, "errors")
    assert [verdict.what for verdict in verdicts] == ["answers where the oracle raises IndexError"]


def test_errors_sees_another_class():
    def bad_class(x, dim):
        raise ValueError("no")

    verdicts = found(Faulty({"sum": bad_class}), SUMS, "errors")
    assert [verdict.what for verdict in verdicts] == ["raises ValueError, the oracle IndexError"]


def test_errors_accepts_a_subclass():
    class Dimension(IndexError):
        pass

    def raises(x, dim):
        raise Dimension

    assert found(Faulty({"sum": raises}), SUMS, "errors") == []


def test_errors_forgives_what_the_oracle_stumbles_over():
    def stumbles(x, dim):
        raise AttributeError("'str' object has no attribute 'dim'")

    def refuses(x, dim):
        raise TypeError("sum(): expected a tensor")

    verdicts = found(Faulty({"sum": refuses}), SUMS, "errors", oracle=Faulty({"sum": stumbles}, "stumbling"))
    assert findings(verdicts) == {"unspecified"}


def test_an_error_of_the_harness_is_no_parity():
    def breaks(x, dim):
        return torch.sum(x)

    class Broken(Faulty):
        def from_numpy(self, array):
            raise IndexError("the adapter is broken")

    assert findings(found(Broken({"sum": breaks}), SUMS, "errors")) == {"harness error"}


def test_forms_sees_a_method_that_answers_otherwise():
    verdicts = found(Faulty({"Tensor.sin": torch.cos}), SIN, "forms")
    assert any(verdict.what.startswith("method: another answer") for verdict in verdicts)


def test_forms_sees_an_in_place_form_that_copies():
    verdicts = found(Faulty({"Tensor.sin_": lambda x: torch.sin(x)}), SIN, "forms")
    assert any("does not return its first argument" in verdict.what for verdict in verdicts)


def test_forms_sees_out_ignored():
    def sin(x, out=None):
        return torch.sin(x)

    verdicts = found(Faulty({"sin": sin}), SIN, "forms")
    assert any(verdict.what.startswith("out=") for verdict in verdicts)


# -- derivatives ------------------------------------------------------------------------------------------------------------------


def with_slope(slope, *, jvp=None):
    class Planted(Derivative):
        pass

    Planted.slope = classmethod(lambda cls, x: slope(x))
    if jvp is not None:

        def pushed(ctx, tangent):
            (x,) = ctx.saved_tensors
            return tangent * jvp(x)

        Planted.jvp = staticmethod(pushed)
    return Faulty({"sin": lambda x: Planted.apply(x) if x.is_floating_point() else torch.sin(x)})


def test_derivatives_passes_a_right_function_of_ones_own():
    assert found(with_slope(torch.cos), REAL_SIN, "derivatives") == []


@pytest.mark.parametrize("relative", [1.0, 1e-3, 1e-7])
def test_derivatives_sees_a_wrong_vjp(relative):
    verdicts = found(with_slope(lambda x: torch.cos(x) * (1 + relative)), REAL_SIN, "derivatives")
    assert findings(verdicts) & {"target wrong", "undecided"}
    if relative > 1e-6:
        assert "target wrong" in findings(verdicts)


def test_derivatives_sees_a_wrong_jvp():
    verdicts = found(with_slope(torch.cos, jvp=lambda x: -torch.cos(x)), REAL_SIN, "derivatives")
    assert findings(verdicts) == {"target wrong"}
    assert any("differences is believed" in line for line in verdicts[0].evidence)


def test_derivatives_sees_both_wrong_alike_without_an_oracle():
    planted = with_slope(lambda x: torch.cos(x) + 0.1, jvp=lambda x: torch.cos(x) + 0.1)
    assert "target wrong" in findings(found(planted, REAL_SIN, "derivatives", oracle=planted))


def test_derivatives_blames_the_oracle_that_is_wrong():
    verdicts = found(TWIN, REAL_SIN, "derivatives", oracle=with_slope(lambda x: torch.cos(x) * 1.01))
    assert findings(verdicts) == {"oracle wrong"}


def test_derivatives_sees_a_transposed_gradient_of_a_broadcast():
    class Broadcast(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            ctx.save_for_backward(a, b)
            return a * b

        @staticmethod
        def backward(ctx, grad):
            a, b = ctx.saved_tensors
            whole = [grad * b, grad * a]
            return tuple(
                g.sum_to_size(x.shape) if g.shape != x.shape else g * 1.5 for g, x in zip(whole, (a, b), strict=True)
            )

    assert "target wrong" in findings(found(Faulty({"mul": Broadcast.apply}), MUL, "derivatives"))


def test_higher_derivatives_sees_a_dropped_second_order_term():
    planted = with_slope(lambda x: torch.cos(x).detach())
    assert found(planted, REAL_SIN, "derivatives") == []
    assert "target wrong" in findings(found(planted, REAL_SIN, "higher_derivatives"))


def test_higher_derivatives_sees_a_wrong_third_order():
    def slope(x):
        # The first and second derivatives are right at x; the third is not, for the curvature is frozen.
        return torch.cos(x.detach()) - torch.sin(x.detach()) * (x - x.detach())

    verdicts = found(with_slope(slope), REAL_SIN, "higher_derivatives")
    assert any(verdict.what == "third derivatives differ" for verdict in verdicts)


def test_kinks_sees_another_convention():
    class Abs(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x.abs()

        @staticmethod
        def backward(ctx, grad):
            (x,) = ctx.saved_tensors
            return grad * torch.where(x >= 0, 1.0, -1.0)

    faulty = Faulty({"abs": Abs.apply})
    assert found(faulty, ABS, "derivatives", oracle=faulty) == []
    assert any("at a kink" in verdict.what for verdict in found(faulty, ABS, "kinks"))


# -- metamorphic, determinism, randomness -------------------------------------------------------------------------------------------


def test_layouts_sees_strides_ignored():
    def sin(x):
        return (
            torch.sin(x.as_strided(x.shape, torch.empty(x.shape).stride()))
            if x.is_contiguous() or x.dim() < 2
            else torch.sin(x.as_strided(x.shape, torch.empty(x.shape).stride(), 0))
        )

    assert "target wrong" in findings(found(Faulty({"sin": sin}), SIN, "layouts"))


def test_layouts_sees_a_batch_that_leaks():
    def sin(x):
        return torch.sin(x) + (x.mean() if x.numel() > 1 and x.is_floating_point() else 0)

    assert any("of the batch" in verdict.what for verdict in found(Faulty({"sin": sin}), SIN, "layouts"))


def test_laws_sees_an_odd_function_that_is_not():
    verdicts = found(Faulty({"sin": lambda x: torch.sin(x) + 1e-3}), SIN, "laws")
    assert any(verdict.what.startswith("odd") for verdict in verdicts)


def test_laws_sees_a_product_that_does_not_commute():
    verdicts = found(Faulty({"mul": lambda a, b: torch.mul(a, b + 1e-3 * (b.dtype.is_floating_point))}), MUL, "laws")
    assert any(verdict.what.startswith("commutative") for verdict in verdicts)


def test_determinism_sees_noise():
    noise = np.random.default_rng(0)
    verdicts = found(Faulty({"sin": lambda x: torch.sin(x) + noise.uniform()}), SIN, "determinism")
    assert findings(verdicts) == {"target wrong"}


def test_randomness_sees_another_stream_and_another_state():
    def shifted(x):
        torch.rand(1)
        return torch.rand_like(x)

    def further(x):
        answer = torch.rand_like(x)
        torch.rand(1)
        return answer

    assert "target wrong" in findings(found(Faulty({"rand_like": shifted}), RAND, "randomness"))
    verdicts = found(Faulty({"rand_like": further}), RAND, "randomness")
    assert any("leaves the generator elsewhere" in verdict.what for verdict in verdicts)


def test_randomness_compares_laws_where_streams_differ():
    by_law = op(
        "rand_like",
        lambda d: d.call(d.tensor((40,), specials=False)),
        random=True,
        dtypes=("real",),
        distribution=lambda case: "uniform",
    )
    other_stream = Faulty({"rand_like": lambda x: 1 - torch.rand_like(x)})
    assert found(other_stream, by_law, "randomness", cases=5) == []
    other_law = Faulty({"rand_like": lambda x: torch.rand_like(x) ** 1.3})
    assert "target wrong" in findings(found(other_law, by_law, "randomness", cases=5))


def test_a_shift_rounds_nothing():
    shifted = op(
        "softmax",
        lambda d: d.call(d.tensor((9,), ("uniform", -4.0, 4.0), specials=False), 0),
        tolerance=ulp(4),
        laws=(SHIFTED,),
    )
    assert found(TWIN, shifted, "laws") == []
    leaky = Faulty({"softmax": lambda x, dim: torch.softmax(x, dim) + 1e-4 * torch.sigmoid(x.sum())})
    assert found(leaky, shifted, "laws") != []


# -- memory -------------------------------------------------------------------------------------------------------------------------

CHUNK = op("chunk", lambda d: d.call(d.tensor((4, 3), specials=False), 2))
MAX = op("max", lambda d: d.call(d.tensor((4, 3), specials=False), 0), points=along())
STD_MEAN = op("std_mean", lambda d: d.call(d.tensor((4, 3), specials=False)), dtypes=("real",), tolerance=ulp(64))
TRANSPOSE = op("t", lambda d: d.call(d.tensor((4, 3), specials=False)))

MEMORY_FAULTS = {
    "copies": (CHUNK, lambda x, n: tuple(part.clone() for part in torch.chunk(x, n)), "shares no memory"),
    "one memory": (STD_MEAN, lambda x: torch.stack(torch.std_mean(x)).unbind(), "shares memory"),
    "strides": (TRANSPOSE, lambda x: x.t().as_strided((3, 4), (4, 1)), "a view with strides"),
    "fields": (MAX, lambda x, dim: tuple(torch.max(x, dim)), "its fields are []"),
    "order": (SIN, lambda x: torch.sin(x).t().contiguous().t() if x.dim() == 2 else torch.sin(x), "not contiguous"),
}


@pytest.mark.parametrize("fault", MEMORY_FAULTS)
def test_values_sees_where_answers_lie(fault):
    record, planted, sentence = MEMORY_FAULTS[fault]
    verdicts = found(Faulty({record.name: planted}), record, "values", cases=40)
    assert any(verdict.what.startswith(sentence) for verdict in verdicts), [verdict.what for verdict in verdicts]


# -- modules, optimizers, schedulers ----------------------------------------------------------------------------------------------


class Halved(torch.nn.Linear):
    def forward(self, x):
        return super().forward(x) - 0.001


class Forgetful(torch.nn.BatchNorm1d):
    def forward(self, x):
        before = self.running_mean.clone()
        answer = super().forward(x)
        if self.training:
            self.running_mean = before
        return answer


class Renamed(torch.nn.Linear):
    def __init__(self, *args):
        super().__init__(*args)
        self.offset = torch.nn.Parameter(torch.zeros(1))


MODULES = {
    "forward": (LINEAR, {"nn.Linear": Halved}, "output 0"),
    "buffers": (BATCH_NORM, {"nn.BatchNorm1d": Forgetful}, "buffer running_mean"),
    "names": (LINEAR, {"nn.Linear": Renamed}, "other keys"),
}


@pytest.mark.parametrize("fault", ["forward", "buffers", "names"])
def test_modules_sees(fault):
    record, faults, sentence = MODULES[fault]
    for cls in (Halved, Forgetful, Renamed):
        cls.__name__ = cls.__mro__[1].__name__
    verdicts = found(Faulty(faults), record, "modules", cases=6)
    assert any(sentence in verdict.what for verdict in verdicts), [verdict.what for verdict in verdicts]


class Hasty(torch.optim.SGD):
    def step(self, closure=None):
        for group in self.param_groups:
            group["momentum"] = 0.6
        return super().step(closure)


def test_optimizers_sees_another_trajectory():
    verdicts = found(Faulty({"optim.SGD": Hasty}), SGD, "optimizers", cases=4)
    assert any("after step" in verdict.what for verdict in verdicts)


def test_schedulers_sees_another_rate():
    class Late(torch.optim.lr_scheduler.StepLR):
        def __init__(self, optimizer, step_size, gamma):
            super().__init__(optimizer, step_size=step_size + 1, gamma=gamma)

    verdicts = found(Faulty({"optim.lr_scheduler.StepLR": Late}), STEP, "schedulers", cases=2)
    assert any("rates after step" in verdict.what for verdict in verdicts)


def test_every_finding_has_a_screen():
    (first, *_) = found(Faulty({"sin": off_by(1e-3)}), SIN, "values")
    screen = first.screen("there.py")
    assert "target wrong" in screen.splitlines()[0]
    assert "assay check sin --property values" in screen
    assert screen.splitlines()[-1] == "  repro    there.py"
    assert len(screen.splitlines()) < 40
