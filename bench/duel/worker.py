"""A process that measures at the request of another: ``python -m duel.worker FD`` answers pickled requests on a socket.

A request is (name, arguments...), an answer ("ok", value) or ("error", class, sentence). The requests are the functions of ``REQUESTS``.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from .block import Contender, run_block, warm_up
from .clock import SystemClock
from .plan import Plan


def fight(case: str, names: list[str], plan: Plan, seed: int, check_only: bool = False) -> Any:
    """One case of the suites in this process (``bout.fight``)."""
    from . import bout, suites

    return bout.fight(suites.find(case), names, plan, seed=seed, check_only=check_only)


def contest(factory: str, plan: Plan, seed: int) -> Any:
    """The subjects that "module:function" returns, in this process."""
    from .api import measured, subjects_of

    return measured(subjects_of(factory), plan, seed)


def versions(names: list[str]) -> dict[str, str]:
    """Where the named packages were imported from."""
    return {name: __import__(name).__file__ or "" for name in names}


def peak(case: str, subject: str) -> Any:
    """The growth of resident memory during one call (``memory.peak_growth``)."""
    from .memory import peak_growth

    return peak_growth(case, subject)


_open: dict[str, Contender] = {}


def prepare(case: str, subject: str, plan: Plan) -> list:
    """Make a case ready for ``block``; its answers as arrays. Raises what the subject raises."""
    from . import subjects, suites
    from .bout import answer_of

    found, adapter = suites.find(case), subjects.load(subject)
    program = found.program(adapter)
    if program is None:
        raise LookupError(f"{case} has no program for {subject}")
    adapter.set_threads(plan.threads)
    call, answers = answer_of(found, adapter, program)
    _open["now"] = adapter.contender(call)
    gc.collect()
    gc.disable()
    return answers


def warm(seconds: float) -> Any:
    """Warm up what is prepared: how many calls fill a block of ``seconds``."""
    return warm_up(_open["now"], seconds, SystemClock())


def block(calls: int) -> Any:
    """One timed block of what is prepared."""
    return run_block(_open["now"], calls, SystemClock())


REQUESTS: dict[str, Callable] = {
    function.__name__: function for function in (fight, contest, versions, peak, prepare, warm, block)
}


def serve(connection: Connection) -> None:
    """Answer until the other side hangs up."""
    while True:
        try:
            name, *arguments = connection.recv()
        except EOFError:
            return
        try:
            answer: tuple = ("ok", REQUESTS[name](*arguments))
        except Exception as error:
            answer = ("error", type(error).__name__, str(error))
        connection.send(answer)


if __name__ == "__main__":
    import warnings

    warnings.simplefilter("ignore")
    serve(Connection(int(sys.argv[1])))
