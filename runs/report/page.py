"""The page: one file that holds all it needs."""

from __future__ import annotations

from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined

from .pictures.picture import Picture
from .summary import Tile
from .tables import Table


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A picture as the page shows it."""

    title: str
    caption: str
    alt: str
    data_uri: str

    @classmethod
    def of(cls, picture: Picture) -> Drawn:
        return cls(title=picture.title, caption=picture.caption, alt=picture.alt, data_uri=picture.data_uri())


@dataclass(frozen=True, kw_only=True)
class Paragraph:
    """Sentences of the summary under a word."""

    title: str
    sentences: list[str]


@dataclass(frozen=True, kw_only=True)
class RoundSection:
    """The proposals of one round; `lead` is the sentence above the table, `open` shows it unfolded."""

    title: str
    lead: str
    table: Table
    open: bool


@dataclass(frozen=True, kw_only=True)
class DeviationSection:
    """The failed predictions of one round and goal."""

    title: str
    sentences: list[str]
    table: Table | None
    open: bool


@dataclass(frozen=True, kw_only=True)
class GoalSection:
    """What was found for one goal."""

    title: str
    best: Table | None
    pictures: list[Drawn]
    missing: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Page:
    """Everything that the template lays out, as text."""

    name: str
    system: str
    simulated: str
    written: str
    tiles: list[Tile]
    summary: list[Paragraph]
    goals: list[GoalSection]
    shared: list[Drawn]
    missing: list[str]
    rounds: list[RoundSection]
    deviations: list[DeviationSection]
    deviating: Drawn | None
    ledger: Table | None
    realised: Table | None
    refused: Table
    judge: Table | None
    judge_by_round: Table
    files: Table
    budget: Table
    head: int
    head_hash: str
    version: str


def render(page: Page) -> str:
    """The page as HTML. Everything that comes from a campaign is escaped."""
    environment = Environment(
        loader=PackageLoader("runs.report", "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("report.html").render(page=page)
