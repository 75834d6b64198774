"""
Trading partners change their orders by X12, repeat them, and send things in the wrong order.
"""

from __future__ import annotations

ACME, GLOBEX, WAREHOUSE, HUB = ("ZZ", "ACME"), ("12", "5551230000"), ("ZZ", "WAREHOUSE1"), ("ZZ", "ORDERLOOM")
GROUPS = {"850": "PO", "860": "PC", "945": "SW", "824": "AG"}
PO = "4500000042"
HEAD = (
    f"BEG*00*SA*{PO}**20260301",
    "N1*ST*Acme Store 0042*92*0042",
    "N3*1 Main Street",
    "N4*Austin*TX*78701*US",
)
HANDSET, CASE, PLAN = "599.00**VP*HX-A-BLK", "19.50**VP*CS-01", "20.00**VP*MOB-20"
RED = """
[[offering]]
id = "HANDSET-A-RED"
name = "Handset A, red"
category = "device"
codes = [{ owner = "partner.acme", type = "VP", code = "HX-A-RED" }]
"""


def message(kind, *segments, control, sender=ACME):
    """An interchange with one set."""
    who = "*".join(f"{qualifier}*{name:15}" for qualifier, name in (sender, HUB))
    lines = (
        f"ISA*00*          *00*          *{who}*260302*0930*U*00401*{control:09}*0*P*>",
        f"GS*{GROUPS[kind]}*{sender[1]}*ORDERLOOM*20260302*0930*{control}*X*004010",
        f"ST*{kind}*0001",
        *segments,
        f"SE*{len(segments) + 2}*0001",
        f"GE*1*{control}",
        f"IEA*1*{control:09}",
    )
    return "".join(f"{one}~" for one in lines).encode()


def order(*products, control=77, quantity=1):
    """An 850 of acme's, of one line for each product."""
    lines = (f"PO1*{place}*{quantity}*EA*{one}" for place, one in enumerate(products, 1))
    return message("850", *HEAD, *lines, control=control)


def change(*lines, control=78, po=PO):
    """An 860 of acme's that says only what changes."""
    return message("860", f"BCH*04*SA*{po}**1*20260301*****20260302", *lines, control=control)


def advice(*lines, head=f"W06*F**20260302***{PO}", control=301):
    """A 945 of the warehouse's that names nothing but the purchase order."""
    return message("945", head, *lines, control=control, sender=WAREHOUSE)


def verdict(word, control=302):
    """An 824 of the warehouse's, as silent."""
    return message("824", "BGN*11*CH-1*20260302", f"OTI*{word}*PO*{PO}", control=control, sender=WAREHOUSE)


def test_accessory(stage):
    """accessory added before the 945."""
    stage.drop("partner", order(HANDSET))
    stage.answers("crm")
    assert stage.news() == {
        "crm": ["do OL1-1 1=HANDSET-A x1"],
        "warehouse": ["940 N OL1-2 1=HANDSET-A x1"],
        "partner.acme": ["997 PO 77 | 850 0001 A", f"855 AD {PO} | 1 x1 IA"],
    }

    stage.drop("partner", change(f"POC*2*AI*1**EA*{CASE}"))
    assert stage.news() == {
        "crm": ["do OL1-1.1 2=CASE-01 x1"],
        "partner.acme": ["997 PC 78 | 860 0001 A", f"865 AD {PO}/1 | 2 AI x1 IA"],
    }
    stage.answers("crm")
    assert stage.news() == {"warehouse": ["940 N OL1-2.1 2=CASE-01 x1"]}

    stage.answers("warehouse", most=1)
    assert stage.news() == {}
    stage.answers("warehouse")
    assert stage.news() == {
        "billing": ["D OL1-3 1=HANDSET-A x1, 2=CASE-01 x1"],
        "partner.acme": [f"870 {PO} IN | 1 x1 SH | 2 x1 SH"],
    }
    stage.answers("billing")
    assert stage.news() == {"partner.acme": [f"870 {PO} CL | 1 x1 CL | 2 x1 CL"]}
    assert stage.has()["warehouse OL1-2"] == {"1": "HANDSET-A x1", "2": "CASE-01 x1"}


