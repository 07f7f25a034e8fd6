"""Where cases are run: a few fresh processes that live for a session, asked one after the other.

Three processes that each run all cases cost three imports, and give for every case the variation between processes, which repetition inside one process
cannot show. Only one process works at a time; the others wait on a socket.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .analysis import records
from .bout import Bout, Failure
from .memory import VARIABLES
from .plan import Plan
from .process import Process, RequestFailed, WorkerDied
from .record import SubjectRecord
from .subjects import AGAIN
from .suites import Case


class Arena:
    """Runs cases under one plan. A context manager; ``run`` gives the records of a case."""

    def __init__(self, plan: Plan, names: Sequence[str]):
        self.plan = plan
        self.names = list(names)
        self._processes: list[Process | None] = [None] * plan.processes
        self._weighing: dict[str, Process] = {}

    def _process(self, place: int) -> Process:
        process = self._processes[place]
        if process is None:
            process = self._processes[place] = Process(self.plan.threads)
        return process

    def start(self) -> None:
        """Start all processes at once: importing takes longer than measuring."""
        for place in range(len(self._processes)):
            self._process(place).send(
                "versions", ["assay", *(name for name in ("torch", "ingot") if name in self.names)]
            )
        for process in self._processes:
            assert process is not None
            process.receive()

    def subjects_of(self, case: Case) -> list[str]:
        """Who takes part in a case. Its own subjects, where it has such, need no framework."""
        frameworks = [name for name in case.subjects if name.removesuffix(AGAIN) in (*self.names, case.baseline)]
        chosen = frameworks if case.baseline == "torch" else list(case.subjects)
        return [name for name in chosen if name != "torch.compile" or case.compiled]

    def run(self, case: Case, *, seed: int = 0, check_only: bool = False) -> list[SubjectRecord]:
        """The records of one case; with ``check_only`` only failures. A subject that crashes its process is left out, with that as its failure, and the others run again.

        RequestFailed if the baseline fails.
        """
        names = self.subjects_of(case)
        bouts: list[Bout] = []
        crashed: dict[str, Failure] = {}
        while len(bouts) < (1 if check_only else self.plan.processes):
            place = len(bouts)
            try:
                order = (self.plan.seed + seed) * self.plan.processes + place
                bouts.append(self._process(place).ask("fight", case.id, names, self.plan, order, check_only))
            except WorkerDied as death:
                self._processes[place] = None
                culprit = self._culprit(case, names)
                if culprit is None:
                    raise RequestFailed("WorkerDied", f"{case.id}: {death}") from death
                crashed[culprit] = Failure("crashed", str(death))
                names = [name for name in names if name != culprit]
                bouts.clear()
            else:
                failed = bouts[-1].failures
                names = [name for name in names if name not in failed]
        if bouts:
            bouts[0].failures |= crashed
        made = records(
            bouts,
            suite=case.suite,
            case=case.name,
            baseline=case.baseline,
            plan=self.plan,
            parameters=case.parameters,
            units=case.units,
            reproduce=f"bench run '{case.id}'",
        )
        return self.with_memory(case, made) if case.memory and not check_only else made

    def _culprit(self, case: Case, names: Sequence[str]) -> str | None:
        """Which subject kills a process when it runs beside the baseline alone."""
        for name in names:
            if name == case.baseline:
                continue
            process = Process(self.plan.threads)
            try:
                process.ask("fight", case.id, [case.baseline, name], self.plan, 0, False)
            except WorkerDied:
                return name
            finally:
                process.close()
        return None

    def with_memory(self, case: Case, rows: Sequence[SubjectRecord]) -> list[SubjectRecord]:
        """The records with ``peak_bytes``, measured in processes of their own, one a subject."""
        measured = []
        for row in rows:
            if not row.failure:
                process = self._weighing.get(row.subject)
                if process is None:
                    process = self._weighing[row.subject] = Process(self.plan.threads, variables=VARIABLES)
                row = replace(row, peak_bytes=process.ask("peak", case.id, row.subject))
            measured.append(row)
        return measured

    def close(self) -> None:
        """End the processes."""
        for process in (*self._processes, *self._weighing.values()):
            if process is not None:
                process.close()
        self._weighing.clear()
        self._processes = [None] * self.plan.processes

    def __enter__(self) -> Arena:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
