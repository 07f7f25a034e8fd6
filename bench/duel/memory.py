"""Peak memory of one call, the same way for every framework: growth of the resident set, as the kernel counts it.

What tracemalloc or a framework's own counters see differs from framework to framework; resident pages do not. The call runs in a process of its own, where
malloc gives every block above 64 KiB a mapping of its own and returns it at once, so that memory kept by the allocator for later hides nothing;
that costs page faults, which is why times are measured elsewhere. The high-water mark is set back before the call (/proc/self/clear_refs, Linux).
"""

from __future__ import annotations

import ctypes
import gc
import statistics
from pathlib import Path

VARIABLES = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536", "MALLOC_TOP_PAD_": "0"}
"""What a process that measures memory is started with (glibc)."""

PROCESS = Path("/proc/self")


def resident(field: str) -> int:
    """A size of this process in bytes: "VmRSS" now, "VmHWM" at its highest."""
    for line in (PROCESS / "status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024
    raise LookupError(f"the kernel does not report {field}")


def growth(call, attempts: int = 3) -> int:
    """How many bytes the resident set grows at most during a call: the median of several. OSError where the kernel does not let one ask."""
    call()
    grown = []
    for _ in range(attempts):
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)
        before = resident("VmRSS")
        (PROCESS / "clear_refs").write_text("5")
        call()
        grown.append(max(resident("VmHWM") - before, 0))
    return int(statistics.median(grown))


def peak_growth(case: str, subject: str) -> int:
    """``growth`` of one call of a case of the suites."""
    from . import subjects, suites

    found, adapter = suites.find(case), subjects.load(subject)
    program = found.program(adapter)
    if program is None:
        raise LookupError(f"{case} has no program for {subject}")
    from .bout import answer_of

    call, _ = answer_of(found, adapter, program)
    return growth(call)
