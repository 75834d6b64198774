"""
The command line: ``orderloom``.  One module a command; docs/cli.md shows each with its output.

Exit status: 0 yes or done; 1 the answer is no (not found, refused, different, failed); 2 the question
could not be asked (usage, settings, store or broker out of reach).
"""

from __future__ import annotations

from .root import main

__all__ = ["main"]
