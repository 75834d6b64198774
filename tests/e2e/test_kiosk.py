"""
Carts of a kiosk on a real broker, with faults and repeats: each answered, carried out, and told to its end.
"""

from __future__ import annotations

import pytest

from orderloom.simulators.orders import Mix, generate
from orderloom.simulators.script import shipped
from tests.e2e.run import Run, load_script
from tests.support.hub import running_hub

pytestmark = pytest.mark.rabbitmq

_MIX = Mix(web=0.1, cards=0.0, kiosk=0.7, faulty=0.2, repeat_after=25)


def test_every_cart_is_answered_and_ends(rabbit, tmp_path):
    """As the oracle says of each, and the kiosk hears the end of it on its own queue."""
    orders = generate(41, 60, _MIX)
    with running_hub(rabbit, tmp_path) as hub:
        run = Run(hub, hub.readers(), orders, load_script(shipped("calm")))
        hub.simulators("calm")
        hub.worker()
        run.drop()
        run.until_every_order_has_its_state(90)
        run.until_told(30)

        assert [] == run.wrong()
        run.last_words()
        run.answered()
        run.nothing_left()
        assert {"same", "offering"} <= {one.fault for one in orders if one.channel == "kiosk"}
