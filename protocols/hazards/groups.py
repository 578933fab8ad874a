"""Reactive groups, and which of them must not meet.

The list is short and can only block: that two groups are not in it never means that they may be mixed.

Sources, named for each pair:
`40 CFR 264 App. V`: US Code of Federal Regulations, Title 40, Part 264, Appendix V, Examples of Potentially Incompatible Waste.
`EPA 80-076`: H. K. Hatayama et al., A Method for Determining the Compatibility of Hazardous Wastes, EPA-600/2-80-076 (1980); its group numbers.
`CAMEO`: NOAA and US EPA, CAMEO Chemicals and the Chemical Reactivity Worksheet; its reactive groups.
`Prudent`: National Research Council, Prudent Practices in the Laboratory (2011), on incompatible chemicals and in its laboratory chemical safety summaries.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

GROUPS: dict[str, str] = {
    "acid": "mineral and organic acids, and liquids below pH 2",
    "oxidising acid": "nitric, perchloric, chromic acid; an acid and an oxidiser too",
    "base": "sodium and potassium hydroxide, and liquids above pH 12",
    "ammonia or amine": "ammonia water, ammonium salts, primary and secondary amines in quantity",
    "hypochlorite": "bleach, and other sources of active chlorine",
    "oxidiser": "permanganate, chlorate, perchlorate, persulfate, dichromate, concentrated hydrogen peroxide",
    "peroxide": "hydrogen peroxide above 8 %, organic peroxides, peracids",
    "reducing agent": "borohydride, dithionite, hydrides, hydrazine",
    "thiol": "dithiothreitol, mercaptoethanol and other thiols, undiluted or in molar stocks",
    "organic solvent": "alcohols, acetone, acetonitrile, DMSO, DMF, ethers, hydrocarbons",
    "ketone": "acetone, butanone",
    "halogenated solvent": "dichloromethane, chloroform",
    "aldehyde": "formaldehyde, glutaraldehyde",
    "azide": "sodium azide, organic azides",
    "cyanide": "sodium and potassium cyanide",
    "sulfide": "sodium sulfide, sodium hydrogen sulfide",
    "sulfite": "sodium sulfite, bisulfite, metabisulfite, dithionite",
    "nitrite": "sodium nitrite",
    "thiocyanate": "guanidinium thiocyanate (lysis buffers) and other thiocyanates",
    "fluoride": "soluble fluorides",
    "heavy metal": "salts of copper, silver, mercury, lead, cobalt, nickel and other transition metals in quantity",
    "water reactive": "what reacts violently with water, or sets toxic or flammable gas free with it",
    "acid sensitive": "what sets toxic gas free with acid (EUH031, EUH032)",
    "aqueous": "water, buffers, media",
}


@dataclass(frozen=True, kw_only=True)
class Clash:
    """Two groups that must not meet, what happens, and who says so. Heat alone is a warning."""

    one: str
    other: str
    what: str
    source: str
    severity: Literal["error", "warning"] = "error"


CLASHES: tuple[Clash, ...] = (
    Clash(one="acid", other="hypochlorite", what="chlorine gas", source="CAMEO; EPA 80-076, groups 1 and 104"),
    Clash(one="acid", other="azide", what="hydrazoic acid, toxic and explosive", source="CAMEO, azides; Prudent, sodium azide"),
    Clash(one="acid", other="cyanide", what="hydrogen cyanide", source="40 CFR 264 App. V, group 5; EPA 80-076, groups 1 and 11"),
    Clash(one="acid", other="sulfide", what="hydrogen sulfide", source="40 CFR 264 App. V, group 5; EPA 80-076, groups 1 and 33"),
    Clash(one="acid", other="sulfite", what="sulfur dioxide", source="CAMEO, sulfites"),
    Clash(one="acid", other="nitrite", what="nitrogen oxides", source="CAMEO, nitrites; Prudent, incompatible chemicals"),
    Clash(one="acid", other="thiocyanate", what="toxic gas", source="CAMEO, thiocyanates"),
    Clash(one="acid", other="fluoride", what="hydrogen fluoride", source="EPA 80-076, groups 1 and 15"),
    Clash(one="acid", other="acid sensitive", what="toxic gas", source="Regulation (EC) 1272/2008, Annex II, EUH031 and EUH032"),
    Clash(one="acid", other="oxidiser", what="heat, toxic gas (chlorine, chlorine dioxide), fire", source="40 CFR 264 App. V, group 6"),
    Clash(one="acid", other="base", what="heat", source="40 CFR 264 App. V, group 1", severity="warning"),
    Clash(one="acid", other="reducing agent", what="hydrogen, fire", source="EPA 80-076, groups 1 and 105"),
    Clash(one="hypochlorite", other="ammonia or amine", what="chloramines, nitrogen trichloride", source="CAMEO; Prudent, incompatible chemicals"),
    Clash(one="hypochlorite", other="organic solvent", what="heat, chloroform and other toxic gas, fire", source="40 CFR 264 App. V, group 6; EPA 80-076, groups 4, 19 and 104"),
    Clash(one="hypochlorite", other="thiocyanate", what="cyanogen chloride, hydrogen cyanide", source="CAMEO, thiocyanates with oxidising agents"),
    Clash(one="hypochlorite", other="cyanide", what="cyanogen chloride", source="EPA 80-076, groups 11 and 104"),
    Clash(one="hypochlorite", other="azide", what="toxic and explosive chlorine azide", source="CAMEO, azides with oxidising agents"),
    Clash(one="hypochlorite", other="sulfide", what="heat, toxic gas", source="EPA 80-076, groups 33 and 104"),
    Clash(one="hypochlorite", other="thiol", what="heat, toxic gas", source="EPA 80-076, groups 20 and 104"),
    Clash(one="hypochlorite", other="aldehyde", what="heat, toxic gas", source="EPA 80-076, groups 5 and 104"),
    Clash(one="hypochlorite", other="reducing agent", what="heat, fire, explosion", source="EPA 80-076, groups 104 and 105"),
    Clash(one="hypochlorite", other="peroxide", what="oxygen, violently", source="CAMEO, hypochlorites with peroxides"),
    Clash(one="oxidiser", other="organic solvent", what="fire, explosion", source="40 CFR 264 App. V, group 6; EPA 80-076, groups 4, 19, 101 and 104"),
    Clash(one="oxidiser", other="reducing agent", what="heat, fire, explosion", source="EPA 80-076, groups 104 and 105"),
    Clash(one="oxidiser", other="thiol", what="heat, fire, toxic gas", source="EPA 80-076, groups 20 and 104"),
    Clash(one="oxidiser", other="aldehyde", what="heat, fire", source="EPA 80-076, groups 5 and 104"),
    Clash(one="oxidiser", other="cyanide", what="heat, explosion, toxic gas", source="EPA 80-076, groups 11 and 104"),
    Clash(one="oxidiser", other="sulfide", what="heat, fire, explosion", source="EPA 80-076, groups 33 and 104"),
    Clash(one="oxidiser", other="azide", what="explosion", source="CAMEO, azides with oxidising agents"),
    Clash(one="oxidising acid", other="organic solvent", what="fire, explosion, nitrogen oxides", source="EPA 80-076, groups 2, 4 and 19"),
    Clash(one="oxidising acid", other="reducing agent", what="fire, explosion", source="EPA 80-076, groups 2 and 105"),
    Clash(one="peroxide", other="ketone", what="explosive peroxides", source="CAMEO, ketones with peroxides; Prudent, incompatible chemicals"),
    Clash(one="peroxide", other="organic solvent", what="fire, explosion", source="EPA 80-076, groups 30 and 101; Prudent, incompatible chemicals"),
    Clash(one="peroxide", other="reducing agent", what="heat, explosion", source="EPA 80-076, groups 30 and 105"),
    Clash(one="peroxide", other="heavy metal", what="oxygen, violently", source="EPA 80-076, groups 24 and 30; Prudent, incompatible chemicals"),
    Clash(one="peroxide", other="thiol", what="heat, fire", source="EPA 80-076, groups 20 and 30"),
    Clash(one="azide", other="heavy metal", what="explosive metal azides", source="Prudent, sodium azide; CAMEO, azides"),
    Clash(one="azide", other="halogenated solvent", what="explosive organic azides", source="Prudent, sodium azide"),
    Clash(one="water reactive", other="aqueous", what="violent reaction, flammable or toxic gas", source="EPA 80-076, groups 106 and 107"),
    Clash(one="water reactive", other="acid", what="violent reaction, flammable or toxic gas", source="40 CFR 264 App. V, group 2"),
)

# What a group is besides itself.
ALSO: dict[str, tuple[str, ...]] = {
    "oxidising acid": ("acid", "oxidiser"), "ketone": ("organic solvent",), "halogenated solvent": ("organic solvent",), "peroxide": ("oxidiser",),
}  # fmt: skip

# What a hazard statement says about a liquid's group.
IMPLIED: dict[str, str] = {
    "EUH031": "acid sensitive", "EUH032": "acid sensitive", "EUH014": "water reactive", "EUH029": "water reactive", "H260": "water reactive",
    "H261": "water reactive", "H270": "oxidiser", "H271": "oxidiser", "H272": "oxidiser",
}  # fmt: skip


def whole(groups: Iterable[str], hazards: Iterable[str] = ()) -> frozenset[str]:
    """A liquid's groups with all that they are besides, and what its hazard statements say."""
    told = {*groups, *(IMPLIED[code] for code in hazards if code in IMPLIED)}
    return frozenset(told | {other for group in told for other in ALSO.get(group, ())})


def clashes(groups: Iterable[str], others: Iterable[str]) -> list[Clash]:
    """Every clash between two liquids' groups. Two oxidising acids don't clash: what one liquid holds both sides of is not
    made worse by more of one."""
    here, there = frozenset(groups), frozenset(others)
    return [
        clash
        for clash in CLASHES
        if ((clash.one in here and clash.other in there) or (clash.one in there and clash.other in here))
        and not ({clash.one, clash.other} <= here or {clash.one, clash.other} <= there)
    ]
