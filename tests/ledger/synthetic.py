"""Documents as the bench, Assay and the examples write them, made up and the same every time."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from duel.record import (
    Comparison,
    ControlsRecord,
    Environment,
    PlantedRecord,
    Roof,
    SessionRecord,
    SubjectRecord,
    to_json,
)
from duel.scaling import scalings

FIRST = datetime(2026, 1, 1, 2, tzinfo=UTC)

SIZES = (1_000, 10_000, 100_000)


def environment(
    started: str = "2026-01-01T02:00:00+00:00", commit: str = "c0ffee" * 6 + "0000", dirty: bool = False
) -> Environment:
    """A quiet machine."""
    return Environment(
        started,
        "3.11.9",
        "Linux-6.1-x86_64",
        "Processor 9000",
        2,
        1,
        0.1,
        {"ingot": "0.1.0", "torch": "2.13.0"},
        commit,
        dirty,
    )


def duel(
    suite: str,
    case: str,
    ratio: float,
    *,
    time: float = 1e-5,
    verdict: str = "",
    parameters: dict | None = None,
    **traits,
) -> list[SubjectRecord]:
    """The baseline's row and the subject's."""
    parameters = parameters or {"op": case, "n": 16, "dtype": "float32"}
    verdict = verdict or ("SAME" if abs(math.log(ratio)) < 0.02 else "SLOWER" if ratio > 1 else "FASTER")
    paired = Comparison(
        ratio,
        ratio * 0.98,
        ratio * 1.02,
        verdict,
        0.03,
        0.05,
        0.01,
        30.0,
        12,
        2,
        log_ratios=((math.log(ratio),) * 6,) * 2,
    )
    common = {
        "parameters": parameters,
        "calls": 10,
        "first_call": 1e-3,
        "settling": 1e-3,
        "reproduce": f"bench run '{suite}/{case}'",
    }
    return [
        SubjectRecord(suite, case, "torch", "torch", time=time, quartile_low=time, quartile_high=time, times=((time,) * 6,) * 2, **common, **traits),
        SubjectRecord(
            suite, case, "ingot", "torch", time=time * ratio, quartile_low=time * ratio, quartile_high=time * ratio, times=((time * ratio,) * 6,) * 2,
            comparison=paired, **common, **traits,
        ),
    ]  # fmt: skip


def rows() -> list[SubjectRecord]:
    """Some of everything: ops over sizes, overhead, a training step, what is missing, wrong, invalid, and NaN."""
    made: list[SubjectRecord] = []
    for place, op in enumerate(("add", "exp", "softmax")):
        for n in SIZES:
            time = 2e-6 + n * 1e-9 * (place + 1)
            about = {"op": op, "n": n, "dtype": "float32", "layout": "contiguous", "row": op}
            roof = Roof("add", 1e10, 12 * n, 0.2)
            made += duel(
                "ops", f"{op}-{n}-float32", (2.0 + place) / (1 + math.log10(n) / 3), time=time, parameters=about, flops=float(n), bytes=12.0 * n, flop_rate=n / time,
                byte_rate=12 * n / time, roof=roof,
            )  # fmt: skip
    made += duel(
        "ops",
        "add-100000-float16",
        1.4,
        parameters={"op": "add", "n": 100_000, "dtype": "float16", "layout": "contiguous", "row": "add"},
    )
    made += duel("overhead", "add", 1.6)
    made += duel(
        "training", "mlp-adam", 1.01, units={"sample": 64}, flags=("leaves threads spinning: 0.4 processors busy",)
    )
    made += duel("memory", "chain", 0.8, peak_bytes=8_000_000, saved_bytes=1000)
    # Parameters that nobody foresaw, and a ratio that is no number.
    made += duel(
        "nn",
        "Odd[é/\"'<&]",
        1.2,
        parameters={"op": "Odd", "n": "many", "shape": [1, [2, None]], "flag": True, "low": math.nan},
    )
    lost = duel("nn", "Lost", 1.0)[1]
    made.append(
        SubjectRecord(
            **{
                **vars(lost),
                "comparison": Comparison(
                    math.nan, math.nan, math.inf, "UNDECIDED", 0.03, math.inf, math.nan, 1.0, 3, 1
                ),
            }
        )
    )
    made.append(
        SubjectRecord(
            "ops",
            "cosh-1000-float32",
            "ingot",
            "torch",
            failure="missing",
            detail="ingot has no op 'cosh'",
            reproduce="bench run ops/cosh-1000-float32",
        )
    )
    made.append(
        SubjectRecord(
            "ops",
            "bad-1000-float32",
            "ingot",
            "torch",
            failure="wrong",
            detail="element 3 differs",
            reproduce="bench run ops/bad-1000-float32",
        )
    )
    made += [
        SubjectRecord(**{**vars(row), "invalid": ("130% of the measured add roof",)})
        for row in duel("ops", "quick-1000-float32", 0.1)[1:]
    ]
    return made


def document(
    made: list[SubjectRecord], where: Environment, controls: ControlsRecord | None = None, profile: str = "quick"
) -> dict:
    """The file that ``pytest bench --benchmark-json`` writes, as far as the ledger reads it."""
    controls = controls or ControlsRecord(20, 1, (PlantedRecord(0.1, 10, 9, 0.93),))
    session = SessionRecord(where, profile, controls, tuple(scalings(made)), tuple(row for row in made if row.failure))
    return {
        "machine_info": {"cpu": {"brand_raw": "Processor 9000", "count": 2}, "python_version": "3.11.9", "system": "Linux", "release": "6.1", "machine": "x86_64"},
        "commit_info": {"id": where.commit, "dirty": where.dirty},
        "benchmarks": [{"name": row.case, "extra_info": to_json(row), "stats": {"data": []}} for row in made if not row.failure],
        "datetime": where.started,
        "version": "5.2.3",
        "duel": to_json(session),
    }  # fmt: skip


def nights(folder: Path, count: int, ratios: dict[str, np.ndarray]) -> list[Path]:
    """``count`` nights of benchmarks in the suite "overhead"; ``ratios[case][night]``."""
    paths = []
    for night in range(count):
        started = (FIRST + timedelta(days=night)).isoformat(timespec="seconds")
        made = [row for case, values in ratios.items() for row in duel("overhead", case, float(values[night]))]
        path = folder / f"bench-{night:03}.json"
        path.write_text(json.dumps(document(made, environment(started, f"{night:040x}"))))
        paths.append(path)
    return paths


def campaign() -> dict:
    """A campaign with a cause, a known difference, a defect of the oracle and a missing name."""
    cause = {
        "op": "softmax", "property": "values", "finding": "target wrong", "kind": "values differ", "what": "1 of 3 elements differ", "count": 4, "held": True, "divergence": "",
        "region": "float32", "case": {"op": "softmax", "seed": 1}, "target_answer": "float32[3] [0 0 1]", "oracle_answer": "float32[3] [0 0 2]",
        "evidence": ["mpmath  2.0"], "reproduce": "assay check softmax --property values --case '{\"op\":\"softmax\"}'",
    }  # fmt: skip
    known = {**cause, "op": "exp", "finding": "unspecified", "count": 1, "held": False, "divergence": "exp-of-nan"}
    defect = {
        **cause,
        "op": "exp",
        "property": "derivatives",
        "finding": "oracle wrong",
        "what": "jvp and vjp differ",
        "kind": "jvp and vjp differ",
        "held": False,
    }
    arms = [
        {"op": op, "property": name, "cases": cases, "seconds": 0.5, "findings": findings}
        for op, name, cases, findings in (
            ("exp", "values", 12, {"unspecified": 1}), ("exp", "derivatives", 3, {"oracle wrong": 1}), ("softmax", "values", 9, {"target wrong": 4}), ("softmax", "errors", 0, {}),
        )
    ]  # fmt: skip
    return {
        "kind": "assay campaign", "schema": 1, "target": "ingot", "oracle": "torch", "seconds": 30.0, "seed": 0, "started": "2026-01-01T03:00:00+00:00", "commit": "abc",
        "dirty": True, "arms": arms, "missing": ["cosh"], "causes": [cause, known, defect],
    }  # fmt: skip


COVERAGE = "name,family,there,values,errors,derivatives\nexp,pointwise,True,True,False,True\nsoftmax,reductions,True,True,True,True\ncosh,pointwise,False,True,True,True\n"


def examples(steps: int = 12) -> list[dict]:
    """Two examples; the losses of the second leave their bound, and one of them is not finite."""
    curve = [2.0 * 0.9**step for step in range(steps)]

    def training(losses: list[float]) -> dict:
        return {
            "losses": losses,
            "throughput": 100.0,
            "unit": "images",
            "peak_mib": 50.0,
            "metrics": {"test_accuracy": 0.9},
        }

    return [
        {"example": "digits", "dtype": "float32", "difference": 1e-7, "bound": 1e-5, "agrees": True, "ingot": training([x * (1 + 1e-7) for x in curve]), "torch": training(curve)},
        {"example": "chargpt", "dtype": "float64", "difference": float("inf"), "bound": 1e-10, "agrees": False, "ingot": training([*curve[:-1], math.nan]), "torch": training(curve)},
    ]  # fmt: skip


def _fault(number: int, operator: str, place: str, by: str, explanation: str = "") -> dict:
    return {
        "number": number, "operator": operator, "place": place, "family": "pointwise", "records": [place], "killed": bool(by), "by": by, "what": "values differ" if by else "",
        "cases": 3, "cpu_seconds": 0.4, "contrast": {"assert_close": bool(by)}, "explanation": explanation,
    }  # fmt: skip


MUTATION = {
    "kind": "mutation scores", "target": "ingot", "oracle": "torch", "seed": 0, "planted": 5, "contrast": {"assert_close": 2, "25 % or 1.0": 0},
    "faults": [
        _fault(0, "gradient's sign", "exp", "derivatives"),
        _fault(1, "relative error 1e-3", "exp", "values"),
        _fault(2, "relative error 1e-7", "softmax", "", "answers are off by 1e-7: within the bound"),
        _fault(3, "gradient off 1e-3", "softmax", "derivatives"),
        _fault(4, "lost 0-d", "softmax", "", "changed nothing in 150 cases: the fault cannot be seen through these ops"),
    ],
}  # fmt: skip

DIVERGENCES = '[[divergence]]\nid = "exp-of-nan"\ntarget = "ingot"\nops = ["exp"]\nwhat = "^nan"\nreason = "the payload of a NaN is not specified"\nlink = "https://example.org/1"\n'

DEFECTS = {
    "kind": "oracle defects",
    "started": "2026-01-01T04:00:00+00:00",
    "defects": [
        {"name": "trace-of-forward", "oracle": "torch", "op": "linalg.trace", "what": "jvp of an empty matrix", "evidence": "mpmath 0.0", "link": "https://example.org/2", "reproduce": "python repro.py"}
    ],
}  # fmt: skip

WAIVERS = '[[waiver]]\ngate = "examples"\nrow = "chargpt/*"\nreason = "the loss of the last step overflows"\nlink = "https://example.org/3"\nuntil = "2026-02-01"\n'

CHANGES = {
    "base": "1234567 (before)", "head": "89abcde (after)",
    "changes": [
        {"case": "ops/add-1000-float32", "base": 1e-6, "head": 1.2e-6, "first": {"ratio": 1.2, "low": 1.15, "high": 1.25, "verdict": "SLOWER"}, "second": {"ratio": 1.19, "verdict": "SLOWER"}, "failure": "", "answers": ""},
        {"case": "ops/exp-1000-float32", "base": 1e-6, "head": 1.1e-6, "first": {"ratio": 1.1, "low": 1.05, "high": 1.15, "verdict": "SLOWER"}, "second": {"ratio": 1.0, "verdict": "SAME"}, "failure": "", "answers": ""},
        {"case": "ops/sub-1000-float32", "base": "nan", "head": "nan", "first": None, "second": None, "failure": "head: raised", "answers": ""},
    ],
}  # fmt: skip


def everything(folder: Path, day: str = "2026-01-01") -> list[Path]:
    """A file of every kind, of one day."""
    contents = {
        "bench.json": json.dumps(document(rows(), environment(f"{day}T02:00:00+00:00", dirty=True))),
        "campaign.json": json.dumps(campaign()),
        "coverage.csv": COVERAGE,
        "examples.json": json.dumps(examples()),
        "mutation.json": json.dumps(MUTATION),
        "known.toml": DIVERGENCES,
        "defects.json": json.dumps(DEFECTS),
        "waivers.toml": WAIVERS,
        "changes.json": json.dumps(CHANGES),
    }
    for name, text in contents.items():
        (folder / name).write_text(text.replace("2026-01-01T", f"{day}T"))
    return [folder / name for name in contents]
