"""
Values to JSON and back, whoever else is at it.
"""

from __future__ import annotations

import subprocess
import sys

# Four threads that want different types for the first time, and are switched as often as can be.
AT_ONCE = """
import sys, threading
from canonical.codec import decode
from canonical.commands import SubmitOrder
from canonical.instructions import Instruction
from canonical.notices import Notice
from canonical.order import Order
import msgspec

sys.setswitchinterval(1e-6)
KINDS = (Order, Notice, SubmitOrder, Instruction)
together = threading.Barrier(len(KINDS))
ITEM = '{"id":"1","action":"add","productOffering":{"id":"X"},"productOrderItem":[]}'
BODY = '{"id":"1","state":"held","version":1,"creationDate":"2026-01-01T00:00:00Z","rulesVersion":"r",'
BODY += '"productOrderItem":[' + ITEM.replace("[]", "[" + ITEM + "]") + "]}"


def work(kind):
    together.wait()
    for one in (kind, Order):
        try:
            decode(BODY, one)
        except msgspec.ValidationError:
            pass


threads = [threading.Thread(target=work, args=(kind,)) for kind in KINDS]
[one.start() for one in threads]
[one.join() for one in threads]
"""


def test_threads_may_read_their_first_values_at_the_same_time():
    """
    Without one lock most of these processes end with a segmentation fault, as a worker did whose store was
    read by another thread.
    """
    ended = [
        subprocess.run([sys.executable, "-c", AT_ONCE], capture_output=True, text=True, check=False)
        for _ in range(4)
    ]

    assert [(0, "")] * 4 == [(one.returncode, one.stderr) for one in ended]
