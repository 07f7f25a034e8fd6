"""The judge: bounds, arbiters, identities, gauges and votes, each on numbers whose truth is known."""

import inspect

import mpmath
import numpy as np
import pytest
import torch

from assay.cases import Case, DType, TensorSpec
from assay.catalogue import everything
from assay.catalogue.drawing import sample
from assay.catalogue.record import EXACT, SCALED, SUM, Op, ulp
from assay.judge import Finding, Question, judge_values, run
from assay.judge.compare import compare, errors, same_bits, spacing
from assay.judge.condition import sensitivity
from assay.judge.differences import complex_step, richardson
from assay.judge.exact import FORMULAS, Elements, distance
from assay.judge.extended import EXTENDED, extended_answer
from assay.judge.gauge import GAUGES
from assay.judge.identities import IDENTITIES, residual
from assay.judge.majority import Vote, decide
from assay.judge.verdict import kind_of
from assay.judge.windows import WINDOWS
from assay.properties import load as load_property
from assay.surface import rows
from assay.targets.faulty import Faulty
from assay.targets.torch import TorchTarget

ORACLE = TorchTarget()


def question(name, *args, tolerance=ulp(2), **traits):
    return Question(Op(name, "tests", lambda d: None, tolerance=tolerance, **traits), Case(name, args), ORACLE, ORACLE)


def numbers(*values, dtype="float32"):
    return TensorSpec((len(values),), dtype, ("values", *values))


# -- comparison -------------------------------------------------------------------------------------------------------------------


def test_bits_know_the_sign_of_zero_and_one_nan():
    assert not same_bits(np.array([0.0]), np.array([-0.0]))
    assert same_bits(np.array([np.nan]), np.array([-np.nan]))
    assert not same_bits(np.array([1.0]), np.array([1.0], np.float32))


def test_an_error_is_infinite_where_one_side_is_not_finite():
    assert errors(np.array([np.inf, np.nan, 1.0]), np.array([np.inf, np.nan, np.nan])).tolist() == [0.0, 0.0, np.inf]


def test_spacing_is_the_unit_in_the_last_place():
    for value in (1.0, 1.9999999, 2.0, 1e-40, 3e38):
        single = np.float32(value)
        assert spacing(np.array([single]))[0] == pytest.approx(float(np.spacing(single)), rel=1e-6)


def test_the_smallest_difference_is_seen():
    one = np.array([1.0, 2.0], np.float32)
    other = np.nextafter(one, np.float32(3))
    found = compare(other, one, 0.5 * spacing(one))
    assert found is not None
    assert found.ulp == pytest.approx(1.0)
    assert compare(other, one, 1.0 * spacing(one)) is None


# -- arbiters ---------------------------------------------------------------------------------------------------------------------


def test_every_table_names_ops_of_the_surface():
    aliases = {"special.psi", "nn.functional.softmax", "nn.functional.log_softmax", "inverse"}
    for table in (FORMULAS, EXTENDED, IDENTITIES):
        assert set(table) - set(rows()) <= aliases


def test_every_gauge_of_the_catalogue_exists():
    named = {record.gauge for record in everything().values() if getattr(record, "gauge", None)}
    assert named <= set(GAUGES)


@pytest.mark.parametrize("name", sorted(set(FORMULAS) & set(rows())))
def test_a_formula_is_what_pytorch_computes(name):
    """At a few tame points, to 1e-9: the table is written from definitions, and a slip in it would blame the innocent."""
    function = ORACLE.resolve(name)
    count = len([p for p in inspect.signature(FORMULAS[name]).parameters.values() if p.default is p.empty])
    points = {"acosh": [1.5, 2.5], "polygamma": [1.5, 2.5], "mvlgamma": [2.5, 3.5], "special.zeta": [2.5, 3.5]}.get(
        name, [0.3, 0.6]
    )
    leading = {"polygamma": [2], "special.polygamma": [2]}.get(name, [])
    trailing = {"mvlgamma": [2]}.get(name, [])
    spec = numbers(*points, dtype="float64")
    if "polynomial" in name:
        args = (spec, TensorSpec((2,), "float64", ("values", 2.0, 3.0)))
    else:
        args = (*leading, *[spec] * (count - len(leading) - len(trailing)), *trailing)
    elements = Elements(Case(name, args))
    given = [
        torch.tensor(points, dtype=torch.float64) if isinstance(each, TensorSpec) and each is spec else each
        for each in args
    ]
    given = [torch.tensor([2.0, 3.0], dtype=torch.float64) if isinstance(each, TensorSpec) else each for each in given]
    expected = function(*given)
    for index in range(2):
        exact = elements.value((index,))
        assert exact is not None
        assert float(exact.real) == pytest.approx(float(expected[index]), rel=1e-9, abs=1e-12)


