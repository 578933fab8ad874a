"""The base of every word: frozen, closed, checked when built."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints


class Word(BaseModel):
    """A value that can't be wrong once it exists and can't change afterwards."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


# Names become column headers, file names and data in robot files: plain characters only.
NAME = re.compile(r"^[A-Za-z][A-Za-z0-9 _+\-./%()]{0,63}$")
Name = Annotated[str, StringConstraints(pattern=NAME.pattern, strip_whitespace=True)]
# Text that a person wrote, kept as data only.
Text = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")]
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
