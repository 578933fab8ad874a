"""A picture as a reportlab drawing."""

from __future__ import annotations

from reportlab.graphics.shapes import Circle, Drawing, Group, Line, Rect, String
from reportlab.lib.colors import HexColor

from .fonts import BOLD, SANS, register_fonts
from .picture import Box, Disc, Picture, Rule, Words


def drawing(picture: Picture, *, width: float, height: float) -> Drawing:
    """The picture as large as fits into width and height (points)."""
    register_fonts()
    scale = min(width / picture.width, height / picture.height)
    group = Group(*(_shape(shape, picture.height) for shape in picture.shapes))
    group.transform = (scale, 0, 0, scale, 0, 0)
    return Drawing(picture.width * scale, picture.height * scale, group)


def _shape(shape: Box | Disc | Words | Rule, height: float) -> Rect | Circle | String | Line:
    """PDF's y runs up."""
    match shape:
        case Box():
            dash = [3, 3] if shape.dashed else None
            return Rect(
                shape.x, height - shape.y - shape.height, shape.width, shape.height, rx=shape.radius, ry=shape.radius, fillColor=_colour(shape.fill),
                strokeColor=_colour(shape.stroke), strokeWidth=0.8, strokeDashArray=dash,
            )  # fmt: skip
        case Disc():
            dash = [3, 3] if shape.dashed else None
            return Circle(shape.x, height - shape.y, shape.radius, fillColor=_colour(shape.fill), strokeColor=_colour(shape.stroke), strokeWidth=0.8, strokeDashArray=dash)
        case Words():
            # DejaVu runs wider than the Helvetica that the pictures are laid out for
            return String(shape.x, height - shape.y, shape.text, fontName=BOLD if shape.bold else SANS, fontSize=shape.size * 0.88, textAnchor=shape.anchor, fillColor=_colour(shape.fill))
        case Rule():
            return Line(shape.x1, height - shape.y1, shape.x2, height - shape.y2, strokeColor=_colour(shape.stroke), strokeWidth=0.8)


def _colour(name: str) -> HexColor | None:
    return None if name == "none" else HexColor(name)