def test_mpmath_tells_who_is_off():
    spec = numbers(0.5, 1.5)
    truth = np.sin(np.array([0.5, 1.5])).astype(np.float32)
    off = truth * np.float32(1 + 1e-5)
    asked = question("sin", spec)
    assert judge_values(asked, 0, truth, truth) is None
    assert judge_values(asked, 0, off, truth).finding is Finding.TARGET_WRONG
    assert judge_values(asked, 0, truth, off).finding is Finding.ORACLE_WRONG


def test_losing_digits_alike_is_not_a_wrong_formula():
    spec = numbers(0.01)
    truth = 0.01 - np.tanh(0.01)
    asked = question("nn.functional.tanhshrink", spec)
    one, other = (np.array([truth * factor], np.float32) for factor in (1 + 1e-3, 1 - 1e-3))
    assert judge_values(asked, 0, one, other).finding is Finding.BOTH_IMPRECISE


def test_the_proof_has_both_errors_and_the_value():
    found = judge_values(
        question("sin", numbers(0.5)), 0, np.array([0.4795], np.float32), np.array([0.47942555], np.float32)
    )
    assert "mpmath: 0.4794255386042" in found.evidence[0]
    assert "ulp" in found.evidence[1]


def test_overflow_to_infinity_is_right_where_the_value_is_too_large():
    assert distance(np.float32(np.inf), mpmath.mpf(10) ** 60) == 0.0
    assert distance(np.float32(np.inf), mpmath.mpf(10) ** 30) == float("inf")


def test_exact_ops_must_have_the_sign_of_zero():
    found = judge_values(
        question("neg", numbers(0.0), tolerance=EXACT), 0, np.array([0.0], np.float32), np.array([-0.0], np.float32)
    )
    assert found.what == "the sign of a zero differs"


def test_which_part_of_a_complex_number_is_lost_is_nobodys_fault():
    asked = question("mul", numbers(1.0), numbers(1.0))
    lost = np.array([complex(np.inf, np.nan), 1.0])
    assert judge_values(asked, 0, lost, np.array([complex(np.nan, np.nan), 1.0])).finding is Finding.UNSPECIFIED
    finite = judge_values(asked, 0, np.array([2.0 + 0j, 1.0]), np.array([complex(np.nan, np.nan), 1.0]))
    assert finite.finding is not Finding.UNSPECIFIED
    other = judge_values(asked, 0, lost, np.array([complex(np.nan, np.nan), 3.0]))
    assert other.finding is not Finding.UNSPECIFIED


def test_extended_precision_arbitrates_a_sum():
    spec = TensorSpec((2000,), "float32", ("uniform", 0.0, 1.0), seed=5)
    asked = question("sum", spec, tolerance=SUM)
    exact = extended_answer(asked.case)
    right = np.asarray(exact, np.float32)
    wrong = np.asarray(exact * 1.01, np.float32)
    assert judge_values(asked, 0, wrong, right).finding is Finding.TARGET_WRONG
    assert judge_values(asked, 0, right, wrong).finding is Finding.ORACLE_WRONG


