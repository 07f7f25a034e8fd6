"""The report of a night: one page for people, and the same content for machines."""

from .summary import Summary, summarise

__all__ = ["Summary", "summarise"]
