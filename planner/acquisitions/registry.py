"""Which acquisitions there are, in the order in which they are asked whether they suit a task."""

from __future__ import annotations

from world_model.terms.errors import NextwellError

from ..hits.member import HITS
from ..information.members import DISCRIMINATE, INFORMATION, LEVEL_SET
from .hypervolume import HYPERVOLUME, WEIGHED_AT_RANDOM
from .improvement import IMPROVEMENT
from .member import Member
from .task import Task

# the first that suits is taken: what is special stands before what is general, and the last suits every task
MEMBERS: tuple[Member, ...] = (HITS, LEVEL_SET, INFORMATION, DISCRIMINATE, HYPERVOLUME, WEIGHED_AT_RANDOM, IMPROVEMENT)


def member_for(task: Task) -> Member:
    """The kind of acquisition that a task wants.

    Raises:
        NextwellError: two kinds of one name.
    """
    names = [one.name for one in MEMBERS]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise NextwellError(f"Expected one acquisition of each name, found two called {twice[0]!r}. Rename one.")
    return next(one for one in MEMBERS if one.suits(task))
