"""Property 3: a method, a function, the in-place form and ``out=`` are one op. Which forms there are is asked of the oracle, not of a table.

Each form must answer or raise as the oracle's same form does; its answer has the bits of the target's own first form; an in-place form returns its first argument and counts a
version; ``out=`` writes into what it is given and returns it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from ..cases import Arguments, Case, TensorSpec
from ..catalogue.record import Op
from ..judge import Finding, Outcome, Verdict, flatten, run
from ..judge.compare import same_bits
from ..targets import Target
from .property import Property
from .report import Report, same_error
from .values import in_place_only

Call = Callable[[Target, Case, Arguments], Any]


def check(op: Op, case: Case, target: Target, oracle: Target) -> list[Verdict]:
    report = Report("forms", case, target, oracle)
    if in_place_only(op, oracle):
        return []
    first = run(target, case)
    if first.error is not None:
        return []  # the property of values reports it
    for name, call in forms(op, case, oracle):
        if case.seed % 3 and name == "out=, other dtype":
            continue
        _check_form(report, op, name, call, first)
    return report.verdicts


def forms(op: Op, case: Case, oracle: Target) -> Iterator[tuple[str, Call]]:
    """The forms that the oracle offers for a case, beside the one that ``run`` calls."""
    short = op.name.rpartition(".")[2]
    leads = bool(case.args) and isinstance(case.args[0], TensorSpec)
    if oracle.function(op.name) is not None and leads and "." not in op.name and oracle.method(op.name) is not None:
        yield "method", _by(lambda framework: framework.method(op.name))
    if leads and "." not in op.name and oracle.method(f"{short}_") is not None:
        yield "in place", _by(lambda framework: framework.method(f"{short}_"))
    in_place = f"{op.name}_"
    if leads and oracle.function(in_place) is not None and "." in op.name:
        yield "in place", _by(lambda framework: framework.function(in_place))
    if op.row.out and "out" not in dict(case.kwargs):
        yield "out=", _out(_same)
        yield "out=, wrong shape", _out(_empty)
        yield "out=, other dtype", _out(_double)


def _by(find: Callable[[Target], Callable | None]) -> Call:
    def call(framework: Target, case: Case, arguments: Arguments) -> Any:
        function = find(framework)
        if function is None:
            raise AttributeError(f"{framework.name} has no such form of '{case.op}'")
        framework.manual_seed(case.seed)
        return _quietly(function, *arguments.args, **arguments.kwargs)

    return call


def _quietly(function: Callable, *args: Any, **kwargs: Any) -> Any:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*args, **kwargs)


def _same(framework: Target, leaf: Any) -> Any:
    return framework.namespace.empty(tuple(leaf.shape), dtype=leaf.dtype, device=leaf.device)


def _empty(framework: Target, leaf: Any) -> Any:
    return framework.namespace.empty((0,), dtype=leaf.dtype, device=leaf.device)


def _double(framework: Target, leaf: Any) -> Any:
    return framework.namespace.empty(tuple(leaf.shape), dtype=framework.dtype("float64"), device=leaf.device)


class WrongReturn(AssertionError):
    """A form returned something else than what it was to write into."""


def _out(make: Callable[[Target, Any], Any]) -> Call:
    def call(framework: Target, case: Case, arguments: Arguments) -> Any:
        function = framework.resolve(case.op)
        assert function is not None
        framework.manual_seed(case.seed)
        leaves, structure = flatten(framework, _quietly(function, *arguments.args, **arguments.kwargs))
        places = [make(framework, leaf) for leaf in leaves]
        out = places[0] if structure == "T" else tuple(places)
        framework.manual_seed(case.seed)
        answer = _quietly(function, *arguments.args, **arguments.kwargs, out=out)
        for place, leaf in zip(places, flatten(framework, answer)[0], strict=True):
            if leaf is not place and framework.storage(leaf) != framework.storage(place):
                raise WrongReturn("out= did not return what it was given")
        return places[0] if structure == "T" else tuple(places)

    return call


def _check_form(report: Report, op: Op, name: str, call: Call, first: Outcome) -> None:
    case, target, oracle = report.case, report.target, report.oracle
    answer = run(target, case, call=call)
    expected = run(oracle, case, call=call)
    if isinstance(expected.error, (WrongReturn, AttributeError, TypeError)) or _no_keyword(expected):
        return  # the oracle has no such form for these arguments
    inner = Report("forms", case, target, oracle)
    if not same_error(inner, answer, expected):
        report.verdicts += [replace(verdict, what=f"{name}: {verdict.what}") for verdict in inner.verdicts]
        _check_untouched(report, name, answer, expected)
        return
    if op.random or op.uninitialised:
        return
    left, _ = flatten(target, answer.result)
    right, _ = flatten(target, first.result)
    wanted, _ = flatten(oracle, expected.result)
    if len(left) != len(wanted):
        report.add(Finding.TARGET_WRONG, f"{name}: answers {len(left)} leaves, the oracle {len(wanted)}")
        return
    for leaf, (mine, other) in enumerate(zip(left, wanted, strict=True)):
        if not target.is_tensor(mine):
            continue
        pair = target.dtype_name(mine.dtype), oracle.dtype_name(other.dtype)
        if pair[0] != pair[1]:
            report.add(Finding.TARGET_WRONG, f"{name}: dtype {pair[0]}, the oracle's {pair[1]}")
        elif tuple(mine.shape) != tuple(other.shape):
            what = f"{name}: shape {tuple(mine.shape)}, the oracle's {tuple(other.shape)}"
            report.add(Finding.TARGET_WRONG, what)
        elif leaf < len(right) and target.is_tensor(right[leaf]) and right[leaf].dtype == mine.dtype:
            arrays = target.to_numpy(mine), target.to_numpy(right[leaf])
            theirs = oracle.to_numpy(other)
            if not same_bits(*arrays) and not same_bits(arrays[0], theirs):
                report.add(Finding.TARGET_WRONG, f"{name}: another answer than the first form's", arrays[0], arrays[1])
    if name == "in place":
        _check_in_place(report, answer, expected)


def _no_keyword(expected: Outcome) -> bool:
    return expected.error is not None and "out" in str(expected.error) and "argument" in str(expected.error)


def _check_in_place(report: Report, answer: Outcome, expected: Outcome) -> None:
    mine, other = answer.arguments.tensors[0], expected.arguments.tensors[0]
    if (answer.result is mine) != (expected.result is other):
        report.add(Finding.TARGET_WRONG, "in place: does not return its first argument as the oracle does")
    versions = [getattr(tensor, "_version", None) for tensor in (mine, other)]
    if None not in versions and bool(versions[0]) != bool(versions[1]):
        report.add(Finding.TARGET_WRONG, f"in place: the version is {versions[0]}, the oracle's {versions[1]}")


def _check_untouched(report: Report, name: str, answer: Outcome, expected: Outcome) -> None:
    if answer.error is None:
        return
    for place, tensor in enumerate(answer.arguments.tensors):
        ours = report.target.to_numpy(tensor)
        theirs = report.oracle.to_numpy(expected.arguments.tensors[place])
        if not same_bits(ours, answer.before[place]) and same_bits(theirs, expected.before[place]):
            report.add(Finding.TARGET_WRONG, f"{name}: raises, and has written into argument {place}", ours)


PROPERTY = Property(
    name="forms",
    title="method, function, in-place and out= forms agree",
    applies=lambda record: isinstance(record, Op) and (record.row.method or record.row.inplace or record.row.out),
    check=check,
    groups=lambda op: op.groups,
)
