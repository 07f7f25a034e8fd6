"""What became of the faults, as data for the ledger and as a table for people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .contrast import RULES
from .score import Score


def summary(scores: Sequence[Score], *, target: str, oracle: str, seed: int, seconds: float) -> dict[str, Any]:
    """Plain data: totals, by operator, by family, by property, and every fault."""
    cpu = sum(each.cpu for each in scores)
    killed = sum(each.killed for each in scores)
    visible = [each for each in scores if each.killed or each.effect]
    return {
        "kind": "mutation scores",
        "target": target,
        "oracle": oracle,
        "seed": seed,
        "planted": len(scores),
        "killed": killed,
        "without_effect": len(scores) - len(visible),
        "share": killed / max(len(scores), 1),
        "share_of_visible": killed / max(len(visible), 1),
        "cpu_minutes": cpu / 60,
        "seconds": seconds,
        "killed_per_cpu_minute": killed / max(cpu / 60, 1e-9),
        "contrast": {rule: sum(each.contrast.get(rule, False) for each in scores) for rule in RULES},
        "operators": _grouped(scores, lambda each: each.fault.operator.name),
        "families": _grouped(scores, lambda each: each.fault.family),
        "properties": _counted([each.by for each in scores if each.killed]),
        "faults": [_row(each) for each in scores],
    }


def _row(score: Score) -> dict[str, Any]:
    fault = score.fault
    return {
        "number": fault.number,
        "operator": fault.operator.name,
        "place": fault.place,
        "family": fault.family,
        "records": list(fault.records),
        "killed": score.killed,
        "by": score.by,
        "what": score.what,
        "cases": score.cases,
        "cpu_seconds": round(score.cpu, 3),
        "contrast": score.contrast,
        "explanation": score.explanation,
    }


def _grouped(scores: Sequence[Score], key: Callable[[Score], str]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for each in scores:
        row = found.setdefault(key(each), {"planted": 0, "killed": 0, **dict.fromkeys(RULES, 0)})
        row["planted"] += 1
        row["killed"] += each.killed
        for rule in RULES:
            row[rule] += each.contrast.get(rule, False)
    return dict(sorted(found.items()))


def _counted(names: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name in names:
        found[name] = found.get(name, 0) + 1
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def text(data: dict[str, Any]) -> str:
    """The table for people."""
    planted, killed = data["planted"], data["killed"]
    lines = [
        f"{killed} of {planted} faults found ({100 * data['share']:.1f} %; {100 * data['share_of_visible']:.1f} % of those that change anything), "
        f"{data['cpu_minutes']:.1f} CPU minutes, {data['killed_per_cpu_minute']:.0f} a minute",
        "",
    ]
    lines += _table("operator", data["operators"]) + [""] + _table("family", data["families"]) + [""]
    lines += ["found by     " + ", ".join(f"{name} {count}" for name, count in data["properties"].items()), ""]
    lines += [f"{rule} finds {count} of {planted}" for rule, count in data["contrast"].items()] + [""]
    survivors = [each for each in data["faults"] if not each["killed"]]
    lines += [f"{len(survivors)} survive:"] if survivors else ["none survives"]
    lines += [f"  {each['operator']} in {each['place']}: {each['explanation']}" for each in survivors]
    return "\n".join(lines)


def _table(head: str, rows: dict[str, dict[str, Any]]) -> list[str]:
    width = max(len(head), *map(len, rows)) if rows else len(head)
    lines = [f"{head:<{width}}  planted  killed  " + "  ".join(RULES)]
    for name, row in rows.items():
        contrast = "  ".join(f"{row[rule]:>{len(rule)}}" for rule in RULES)
        lines.append(f"{name:<{width}}  {row['planted']:>7}  {row['killed']:>6}  {contrast}")
    return lines
