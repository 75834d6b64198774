"""
Bad input, one fault each: its code, and its place in the sender's own terms.
"""

from __future__ import annotations

import json

import pytest

from canonical.commands import RejectedDocument, SubmitOrder
from tests.adapters.web_orders import GONE, HANDSET, changed, read

ITEM = "productOrderItem.0"
AT = "$.productOrderItem[0]"
GOOD = json.dumps(HANDSET).encode()
PRICE = f"{ITEM}.itemPrice.0.price.dutyFreeAmount"
PRICE_AT = f"{AT}.itemPrice[0].price.dutyFreeAmount"
FEATURE = f"{ITEM}.product.productCharacteristic.1"
FEATURE_AT = f"{AT}.product.productCharacteristic[1]"


def nested(levels):
    """An order whose bundle holds a bundle, so many times."""
    item = {"id": "0", "action": "add", "productOffering": {"id": "BUNDLE-HOME"}}
    for number in range(1, levels):
        item = {**item, "id": str(number), "productOrderItem": [item]}
    return changed("productOrderItem", [item])


@pytest.mark.parametrize(
    ("body", "code", "where"),
    [
        pytest.param(b"", "E_EMPTY", "", id="empty"),
        pytest.param(b" \r\n\t", "E_EMPTY", "", id="blank"),
        pytest.param(b"{" + b" " * 8 * 1024 * 1024, "E_TOO_LARGE", "", id="over 8 MiB"),
        pytest.param(b'{"@type": "Prod', "E_JSON_SYNTAX", "line 1 column 11 at byte 10", id="J-01 truncated"),
        pytest.param(
            GOOD + b"\n{}",
            "E_JSON_SYNTAX",
            f"line 2 column 1 at byte {len(GOOD) + 1}",
            id="J-01 two documents",
        ),
        pytest.param(b"\xef\xbb\xbf" + GOOD, "E_BOM", "byte 0", id="byte order mark"),
        pytest.param(GOOD.decode().encode("utf-16"), "E_BOM", "byte 0", id="UTF-16"),
        pytest.param(b'{"@type": "\xe9"}', "E_ENCODING", "byte 11", id="Latin-1"),
        pytest.param(b"ISA*00*~", "E_FORMAT_SNIFF", "byte 0", id="X12"),
        pytest.param(b"<order/>", "E_FORMAT_SNIFF", "byte 0", id="XML"),
        pytest.param(b'{"a":' * 70, "E_DEPTH", "line 1 column 321 at byte 320", id="J-02 deep"),
        pytest.param(b"[]", "E_TYPE", "$", id="J-12 an array"),
        pytest.param(b"{'@type': 1}", "E_JSON_SYNTAX", "line 1 column 2 at byte 1", id="single quotes"),
        pytest.param(
            b'{"@type":"ProductOrder","priority":"1","priority":"4"}',
            "E_JSON_DUPKEY",
            "$.priority",
            id="J-03 twice",
        ),
        pytest.param(
            b'{"@type":"ProductOrder","note":[{"text":"a\\u0000b"}]}',
            "E_CONTROL_CHAR",
            "$.note[0].text",
            id="J-11 NUL",
        ),
        pytest.param(b'{"description":"\\ud800"}', "E_ENCODING", "$.description", id="J-10 half a pair"),
        pytest.param(b'{"a":1e400}', "E_NUMBER", "$.a", id="J-05 1e400"),
        pytest.param(b'{"a":NaN}', "E_NUMBER", "$.a", id="J-04 NaN"),
        pytest.param(b'{"a":' + b"9" * 5000 + b"}", "E_NUMBER", "$.a", id="J-06 5,000 digits"),
        pytest.param(b'{"a":1e1000000000}', "E_NUMBER", "$.a", id="J-09 1e1000000000"),
        pytest.param(
            b'{"priority":"1","PRIORITY":"4"}', "E_JSON_DUPKEY", "$.PRIORITY", id="J-15 but for case"
        ),
        pytest.param(
            b'{"@type":"ProductOrder","note":[' + b"0," * 1_000_000 + b"0]}",
            "E_RECORDS",
            "$",
            id="J-16 a million",
        ),
    ],
)
def test_bytes(body, code, where):
    """What is no readable JSON document is refused with the byte, line or property that is wrong."""
    refused = read(body)

    assert isinstance(refused, RejectedDocument)
    assert (code, where) == (refused.fault.code, refused.fault.where)


