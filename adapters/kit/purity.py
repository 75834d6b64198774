"""
Whether a module is pure, read from its source: what it imports and calls, and so on through its own package.

This finds honest mistakes (a forgotten ``datetime.now()``), not adversaries.
"""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator
from pathlib import Path

__all__ = ["impurities"]

# Whoever needs one of these talks to the world, or asks it something.
_MODULES = frozenset(
    """
    aio_pika aiohttp amqp asyncio celery concurrent ctypes ftplib glob http httpx kombu locale logging
    multiprocessing os paho pathlib pika platform queue random redis requests sched secrets select selectors
    shutil signal smtplib socket sqlite3 ssl starlette structlog subprocess sys tempfile threading time
    urllib urllib3 uvicorn zoneinfo
    """.split()  # noqa: SIM905 - a list of forty names reads better as prose
)
_CALLS = frozenset({"__import__", "breakpoint", "eval", "exec", "input", "open", "print"})
_METHODS = frozenset({"now", "today", "utcnow", "uuid1", "uuid4"})


def impurities(module: str) -> tuple[str, ...]:
    """
    ``module:line: what`` for all that ``module``, and what it imports of its own top-level package, does
    and should not; empty when it is pure.
    """
    found: list[str] = []
    waiting, seen = [module], {module}
    while waiting:
        name = waiting.pop()
        path = _source(name)
        if path is None:
            continue
        tree = ast.parse(path.read_bytes())
        found += [f"{name}:{line}: {what}" for line, what in _faults(tree)]
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        own = {one for one in _imports(tree, package) if _top(one) == _top(module)}
        waiting += sorted(own - seen)
        seen |= own
    return tuple(sorted(found))


def _source(module: str) -> Path | None:
    try:
        spec = importlib.util.find_spec(module)
    except ModuleNotFoundError:  # `from package import name`, where the name is no module
        return None
    return Path(spec.origin) if spec and spec.origin and spec.origin.endswith(".py") else None


def _imports(tree: ast.Module, package: str) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (one.name for one in names)
            case ast.ImportFrom(module=name, names=names, level=level):
                base = importlib.util.resolve_name("." * level + (name or ""), package)
                yield base
                yield from (f"{base}.{one.name}" for one in names)


def _faults(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, f"imports {a.name}") for a in names if _forbidden(a.name))
            case ast.ImportFrom(module=str(name), level=0) if _forbidden(name):
                yield node.lineno, f"imports {name}"
            case ast.Call(func=ast.Name(id=name)) if name in _CALLS:
                yield node.lineno, f"calls {name}()"
            case ast.Call(func=ast.Attribute(attr=name)) if name in _METHODS:
                yield node.lineno, f"calls .{name}()"


def _forbidden(module: str) -> bool:
    return _top(module) in _MODULES


def _top(module: str) -> str:
    return module.partition(".")[0]
