"""`Campaign`: the door for notebooks. A thin facade; what is known lies in the journal, what is done lies in the verbs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from world_model.terms.campaign_doc import Batch, Budget, Control
from world_model.terms.errors import DesignError, NextwellError
from world_model.terms.goals import Goal, Measurement
from world_model.terms.mechanism_doc import MechanismDoc
from world_model.terms.readings import Dataset
from world_model.terms.sources import Source, SourceTable
from world_model.terms.space import SearchSpace
from world_model.terms.stop import StopReport

from .journal.workspace import DEFAULT_FOLDER, Workspace
from .state.campaign_state import CampaignState
from .state.charter import Charter
from .state.dataset import dataset
from .verbs.advise import advise_wells
from .verbs.amend import amend
from .verbs.amend_terms import amend_terms
from .verbs.forecast import Forecast, Trajectories, forecast
from .verbs.from_file import open_file
from .verbs.honesty import Honesty, honesty
from .verbs.notebook_terms import document_of, revised_document
from .verbs.open_campaign import begin
from .verbs.proposal_table import proposal_columns, proposal_rows
from .verbs.propose import Strategy, propose
from .verbs.record_frame import import_frame, record_frame
from .verbs.sample_times import SampleTimes, sample_times
from .verbs.set_aside import set_aside
from .verbs.sources_of import sources_told
from .verbs.stop_report import stop_report
from .verbs.what_if import ask_what_if
from .verbs.why import Why, why
from .verbs.why_not import WhyNot, why_not

if TYPE_CHECKING:
    from typing import TypeAlias

    import pandas as pd

    from world_model.filter import Method
    from world_model.mechanisms.mechanism import Mechanism
    from world_model.what_if import WhatIf

    Experiments: TypeAlias = pd.DataFrame | Sequence[Mapping[str, float | str]]


class Campaign:
    """A campaign: propose, record, predict, simulate.

    Args:
        space: what can be varied.
        goals: what is wanted; without `measurements` each readout is an end point without unit.
        measurements: what is read, with units and times.
        batch: candidates, replicates and blanks of a round; controls and budget as in a campaign file.
        workspace: folder that keeps the journal; without it the campaign lives in memory.
        mechanism: prior knowledge that can be simulated, such as `SbmlMechanism`; models without it compete with it.
        sources: earlier data of other kinds (other conditions, another cell line), each used as long as it does not hurt.
        parts: any other part of a campaign file by its name, such as `contexts=[nw.Context(name="donor")]`, as words or plain data.

    Raises:
        NextwellError: goals that no measurement serves, a part that no campaign has, or parts that don't fit each other.
        ConflictError: the workspace holds a campaign of this name with another space or other measurements.
    """

    def __init__(
        self, *, space: SearchSpace, goals: Sequence[Goal], seed: int = 0, measurements: Sequence[Measurement] = (), batch: Batch | None = None,
        controls: Sequence[Control] = (), budget: Budget | None = None, name: str = "campaign", workspace: str | Path | None = None,
        mechanism: Mechanism | MechanismDoc | None = None, sources: Sequence[Source | SourceTable] = (), **parts: Any,
    ) -> None:  # fmt: skip
        told = {
            "name": name, "seed": seed, "goals": tuple(goals), "measurements": tuple(measurements) or _end_points(goals), "batch": batch,
            "controls": tuple(controls), "budget": budget, "mechanism": mechanism if isinstance(mechanism, MechanismDoc) else None,
            "sources": tuple(one for one in sources if not isinstance(one, Source)), **parts,
        }  # fmt: skip
        doc = document_of(space, told)
        frames = tuple(one for one in sources if isinstance(one, Source))
        charter = Charter.of(doc, space)
        if frames:
            charter = charter.model_copy(update={"sources": (*charter.sources, *sources_told(frames, named=[one.name for one in doc.sources]))})
        self._open = begin(charter, space, workspace=Workspace(Path(workspace)) if workspace is not None else None, doc=doc)
        self._open.sources = frames
        self._open.mechanism = None if isinstance(mechanism, MechanismDoc) else mechanism
        self._forecast: Forecast | None = None

    @classmethod
    def from_file(cls, file: str | Path, *, workspace: str | Path = DEFAULT_FOLDER, table: str | Path | None = None) -> Campaign:
        """The campaign that the command line drives with this file and workspace.

        Raises:
            DocumentError: every mistake of the file.
        """
        campaign = cls.__new__(cls)
        campaign._open = open_file(Path(file), workspace=Path(workspace), table=Path(table) if table is not None else None).campaign
        campaign._forecast = None
        return campaign

    def propose(self, n: int | None = None, *, strategy: Strategy = "auto", contexts: Mapping[str, str] | None = None) -> pd.DataFrame:
        """Propose `n` new distinct candidates; replicates, controls and blanks come on top where the campaign has them.

        Args:
            contexts: context → the level at which the round will be done (donor D3): it is planned for that level.

        Returns:
            One row an experiment: `experiment_id, role, candidate` (row label of a table), the factors, `predicted_mean`,
            `predicted_sd`, `repeat_of`, `reason`. `.attrs["messages"]` says what a person should know: a budget that cut the batch,
            a result that never changes, a factor that never did.

        Raises:
            ConflictError: the budget is spent.
            DesignError: fewer than `n` candidates are left.
        """
        import pandas as pd

        outcome = propose(self._open, n=n, strategy=strategy, ahead=True, contexts=contexts)
        assert outcome.round is not None
        charter = outcome.state.charter
        batch = pd.DataFrame(proposal_rows(outcome.round, charter), columns=proposal_columns(charter))
        batch.attrs["messages"] = outcome.messages
        return batch

    def record(self, frame: pd.DataFrame, *, correct: str = "") -> tuple[str, ...]:
        """Record readings: a column a measurement, with or without `time_h`; or long: `time_h`, `measurement`, `value`.

        A row is matched by `experiment_id`; else by `candidate` or exact factors to the oldest pending one; else it is a
        new experiment. A missing value is refused unless `flag` says `failed`.

        Args:
            correct: why readings that differ from recorded ones replace them.

        Returns:
            What was done, in sentences.

        Raises:
            ResultsError: rows that can't be taken in; nothing is.
            ConflictError: readings that were recorded already, or differ from recorded ones.
        """
        return record_frame(self._open, frame, correct=correct).messages

    def import_results(self, frame: pd.DataFrame, *, source: str = "frame") -> tuple[str, ...]:
        """Take in experiments that were done before: each is a new one, they teach the model and cost no budget.

        Args:
            frame: as for `record`; an `experiment_id` only joins the rows of one experiment.
            source: what the journal calls them.

        Raises:
            ResultsError: rows that can't be taken in, or outside the factors; nothing is.
            ConflictError: the same content was imported already.
        """
        return import_frame(self._open, frame, source=source, content=frame.to_csv(index=False).encode()).messages

    def fail(self, ids: str | Sequence[str], why: str) -> tuple[str, ...]:
        """Experiments that were tried and gave nothing: they are not waited for, and their settings may not work.

        Raises:
            DesignError: one that was never proposed, or no reason.
            ConflictError: one that has readings, or failed already.
        """
        return set_aside(self._open, [ids] if isinstance(ids, str) else list(ids), why=why, carried_out=True).messages

    def abandon(self, ids: str | Sequence[str], why: str) -> tuple[str, ...]:
        """Experiments that are not carried out: they are not waited for, and say nothing about their settings.

        Raises:
            DesignError, ConflictError: as `fail`.
        """
        return set_aside(self._open, [ids] if isinstance(ids, str) else list(ids), why=why, carried_out=False).messages

    def amend(
        self, *, reason: str, space: SearchSpace | None = None, was: Mapping[str, float | str] | None = None, round: int | None = None,
        drop: Sequence[str] = (), swap: Mapping[str, Mapping[str, float | str]] | None = None, add: Sequence[Mapping[str, float | str]] = (), **parts: Any,
    ) -> tuple[str, ...]:  # fmt: skip
        """Change what the campaign is about, or the wells of a round before its results are in. What was measured stays data.

        Args:
            space: what can be varied from now on. Earlier experiments outside it stay data, and nothing is proposed there.
            was: a factor that the new space adds → what every earlier experiment had of it.
            drop, swap, add: experiments to leave out, to replace by other settings, and settings to put in.
            parts: `goals`, `batch`, `budget`, `measurements` or any other part of a campaign, as when it was opened.

        Returns:
            What was done, in sentences.

        Raises:
            DesignError: no reason, nothing changed, settings outside the space, or a factor that would mean something else.
            ConflictError: a change of what can't change, or wells of a round that has results.
        """
        of_terms = space is not None or bool(parts)
        if was and space is None:
            raise DesignError("Expected `was` beside the new space, found it alone.")
        if not of_terms:
            return amend(self._open, reason=reason, round=round, drop=drop, swap=swap, add=add).messages
        if drop or swap or add:
            raise DesignError("Expected one kind of change at a time, found the campaign's terms and wells of a round. Amend twice.")
        now = space if space is not None else self._open.asked
        told = amend_terms(self._open, doc=revised_document(self._open.doc, now, parts), space=now, reason=reason, was=was).messages
        self._forecast = None
        return told

    # the words of BayBE, for hands that know them
    def recommend(self, batch_size: int) -> pd.DataFrame:
        """`propose`; what is pending is known already."""
        return self.propose(batch_size)

    def add_measurements(self, data: pd.DataFrame) -> tuple[str, ...]:
        """`record`."""
        return self.record(data)

    def predict(self, experiments: Experiments) -> pd.DataFrame:
        """What the model expects of each goal for a frame of settings.

        Returns:
            For each row `mean`, `sd` and the quantiles `q05, q25, q50, q75, q95` of the goal's readout; with several goals one
            block of rows a goal, named in `goal`.

        Raises:
            ResultsError: too few results to learn from.
        """
        return self._model().predict(experiments)

    def simulate(self, experiments: Experiments, times_h: Sequence[float] = (), *, n: int = 100, seed: int = 0) -> Trajectories:
        """Draws of the trajectories of some experiments; draw i is one hypothesis of the world, shared by all of them.

        Args:
            times_h: hours, between the first and the last that was read; without them, the times that were read.

        Raises:
            ResultsError: too few results to learn from, or a time outside what was read.
        """
        return self._model().simulate(experiments, times_h, n=n, seed=seed)

    def what_if(
        self, experiment: str, plans: Mapping[str, Mapping[str, float | str]], *, until_h: float | None = None, n: int = 1000, seed: int = 0,
        claim: str = "certified", method: Method = "weights",
    ) -> WhatIf:  # fmt: skip
        """What an experiment under way would do under other plans for the rest of it; draw i is one hypothesis for all plans.

        Args:
            plans: name → the factors that it changes; only what acts after now can.
            until_h: now, in hours; later readings are held back. Without it, the last reading.
            claim: `certified` needs a certificate of level 3; `exploration` needs none, and the answer says so.
            method: for a model that is known by draws alone: `weights` or `covariance`, see `world_model.filter`.

        Raises:
            ConflictError: no certificate that allows it.
            DesignError: an unknown experiment, or a plan that changes the past or leaves the space.
            ResultsError: too few results to learn from.
        """
        return ask_what_if(self._open, experiment=experiment, plans=plans, until_h=until_h, n=n, seed=seed, claim=claim, method=method)

    def honesty(self) -> Honesty:
        """How stored predictions fared: coverage, CRPS and bias by round, and what the next batch will be told for it. `.frame()` is a table."""
        return honesty(self.state)

    def stop_report(self, n: int | None = None) -> StopReport:
        """What the next batch is worth in the first goal's unit, what it costs, and which reasons to stop hold. Nothing is recorded.

        Raises:
            ConflictError: the campaign has not begun.
        """
        return stop_report(self._open, n=n)

    def why(self, experiment: str) -> Why:
        """Why an experiment was proposed: prediction, exploitation and exploration, nearest past runs, the factors that matter.

        Raises:
            DesignError: an experiment that was never proposed here.
        """
        return why(self._open, experiment)

    def why_not(self, settings: Mapping[str, float | str] | None = None, *, candidate: object = None) -> WhyNot:
        """What keeps an experiment out: a constraint, the bench, the plate, an earlier measurement, or its expected value and rank.

        Args:
            settings: some or all factors; those left out stay as in the best experiment so far.
            candidate: or the label of a row of the table.

        Raises:
            DesignError: neither or both, or a factor that the space does not have.
            ResultsError: no such label.
        """
        return why_not(self._open, settings, candidate=candidate)

    def sample_times(
        self, k: int, *, experiment: str | None = None, until_h: float | None = None, allowed: Sequence[float] = (), measured: Sequence[str] = (),
        goal: int = 0,
    ) -> SampleTimes:  # fmt: skip
        """The `k` hours to read at that leave the goal's readout least unsure; `.hours`, `.frame()`.

        Args:
            experiment: one that runs, for the rest of it; else what waits, or points all over the space.
            until_h: now, for `experiment`; else its last reading.
            allowed: hours at which one may read; else those of the measurements.
            measured: what is read at each of them; else every measurement.
            goal: which of the goals, from 0.

        Raises:
            DesignError: an unknown goal or experiment, no allowed hour, or a campaign of end points.
            ResultsError: too few results to learn from, or hours that the model has not learned.
        """
        return sample_times(self._open, k=k, experiment=experiment, until_h=until_h, allowed=allowed, measured=measured, goal=goal)

    def advise(self, *, until_h: float | None = None, goal: int = 0, below: float = 0.01, round: int | None = None) -> pd.DataFrame:
        """Which wells of the round that runs can be stopped, and which to read.

        Returns:
            One row a candidate, likeliest best first: `experiment_id, mean, sd` of its readout, `best` (chance to end as the best of
            all), `do` (`stop`, `read`, `go on`), `read_h`, `sd_after`.
        """
        import pandas as pd

        told = advise_wells(self._open, until_h=until_h, goal=goal, below=below, round=round)
        columns = ("mean", "sd", "best", "act", "read_h", "sd_after")
        rows = [{"experiment_id": one.id, **{("do" if name == "act" else name): getattr(one, name) for name in columns}} for one in told.wells]
        return pd.DataFrame(rows, columns=["experiment_id", *("do" if name == "act" else name for name in columns)])

    @property
    def state(self) -> CampaignState:
        """Where the campaign stands."""
        return self._open.standing()

    @property
    def data(self) -> Dataset:
        """Experiments as done with their readings: what the model learns from."""
        return dataset(self.state)

    @property
    def space(self) -> SearchSpace:
        return self._open.space

    def close(self) -> None:
        """Let go of the journal."""
        self._open.close()

    def __repr__(self) -> str:
        state = self.state
        return f"<Campaign {state.name!r}: {len(state.rounds)} rounds, {len(state.answered)} experiments read>"

    def _model(self) -> Forecast:
        state = self.state
        if self._forecast is None or self._forecast.head != state.head:
            self._forecast = forecast(self._open, state)
        return self._forecast


def _end_points(goals: Sequence[Goal]) -> tuple[Measurement, ...]:
    if not goals:
        raise NextwellError('Expected at least one goal, found none. Say what is wanted: goals=[nw.Goal(readout="yield", direction="max")].')
    return tuple(Measurement(name=name) for name in dict.fromkeys(goal.readout for goal in goals))


