"""
Simulated neighbours of the hub: five systems, and both ends of the channels.

They share no code with the hub and import nothing of it.  Starting and scripting them: docs/simulators.md.
"""

from __future__ import annotations
