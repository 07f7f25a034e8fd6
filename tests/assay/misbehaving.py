"""Targets that misbehave in every way that a campaign must survive; found by "misbehaving:NAME" where this directory is on the path."""

import ctypes
import os
import signal

import torch

from assay.targets.faulty import Faulty

LEAKED = []


def wrong(x):
    return torch.sin(x) + 0.25


def crashes(x):
    if x.numel() > 3:
        ctypes.string_at(0)
    return torch.cos(x)


def hangs(x):
    if x.numel() > 3:
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])  # as compiled code that never returns to Python
        while True:
            signal.pause()
    return torch.exp(x)


def leaks(x):
    LEAKED.append(torch.ones(40_000_000))
    return torch.tan(x)


def prints(x):
    os.write(1, b"garbage \xff\n")
    return torch.asin(x)


def raises(x):
    raise KeyError("what")


def exits(x):
    os._exit(3)


class Misbehaving(Faulty):
    """One op for every kind of misbehaviour."""

    def __init__(self):
        ops = {"sin": wrong, "cos": crashes, "exp": hangs, "tan": leaks, "asin": prints, "atan": raises, "sinh": exits}
        super().__init__(ops)


class Slow(Faulty):
    """Wrong in places, and slow enough to be killed in the middle of something."""

    def __init__(self):
        def sin(x):
            torch.arange(200_000).sum()
            return torch.where(x > 3, torch.cos(x), torch.sin(x)) if x.is_floating_point() else torch.sin(x)

        super().__init__({"sin": sin, "cos": lambda x: torch.cos(x) * (1 + 1e-3), "exp": torch.exp})


class Unimportable:
    """No target at all: making it fails."""

    def __init__(self):
        raise RuntimeError("this framework needs a licence")
