"""DejaVu Sans for PDFs, from matplotlib's data: µ, ≥, °, → and Greek are in it."""

from __future__ import annotations

from functools import cache

SANS, BOLD, MONO = "DejaVuSans", "DejaVuSans-Bold", "DejaVuSansMono"


@cache
def register_fonts() -> None:
    """Make the fonts known to reportlab, once."""
    import matplotlib
    from reportlab.pdfbase.pdfmetrics import registerFont, registerFontFamily
    from reportlab.pdfbase.ttfonts import TTFont

    folder = f"{matplotlib.get_data_path()}/fonts/ttf"
    for name in (SANS, BOLD, MONO):
        registerFont(TTFont(name, f"{folder}/{name}.ttf"))
    registerFontFamily(SANS, normal=SANS, bold=BOLD, italic=SANS, boldItalic=BOLD)
