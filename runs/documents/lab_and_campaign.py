"""A campaign and its lab together: every factor that is pipetted has a stock, and the plate has room for a round."""

from __future__ import annotations

from typing import Any

from world_model.terms.campaign_doc import Batch
from world_model.terms.errors import ProtocolError, UnitError, nearest
from world_model.terms.factors import NUMERIC_KINDS
from world_model.terms.plates import inner_wells
from world_model.terms.units import conversion_factor

from .campaign_checks import wells_per_round
from .complaints import take_apart
from .draft import Draft
from .lab_checks import components_made
from .lab_steps import check_steps
from .shared_checks import check_shared_on_plate, pinned, shared_names


def check_together(campaign: Draft, lab: Draft) -> None:
    """Mistakes between the two files; each is noted in the file where it is mended."""
    _check_components(campaign, lab)
    _check_stocks(campaign, lab)
    _check_zone_factors(campaign, lab)
    _check_room(campaign, lab)
    _check_shared_conditions(campaign, lab)
    check_shared_on_plate(campaign, lab)
    check_steps(campaign, lab)


def _check_zone_factors(campaign: Draft, lab: Draft) -> None:
    """A zone's factors are the campaign's, and conditions: what is pipetted has a value of its own in every well."""
    plate = lab.data.get("plate")
    named = plate.get("zone_factors") if isinstance(plate, dict) else None
    factors = campaign.names("factors")
    if "candidates" in campaign.data or not factors:
        return
    made, sure = components_made(lab), campaign.sure("factors")
    told = lab.data.get("components")
    for i, name in enumerate(named if isinstance(named, list) else ()):
        path = ("plate", "zone_factors", i)
        if not isinstance(name, str):
            continue
        if name not in factors:
            lab.mistake(path, expected=f"a factor of {campaign.file.name}", found=repr(name), mend=nearest(name, factors))
        elif name in sure and (sure[name].action != "set" or (told if isinstance(told, dict) else {}).get(name, sure[name].acts_on) in made):
            lab.mistake(path, expected="a condition of the whole well, such as a temperature", found=f"{name!r}, which is pipetted", mend="Leave it out: each well has its own.")


def _check_shared_conditions(campaign: Draft, lab: Draft) -> None:
    """A factor that no stock makes has one value on a plate, unless zones hold several: a control that sets it leaves nothing to vary."""
    batch = next(iter(campaign.words("batch")), None) if "batch" in campaign.data else Batch()
    plate, told = next(iter(lab.words("plate")), None), lab.data.get("components")
    if batch is None or plate is None or batch.candidates < 2:
        return
    renamed, made = told if isinstance(told, dict) else {}, components_made(lab)
    for part in campaign.of("factors"):
        factor = part.word
        if factor is None or factor.action != "set" or factor.name in (*plate.zone_factors, *shared_names(campaign)) or not pinned(campaign, factor.name):
            continue
        if isinstance(factor, NUMERIC_KINDS):
            several = factor.bounds[0] < factor.bounds[1] and renamed.get(factor.name, factor.acts_on) not in made
        else:
            several = len(factor.levels) > 1
        if several:
            campaign.mistake(
                (*part.path, "name"), expected="controls that leave it free: it has one value on a plate, for no stock makes it and no zones hold several",
                found=f"a control at {factor.name} {pinned(campaign, factor.name)[0]}, so that every plate would be",
                mend=f"Say [[batch.shared]] factors = [{factor.name!r}] and leave it out of the controls' settings; or, in {lab.file.name}, give [plate] "
                f"zone_factors = [{factor.name!r}] and [[plate.zones]], or a stock of it.",
            )  # fmt: skip


def _check_components(campaign: Draft, lab: Draft) -> None:
    """`[components]` names factors of the campaign."""
    factors = campaign.names("factors")
    told = lab.data.get("components")
    if "candidates" in campaign.data or not factors:
        return
    for factor in told if isinstance(told, dict) else ():
        if factor not in factors:
            lab.mistake(("components", factor), expected=f"a factor of {campaign.file.name}", found=repr(factor), mend=nearest(factor, factors))


def _check_stocks(campaign: Draft, lab: Draft) -> None:
    """Each factor that is a concentration in a well is a component of some stock, in a unit that converts."""
    made = components_made(lab)
    told = lab.data.get("components")
    renamed: dict[str, Any] = told if isinstance(told, dict) else {}
    base = (lab.data.get("medium") or {}).get("base") if isinstance(lab.data.get("medium"), dict) else None
    for part in campaign.of("factors"):
        factor = part.word
        if factor is None or not isinstance(factor, NUMERIC_KINDS) or factor.action not in ("start", "dose"):
            continue
        component = renamed.get(factor.name, factor.acts_on)
        if component not in made:
            if factor.name not in renamed:  # else the lab file's own line is the mistake
                mend = nearest(str(component), made) + f" Add a stock, or say in {lab.file.name}: [components] {factor.name} = '…'."
                campaign.mistake((*part.path, "name"), expected=f"a component of some stock in {lab.file.name}", found=repr(component), mend=mend.strip())
            continue
        if factor.bounds[0] < 0:
            key = "low" if "low" in part.raw else "values"
            campaign.mistake((*part.path, key), expected="a concentration of at least 0, for a stock makes it", found=f"{factor.bounds[0]:g} {factor.unit}")
        _check_units(lab, factor, str(component))
        if isinstance(base, dict) and component in base:
            lab.mistake(
                ("medium", "base", str(component)), expected="a component that no factor varies", found=f"{component!r}, which factor {factor.name!r} varies",
                mend="Leave it out of the base medium.",
            )  # fmt: skip


def _check_units(lab: Draft, factor: Any, component: str) -> None:
    masses = lab.data.get("molar_masses")
    mass = masses.get(component) if isinstance(masses, dict) else None
    for part in lab.of("stocks"):
        if part.word is None or component not in part.word.components:
            continue
        unit = part.word.components[component].unit
        try:
            conversion_factor(unit, factor.unit, molar_mass_g_per_mol=mass if isinstance(mass, int | float) else None, of=component)
        except UnitError as fault:
            said = take_apart(str(fault))
            expected = f"a unit that converts to the factor's {factor.unit or 'plain number'}"
            _, _, why = said.found.partition(": ")
            mend = f"{why[:1].upper() + why[1:]}. {said.mend}" if why else said.mend
            lab.mistake((*part.path, "components", component, "unit"), expected=expected, found=repr(unit), mend=mend)


def _check_room(campaign: Draft, lab: Draft) -> None:
    """One round fits the plate."""
    from protocols.labware import labware

    plate, controls = next(iter(lab.words("plate")), None), campaign.words("controls")
    batch = next(iter(campaign.words("batch")), None) if "batch" in campaign.data else Batch()
    if plate is None or batch is None or len(controls) != len(campaign.of("controls")):
        return
    try:
        size = labware(plate.labware).format
    except ProtocolError:
        return  # the lab file's own check names it
    room = len(inner_wells(size)) if plate.use == "inner" else size.size
    wells = wells_per_round(batch, controls)
    if wells > room:
        which = f"the {room} inner wells" if plate.use == "inner" else f"the {room} wells"
        parts = f"{batch.candidates} candidates x {batch.wells_each} + {batch.blanks} blanks + {sum(control.wells for control in controls)} controls"
        campaign.mistake(
            ("batch",), expected=f"a round that fits {which} of {plate.labware}", found=f"{wells} wells ({parts})", mend="Make the batch smaller, or use another plate."
        )
