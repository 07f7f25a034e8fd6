"""The format in which measurements leave the bench: dataclasses, and their JSON both ways.

pytest-benchmark's file (``--benchmark-json``, ``--benchmark-save``) carries them. Each of its ``benchmarks`` is one subject of one duel, with the per-call
seconds of all rounds in ``stats.data`` and a ``SubjectRecord`` in ``extra_info``; the key ``duel`` of the file holds one ``SessionRecord``,
with the rows that have no times (``absent``): an op that a subject lacks is a row too.

    document = json.load(open("nightly.json"))
    session = from_json(SessionRecord, document["duel"])
    rows = [from_json(SubjectRecord, item["extra_info"]) for item in document["benchmarks"]] + list(session.absent)

Times are seconds, sizes bytes, ratios subject / baseline (below 1 is faster). A float that is not finite is written as "nan", "inf" or "-inf". A reader
ignores keys that it does not know and fills missing ones with the defaults here; ``SCHEMA`` grows when a key changes its meaning.
"""

from __future__ import annotations

import math
import typing
from dataclasses import dataclass, field, fields, is_dataclass
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, TypeVar

SCHEMA = 1

Record = TypeVar("Record")


@dataclass(frozen=True)
class Comparison:
    """A subject beside the baseline of its duel, from paired rounds (``statistics.Paired``).

    ``verdict``: FASTER, SLOWER, SAME, UNDECIDED or INVALID. ``low`` and ``high`` bound the ratio at ``confidence``. ``detectable``: the smallest slowdown that
    would have been found with a probability of 0.8 (0.05 is 5 %). ``log_ratios[process][round]``: the raw pairs.
    """

    ratio: float
    low: float
    high: float
    verdict: str
    margin: float
    detectable: float
    log_error: float
    degrees: float
    rounds: int
    processes: int
    confidence: float = 0.95
    log_ratios: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True)
class Roof:
    """What this machine can do at the working-set size of the case, measured in the same rounds.

    ``kind``: "read", "add", "copy", "write" (rate in bytes/s) or "gemm" (FLOP/s). ``share``: the subject's rate over the roof's; above 1.05 it is INVALID.
    """

    kind: str
    rate: float
    working_set: int
    share: float


@dataclass(frozen=True)
class SubjectRecord:
    """One subject in one duel: a row of the report.

    ``suite``, ``case``, ``subject`` name the row. ``parameters``: what varies in the suite (op, n, shape, dtype, layout, ...), JSON values.
    ``time``, ``quartile_low``, ``quartile_high``: median and quartiles over all rounds of the seconds of one call. ``times[process][round]``: all of them.
    ``calls``: in one block. ``first_call``: the first call in a fresh process, compilation included; ``settling``: warm-up after it.
    ``flops`` and ``bytes``: of one call, by the cost model (least traffic); ``flop_rate`` and ``byte_rate`` follow from ``time``.
    ``faults``: page faults a call. ``peak_bytes``: growth of resident memory during one call, in a process of its own. ``saved_bytes``: kept
    for backward. ``units``: how many of something one call does ({"node": 100}). ``flags``: what a reader should know ("leaves threads spinning").
    ``invalid``: why the figure cannot be true. ``failure``: "" or why there is no time: "missing", "raised", "wrong", "crashed"; ``detail``: its
    sentence. ``reproduce``: a shell command.
    """

    suite: str
    case: str
    subject: str
    baseline: str
    parameters: dict[str, Any] = field(default_factory=dict)
    time: float = math.nan
    quartile_low: float = math.nan
    quartile_high: float = math.nan
    times: tuple[tuple[float, ...], ...] = ()
    calls: int = 0
    first_call: float = math.nan
    settling: float = math.nan
    flops: float | None = None
    bytes: float | None = None
    flop_rate: float | None = None
    byte_rate: float | None = None
    roof: Roof | None = None
    comparison: Comparison | None = None
    faults: float = math.nan
    peak_bytes: int | None = None
    saved_bytes: int | None = None
    units: dict[str, float] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    invalid: tuple[str, ...] = ()
    failure: str = ""
    detail: str = ""
    reproduce: str = ""
    schema: int = SCHEMA

    @property
    def group(self) -> str:
        """The duel that the row belongs to."""
        return f"{self.suite}/{self.case}"

    @property
    def verdict(self) -> str:
        """INVALID, the failure in capitals, the comparison's verdict, or "" for a sound baseline."""
        if self.failure:
            return self.failure.upper()
        if self.invalid:
            return "INVALID"
        return self.comparison.verdict if self.comparison else ""


@dataclass(frozen=True)
class Environment:
    """Where a session ran."""

    started: str
    python: str
    platform: str
    processor: str
    cores: int
    threads: int
    load: float
    packages: dict[str, str]
    commit: str
    dirty: bool


@dataclass(frozen=True)
class PlantedRecord:
    """Planted slowdowns of one size: how many were found, and how many the stated power promised."""

    slowdown: float
    duels: int
    found: int
    power: float


@dataclass(frozen=True)
class ControlsRecord:
    """What the bench knows about itself in this session: false alarms among duels of a thing with itself, power on planted slowdowns."""

    null_duels: int = 0
    false_alarms: int = 0
    planted: tuple[PlantedRecord, ...] = ()


@dataclass(frozen=True)
class ScalingRecord:
    """``t(n) = overhead + n / rate`` of one subject on one op, dtype and layout, over the sizes of the session.

    ``crossover``: the n from which it is as fast as the baseline or faster (0 always, inf never). ``misfit``: the largest relative distance from the line.
    """

    op: str
    dtype: str
    layout: str
    subject: str
    overhead: float
    per_element: float
    crossover: float
    misfit: float
    sizes: tuple[int, ...]


@dataclass(frozen=True)
class SessionRecord:
    """The key ``duel`` of the file: what belongs to no single row."""

    environment: Environment
    profile: str
    controls: ControlsRecord = ControlsRecord()
    scaling: tuple[ScalingRecord, ...] = ()
    absent: tuple[SubjectRecord, ...] = ()
    schema: int = SCHEMA


def to_json(value: Any) -> Any:
    """Dataclasses, tuples and floats as JSON values (strict JSON: no NaN)."""
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: to_json(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)
    return value


def from_json(kind: type[Record], document: Any) -> Record:
    """The dataclass ``kind`` that ``to_json`` wrote. ValueError for a newer schema, or a document that is none."""
    if not isinstance(document, dict):
        raise ValueError(f"a {kind.__name__} is a JSON object, got {type(document).__name__}")
    if document.get("schema", SCHEMA) > SCHEMA:
        raise ValueError(f"this {kind.__name__} has schema {document['schema']}, newer than {SCHEMA}")
    hints = _hints(kind)
    given = {name: _decode(hint, document[name]) for name, hint in hints.items() if name in document}
    try:
        return kind(**given)
    except TypeError as error:
        raise ValueError(f"this is no {kind.__name__}: {error}") from error


_hints = cache(typing.get_type_hints)
"""Compiles every annotation: too slow for each of a thousand rows."""


def _decode(hint: Any, value: Any) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, UnionType):
        return None if value is None else _decode(next(item for item in arguments if item is not type(None)), value)
    if origin is tuple:
        return tuple(_decode(arguments[0], item) for item in value)
    if origin is dict:
        return {key: _decode(arguments[1], item) for key, item in value.items()}
    if isinstance(hint, type) and is_dataclass(hint):
        return from_json(hint, value)
    return float(value) if hint is float else value
