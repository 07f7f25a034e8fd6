"""Which faults are planted: every operator on ops that it applies to, drawn from a seed so that families and operators get their shares."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..catalogue import everything
from ..catalogue.record import Op
from ..engine import missing
from ..targets import Target
from ..targets.declarations import Declared
from .declared import DECLARED, DeclaredOperator
from .operators import OPERATORS, Operator, ignoring, mistaken, neighbour
from .stateful import STATEFUL, StatefulOperator

DECLARATIONS = 0.35
"""Share of the faults that are planted in declarations, where a target has some."""

STATEFUL_SHARE = 0.1


@dataclass(frozen=True)
class Fault:
    """One fault: an operator at a place. ``records`` are the names of the catalogue through which it can be seen."""

    number: int
    operator: Any
    place: str
    family: str
    records: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.operator.name} in {self.place}"


def faults(target: Target, count: int, seed: int, users: dict[str, list[str]] | None = None) -> list[Fault]:
    """``count`` faults. ``users``: declared op -> records that run it, for a target with declarations."""
    chance = random.Random(seed)
    records = [each for each in everything().values() if not missing(each, target)]
    ops = [each for each in records if isinstance(each, Op)]
    declared = int(count * DECLARATIONS) if isinstance(target, Declared) and users else 0
    stateful = int(count * STATEFUL_SHARE)
    found: list[tuple[Any, str, str, tuple[str, ...]]] = [
        (o, op.name, op.family, (op.name,)) for o, op in _shared(chance, OPERATORS, ops, count - declared - stateful)
    ]
    found += [
        (o, str(record.name), str(record.family), (str(record.name),))
        for o, record in _shared(chance, STATEFUL, [r for r in records if not isinstance(r, Op)], stateful)
    ]
    if declared and isinstance(target, Declared) and users:
        known = everything()
        places = [each for each in target.declarations() if users.get(each.name)]
        for operator, declaration in _shared(chance, DECLARED, places, declared, lambda each: _family(each, users)):
            seen = tuple(chance.sample(users[declaration.name], min(3, len(users[declaration.name]))))
            found += [(operator, declaration.name, known[seen[0]].family, seen)]
    return [Fault(number, *each) for number, each in enumerate(found)]


def _family(declaration: Any, users: dict[str, list[str]]) -> str:
    return everything()[users[declaration.name][0]].family


def _shared(
    chance: random.Random,
    operators: Sequence[Operator | StatefulOperator | DeclaredOperator],
    places: Sequence[Any],
    count: int,
    family: Callable[[Any], str] = lambda place: place.family,
) -> list[tuple[Any, Any]]:
    """``count`` pairs: operators take turns, and each goes to the family that has fewest faults so far."""
    left = {id(o): _shuffled(chance, [p for p in places if _applies(o, p)]) for o in operators}
    weights = {id(o): getattr(o, "weight", 1.0) for o in operators}
    turns, planted = dict.fromkeys(left, 0.0), Counter[str]()
    found: list[tuple[Any, Any]] = []
    while len(found) < count and any(left.values()):
        operator = min((o for o in operators if left[id(o)]), key=lambda o: turns[id(o)])
        turns[id(operator)] += 1 / weights[id(operator)]
        open_ = left[id(operator)]
        place = min(open_, key=lambda each: planted[family(each)])
        open_.remove(place)
        planted[family(place)] += 1
        found.append((_bound(operator, place), place))
    return found


def _shuffled(chance: random.Random, items: Iterable[Any]) -> list[Any]:
    found = list(items)
    chance.shuffle(found)
    return found


def _applies(operator: Any, place: Any) -> bool:
    if isinstance(operator, StatefulOperator):
        return operator.family == place.family and operator.applies(place)
    return operator.applies(place)


def _bound(operator: Any, place: Any) -> Any:
    """Operators that need the op's name to know what to do."""
    from dataclasses import replace

    return replace(operator, faulty=neighbour(place.name)) if operator.name == "mistaken op" else operator


__all__ = ["Fault", "faults", "ignoring", "mistaken"]
