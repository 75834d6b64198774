"""
What reading a format costs: MB/s and the most memory that it took, for X12, SOAP and files of EBCDIC records.

Run from the project's folder: ``make bench-formats``.  Each file is read in a process of its own, since the
most memory that a process ever had never falls again; what the process had before it began to read is
subtracted.  A file of records is read twice, once ten times as long: memory must not follow.
"""

# ruff: noqa: INP001  (a script, no package)

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from adapters.formats.fixed import Format, Recfm, code_page, cut, decode, pieces
from adapters.formats.soap import read_envelope
from adapters.formats.x12 import Interchange, read_interchanges
from adapters.inbound.directmail.layouts import DETAIL

_MB = 1_000_000
_PAGE = code_page("cp037")
_FORM = Format(Recfm.FB, 200)
# A file shorter than this is read again until that much was read: a millisecond is no measure.
_LEAST = 5 * _MB
# Of one purchase order.
_LINES = 40
_PEAK = re.compile(r"VmHWM:\s+([0-9]+) kB")


@dataclass(frozen=True, slots=True)
class Cost:
    """
    What reading one file cost.

    Args:
        records: Sets, elements or records in it.
        rate: MB/s, in millions of bytes.
        peak: KiB by which the process's memory grew at its peak.
    """

    size: int
    records: int
    rate: float
    peak: int


def read_x12(path: Path) -> int:
    """The sets of an interchange, which is read whole."""
    [found] = read_interchanges(path.read_bytes())
    if not isinstance(found, Interchange) or found.fault:
        raise ValueError(f"no sound interchange: {found.fault}")
    return sum(len(group.sets) for group in found.groups)


def read_soap(path: Path) -> int:
    """The items of a request, which is read whole."""
    envelope = read_envelope(path.read_bytes())
    return sum(1 for _ in envelope.body.children)


def read_ebcdic(path: Path) -> int:
    """The records of a file, read one at a time."""
    with path.open("rb") as file:
        return sum(1 for raw in cut(pieces(file), _FORM) if decode(raw.data, DETAIL, _PAGE))


def write_x12(path: Path, size: int) -> None:
    """One interchange of 850s of many lines: of groups and sets a message may have 1,100."""
    sets, length = [], 0
    lines = "".join(f"PO1*{n}*2*EA*599.00**VP*HX-A-BLK~" for n in range(1, _LINES + 1))
    while length < size:
        number = f"{len(sets) + 1:04}"
        body = f"BEG*00*SA*45{number}**20260901~{lines}CTT*{_LINES}~"
        sets.append(f"ST*850*{number}~{body}SE*{_LINES + 4}*{number}~")
        length += len(sets[-1])
    head = (
        "ISA*00*          *00*          *ZZ*ACME           *ZZ*ORDERLOOM      "
        "*260901*0930*U*00401*000000001*0*P*>~"
        "GS*PO*ACME*ORDERLOOM*20260901*0930*1*X*004010~"
    )
    path.write_text(f"{head}{''.join(sets)}GE*{len(sets)}*1~IEA*1*000000001~", "ascii")


def write_soap(path: Path, size: int) -> None:
    """One request with many items of four values each."""
    item = (
        "<o:Item><o:Id>1-L{n}</o:Id><o:Action>Add</o:Action>"
        "<o:Product>Home Internet 500</o:Product><o:Qty>1</o:Qty></o:Item>"
    )
    items = "".join(item.format(n=n) for n in range(size // len(item)))
    path.write_text(
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:o="urn:bench"><s:Body>'
        f"<o:Upsert>{items}</o:Upsert></s:Body></s:Envelope>",
        "utf-8",
    )


def write_ebcdic(path: Path, size: int) -> None:
    """Details of direct mail in cp037, 200 bytes each."""
    text = "C-88100     HANDSETAA".encode("cp037")
    name = f"{'Ada King':30}{'12 Harbour Street':30}{'Springfield':20}OR97477     US ".encode("cp037")
    head, tail = "D".encode("cp037"), b"\x00\x1c\x00\x00\x49\x90\x0c" + name + "".ljust(20).encode("cp037")
    with path.open("wb") as file:
        for number in range(1, size // _FORM.lrecl + 1):
            packed = bytes.fromhex(f"{number % 10**7:07}C")
            record = head + packed + text + tail + "00".encode("cp037")
            file.write(record.ljust(_FORM.lrecl, b"\x40"))


Case = tuple[Callable[[Path, int], None], Callable[[Path], int]]
CASES: Mapping[str, Case] = {
    "x12": (write_x12, read_x12),
    "soap": (write_soap, read_soap),
    "ebcdic": (write_ebcdic, read_ebcdic),
}


def measure(name: str, size: int, folder: Path, least: int = _LEAST) -> Cost:
    """Write a file of at least about ``size`` bytes, and read it in a process of its own."""
    path = folder / f"{name}-{size}"
    CASES[name][0](path, size)
    command = [sys.executable, "-m", "bench.formats", name, str(path), str(least)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own
    return Cost(size=path.stat().st_size, **json.loads(ran.stdout))


def run(
    sizes: Mapping[str, tuple[int, ...]], write: Callable[[str], object], least: int = _LEAST
) -> Iterator[Cost]:
    """Measure all, in their order, and write a line for each; a short file is read until it was ``least``."""
    write(f"{'format':<8}{'size':>9}{'records':>10}{'MB/s':>9}{'peak':>12}\n")
    with TemporaryDirectory() as folder:
        for name, all_sizes in sizes.items():
            for size in all_sizes:
                cost = measure(name, size, Path(folder), least)
                line = (
                    f"{cost.size / _MB:6.1f} MB{cost.records:>10}{cost.rate:9.1f}{cost.peak / 1024:8.1f} MiB"
                )
                write(f"{name:<8}{line}\n")
                yield cost


def _child(name: str, path: Path, least: int) -> None:
    read, size = CASES[name][1], path.stat().st_size
    before, begun, count, times = _peak(), perf_counter(), 0, 0
    while times * size < least:
        count = read(path)
        times += 1
    rate = times * size / (perf_counter() - begun) / _MB
    sys.stdout.write(json.dumps({"records": count, "rate": rate, "peak": _peak() - before}))


def _peak() -> int:
    """The most memory that this process has had, KiB; that of who started it does not count."""
    found = _PEAK.search(Path("/proc/self/status").read_text("ascii"))
    if found is None:
        raise OSError("/proc/self/status says no VmHWM: this needs Linux")
    return int(found[1])


def main() -> None:
    """Measure and print."""
    sizes = {"x12": (_MB,), "soap": (_MB,), "ebcdic": (10 * _MB, 100 * _MB)}
    *_, short, long = run(sizes, sys.stdout.write)
    sys.stdout.write(f"ten times the file takes {long.peak - short.peak} KiB more memory\n")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _child(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
    else:
        main()
