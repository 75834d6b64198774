"""
Names in XML: ``{namespace}local`` in our code, ``prefix:local`` in sentences.

Standard: Namespaces in XML 1.0.  The spelling with braces is James Clark's; a name in no namespace is just
its local part.
"""

from __future__ import annotations

__all__ = [
    "SIGNATURE",
    "XINCLUDE",
    "XML",
    "XOP",
    "XSI",
    "local_name",
    "name_in",
    "namespace",
    "printable",
]

XML = "http://www.w3.org/XML/1998/namespace"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
XINCLUDE = "http://www.w3.org/2001/XInclude"
XOP = "http://www.w3.org/2004/08/xop/include"
SIGNATURE = "http://www.w3.org/2000/09/xmldsig#"

# Characters of one name in a path; no honest one is longer.
_SHOWN = 64


def name_in(uri: str, local: str) -> str:
    """
    ``{uri}local``, or ``local`` when there is no namespace.
    """
    return f"{{{uri}}}{local}" if uri else local


def local_name(name: str) -> str:
    """
    What stands behind the namespace.
    """
    return name.rpartition("}")[2]


def namespace(name: str) -> str:
    """
    The namespace of a name; empty when it has none.
    """
    return name[1:].rpartition("}")[0] if name.startswith("{") else ""


def printable(name: str) -> str:
    """
    A sender's own spelling of a name, with what cannot be seen escaped, and not longer than a path needs.
    """
    seen = name if len(name) <= _SHOWN else f"{name[:_SHOWN]}..."
    return seen if seen.isprintable() else seen.encode("unicode_escape").decode()
