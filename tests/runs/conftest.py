"""Small campaigns for the tests of runs: two factors, OD600 at three times, a plate of six wells."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from runs.journal.canonical import sha256_of
from runs.journal.workspace import Workspace
from runs.state.charter import Charter, space_terms
from runs.state.payloads import BatchProposed, CompiledStage, ProtocolCompiled, WrittenFile
from runs.verbs.open_campaign import OpenCampaign, begin
from world_model.terms.campaign_doc import Batch, Budget, Control
from world_model.terms.factors import Categorical, Continuous
from world_model.terms.goals import Goal, Measurement
from world_model.terms.proposal import Prediction, Proposal, ProposedExperiment
from world_model.terms.space import SearchSpace

SPACE = SearchSpace(factors=(Continuous(name="glucose", unit="mM", low=1, high=40), Categorical(name="strain", levels=("K12", "BL21"))))
MEASURED = (Measurement(name="OD600", unit="OD600", at_h=(0, 2, 4)),)
STANDARD = Control(name="standard", wells=1, settings={"glucose": 10.0, "strain": "K12"})


def _charter(**changes: object) -> Charter:
    told = {
        "name": "growth", "seed": 3, "measurements": MEASURED, "goals": (Goal(readout="OD600"),), "batch": Batch(candidates=2, replicates=2, blanks=1),
        "controls": (STANDARD,), "budget": Budget(experiments=18), **space_terms(SPACE),
    }  # fmt: skip
    return Charter(**{**told, **changes})  # type: ignore[arg-type]


def _proposal(number: int) -> Proposal:
    first, second = 5.0 + number, 30.0 + number
    guess = (Prediction(goal="maximise OD600 at the end", mean=1.0, sd=0.1, low=0.8, high=1.2),)
    rows = [("candidate", first, "K12", None), ("candidate", second, "BL21", None), ("replicate", first, "K12", 1), ("replicate", second, "BL21", 2)]
    wells = [
        ProposedExperiment(
            id=f"R{number:02d}-{k:03d}", role=role, settings={"glucose": glucose, "strain": strain}, predictions=guess, reason="by hand",
            repeat_of=None if of is None else f"R{number:02d}-{of:03d}",
        )
        for k, (role, glucose, strain, of) in enumerate(rows, start=1)
    ]  # fmt: skip
    wells.append(ProposedExperiment(id=f"R{number:02d}-005", role="control", settings=dict(STANDARD.settings)))
    wells.append(ProposedExperiment(id=f"R{number:02d}-006", role="blank"))
    return Proposal(round=number, experiments=tuple(wells), strategy="by hand", seed=3)


@pytest.fixture
def space() -> SearchSpace:
    return SPACE


@pytest.fixture
def charter() -> Callable[..., Charter]:
    """A charter; keywords replace its fields."""
    return _charter


@pytest.fixture
def open_in(tmp_path: Path) -> Callable[..., OpenCampaign]:
    """Open the campaign in a workspace, again and again, as shells do."""

    def opened(**changes: object) -> OpenCampaign:
        return begin(_charter(**changes), SPACE, workspace=Workspace(tmp_path / "lab"))

    return opened


@pytest.fixture
def put_round() -> Callable[[OpenCampaign], int]:
    """Record a proposal of two candidates in duplicate, a control and a blank; returns the round's number."""

    def put(campaign: OpenCampaign) -> int:
        state = campaign.standing()
        campaign.append([BatchProposed(proposal=_proposal(len(state.rounds) + 1), version="test", asked=2)], on=state)
        return len(state.rounds) + 1

    return put


@pytest.fixture
def put_protocol() -> Callable[[OpenCampaign], Path]:
    """Write two files of a round and record them as compiled; returns the round's folder."""

    def put(campaign: OpenCampaign) -> Path:
        state = campaign.standing()
        opened = state.rounds[-1]
        assert campaign.workspace is not None
        folder = campaign.workspace.round_folder(state.name, opened.number)
        texts = {"setup.py": f"# round {opened.number}\n", "wells.csv": "plate,well\n"}
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text)
        layout = {well: experiment.id for well, experiment in zip(("B2", "B3", "B4", "C2", "C3", "C4"), opened.experiments, strict=False)}
        campaign.append(
            [
                ProtocolCompiled(
                    round=opened.number, plate=f"growth-R{opened.number:02d}", stages=(CompiledStage(name="setup", at_h=0, file="setup.py"),), layout=layout,
                    planned={e.id: {**e.settings, "glucose": float(e.settings["glucose"]) + 0.01} for e in opened.experiments if e.settings},
                    files=tuple(WrittenFile(name=name, sha256=sha256_of(text)) for name, text in texts.items()), protocol_sha256="0" * 64,
                    lab_sha256="0" * 64, volume_ul=200, drawn_ul={"water": 100.0},
                )
            ],
            on=state,
        )  # fmt: skip
        return folder

    return put


@pytest.fixture
def results_text() -> Callable[..., str]:
    """A tidy results file of a round's plate; `wells` picks some, `add` moves the values."""

    def written(campaign: OpenCampaign, number: int = 1, *, wells: tuple[str, ...] = (), add: float = 0.0, hours: tuple[float, ...] = (0, 2, 4)) -> str:
        compiled = campaign.standing().rounds[number - 1].compiled
        assert compiled is not None
        rows = [
            f"{compiled.plate},{well},{hour:g},OD600,{0.05 + 0.1 * hour + 0.01 * i + add:.3f},OD600"
            for i, well in enumerate(compiled.layout) if not wells or well in wells for hour in hours
        ]  # fmt: skip
        return "\n".join(["plate,well,time_h,measurement,value,unit", *rows]) + "\n"

    return written
