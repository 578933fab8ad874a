"""Import past results from a CSV or Parquet file."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pandas as pd

from world_model.terms.errors import ResultsError
from world_model.terms.factors import Categorical
from world_model.terms.space import SearchSpace

from .open_campaign import OpenCampaign
from .outcome import Outcome
from .record_frame import import_frame


def import_past(campaign: OpenCampaign, file: Path) -> Outcome:
    """Take in a file of past results, all of it or nothing.

    Raises:
        ResultsError: the file can't be read, or holds what the campaign does not know; each problem is named.
        ConflictError: the file was imported already.
    """
    try:
        content = file.read_bytes()
    except OSError as fault:
        raise ResultsError(f"Expected a results file at {file}, found: {fault.strerror}.") from fault
    return import_frame(campaign, read_table(content, file, space=campaign.space), source=file.name, content=content)


def read_table(content: bytes, file: Path, *, space: SearchSpace) -> pd.DataFrame:
    """The frame of a CSV or Parquet file.

    Raises:
        ResultsError: it is none.
    """
    try:
        if file.suffix.lower() == ".parquet":
            return pd.read_parquet(BytesIO(content))
        # names such as NA or None are levels; only an empty cell is missing
        as_text = {factor.name: str for factor in space.factors if isinstance(factor, Categorical)}
        frame: pd.DataFrame = pd.read_csv(BytesIO(content), encoding="utf-8-sig", dtype=as_text, keep_default_na=False, na_values=[""])
    except (ValueError, OSError) as fault:
        raise ResultsError(f"{file.name}: expected a table (CSV with commas, or Parquet), found one that can't be read: {fault}.") from fault
    return frame
