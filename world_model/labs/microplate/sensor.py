"""The bench between the truth and the file: pipetting, day effect, evaporation, background, reader noise, overflow, lost wells.

Sources are given where a figure was published; figures marked "assumed" are ordinary for a well-kept reader, and are fixed too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

OVERFLOW_MARK = "OVRFLW"
LOST_MARK = "LOST"


@dataclass(frozen=True, kw_only=True)
class Bench:
    """How far the bench is from ideal."""

    # ISO 8655-2:2022 lets a 50 µL pipette scatter by 0.2 µL: 2.5 % of an 8 µL transfer, 4 % of 5 µL of cells.
    pipetting_cv: float = 0.025
    cells_cv: float = 0.04
    # Day effects, one draw a round, assumed: the morning's OD, the incubator, the reader's lamp and gain.
    inoculum_day_cv: float = 0.08
    temperature_day_sd_c: float = 0.2
    od_day_cv: float = 0.01
    gfp_day_cv: float = 0.03
    # Under a lid, wells at the rim lose several per cent of their water a day and are cooler (Lundholt, Scudder, Pagliaro 2003,
    # J. Biomol. Screen. 8:566, on edge effects); the figures are assumed.
    edge_loss_per_day: float = 0.10
    inner_loss_per_day: float = 0.01
    edge_cooler_c: float = 0.5
    # Corning 3650, the plate corning_96_wellplate_360ul_flat: 0.32 cm² growth area, hence the light path of a given volume.
    well_area_cm2: float = 0.32
    volume_ul: float = 200.0
    # Absorbance bends at high density (Stevenson, McVey, Clark, Swain, Pilizota 2016, Sci. Rep. 6:38828); constant assumed.
    od_bends_at: float = 15.0
    od_highest: float = 3.0
    od_blank: float = 0.045
    od_blank_sd: float = 0.003
    od_noise: float = 0.003
    od_noise_cv: float = 0.008
    # Counts of an arbitrary gain: what a litre's mature GFP reads, in the unit of `culture`.
    rfu_per_gfp: float = 80_000.0
    gfp_highest: float = 99_999.0
    gfp_blank: float = 260.0
    gfp_blank_sd: float = 12.0
    gfp_noise: float = 10.0
    gfp_noise_cv: float = 0.02
    # One well in 300 is lost to a bubble, a clogged tip or a splash; assumed.
    lost_share: float = 1 / 300


ORDINARY = Bench()


@dataclass(frozen=True, kw_only=True)
class Draws:
    """A round's random sources, one child of the campaign's seed for each, so that a change to one leaves the others alone."""

    day: np.random.Generator
    pipetting: np.random.Generator
    reader: np.random.Generator
    loss: np.random.Generator

    @classmethod
    def of_round(cls, seed: int, round: int) -> Draws:
        """The sources of one round of one campaign."""
        children = np.random.SeedSequence([seed, round]).spawn(4)
        return cls(**dict(zip(("day", "pipetting", "reader", "loss"), map(np.random.default_rng, children), strict=True)))


def scatter(values: np.ndarray, cv: float | np.ndarray, normal: np.ndarray) -> np.ndarray:
    """Values times a lognormal error of mean 1 and coefficient of variation `cv`; `normal` are standard normal draws."""
    sigma = np.sqrt(np.log1p(np.square(cv)))
    scattered: np.ndarray = values * np.exp(sigma * normal - sigma**2 / 2)
    return scattered


def read_od(od600: np.ndarray, day: float, *, noise: np.ndarray, bench: Bench, volume_ul: float | None) -> np.ndarray:
    """What the reader writes for optical densities `n x t` (0 in a blank): raw absorbance scaled to 1 cm, nan above its range.

    The background is the plate's and the medium's; it differs from well to well, hence some blanked readings below zero.

    Args:
        noise: `n x (1 + 2t)` standard normal draws: of the well's background, of the readings relative and absolute.
    """
    t = od600.shape[1]
    path_cm = (volume_ul or bench.volume_ul) / 1000.0 / bench.well_area_cm2
    passed = od600 * path_cm * day
    absorbance = passed / (1 + passed / bench.od_bends_at) * (1 + bench.od_noise_cv * noise[:, 1 : 1 + t])
    absorbance += bench.od_blank + bench.od_blank_sd * noise[:, :1] + bench.od_noise * noise[:, 1 + t :]
    return np.where(absorbance > bench.od_highest, np.nan, absorbance / path_cm)


def read_gfp(rfu: np.ndarray, day: float, *, noise: np.ndarray, bench: Bench) -> np.ndarray:
    """What the reader writes for fluorescence `n x t`, nan above its range; `noise` as in `read_od`."""
    t = rfu.shape[1]
    counts = rfu * day * (1 + bench.gfp_noise_cv * noise[:, 1 : 1 + t])
    counts += bench.gfp_blank + bench.gfp_blank_sd * noise[:, :1] + bench.gfp_noise * noise[:, 1 + t :]
    return np.where(counts > bench.gfp_highest, np.nan, counts)
