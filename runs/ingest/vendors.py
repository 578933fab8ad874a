"""Instruments' own exports through `allotropy`: the vendor is told by signs in the content, or named by the user.

The signs are facts of each program's layout and cost nothing to look for; `allotropy` (which takes seconds to load) is loaded
only when one is found.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePath
from typing import Any

from world_model.terms.errors import nearest

from .asm import SIGN, read_asm
from .entries import Entries
from .problems import CellProblem, RefusedFile
from .vendor_ledger import account
from .workbook import Sheet


@dataclass(frozen=True)
class Content:
    """What signs are looked for in: the text of a text file, or the sheets of a workbook."""

    text: str = ""
    sheets: tuple[Sheet, ...] = ()

    def opening(self, lines: int) -> list[str]:
        return self.text[:20_000].splitlines()[:lines]

    def cells(self, rows: int) -> set[str]:
        """The texts in the first rows of the first sheet."""
        return {cell for sheet in self.sheets[:1] for row in sheet.rows[:rows] for cell in row.cells if cell}


@dataclass(frozen=True)
class Vendor:
    """A program whose exports `allotropy` reads. `suffix` is the ending that it expects."""

    name: str
    program: str
    suffix: str
    signed: Callable[[Content], bool]


def _chromeleon(content: Content) -> bool:
    return isinstance(_document(content.text).get("injections"), list)


def _empower(content: Content) -> bool:
    values = _document(content.text).get("values")
    return isinstance(values, dict) and "fields" in values


@lru_cache(maxsize=2)
def _document(text: str) -> dict[str, Any]:
    """The text's JSON object; empty where it is none."""
    if not text.lstrip().startswith("{"):
        return {}
    try:
        told = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _lunatic(content: Content) -> bool:
    told = f"{content.text[:5000]} {' '.join(content.cells(60))}".lower()
    return "sample name" in told and "plate id" in told and ("application" in told or "plate position" in told)


VENDORS = (
    Vendor("AGILENT_GEN5", "Agilent BioTek Gen5", ".txt", lambda c: any(line.startswith("Software Version") for line in c.opening(8))),
    Vendor("BMG_MARS", "BMG Labtech MARS", ".csv", lambda c: bool(re.search(r"^\W*(?:User|Path|Test ID)\s*:", c.text[:3000], re.MULTILINE)) and "Raw Data" in c.text),
    Vendor("BMG_LABTECH_SMART_CONTROL", "BMG Labtech Smart Control", ".xlsx", lambda c: {"protocol information", "microplate end point"} <= {sheet.name.lower() for sheet in c.sheets}),
    Vendor("MOLDEV_SOFTMAX_PRO", "Molecular Devices SoftMax Pro", ".txt", lambda c: bool(re.match(r"\s*##BLOCKS=", c.text))),
    Vendor("PERKIN_ELMER_ENVISION", "PerkinElmer EnVision", ".csv", lambda c: any(line.startswith("Plate information") for line in c.opening(20))),
    Vendor("REVVITY_KALEIDO", "Revvity Kaleido", ".csv", lambda c: "Exported with Kaleido" in c.text[-2000:]),
    Vendor("TECAN_MAGELLAN", "Tecan Magellan", ".xlsx", lambda c: any("Well positions" in cell or "Date of measurement" in cell for cell in c.cells(50))),
    Vendor(
        "THERMO_SKANIT", "Thermo SkanIt", ".xlsx",
        lambda c: {"Session information", "Instrument information"} <= {sheet.name for sheet in c.sheets} or any(sheet.rows[0].cells[0] == "Measurement results" for sheet in c.sheets[:1]),
    ),
    Vendor("UNCHAINED_LABS_LUNATIC", "Unchained Labs Lunatic / Stunner", ".csv", _lunatic),
    Vendor("BENCHLING_CHROMELEON", "Thermo Chromeleon (JSON)", ".json", _chromeleon),
    Vendor("BENCHLING_EMPOWER", "Waters Empower (JSON)", ".json", _empower),
)  # fmt: skip


def signed_vendors(content: Content) -> list[Vendor]:
    """The vendors whose sign the content bears."""
    return [vendor for vendor in VENDORS if vendor.signed(content)]


