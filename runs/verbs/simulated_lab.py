"""Which simulated lab answers a campaign, if one does."""

from __future__ import annotations

from pathlib import Path

from world_model.terms.errors import ConflictError
from world_model.terms.lab import Lab

from .open_campaign import OpenCampaign

_TABLES = ("table:", "petab:")  # labs that bring their candidates with them


def simulated_lab(campaign: OpenCampaign, spec: str | None) -> Lab | None:
    """The lab that a person named, else the one that the campaign file names; None where a real lab answers.

    A table named on the command line is found from where the command is typed, one named in the file from the file's folder.

    Raises:
        ResultsError: an unknown lab, or one that can't serve this campaign.
    """
    told = spec or campaign.charter.answers
    if told is None:
        return None
    if campaign.doc is None:
        raise ConflictError("Expected a campaign opened from a file, found one made in a notebook: a simulated lab reads its campaign file.")
    from world_model.labs.registry import open_lab

    base = Path.cwd() if spec is not None else campaign.base
    return open_lab(told, doc=campaign.doc, space=campaign.space, base=base)


def table_of(spec: str | None) -> Path | None:
    """The file of `table:FILE`, the folder of `petab:FOLDER`; None for any other lab."""
    return Path(spec.partition(":")[2]) if spec and spec.startswith(_TABLES) else None