def test_colour_and_plan(begin):
    """colour of the shipped handset with a plan change in one 860."""
    stage = begin({"routes/catalogue/colours.toml": RED})
    stage.drop("partner", order(HANDSET, PLAN))
    for system in ("crm", "oss.mobile", "billing", "warehouse"):
        stage.answers(system)
    assert stage.news() == {
        "crm": ["do OL1-1 1=HANDSET-A x1, 2=MOBILE-20 x1"],
        "oss.mobile": ["ADD SUB OL1-2 1=MOBILE-20 x1"],
        "warehouse": ["940 N OL1-4 1=HANDSET-A x1"],
        "billing": ["D OL1-3 1=MOBILE-20 x1", "D OL1-5 1=HANDSET-A x1"],
        "partner.acme": [
            "997 PO 77 | 850 0001 A",
            f"855 AD {PO} | 1 x1 IA | 2 x1 IA",
            f"870 {PO} IN | 1 x1 SH | 2 x1 CL",
        ],
    }

    lines = ("POC*1*CA*1**EA*599.00**VP*HX-A-RED", "POC*2*CA*1**EA*30.00**VP*MOB-50")
    stage.drop("partner", change(*lines))
    assert stage.news() == {
        "oss.mobile": ["MOD SUB OL1-2.1 1=MOBILE-50 x1 changes"],
        "partner.acme": ["997 PC 78 | 860 0001 A"],
    }
    stage.answers("oss.mobile")
    assert stage.news() == {"billing": ["R OL1-3.1 1=MOBILE-20 x1"]}
    stage.answers("billing")
    assert stage.news() == {
        "billing": ["D OL1-3.2 1=MOBILE-50 x1"],
        "partner.acme": [f"865 AC {PO}/1 | 1 CA x1 IR E_TOO_LATE | 2 CA x1 IA"],
    }
    stage.answers("billing")
    assert stage.news() == {"partner.acme": [f"870 {PO} CL | 1 x1 CL | 2 x1 CL"]}
    assert stage.has()["warehouse OL1-4"] == {"1": "HANDSET-A x1"}
    stage.written("colour-and-plan")


def test_one_of_three(stage):
    """860 delta with one of three lines."""
    stage.drop("partner", order(HANDSET, CASE, PLAN))
    for system in ("crm", "oss.mobile", "billing"):
        stage.answers(system)
    assert stage.news()["warehouse"] == ["940 N OL1-4 1=HANDSET-A x1, 2=CASE-01 x1"]

    stage.drop("partner", change("POC*2*QI*3**EA"))
    assert stage.news() == {
        "warehouse": ["940 R OL1-4.1 2=CASE-01 x3"],
        "partner.acme": ["997 PC 78 | 860 0001 A"],
    }
    stage.answers("warehouse", most=1)
    assert stage.news() == {"partner.acme": [f"865 AD {PO}/1 | 2 CA x3 IA"]}
    stage.answers("warehouse")
    assert stage.news() == {
        "billing": ["D OL1-5 1=HANDSET-A x1, 2=CASE-01 x3"],
        "partner.acme": [f"870 {PO} IN | 1 x1 SH | 2 x3 SH | 3 x1 CL"],
    }
    stage.answers("billing")
    assert stage.news() == {"partner.acme": [f"870 {PO} CL | 1 x1 CL | 2 x3 CL | 3 x1 CL"]}
    assert stage.has()["warehouse OL1-4"] == {"1": "HANDSET-A x1", "2": "CASE-01 x3"}


def test_repeated(stage):
    """850 repeated under a new ISA13."""
    stage.drop("partner", order(HANDSET))
    stage.answers("crm")
    stage.news()

    stage.drop("partner", order(HANDSET, control=78))
    assert stage.news() == {"partner.acme": ["997 PO 78 | 850 0001 A"]}
    stage.later(minutes=2)
    stage.drop("partner", order(HANDSET, control=79))
    assert stage.news() == {"partner.acme": ["997 PO 79 | 850 0001 A", f"855 AD {PO} | 1 x1 IA"]}
    stage.drop("partner", order(HANDSET, control=80, quantity=2))
    assert stage.news() == {"partner.acme": ["997 PO 80 | 850 0001 A", f"855 RD {PO} E_DUPLICATE_ORDER"]}

    stage.answers("warehouse")
    stage.answers("billing")
    stage.news()
    stage.later(minutes=2)
    stage.drop("partner", order(HANDSET, control=81))
    assert stage.news() == {"partner.acme": ["997 PO 81 | 850 0001 A", f"870 {PO} CL | 1 x1 CL"]}
    assert stage.has()["warehouse OL1-2"] == {"1": "HANDSET-A x1"}


def test_too_soon(stage):
    """860 before its 850."""
    lines = ("POC*1*CA*2**EA*599.00**VP*HX-B-BLK", f"POC*2*AI*1**EA*{CASE}")
    stage.drop("partner", change(*lines))
    assert stage.news() == {"partner.acme": ["997 PC 78 | 860 0001 A"]}
    stage.later(minutes=14)
    assert stage.news() == {}

    stage.drop("partner", order(HANDSET))
    assert stage.news() == {
        "crm": ["do OL1-1 1=HANDSET-A x1", "do OL1-1.1 2=CASE-01 x1"],
        "partner.acme": [
            "997 PO 77 | 850 0001 A",
            f"855 AD {PO} | 1 x1 IA",
            f"865 AD {PO}/1 | 1 CA x2 IA | 2 AI x1 IA",
        ],
    }
    stage.answers("crm")
    assert stage.news() == {"warehouse": ["940 N OL1-2 1=HANDSET-B x2, 2=CASE-01 x1"]}
    stage.answers("warehouse")
    assert stage.news() == {
        "billing": ["D OL1-3 1=HANDSET-B x2, 2=CASE-01 x1"],
        "partner.acme": [f"870 {PO} IN | 1 x2 SH | 2 x1 SH"],
    }