def test_cancellation_is_ill_conditioned_and_nobodys_fault():
    """x - y of nearly equal float32 numbers, computed from inputs that were rounded once more: one rounding explains all of it."""
    spec = numbers(1000.25, dtype="float32")
    asked = question("erfinv", TensorSpec((1,), "float32", ("values", 0.9999999)), tolerance=ulp(2))
    moved = sensitivity(ORACLE, asked.case, 0, np.array([3.7], np.float32))
    assert moved[0] > 1e-2
    assert sensitivity(ORACLE, Case("sin", (spec,)), 0, np.array([0.1], np.float32))[0] > 0


def test_without_an_arbiter_it_stays_undecided():
    asked = question("cosine_similarity_like", numbers(1.0), tolerance=SCALED)
    found = judge_values(asked, 0, np.array([1.0]), np.array([2.0]))
    assert found.finding is Finding.UNDECIDED


# -- identities -------------------------------------------------------------------------------------------------------------------

MATRIX = TensorSpec((4, 4), "float64", ("uniform", -1.0, 1.0), seed=3)


def answer(name, *args, **kwargs):
    from assay.cases import values

    given = [torch.from_numpy(values(each)) if isinstance(each, TensorSpec) else each for each in args]
    found = ORACLE.resolve(name)(*given, **kwargs)
    leaves = found if isinstance(found, (tuple, list)) else [found]
    return [leaf.numpy() for leaf in leaves]


@pytest.mark.parametrize("name", ["linalg.inv", "linalg.qr", "linalg.svd", "linalg.eig", "linalg.lu", "svd"])
def test_an_identity_holds_for_the_right_answer_and_not_for_a_wrong_one(name):
    leaves = answer(name, MATRIX)
    case = Case(name, (MATRIX,))
    assert residual(case, leaves) < 40
    assert residual(case, [leaves[0] * (1 + 1e-6), *leaves[1:]]) > 40


def test_the_identity_of_a_solution():
    right = TensorSpec((4, 2), "float64", ("uniform", -1.0, 1.0), seed=4)
    case = Case("linalg.solve", (MATRIX, right))
    leaves = answer("linalg.solve", MATRIX, right)
    assert residual(case, leaves) < 40
    assert residual(case, [leaves[0] + 1e-6]) > 40


def test_a_gauge_hides_signs_and_nothing_else():
    values, vectors = torch.linalg.eigh(torch.tensor([[2.0, 1.0], [1.0, 3.0]], dtype=torch.float64))
    flipped = vectors * torch.tensor([1.0, -1.0])
    rotated = vectors @ torch.tensor([[0.8, -0.6], [0.6, 0.8]], dtype=torch.float64)
    first, same, other = (GAUGES["eigh"](torch, [values, each]) for each in (vectors, flipped, rotated))
    assert torch.equal(first[1], same[1])
    assert not torch.allclose(first[1], other[1])


# -- derivatives ------------------------------------------------------------------------------------------------------------------


def test_differences_of_a_smooth_function():
    found = richardson(lambda h: np.float64(np.exp(1.0 + h)), 1.0)
    assert found.smooth
    assert abs(float(found.value) - np.e) <= max(found.error, 1e-11)
    assert found.error < 1e-8


def test_differences_know_a_kink():
    assert not richardson(lambda h: np.float64(abs(h)), 1.0).smooth
    assert not richardson(lambda h: np.float64(max(h, 0.0) + np.sin(h)), 1.0).smooth
    assert richardson(lambda h: np.float64(h**2), 1.0).smooth


def test_differences_next_to_a_pole_are_none():
    assert richardson(lambda h: np.float64(np.nan) if h > 0 else np.float64(1.0), 1.0) is None


def test_the_complex_step_has_no_cancellation():
    found = complex_step(lambda h: np.complex128(np.exp(1.0 + h)))
    assert float(found.value) == pytest.approx(np.e, rel=1e-15)


def votes(**values):
    parties = {"vjp": "target", "jvp": "target", "oracle": "oracle", "differences": ""}
    return [
        Vote(name, parties[name.split("_")[0]], value, 1e-10 if name == "differences" else 0.0)
        for name, value in values.items()
    ]


