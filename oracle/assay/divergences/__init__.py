"""The registry of known differences: data in ``*.toml`` beside this file, each with a reason and a link, none wider than it must be.

    [[divergence]]
    id = "nan-in-half-median"
    target = "ingot"                      # and oracle = "torch", the default
    ops = ["median", "nan*"]              # names or shell patterns
    properties = ["values"]               # left out: any
    findings = ["undecided"]              # left out: any
    dtypes = ["float16"]                  # every inexact tensor of the case has one of these; left out: any
    when = "any(t.specials for t in tensors)"   # Python over op, tensors (specs), args, kwargs, seed; left out: always
    what = "^leaf 0: dtype"               # a regular expression that the sentence must match: the expected shape of the difference
    reason = "..."
    link = "https://..."
    repro, answer, exact = "..."          # defects of the oracle: an expression, what it gives, what is right (``defects``)

An entry that its op was checked for and that did not occur has expired, and makes a full run fail.
"""

from .registry import Divergence, Registry, load

__all__ = ["Divergence", "Registry", "load"]
