from __future__ import annotations

from textwrap import dedent

import pytest

from routes.lines import line_of, lines_of

TEXT = dedent("""\
    # a comment = with a sign

    [[route]]
    name = "a"

      [[route.part]]
      name = "p"

      [[route.part]]
      name = "q"
      text = '''
    name = "not a key"
    [[route]]
    '''
      last = 1

    [[route]]  # the second
      [[route.part]]
      "quoted" = 1

    [hub]
    value = 1
    """)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        pytest.param(("route", 0), 3, id="a table of an array"),
        pytest.param(("route", 0, "name"), 4, id="its key"),
        pytest.param(("route", 0, "part", 1, "name"), 10, id="the second of a nested array"),
        pytest.param(("route", 0, "part", 1, "last"), 15, id="after a long string"),
        pytest.param(("route", 1), 17, id="keys in a long string are none"),
        pytest.param(("route", 1, "part", 0), 18, id="arrays count anew in each table"),
        pytest.param(("route", 1, "part", 0, "quoted"), 18, id="unknown: the table around it"),
        pytest.param(("route", 0, "part", 0, "items", "category", 2), 6, id="far below what is known"),
        pytest.param(("hub", "value"), 22, id="a plain table"),
        pytest.param(("nothing",), None, id="nowhere"),
        pytest.param((), None, id="the whole document"),
    ],
)
def test_a_key_has_the_line_that_an_editor_shows(path, line):
    """What has no line of its own has that of the nearest thing around it."""
    assert line == line_of(path, lines_of(TEXT))