def test_too_soon_for_ever(stage):
    """And an 860 whose 850 has not come in 15 minutes: refused, and its number is free."""
    stage.drop("partner", change("POC*1*QI*3**EA"))
    stage.news()
    stage.later(minutes=16)

    assert stage.news() == {"partner.acme": [f"865 RD {PO}/1 E_NOT_FOUND"]}

    stage.drop("partner", order(HANDSET))
    stage.news()
    stage.drop("partner", change("POC*1*QI*3**EA"))
    assert stage.news() == {"partner.acme": ["997 PC 78 | 860 0001 A", f"865 AD {PO}/1 | 1 CA x3 IA"]}


def test_too_soon_twice(stage):
    """And an 860 that comes twice before its 850, and once with other content under its number."""
    stage.drop("partner", change("POC*1*QI*3**EA"))
    stage.drop("partner", change("POC*1*QI*3**EA", control=79))
    stage.drop("partner", change("POC*1*QI*4**EA", control=80))
    assert stage.news() == {
        "partner.acme": [
            "997 PC 78 | 860 0001 A",
            "997 PC 79 | 860 0001 A",
            "997 PC 80 | 860 0001 A",
            f"865 RD {PO}/1 E_DUPLICATE_ORDER",
        ]
    }

    stage.drop("partner", order(HANDSET))
    assert stage.news()["partner.acme"] == [
        "997 PO 77 | 850 0001 A",
        f"855 AD {PO} | 1 x1 IA",
        f"865 AD {PO}/1 | 1 CA x3 IA",
    ]
    stage.later(minutes=16)
    assert stage.news() == {}


class TestOrderAlone:
    def test_one_order(self, stage):
        """reply that names only the PO."""
        stage.drop("partner", order(HANDSET))
        stage.answers("crm")
        stage.drop("partner", change("POC*1*QI*2**EA"))
        assert stage.news()["warehouse"] == ["940 N OL1-2 1=HANDSET-A x1", "940 R OL1-2.1 1=HANDSET-A x2"]

        stage.says("warehouse", verdict("TA"))
        assert stage.news() == {"partner.acme": [f"865 AD {PO}/1 | 1 CA x2 IA"]}
        stage.says("warehouse", advice("LX*1", "W12*CC*2*2*0*EA**VN*HANDSET-A"))
        assert stage.news() == {
            "billing": ["D OL1-3 1=HANDSET-A x2"],
            "partner.acme": [f"870 {PO} IN | 1 x2 SH"],
        }

    def test_goods_first(self, stage):
        """And one about the goods, while a change waits for an answer: it answers the older 940."""
        stage.drop("partner", order(HANDSET))
        stage.answers("crm")
        stage.drop("partner", change("POC*1*QI*2**EA"))
        stage.news()

        stage.says("warehouse", advice("LX*1", "W12*CC*1*1*0*EA**VN*HANDSET-A"))
        assert stage.news() == {"partner.acme": [f"870 {PO} IN | 1 x1 SH"]}
        stage.says("warehouse", verdict("TR"))
        assert stage.news() == {
            "billing": ["D OL1-3 1=HANDSET-A x1"],
            "partner.acme": [f"865 RD {PO}/1 | 1 CA x2 IR E_CHANGE_REFUSED"],
        }

    def test_two_orders(self, stage):
        """And where two partners chose one number: parked, and both held, until one of them waits no more."""
        stage.drop("partner", order(HANDSET))
        globex = message("850", *HEAD, "PO1*1*1*EA***VP*G-HANDSET-A", control=5, sender=GLOBEX)
        stage.drop("partner", globex.replace(b"*", b"|").replace(b"~", b"~\n"))
        stage.answers("crm")
        assert stage.news()["warehouse"] == ["940 N OL1-2 1=HANDSET-A x1", "940 N OL2-2 1=HANDSET-A x1"]

        shipped = ("LX*1", "W12*CC*1*1*0*EA**VN*HANDSET-A")
        stage.says("warehouse", advice(*shipped))
        assert stage.news() == {
            "parked": ["system.warehouse.replies.parked E_AMBIGUOUS_REPLY"],
            "partner.acme": [f"870 {PO} PH | 1 x1 PH"],
            "partner.globex": [f"870 {PO} PH | 1 x1 PH"],
        }
        stage.answers("warehouse", most=1)
        assert stage.news() == {
            "billing": ["D OL1-3 1=HANDSET-A x1"],
            "partner.acme": [f"870 {PO} IN | 1 x1 SH"],
        }
        stage.says("warehouse", advice(*shipped, control=303))
        assert stage.news() == {
            "billing": ["D OL2-3 1=HANDSET-A x1"],
            "partner.globex": [f"870 {PO} IN | 1 x1 SH"],
        }
