"""
Channels that are declared and not programmed: one adapter, and a mapping for each channel of ordinary shape.

A mapping (:mod:`.model`) says of a CSV, fixed-width, JSON or XML message which field is what of an order, and
what is written back.  Guide: docs/howto-channel.md.  Like every adapter it is pure; the hub reads the file.
"""

from __future__ import annotations

from .adapter import MappedAdapter
from .check import Wrong, check
from .model import ChannelMap

__all__ = ["ChannelMap", "MappedAdapter", "Wrong", "check"]
