"""Bytes to objects, without running anything that the bytes name.

A pickle is a program for a small stack machine; two of its instructions, GLOBAL and REDUCE, let it import and call whatever it likes. This is that machine
with both tied down: a global is a key into a table of builders that check their arguments (``builders``) or into the list that the user has vouched for
(``add_safe_globals``); nothing is ever imported. Everything else makes plain lists, dicts, numbers and strings. All errors in the bytes are
``pickle.UnpicklingError``.
"""

from __future__ import annotations

import pickle
import struct
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Mapping
from pickle import UnpicklingError
from typing import Any

_NEVER = frozenset(("sys", "os", "posix", "nt", "subprocess", "builtins.eval", "builtins.exec"))
"""Modules and names that stay forbidden even when a user has vouched for them."""

_KEY_PARTS = 10_000
"""How many parts a dict key may be made of: hashing tuples that share their parts takes exponential time."""

_MARK = object()

_safe_globals: dict[str, Any] = {}


def _named(item: Any) -> tuple[str, Any]:
    if isinstance(item, tuple):
        if len(item) != 2:
            raise ValueError(
                f"Expected tuple of length 2 (global, str of callable full path), but got tuple of length: {len(item)}"
            )
        if type(item[1]) is not str:
            raise TypeError(f"Expected second item in tuple to be str of callable full path, but got: {type(item[1])}")
        return item[1], item[0]
    return f"{item.__module__}.{item.__qualname__}", item


def add_safe_globals(safe_globals: list) -> None:
    """Vouch for classes and functions: ``load`` may make instances of them and call them with what a file says.

    An item is a class or function, or a pair of it and the full name under which files know it.

    Example: ``add_safe_globals([MyConfig, (MyConfig, "old_module.MyConfig")])``
    """
    _safe_globals.update(_named(item) for item in safe_globals)


def get_safe_globals() -> list:
    """What ``add_safe_globals`` was given, as it was given."""
    return [
        item if f"{item.__module__}.{item.__qualname__}" == name else (item, name)
        for name, item in _safe_globals.items()
    ]


def clear_safe_globals() -> None:
    """Forget what ``add_safe_globals`` was given."""
    _safe_globals.clear()


class safe_globals:
    """``with safe_globals([MyConfig]): load(path)``: vouch for them inside the block only."""

    def __init__(self, safe_globals: list):
        self.given = dict(_named(item) for item in safe_globals)

    def __enter__(self) -> None:
        self._before = dict(_safe_globals)
        _safe_globals.update(self.given)

    def __exit__(self, *exception: Any) -> None:
        _safe_globals.clear()
        _safe_globals.update(self._before)


