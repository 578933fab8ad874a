"""Which experiment stands in which well: randomised, blocked, balanced, seeded and recorded."""

from .draw import draw_layout, lay_out
from .ground import edge_wells, usable_wells
from .reasons import layout_reasons
from .record import LayoutRecord
from .seeds import child_seed
from .zones import ZoneValues, zone_values

__all__ = ["LayoutRecord", "ZoneValues", "child_seed", "draw_layout", "edge_wells", "lay_out", "layout_reasons", "usable_wells", "zone_values"]