@pytest.mark.parametrize(
    ("cast", "finding"),
    [
        (votes(vjp=1.0, jvp=2.0, differences=1.0), Finding.TARGET_WRONG),
        (votes(vjp=1.0, jvp=1.0, oracle=2.0, differences=1.0), Finding.ORACLE_WRONG),
        (votes(vjp=2.0, jvp=2.0, oracle=2.0, differences=1.0), Finding.BOTH_WRONG),
        (votes(vjp=1.0, jvp=2.0, oracle=1.0), Finding.TARGET_WRONG),
        (votes(vjp=1.0, jvp=1.0, oracle=2.0), Finding.ORACLE_WRONG),
        (votes(vjp=1.0, jvp=2.0), Finding.UNDECIDED),
        (votes(vjp=1.0, jvp=1.0 + 1e-12, differences=1.0), Finding.ILL_CONDITIONED),
    ],
)
def test_the_majority_decides(cast, finding):
    assert decide(cast, 1.0)[0] is finding


def test_sentences_of_one_cause_read_alike():
    assert kind_of("3 of 7 elements differ; worst at [1]: 1.0 against 2.0 (5 ulp)") == kind_of(
        "1.0 against 3.0 (2e+07 ulp)"
    )
    assert kind_of("shape (2, 3), the oracle's (3,)") == kind_of("shape (4, 5), the oracle's (6,)")
    assert kind_of("dtype float32, the oracle's float64") != kind_of("raises TypeError, the oracle answers")


# -- what exact values have settled --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "expected", "finding"),
    [(2, -2, Finding.ORACLE_WRONG), (1, 2, Finding.TARGET_WRONG), (1, 3, Finding.BOTH_WRONG)],
)
def test_pythons_integers_tell_who_is_off(answer, expected, finding):
    asked = question("gcd", TensorSpec((), "int64", ("values", 6)), TensorSpec((), "int64", ("values", 4)))
    assert judge_values(asked, 0, np.asarray(answer), np.asarray(expected)).finding is finding


@pytest.mark.parametrize(("name", "judged"), [("clamp_min", False), ("maximum", False), ("neg", True)])
def test_which_of_two_zeros_is_picked_is_free(name, judged):
    zero, minus = np.zeros(1, np.float32), -np.zeros(1, np.float32)
    asked = question(name, numbers(0.0), tolerance=EXACT)
    assert (judge_values(asked, 0, zero, minus) is not None) is judged


@pytest.mark.parametrize("name", sorted(WINDOWS))
def test_windows_are_those_of_the_oracle(name):
    for case in sample(everything()[name], "real", 25, seed=1):
        outcome = run(ORACLE, case)
        if outcome.error is None:
            found = ORACLE.to_numpy(outcome.result)
            assert np.abs(found - extended_answer(case)).max(initial=0.0) < 32 * np.finfo(found.dtype).eps, case


def test_a_narrower_dtype_is_beyond_extended_precision():
    narrower = Case("sum", (numbers(1.0, 2.0, dtype="float64"),), (("dtype", DType("float32")),))
    assert extended_answer(narrower) is None
    wider = Case("sum", (numbers(1.0, 2.0),), (("dtype", DType("float64")),))
    assert extended_answer(wider) == 3.0


def test_an_oracle_that_refuses_a_layout_is_wrong():
    def fussy(x):
        return torch.sin(x.view(-1)).view(x.shape)

    case = Case("sin", (TensorSpec((2, 3), "float32", layout="transposed"),))
    (verdict,) = load_property("values").check(everything()["sin"], case, ORACLE, Faulty({"sin": fussy}))
    assert verdict.finding is Finding.ORACLE_WRONG


def test_nan_in_one_column_does_not_hide_an_error_in_another():
    spec = TensorSpec((2, 2), "float32", ("values", float("nan"), 1.0, 2.0, 0.5))
    case = Case("softmax", (spec, 0))
    asked = Question(everything()["softmax"], case, ORACLE, ORACLE)
    right = torch.softmax(torch.tensor([[float("nan"), 1.0], [2.0, 0.5]]), 0).numpy()
    judged = judge_values(asked, 0, right * np.float32(1 + 1e-4), right)
    assert judged.finding is Finding.TARGET_WRONG
