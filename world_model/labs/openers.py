"""How each of our own labs is opened from a campaign. A lab's module loads when that lab is opened, and not before."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from world_model.terms.campaign_doc import CampaignDoc
    from world_model.terms.lab import Lab
    from world_model.terms.space import SearchSpace


def microplate(*, argument: str, doc: CampaignDoc, space: SearchSpace, base: Path) -> Lab:
    """The simulated 96-well plate."""
    from .microplate.lab import MicroplateLab

    # An end point is read when the campaign's last time course ends, else after a day.
    last = max((time for measurement in doc.measurements for time in measurement.at_h), default=0.0)
    context = dict(doc.context) if last == 0 else {"run_h": last, **doc.context}
    lab = MicroplateLab(space, context)
    lab.check(doc.measurements)
    return lab


def penicillin(*, argument: str, doc: CampaignDoc, space: SearchSpace, base: Path) -> Lab:
    """BoTorch's fed-batch simulator."""
    from .penicillin import PenicillinLab

    return PenicillinLab(space, doc.measurements, doc.context)


def table(*, argument: str, doc: CampaignDoc, space: SearchSpace, base: Path) -> Lab:
    """A measured table; `argument` is its path, relative to `base`."""
    from .table import TableLab

    return TableLab.read(base / argument, space=space, measurements=doc.measurements)


def sbml(*, argument: str, doc: CampaignDoc, space: SearchSpace, base: Path) -> Lab:
    """An SBML model; `argument` is its path, relative to `base`."""
    from .sbml import SbmlLab

    return SbmlLab.read(base / argument, space=space, doc=doc)


def petab(*, argument: str, doc: CampaignDoc, space: SearchSpace, base: Path) -> Lab:
    """The measurements of a PEtab problem; `argument` is its folder or YAML file, relative to `base`."""
    from ..mechanisms.petab_problem import PetabProblem
    from .petab import PetabLab

    return PetabLab.of(PetabProblem.read(base / argument), space=space, measurements=doc.measurements)
