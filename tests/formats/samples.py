"""
X12 built by hand for the tests: from text, so that no writer of ours decides what a sender sends.
"""

from __future__ import annotations

from adapters.formats.x12 import Interchange, read_interchanges

ISA = (
    "ISA*00*          *00*          *ZZ*ACME           *ZZ*ORDERLOOM      "
    "*261121*0930*U*00401*000000077*0*P*>~"
)


def order_set(control="0001", *body, count=None, trailer=None):
    """
    An 850 of two lines, or of ``body``; ``count`` and ``trailer`` lie in its SE.
    """
    body = body or (
        "BEG*00*SA*PO-4711**20261121",
        "PO1*1*2*EA*599.00**VP*PHONE-A",
        "PO1*2*1*EA*19.5**VP*CASE-B",
        "CTT*2",
    )
    count = len(body) + 2 if count is None else count
    return "".join(f"{line}~" for line in (f"ST*850*{control}", *body, f"SE*{count}*{trailer or control}"))


def group(*sets, functional_id="PO", control="77", count=None, trailer=None):
    """
    A group of sets.
    """
    count = len(sets) if count is None else count
    header = f"GS*{functional_id}*ACME*ORDERLOOM*20261121*0930*{control}*X*004010~"
    return header + "".join(sets) + f"GE*{count}*{trailer or control}~"


def interchange(*groups, isa=ISA, count=None, trailer="000000077"):
    """
    A message of one interchange.
    """
    groups = groups or (group(order_set()),)
    count = len(groups) if count is None else count
    return (isa + "".join(groups) + f"IEA*{count}*{trailer}~").encode()


def first(data, **options):
    """
    The first thing that reading gives.
    """
    return next(iter(read_interchanges(data, **options)))


def faults(found):
    """
    All faults of what was read, as (code, where) from the outside in, each told once.
    """
    if not isinstance(found, Interchange):
        return [(found.fault.code, found.fault.where)]
    told = [found.fault, *(g.fault for g in found.groups), *(s.fault for g in found.groups for s in g.sets)]
    return list(dict.fromkeys((fault.code, fault.where) for fault in told if fault))


def sound_sets(found):
    """
    Control numbers of the sets that may be worked on.
    """
    return [s.control for g in found.groups for s in g.sets if not s.fault]


def placed(where, message):
    """
    ``GE01 at @GE*`` with the byte at which ``GE*`` begins in the message; ``@$`` is its end.
    """
    name, found, mark = where.partition("@")
    if not found:
        return where
    return f"{name}byte {len(message) if mark == '$' else message.rindex(mark.encode('latin-1'))}"
