"""
The engine's benches, for what the clock does to the same store.
"""

from __future__ import annotations

from tests.engine.conftest import plain_log, rig, worker_rig

__all__ = ["plain_log", "rig", "worker_rig"]