@pytest.mark.parametrize(
    ("path", "value", "code", "where"),
    [
        pytest.param("@type", GONE, "E_MISSING", "$.@type", id="no type"),
        pytest.param("@type", "ServiceOrder", "E_VALUE", "$.@type", id="another type"),
        pytest.param("externalId", GONE, "E_KEY_MISSING", "$.externalId", id="no number"),
        pytest.param("externalId", [], "E_KEY_MISSING", "$.externalId", id="no numbers"),
        pytest.param("externalId", "C-1", "E_TYPE", "$.externalId", id="a number of v4"),
        pytest.param("externalId.0.id", GONE, "E_MISSING", "$.externalId[0].id", id="number missing"),
        pytest.param("externalId.0.id", "", "E_KEY_MISSING", "$.externalId[0].id", id="number empty"),
        pytest.param("externalId.0.id", "x" * 65, "E_KEY_FORMAT", "$.externalId[0].id", id="number too long"),
        pytest.param("externalId.0.id", "../../etc", "E_KEY_FORMAT", "$.externalId[0].id", id="V-05 a path"),
        pytest.param(
            "externalId.0.id", "A\u202eB", "E_KEY_FORMAT", "$.externalId[0].id", id="V-04 hidden order"
        ),
        pytest.param("externalId.0.id", 10**29, "E_TYPE", "$.externalId[0].id", id="J-07 30 digits, bare"),
        pytest.param("externalId.0.owner", "crm", "E_VALUE", "$.externalId[0].owner", id="another's number"),
        pytest.param("externalId.1.id", " 7", "E_KEY_FORMAT", "$.externalId[1].id", id="blank before an id"),
        pytest.param("externalId.1.owner", GONE, "E_MISSING", "$.externalId[1].owner", id="whose id"),
        pytest.param("priority", "5", "E_VALUE", "$.priority", id="priority"),
        pytest.param("priority", 1, "E_TYPE", "$.priority", id="priority as number"),
        pytest.param(
            "requestedCompletionDate",
            "2026-09-04T18:00:00",
            "E_DATE",
            "$.requestedCompletionDate",
            id="V-09 no zone",
        ),
        pytest.param(
            "requestedCompletionDate",
            "0001-01-01T00:00:00Z",
            "E_DATE",
            "$.requestedCompletionDate",
            id="V-09 year 1",
        ),
        pytest.param(
            "requestedCompletionDate",
            "2026-02-30T00:00:00Z",
            "E_DATE",
            "$.requestedCompletionDate",
            id="30 February",
        ),
        pytest.param(
            "requestedInitialState", "done", "E_VALUE", "$.requestedInitialState", id="initial state"
        ),
        pytest.param("billingAccount", {"id": "1"}, "E_UNKNOWN", "$.billingAccount", id="J-13 would be lost"),
        pytest.param("id", "OL1", "E_UNKNOWN", "$.id", id="the hub's id"),
        pytest.param("version", 3, "E_UNKNOWN", "$.version", id="the hub's version"),
        pytest.param("odd name", 3, "E_UNKNOWN", "$['odd name']", id="odd name"),
        pytest.param("__type__", "bytes", "E_UNKNOWN", "$.__type__", id="J-14 what others would build"),
        pytest.param(
            "relatedParty.0.__type__",
            "datetime",
            "E_UNKNOWN",
            "$.relatedParty[0].__type__",
            id="J-14 further in",
        ),
        pytest.param(
            "callback", "http://127.0.0.1:9/told", "E_UNKNOWN", "$.callback", id="V-10 where to call back"
        ),
        pytest.param(
            "productOrderItem.0.state\r\nX-Evil: 1",
            "1",
            "E_UNKNOWN",
            "$.productOrderItem[0]['state\\r\\nX-Evil: 1']",
            id="V-06 line ends in a name",
        ),
        pytest.param(
            "externalId.0.id",
            "A-1\r\nX-Evil: 1",
            "E_KEY_FORMAT",
            "$.externalId[0].id",
            id="V-06 line ends in an id",
        ),
        pytest.param(
            "externalId.0.id", "A\u200b1", "E_KEY_FORMAT", "$.externalId[0].id", id="V-04 zero width"
        ),
        pytest.param(
            "externalId.0.id", "\u0410-1", "E_KEY_FORMAT", "$.externalId[0].id", id="V-04 a Cyrillic A"
        ),
        pytest.param("externalId.0.id", "C:\\x", "E_KEY_FORMAT", "$.externalId[0].id", id="V-05 a drive"),
        pytest.param("externalId.0.id", "x" * 4096, "E_KEY_FORMAT", "$.externalId[0].id", id="V-05 4 KB"),
        pytest.param(
            "description",
            "x" * 7_000_000,
            "E_FIELD_SIZE",
            "line 1 column 302 at byte 301",
            id="J-16 7 MB",
        ),
        pytest.param("relatedParty.0.id", "C-1", "E_UNKNOWN", "$.relatedParty[0].id", id="party as in v4"),
        pytest.param(
            "relatedParty.0.role", GONE, "E_MISSING", "$.relatedParty[0].role", id="party without role"
        ),
        pytest.param(
            "place.0.place", {"@type": "GeographicAddress"}, "E_MISSING", "$.place[0].place", id="no address"
        ),
        pytest.param("place.0.place.geo", 1, "E_UNKNOWN", "$.place[0].place.geo", id="address property"),
        pytest.param("description", "x" * 4001, "E_FIELD_SIZE", "$.description", id="J-16 long text"),
        pytest.param("productOrderItem", GONE, "E_MISSING", "$.productOrderItem", id="no items"),
        pytest.param("productOrderItem", None, "E_MISSING", "$.productOrderItem", id="items null"),
        pytest.param("productOrderItem", [], "E_MISSING", "$.productOrderItem", id="empty items"),
        pytest.param("productOrderItem", {}, "E_TYPE", "$.productOrderItem", id="items an object"),
        pytest.param(ITEM, "1", "E_TYPE", AT, id="item a string"),
        pytest.param(f"{ITEM}.id", GONE, "E_MISSING", f"{AT}.id", id="item without id"),
        pytest.param(f"{ITEM}.id", 1, "E_TYPE", f"{AT}.id", id="item id a number"),
        pytest.param(f"{ITEM}.category", "device", "E_UNKNOWN", f"{AT}.category", id="category"),
        pytest.param(f"{ITEM}.action", "XYZ", "E_ACTION", f"{AT}.action", id="action"),
        pytest.param(f"{ITEM}.action", GONE, "E_MISSING", f"{AT}.action", id="no action"),
        pytest.param(f"{ITEM}.quantity", -1, "E_RANGE", f"{AT}.quantity", id="V-03 negative"),
        pytest.param(f"{ITEM}.quantity", 0, "E_RANGE", f"{AT}.quantity", id="nothing"),
        pytest.param(f"{ITEM}.quantity", 101, "E_RANGE", f"{AT}.quantity", id="more than the offering has"),
        pytest.param(f"{ITEM}.quantity", 10**29, "E_RANGE", f"{AT}.quantity", id="J-07 absurd"),
        pytest.param(f"{ITEM}.quantity", 1.5, "E_TYPE", f"{AT}.quantity", id="half a phone"),
        pytest.param(f"{ITEM}.quantity", "1", "E_TYPE", f"{AT}.quantity", id="J-12 quantity as text"),
        pytest.param(f"{ITEM}.quantity", True, "E_TYPE", f"{AT}.quantity", id="J-12 true is no number"),
        pytest.param(f"{ITEM}.productOffering", GONE, "E_MISSING", f"{AT}.productOffering", id="no offering"),
        pytest.param(
            f"{ITEM}.productOffering.id",
            "HANDSET-Z",
            "E_OFFERING",
            f"{AT}.productOffering.id",
            id="unknown offering",
        ),
        pytest.param(
            f"{ITEM}.productOffering.id", "9" * 30, "E_OFFERING", f"{AT}.productOffering.id", id="30 digits"
        ),
        pytest.param(f"{ITEM}.appointment", {"id": "7"}, "E_UNKNOWN", f"{AT}.appointment", id="appointment"),
        pytest.param(f"{PRICE}.value", "499.90", "E_TYPE", f"{PRICE_AT}.value", id="J-08 money as text"),
        pytest.param(f"{PRICE}.value", 0.1234567, "E_RANGE", f"{PRICE_AT}.value", id="J-08 too fine"),
        pytest.param(f"{PRICE}.value", 1e15, "E_RANGE", f"{PRICE_AT}.value", id="J-08 too dear"),
        pytest.param(f"{PRICE}.unit", "usd", "E_VALUE", f"{PRICE_AT}.unit", id="currency"),
        pytest.param(PRICE, GONE, "E_MISSING", PRICE_AT, id="no net amount"),
        pytest.param(
            f"{ITEM}.itemPrice.0.priceType",
            "once",
            "E_VALUE",
            f"{AT}.itemPrice[0].priceType",
            id="price type",
        ),
        pytest.param(f"{FEATURE}.value", "256", "E_TYPE", f"{FEATURE_AT}.value", id="not its type"),
        pytest.param(f"{FEATURE}.value", 10**29, "E_RANGE", f"{FEATURE_AT}.value", id="30 digit value"),
        pytest.param(f"{FEATURE}.value", GONE, "E_MISSING", f"{FEATURE_AT}.value", id="no value"),
        pytest.param(
            FEATURE, {"name": "msisdn", "value": "0541"}, "E_VALUE", f"{FEATURE_AT}.value", id="V-08 MSISDN"
        ),
        pytest.param(
            FEATURE, {"name": "IMSI", "value": 12}, "E_VALUE", f"{FEATURE_AT}.value", id="V-08 IMSI"
        ),
        pytest.param(
            FEATURE,
            {"name": "iccid", "value": "8988211000000000012"},
            "E_VALUE",
            f"{FEATURE_AT}.value",
            id="V-08 ICCID",
        ),
        pytest.param(
            f"{FEATURE}",
            {"name": "n", "value": [1, "2"]},
            "E_TYPE",
            f"{FEATURE_AT}.value[1]",
            id="mixed array",
        ),
        pytest.param(
            f"{FEATURE}",
            {"name": "n", "value": [[1]]},
            "E_TYPE",
            f"{FEATURE_AT}.value[0]",
            id="array in array",
        ),
        pytest.param(
            f"{FEATURE}",
            {"name": "n", "value": {"a": "x" * 4000}},
            "E_FIELD_SIZE",
            f"{FEATURE_AT}.value",
            id="long object",
        ),
        pytest.param(
            "productOrderItem.1.id", "1", "E_DUPLICATE_LINE", "$.productOrderItem[1].id", id="duplicate line"
        ),
        pytest.param(
            "productOrderItem.1.productOrderItemRelationship.0.id",
            "9",
            "E_VALUE",
            "$.productOrderItem[1].productOrderItemRelationship[0].id",
            id="relies on nothing",
        ),
    ],
)
def test_one_fault(path, value, code, where):
    """One fault in an otherwise good order is refused with its code, at its path."""
    refused = read(changed(path, value))

    assert isinstance(refused, RejectedDocument)
    assert (code, where) == (refused.fault.code, refused.fault.where)


