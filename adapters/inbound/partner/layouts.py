"""
The layouts of the sets that partners send, as data.

Source: ASC X12 release 004010, transaction sets 850, 860 and 869.  All segments of the standard may come;
which of them are read is said in docs/channels/partner.md.  How often an optional one may come is not
checked.
"""

from __future__ import annotations

from adapters.formats.x12 import MANY, Layout, Loop, Use

__all__ = ["INQUIRY", "ORDER_CHANGE", "PURCHASE_ORDER"]


def _any(ids: str) -> Layout:
    return tuple(Use(one, most=MANY) for one in ids.split())


def _loop(ids: str, *more: Use | Loop) -> Loop:
    """The first segment starts each turn, and so stands in it once."""
    first, _, others = ids.partition(" ")
    return Loop((Use(first), *_any(others), *more))


_SAC = _loop("SAC CUR CTP")
_LM = _loop("LM LQ")
_N9 = _loop("N9 DTM MEA MSG")
_FA1 = _loop("FA1 FA2")
_AMT = _loop("AMT REF DTM PCT", _FA1)
_QTY = _loop("QTY SI")
_PARTY = _loop("N1 N2 N3 N4 NX2 REF PER SI FOB TD1 TD5 TD3 TD4 PKG")

_SPI = _loop("SPI REF DTM MSG", _loop("N1 N2 N3 N4 REF PER MSG"), _loop("CB1 REF DTM LDT MSG"))
_ADV = _loop("ADV DTM MTX")

_LINE_PARTY = _loop("N1 N2 N3 N4", _QTY, *_any("NX2 REF PER SI DTM FOB SCH TD1 TD5 TD3 TD4 PKG"))
_SUBLINE = _loop(
    "SLN MSG SI PID PO3 TC2 ADV DTM CTP PAM PO4 TAX",
    _loop("N9 DTM MSG"),
    _SAC,
    _QTY,
    _loop("N1 N2 N3 N4 NX2 REF PER SI"),
)


def _line(first: str, *, required: bool = False) -> Loop:
    """The loop of one line; 850 and 860 differ in where PKG may stand, and in how the loop begins."""
    return Loop(
        (
            Use(first, required=True),
            *_any("LIN SI CUR CN1 PO3"),
            _loop("CTP CUR"),
            *_any("PAM MEA"),
            _loop("PID MEA"),
            *_any("PWK"),
            *(_any("PKG") if first == "POC" else ()),
            _loop("PO4 MEA"),
            *_any("REF PER"),
            _SAC,
            *_any("IT8 CSH ITD DIS INC TAX FOB SDQ IT3 DTM TC2 TD1 TD5 TD3 TD4 PCT MAN MSG SPI TXI CTB"),
            _QTY,
            _loop("SCH TD1 TD5 TD3 TD4 REF"),
            _loop("PKG MEA"),
            *_any("LS"),
            _loop("LDT QTY MSG REF", _LM),
            *_any("LE"),
            _N9,
            _LINE_PARTY,
            _SUBLINE,
            _AMT,
            _LM,
        ),
        required=required,
    )


def _order(first: str, line: Loop) -> Layout:
    return (
        Use(first, required=True),
        *_any("CUR REF PER TAX FOB CTP PAM CSH"),
        _SAC,
        *_any("ITD DIS INC DTM LDT LIN SI PID MEA PWK PKG TD1 TD5 TD3 TD4 MAN PCT CTB TXI"),
        _AMT,
        _N9,
        _PARTY,
        _LM,
        _SPI,
        _ADV,
        line,
        *_any("CTT AMT"),
    )


PURCHASE_ORDER: Layout = _order("BEG", _line("PO1", required=True))
"""Set 850."""

ORDER_CHANGE: Layout = _order("BCH", _line("POC"))
"""Set 860; a cancel, an answer and a change of the heading alone have no line."""

INQUIRY: Layout = (
    Use("BSI", required=True),
    *_any("NTE"),
    Loop(
        (
            Use("HL", required=True),
            *_any("PRF DTM LIN PID MEA QTY G53 REF"),
            _loop("N1 N2 N3 N4 REF PER"),
            _LM,
            _FA1,
        ),
        required=True,
        # One question, one answer: ask about another order in another set.
        most=1,
    ),
)
"""Set 869."""