class Unpickler:
    """Runs the pickle ``data``.

    ``builders`` maps full names to values or to callables that check their arguments; ``persistent_load`` gets the tuples that stand for storages;
    ``resolve`` answers for names in neither the table nor the user's list (default: refuse). ``setters`` maps types to functions that check
    and set the state of an instance.
    """

    def __init__(
        self,
        data: bytes,
        builders: Mapping[str, Any],
        persistent_load: Callable[[Any], Any],
        resolve: Callable[[str], Any] | None = None,
        setters: Mapping[type, Callable[[Any, Any], None]] | None = None,
    ):
        self.data = data
        self.position = 0
        self.builders = builders
        self.persistent_load = persistent_load
        self.resolve = resolve or refuse
        self.setters = setters or {}
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self.callables: dict[int, Any] = {}  # the only objects that REDUCE may call, by identity

    def load(self) -> Any:
        """The object that the pickle describes."""
        try:
            while True:
                code = self._bytes(1)
                if code == pickle.STOP:
                    return self._pop()
                step = _STEPS.get(code)
                if step is None:
                    raise UnpicklingError(f"Unsupported operand {code[0]}")
                step(self)
        except (IndexError, KeyError, struct.error, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise UnpicklingError(f"the pickle is corrupt near byte {self.position}: {error}") from error

    # -- reading

    def _bytes(self, count: int) -> bytes:
        end = self.position + count
        if count < 0 or end > len(self.data):
            raise UnpicklingError("pickle data was truncated")
        found = self.data[self.position : end]
        self.position = end
        return found

    def _number(self, form: str) -> int:
        return struct.unpack(form, self._bytes(struct.calcsize(form)))[0]

    def _line(self) -> str:
        end = self.data.find(b"\n", self.position)
        if end < 0:
            raise UnpicklingError("pickle data was truncated")
        line = self.data[self.position : end].decode("utf-8")
        self.position = end + 1
        return line

    # -- the stack

    def _push(self, value: Any) -> None:
        self.stack.append(value)

    def _pop(self) -> Any:
        value = self.stack.pop()
        if value is _MARK:
            raise UnpicklingError("unexpected MARK found")
        return value

    def _pop_to_mark(self) -> list:
        for index in range(len(self.stack) - 1, -1, -1):
            if self.stack[index] is _MARK:
                items = self.stack[index + 1 :]
                del self.stack[index:]
                return items
        raise UnpicklingError("could not find MARK")

    # -- globals and calls

    def _global(self, module: str, name: str) -> None:
        # Pickle protocol 2 writes Python 2's names of what has moved since.
        module, name = NAME_MAPPING.get((module, name), (IMPORT_MAPPING.get(module, module), name))
        full = f"{module}.{name}"
        if module in _NEVER or full in _NEVER:
            raise UnpicklingError(f"Trying to load unsupported GLOBAL {full} whose module {module} is blocked.")
        if full in self.builders:
            found = self.builders[full]
        elif full in _safe_globals:
            found = _safe_globals[full]
        else:
            found = self.resolve(full)
        if callable(found):
            self.callables[id(found)] = found
        self._push(found)

    def _allowed(self, function: Any) -> Any:
        if self.callables.get(id(function), _MARK) is not function:
            raise UnpicklingError(f"Trying to call reduce for unrecognized function {function!r}")
        return function

    def _reduce(self) -> None:
        arguments = self._pop()
        function = self._allowed(self._pop())
        if type(arguments) is not tuple:
            raise UnpicklingError(f"arguments of a call must be a tuple, got {type(arguments).__name__}")
        self._push(function(*arguments))

    def _new(self, keywords: bool = False) -> None:
        named = self._pop() if keywords else {}
        arguments = self._pop()
        made_by = self._allowed(self._pop())
        if isinstance(made_by, type):
            self._push(made_by.__new__(made_by, *arguments, **named))
        elif not named and not keywords:
            self._push(made_by(*arguments))
        else:
            raise UnpicklingError(f"Can only create new objects of allowed classes, got {made_by!r}")

    def _build(self) -> None:
        state = self._pop()
        target = self.stack[-1]
        kind = type(target)
        setter = next((self.setters[base] for base in kind.__mro__ if base in self.setters), None)
        if setter is not None:
            setter(target, state)
        elif kind is OrderedDict and type(state) is dict:
            target.__dict__.update(state)
        elif self.callables.get(id(kind), _MARK) is not kind:
            raise UnpicklingError(
                f"Can only build OrderedDict or types allowlisted via `add_safe_globals`, but got {kind}"
            )
        elif hasattr(target, "__setstate__"):
            target.__setstate__(state)
        else:
            slots = None
            if type(state) is tuple and len(state) == 2:
                state, slots = state
            if state:
                target.__dict__.update(state)
            for name, value in (slots or {}).items():
                setattr(target, name, value)

    def _persistent(self) -> None:
        identity = self._pop()
        if type(identity) is not tuple or not identity or identity[0] != "storage":
            raise UnpicklingError("Only persistent_load of storage is allowed")
        self._push(self.persistent_load(identity))

    # -- containers

    def _target(self, *kinds: type) -> Any:
        target = self.stack[-1]
        if type(target) not in kinds and self.callables.get(id(type(target)), _MARK) is not type(target):
            raise UnpicklingError(f"Can only add items to {kinds[0].__name__}s, but got {type(target)}")
        return target

    def _append(self) -> None:
        item = self._pop()
        self._target(*_LISTS).append(item)

    def _appends(self) -> None:
        items = self._pop_to_mark()
        self._target(*_LISTS).extend(items)

    def _add(self) -> None:
        items = self._pop_to_mark()
        self._target(set).update(key(item) for item in items)

    def _set_item(self) -> None:
        value, name = self._pop(), self._pop()
        self._target(*_DICTS)[key(name)] = value

    def _set_items(self) -> None:
        items = self._pop_to_mark()
        target = self._target(*_DICTS)
        for name, value in zip(items[::2], items[1::2], strict=True):
            target[key(name)] = value

    def _dict(self) -> None:
        items = self._pop_to_mark()
        self._push({key(name): value for name, value in zip(items[::2], items[1::2], strict=True)})

    def _tuple(self, count: int) -> None:
        items = [self._pop() for _ in range(count)]
        self._push(tuple(reversed(items)))

    def _get(self, index: int) -> None:
        if index not in self.memo:
            raise UnpicklingError(f"Memo value not found at index {index}")
        self._push(self.memo[index])

    def _put(self, index: int) -> None:
        if self.stack[-1] is _MARK:
            raise UnpicklingError("unexpected MARK found")
        self.memo[index] = self.stack[-1]


def key(value: Any) -> Any:
    """``value``, which is about to be hashed. UnpicklingError for nested tuples whose hash would take for ever."""
    if type(value) in (tuple, frozenset):
        waiting, seen = [value], 0
        while waiting:
            parts = waiting.pop()
            seen += len(parts)
            if seen > _KEY_PARTS:
                raise UnpicklingError(f"a dict key or set item has more than {_KEY_PARTS} parts")
            waiting += [part for part in parts if type(part) in (tuple, frozenset)]
    return value


def refuse(full: str) -> Any:
    """UnpicklingError for a global that nobody has allowed."""
    shown = full.removeprefix("builtins.")
    raise UnpicklingError(
        f"Unsupported global: GLOBAL {shown} was not an allowed global by default. Please use "
        f"`torch.serialization.add_safe_globals([{shown}])` or the `torch.serialization.safe_globals([{shown}])` "
        "context manager to allowlist this global if you trust this class/function."
    )


_DICTS = (dict, OrderedDict, defaultdict)
_LISTS = (list, deque)


def _text(form: str) -> Callable[[Unpickler], None]:
    def step(machine: Unpickler) -> None:
        machine._push(machine._bytes(machine._number(form)).decode("utf-8", "surrogatepass"))

    return step


def _binary(form: str, kind: type) -> Callable[[Unpickler], None]:
    def step(machine: Unpickler) -> None:
        machine._push(kind(machine._bytes(machine._number(form))))

    return step


def _scalar(form: str) -> Callable[[Unpickler], None]:
    return lambda machine: machine._push(machine._number(form))


def _long(form: str) -> Callable[[Unpickler], None]:
    def step(machine: Unpickler) -> None:
        machine._push(int.from_bytes(machine._bytes(machine._number(form)), "little", signed=True))

    return step


def _constant(make: Callable[[], Any]) -> Callable[[Unpickler], None]:
    return lambda machine: machine._push(make())


_STEPS: dict[bytes, Callable[[Unpickler], Any]] = {
    pickle.PROTO: lambda machine: machine._bytes(1),
    pickle.FRAME: lambda machine: machine._bytes(8),
    pickle.MARK: _constant(lambda: _MARK),
    pickle.POP: lambda machine: machine.stack.pop(),
    pickle.POP_MARK: lambda machine: machine._pop_to_mark(),
    pickle.DUP: lambda machine: machine._push(machine.stack[-1]),
    # constants and numbers
    pickle.NONE: _constant(lambda: None),
    pickle.NEWTRUE: _constant(lambda: True),
    pickle.NEWFALSE: _constant(lambda: False),
    pickle.BININT: _scalar("<i"),
    pickle.BININT1: _scalar("<B"),
    pickle.BININT2: _scalar("<H"),
    pickle.BINFLOAT: _scalar(">d"),
    pickle.LONG1: _long("<B"),
    pickle.LONG4: _long("<i"),
    # strings
    pickle.SHORT_BINUNICODE: _text("<B"),
    pickle.BINUNICODE: _text("<I"),
    pickle.BINUNICODE8: _text("<Q"),
    pickle.SHORT_BINSTRING: _binary("<B", bytes),
    pickle.SHORT_BINBYTES: _binary("<B", bytes),
    pickle.BINBYTES: _binary("<I", bytes),
    pickle.BINBYTES8: _binary("<Q", bytes),
    pickle.BYTEARRAY8: _binary("<Q", bytearray),
    # containers
    pickle.EMPTY_TUPLE: _constant(tuple),
    pickle.EMPTY_LIST: _constant(list),
    pickle.EMPTY_DICT: _constant(dict),
    pickle.EMPTY_SET: _constant(set),
    pickle.TUPLE1: lambda machine: machine._tuple(1),
    pickle.TUPLE2: lambda machine: machine._tuple(2),
    pickle.TUPLE3: lambda machine: machine._tuple(3),
    pickle.TUPLE: lambda machine: machine._push(tuple(machine._pop_to_mark())),
    pickle.LIST: lambda machine: machine._push(machine._pop_to_mark()),
    pickle.DICT: Unpickler._dict,
    pickle.FROZENSET: lambda machine: machine._push(frozenset(key(item) for item in machine._pop_to_mark())),
    pickle.APPEND: Unpickler._append,
    pickle.APPENDS: Unpickler._appends,
    pickle.ADDITEMS: Unpickler._add,
    pickle.SETITEM: Unpickler._set_item,
    pickle.SETITEMS: Unpickler._set_items,
    # the memo
    pickle.BINGET: lambda machine: machine._get(machine._number("<B")),
    pickle.LONG_BINGET: lambda machine: machine._get(machine._number("<I")),
    pickle.BINPUT: lambda machine: machine._put(machine._number("<B")),
    pickle.LONG_BINPUT: lambda machine: machine._put(machine._number("<I")),
    pickle.MEMOIZE: lambda machine: machine._put(len(machine.memo)),
    # names and calls
    pickle.GLOBAL: lambda machine: machine._global(machine._line(), machine._line()),
    pickle.STACK_GLOBAL: lambda machine: machine._global(*_names(machine._pop(), machine._pop())),
    pickle.REDUCE: Unpickler._reduce,
    pickle.NEWOBJ: Unpickler._new,
    pickle.NEWOBJ_EX: lambda machine: machine._new(keywords=True),
    pickle.BUILD: Unpickler._build,
    pickle.BINPERSID: Unpickler._persistent,
}
"""What each instruction does. Left out: INST, OBJ and EXT, which import, and the text forms of protocol 0."""


def _names(name: Any, module: Any) -> tuple[str, str]:
    if type(name) is not str or type(module) is not str:
        raise UnpicklingError("STACK_GLOBAL requires str")
    return module, name
