"""Shows how a campaign goes: one line that rewrites itself on a terminal, a line every ten seconds elsewhere."""

from __future__ import annotations

import shutil
import sys
import time
from typing import TextIO

from .campaign import Campaign

EVERY = {True: 0.1, False: 10.0}
"""Seconds between two lines, by whether they rewrite each other."""

BAR = 24


class Progress:
    """``observe`` for ``Campaign``. ``budget``: its seconds, None for an open end; ``stream``: standard error as it is now, unless given."""

    def __init__(self, budget: float | None, stream: TextIO | None = None):
        self.budget, self.stream = budget, sys.stderr if stream is None else stream
        self.live = self.stream.isatty()
        self._shown = time.monotonic()

    def __call__(self, campaign: Campaign) -> None:
        now = time.monotonic()
        if now - self._shown < EVERY[self.live]:
            return
        self._shown = now
        line = self.line(campaign, now - campaign.started)
        if self.live:
            width = shutil.get_terminal_size().columns - 1
            self.stream.write(f"\r\x1b[2K{line[:width]}")
        else:
            self.stream.write(line + "\n")
        self.stream.flush()

    def line(self, campaign: Campaign, elapsed: float) -> str:
        """The state of a campaign in one line."""
        cases = campaign.cases
        found, known = campaign.held_against_target, sum(each.known is not None for each in campaign.failures.values())
        touched = sum(tally.cases > 0 for tally in campaign.tallies.values())
        parts = [
            f"{clock(elapsed)}" + (f" of {clock(self.budget)}" if self.budget is not None else ""),
            f"{cases} cases, {cases / max(elapsed, 1e-9):.0f}/s",
            f"{touched}/{len(campaign.tallies)} arms",
            f"{len(found)} causes" + (f", {known} known" if known else ""),
        ]
        return f"{self._bar(elapsed)}{' · '.join(parts)}"

    def _bar(self, elapsed: float) -> str:
        if not self.live or not self.budget:
            return ""
        filled = min(int(BAR * elapsed / self.budget), BAR)
        return f"{'━' * filled}{'╌' * (BAR - filled)} "

    def close(self) -> None:
        """Clear the line."""
        if self.live:
            self.stream.write("\r\x1b[2K")
            self.stream.flush()


def clock(seconds: float) -> str:
    """4:05 for 245 seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
