"""A target with one fault: everything is the base target's, but the calls of one name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Change = Callable[[Callable], Callable]
"""Makes a faulty callable of a healthy one."""


class Mutant:
    """``base``, but the function, method and in-place method ``name`` are changed by ``change``, and its constructor by ``construct``.

    ``forms`` limits the fault to "function", "method" or "in place"; by default all of them have it, as they would if a kernel were wrong.
    """

    def __init__(
        self,
        base: Any,
        name: str,
        change: Change | None = None,
        *,
        construct: Callable[[Any], Any] | None = None,
        forms: tuple[str, ...] = ("function", "method", "in place"),
    ):
        self.base, self.mutated, self.change, self.construct_, self.forms = base, name, change, construct, forms
        self.name = base.name
        self._made: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self.base, name)

    def resolve(self, name: str) -> Callable | None:
        return self.function(name) or self.method(name) or self.method(f"{name}_")

    def function(self, name: str) -> Callable | None:
        found = self.base.function(name)
        return self._changed("function", name, found) if name == self.mutated else found

    def method(self, name: str) -> Callable | None:
        found = self.base.method(name)
        if name == self.mutated:
            return self._changed("method", name, found)
        return self._changed("in place", name, found) if name == f"{self.mutated}_" else found

    def constructor(self, name: str) -> Any:
        found = self.base.constructor(name)
        if name != self.mutated or self.construct_ is None or found is None:
            return found
        return self._once("constructor", self.construct_, found)

    def construct(self, name: str, args: Any, kwargs: dict[str, Any]) -> Any:
        made = self.constructor(name)
        if made is None:
            raise LookupError(f"{self.name} has no '{name}'")
        return made(*args, **kwargs)

    def _changed(self, form: str, name: str, found: Callable | None) -> Callable | None:
        if found is None or self.change is None or form not in self.forms:
            return found
        return self._once(form, self.change, found)

    def _once(self, key: str, change: Callable[[Any], Any], healthy: Any) -> Any:
        if key not in self._made:
            self._made[key] = change(healthy)
        return self._made[key]
