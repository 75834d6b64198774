"""
docs/settings.md, made from the schema: ``python -m orderloom.settings_reference > docs/settings.md``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from .settings_layers import schema

__all__ = ["reference"]

_HEAD = """\
# Settings

Made from [`orderloom/schema/settings.json`](../orderloom/schema/settings.json) by
`python -m orderloom.settings_reference`; do not edit.

One TOML file: `--config FILE`, else `$ORDERLOOM_CONFIG`, else `./orderloom.toml`, else none: the defaults
run the reference world. The environment overrides the file. `orderloom config` shows every value and
where it came from. All faults are told at once, each with file and key.

Secrets never stand in the file:

| variable | what |
| --- | --- |
| `ORDERLOOM_BROKER_PASSWORD` | joins `broker.url` |
| `ORDERLOOM_MANAGEMENT_PASSWORD` | joins `broker.management_url`; default: the broker's |
| `ORDERLOOM_CLOCK_PASSWORD` | joins `clock.url` |
| `ORDERLOOM_STORE_PASSWORD` | joins `store.path` when that is a PostgreSQL URL with a user |
| `ORDERLOOM_LISTENER_TOKEN` | bearer token that the listener asks for |
| `ORDERLOOM_SYSTEM_<NAME>_TOKEN` | bearer token that calls of a system carry |

`<NAME>` is the system's name in capitals, everything else than letters and digits as `_`:
`oss.internet` is `OSS_INTERNET`.

```toml
#:schema ./orderloom/schema/settings.json

[broker]
url = "amqps://hub@rabbit.example/orders"

[channels.web]
[channels.partner]

[systems.crm]
[systems."oss.internet"]
url = "https://oss.example/tmf-api/serviceOrdering/v4"
timeout = 5
```
"""


def reference() -> str:
    """The whole page."""
    return _HEAD + "".join(f"\n{line}\n" if line.startswith("#") else f"{line}\n" for line in _lines())


def _lines() -> Iterator[str]:
    for name, node in schema()["properties"].items():
        each = node.get("additionalProperties")
        table = f"{name}.<name>" if isinstance(each, dict) else name
        yield f"## `[{table}]`"
        yield ""
        yield node["description"]
        yield ""
        yield "| key | type | default | allowed | environment | what |"
        yield "| --- | --- | --- | --- | --- | --- |"
        properties = each["properties"] if isinstance(each, dict) else node["properties"]
        for key, one in properties.items():
            yield _row(key, one)


def _row(key: str, node: Mapping[str, Any]) -> str:
    default = node.get("default", "")
    shown = str(default).lower() if isinstance(default, bool) else default
    cells = (
        f"`{key}`",
        node["type"] if node["type"] != "object" else "table of strings",
        f"`{shown}`" if shown not in ("", {}) else "",
        _limits(node),
        f"`{node['x-environment']}`" if "x-environment" in node else "",
        node["description"],
    )
    return f"| {' | '.join(map(str, cells))} |"


def _limits(node: Mapping[str, Any]) -> str:
    low, high = node.get("minimum"), node.get("maximum")
    if low is None and high is None:
        return ""
    return f"{low} to {high}" if high is not None else f"{low} or more"


if __name__ == "__main__":
    sys.stdout.write(reference())
