"""A picture as data: drawn once, written as SVG or into a PDF. x runs right, y runs down, both in points."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal
from xml.sax.saxutils import escape, quoteattr


@dataclass(frozen=True, kw_only=True)
class Box:
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float
    fill: str = "none"
    stroke: str = "#555555"
    radius: float = 0.0
    dashed: bool = False
    title: str = ""


@dataclass(frozen=True, kw_only=True)
class Disc:
    """A circle around (x, y)."""

    x: float
    y: float
    radius: float
    fill: str = "none"
    stroke: str = "#333333"
    dashed: bool = False
    title: str = ""


@dataclass(frozen=True, kw_only=True)
class Words:
    """One line of text; y is its baseline."""

    x: float
    y: float
    text: str
    size: float
    anchor: Literal["start", "middle", "end"] = "start"
    bold: bool = False
    fill: str = "#000000"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A straight line."""

    x1: float
    y1: float
    x2: float
    y2: float
    stroke: str = "#bbbbbb"


@dataclass(frozen=True, kw_only=True)
class Picture:
    """Shapes in the order in which they are drawn. `name` is what a reader for the blind says."""

    name: str
    width: float
    height: float
    shapes: tuple[Box | Disc | Words | Rule, ...] = field(repr=False)


def svg(picture: Picture) -> str:
    """The picture as an SVG document without anything from outside."""
    body = "\n".join(_shape(shape) for shape in picture.shapes)
    view = f'viewBox="0 0 {picture.width:.0f} {picture.height:.0f}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {view} font-family="Helvetica, Arial, sans-serif" role="img" '
        f"aria-label={quoteattr(picture.name)}>\n{body}\n</svg>\n"
    )


def _shape(shape: Box | Disc | Words | Rule) -> str:
    match shape:
        case Box():
            round_ = f' rx="{shape.radius:g}"' if shape.radius else ""
            place = f'x="{shape.x:.1f}" y="{shape.y:.1f}" width="{shape.width:.1f}" height="{shape.height:.1f}"{round_}'
            return _closed("rect", place, shape.fill, shape.stroke, dashed=shape.dashed, title=shape.title)
        case Disc():
            place = f'cx="{shape.x:.1f}" cy="{shape.y:.1f}" r="{shape.radius:.1f}"'
            return _closed("circle", place, shape.fill, shape.stroke, dashed=shape.dashed, title=shape.title)
        case Words():
            anchor = f' text-anchor="{shape.anchor}"' if shape.anchor != "start" else ""
            bold = ' font-weight="bold"' if shape.bold else ""
            colour = f' fill="{shape.fill}"' if shape.fill != "#000000" else ""
            return f'<text x="{shape.x:.1f}" y="{shape.y:.1f}" font-size="{shape.size:.1f}"{anchor}{bold}{colour}>{escape(shape.text)}</text>'
        case Rule():
            return f'<line x1="{shape.x1:.1f}" y1="{shape.y1:.1f}" x2="{shape.x2:.1f}" y2="{shape.y2:.1f}" stroke="{shape.stroke}"/>'


def _closed(tag: str, place: str, fill: str, stroke: str, *, dashed: bool, title: str) -> str:
    dash = ' stroke-dasharray="3 3"' if dashed else ""
    inner = f"<title>{escape(title)}</title>" if title else ""
    return f'<{tag} {place} fill="{fill}" stroke="{stroke}"{dash}>{inner}</{tag}>' if inner else f'<{tag} {place} fill="{fill}" stroke="{stroke}"{dash}/>'


def shortened(text: str, most: int) -> str:
    """At most so many characters, the last one an ellipsis where some are left out."""
    return text if len(text) <= most else text[: most - 1] + "…"