def is_asm(content: Content) -> bool:
    return content.text.lstrip().startswith("{") and f'"{SIGN}"' in content.text


def read_asm_text(text: str, *, name: str) -> Entries:
    """An ASM file.

    Raises:
        RefusedFile: no JSON, or no ASM that holds readings.
    """
    try:
        document = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as fault:
        raise RefusedFile(name, [CellProblem(None, "", "a JSON document", f"none ({fault})", "The file may be cut.")]) from fault
    return _entries(document, name=name, dialect="ASM")


def read_vendor(data: bytes, content: Content, *, name: str, wanted: Sequence[Vendor]) -> Entries:
    """A vendor's export: the first of the wanted vendors whose parser takes it.

    Raises:
        RefusedFile: `allotropy` is missing, or no parser takes the file; what was tried is listed.
    """
    try:
        # a lazy door: allotropy takes four seconds to load
        from allotropy.parser_factory import Vendor as Known
        from allotropy.to_allotrope import allotrope_from_io
    except ImportError as fault:
        programs = " or ".join(vendor.program for vendor in wanted)
        raise RefusedFile(name, [CellProblem(None, "", "the extra 'readers'", f"an export of {programs}, and no allotropy", "Install it: pip install 'nextwell[readers]'.")]) from fault
    refusals = []
    for vendor in wanted:
        if vendor.name not in Known.__members__:
            refusals.append(f"{vendor.program}: allotropy does not know it")
            continue
        try:
            document = allotrope_from_io(io.BytesIO(data), _called(name, Known[vendor.name].supported_extensions, content, vendor), vendor_type=vendor.name)
        # a foreign parser that meets a damaged file answers with anything from KeyError to its own errors: all of them mean "not taken"
        except Exception as fault:
            refusals.append(f"{vendor.program}: {type(fault).__name__}: {str(fault).splitlines()[0][:200] if str(fault) else ''}")
            continue
        entries = _entries(document, name=name, dialect=vendor.program)
        account(entries, content, document)
        return entries
    raise RefusedFile(name, [CellProblem(None, "", "an export that the vendor's parser takes", "; ".join(refusals), "Export the file again, or as a plain table.")])


def _called(name: str, endings: Sequence[str], content: Content, vendor: Vendor) -> str:
    """The file's name with an ending that the vendor's parser takes: its own where it is one of them."""
    path = PurePath(name or "results")
    if path.suffix[1:].lower() in endings:
        return path.name
    suffix = ".xlsx" if content.sheets and "xlsx" in endings else vendor.suffix
    return f"{path.stem or 'results'}{suffix}"


def vendor_named(text: str) -> Vendor:
    """The vendor of `--vendor`: one of ours, or any that `allotropy` knows by its own name.

    Raises:
        RefusedFile: no such vendor.
    """
    wanted = re.sub(r"\W+", "_", text.strip()).upper()
    close = [vendor for vendor in VENDORS if wanted == vendor.name or wanted in vendor.name.split("_") or wanted in re.sub(r"\W+", "_", vendor.program).upper()]
    if len(close) == 1:
        return close[0]
    try:
        from allotropy.parser_factory import Vendor as Known
    except ImportError as fault:
        raise RefusedFile(text, [CellProblem(None, "vendor", "the extra 'readers'", "no allotropy", "Install it: pip install 'nextwell[readers]'.")]) from fault
    if wanted in Known.__members__:
        known = Known[wanted]
        return Vendor(wanted, known.display_name, f".{known.supported_extensions[0]}", lambda content: True)
    raise RefusedFile(text, [CellProblem(None, "vendor", "a vendor", repr(text), nearest(wanted, [vendor.name for vendor in VENDORS]))])


def _entries(document: Mapping[str, Any], *, name: str, dialect: str) -> Entries:
    try:
        entries = read_asm(document)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as fault:
        raise RefusedFile(name, [CellProblem(None, "", "an ASM document of readings", f"one of another shape ({type(fault).__name__}: {fault})")]) from fault
    entries.dialect = dialect
    return entries