def test_the_first_fault_in_the_document_is_told():
    """Of many faults one is told, and it is the one that a reader of the document meets first."""
    order = changed("productOrderItem.1.quantity", -5, changed("productOrderItem.1.action", "XYZ"))
    first, second = order["productOrderItem"]
    backwards = {name: second[name] for name in ("id", "quantity", "action", "productOffering")}
    forwards = {name: second[name] for name in ("id", "action", "quantity", "productOffering")}

    assert (
        "$.productOrderItem[1].quantity" == read(order | {"productOrderItem": [first, backwards]}).fault.where
    )
    assert "$.productOrderItem[1].action" == read(order | {"productOrderItem": [first, forwards]}).fault.where


def test_a_duplicate_inside_a_bundle():
    """Ids are told apart in the whole order, whatever holds what; the first place is named."""
    inside = {"id": "2", "action": "add", "productOffering": {"id": "ROUTER-AX"}}
    refused = read(changed("productOrderItem.0.productOrderItem", [inside]))

    assert ("E_DUPLICATE_LINE", "$.productOrderItem[1].id") == (refused.fault.code, refused.fault.where)
    assert "$.productOrderItem[0].productOrderItem[0].id" in refused.fault.what


def test_too_many_items():
    """An order has at most 1000 items."""
    items = [{"id": str(n), "action": "add", "productOffering": {"id": "CASE-01"}} for n in range(1001)]
    refused = read(changed("productOrderItem", items))

    assert isinstance(read(changed("productOrderItem", items[:1000])), SubmitOrder)
    assert ("E_RECORDS", "$.productOrderItem[1000].id") == (refused.fault.code, refused.fault.where)


def test_bundles_of_bundles():
    """Bundles may nest as deep as a document may."""
    assert isinstance(read(nested(30)), SubmitOrder)
    assert "E_DEPTH" == read(nested(40)).fault.code


def test_text_that_looks_like_code_is_text():
    """V-07: texts are kept as they are, whatever they would mean elsewhere."""
    text = "' OR 1=1; {{7*7}} %n {0.__class__} <script> ../../etc"

    assert text == read(changed("description", text)).order.description


def test_a_url_is_text():
    """V-10: nothing of a document is called; where the hub calls is in its settings."""
    text = "http://127.0.0.1:9/told"

    assert text == read(changed("description", text)).order.description


def test_the_sentence_is_enough_to_mend_it():
    """An error says where, what, what is allowed, and its code."""
    refused = read(changed("productOrderItem.0.action", "XYZ"))

    expected = (
        "$.productOrderItem[0].action: unknown value 'XYZ' (one of add, delete, modify, noChange) [E_ACTION]"
    )
    assert expected == str(refused.fault)
