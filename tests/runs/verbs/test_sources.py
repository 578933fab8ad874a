"""Sources through the public doors: a notebook's frames, a campaign file's tables, another campaign, a simulator."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import nextwell as nw
from runs import examples
from runs.documents.campaign_file import check_campaign
from runs.verbs.sources_of import sources_of

SPACE = nw.SearchSpace(factors=[nw.Continuous(name="x", low=0, high=1), nw.Categorical(name="base", levels=("KOAc", "K2CO3"))])
FRAME = pd.DataFrame({"x": [0.1, 0.4, 0.7, 0.9], "base": ["KOAc", "K2CO3", "KOAc", "KOAc"], "temperature_c": [30.0, 30.0, 37.0, 42.0], "titre": [1.0, 2.0, 3.0, 2.5]})
FILE = """
name = "titre"
seed = 1
context = { temperature_c = 37 }
[[factors]]
name = "x"
kind = "continuous"
low = 0
high = 1
[[factors]]
name = "base"
kind = "categorical"
levels = ["KOAc", "K2CO3"]
[[measurements]]
name = "titre"
[[goals]]
readout = "titre"
"""


def campaign(*sources: object, **more: object) -> nw.Campaign:
    return nw.Campaign(space=SPACE, goals=[nw.Goal(readout="titre")], context={"temperature_c": 37}, sources=sources, **more)  # type: ignore[arg-type]


def read(opened: nw.Campaign) -> object:
    return sources_of(opened._open, opened.space, opened.data)


def test_a_condition_that_the_campaign_keeps_fixed_is_read_from_the_sources_column() -> None:
    told = read(campaign(nw.Source(name="old", data=FRAME)))
    assert dict(told.conditions) == {"temperature_c": 37.0}  # type: ignore[attr-defined]
    (one,) = told.earlier  # type: ignore[attr-defined]
    assert one.data.settings["temperature_c"].tolist() == [30.0, 30.0, 37.0, 42.0]
    assert one.data.values[:, 0, 0].tolist() == [1.0, 2.0, 3.0, 2.5]


def test_what_a_source_kept_fixed_can_be_said_where_it_has_no_column() -> None:
    told = read(campaign(nw.Source(name="old", data=FRAME.drop(columns=["temperature_c", "base"]), at={"temperature_c": 30, "base": "KOAc"})))
    (one,) = told.earlier  # type: ignore[attr-defined]
    assert set(one.data.settings["temperature_c"]) == {30.0} and set(one.data.settings["base"]) == {"KOAc"}


def test_levels_and_columns_that_the_campaign_does_not_have_are_left_out_and_told() -> None:
    odd = FRAME.assign(base=["KOAc", "CsF", "KOAc", "KOAc"], operator="NN")
    told = read(campaign(nw.Source(name="old", data=odd)))
    (one,) = told.earlier  # type: ignore[attr-defined]
    assert len(one.data) == 3
    assert [*told.notes] == [  # type: ignore[attr-defined]
        "Source old: 1 columns are not the campaign's and are left out: operator.",
        "Source old: 1 rows with levels of base that the campaign does not have are left out: CsF.",
    ]


@pytest.mark.parametrize(
    ("frame", "at", "said"),
    [
        (FRAME.drop(columns="x"), {}, "expected a value for each factor, found none for x"),
        (FRAME.drop(columns="titre"), {}, "expected a column for a measurement"),
        (FRAME.assign(x=["a", 1, 2, 3]), {}, "expected a number for x, found 'a'"),
        (FRAME, {"temprature_c": 30}, "Did you mean 'temperature_c'"),
        (FRAME.assign(titre=np.nan), {}, "expected rows with a reading of titre"),
    ],
)
def test_a_source_that_cannot_be_read_is_refused(frame: pd.DataFrame, at: dict[str, float], said: str) -> None:
    with pytest.raises(nw.NextwellError, match=said):
        read(campaign(nw.Source(name="old", data=frame, at=at)))


def test_a_source_that_changed_is_a_revision_that_the_journal_tells(tmp_path: Path) -> None:
    campaign(nw.Source(name="old", data=FRAME), workspace=tmp_path).close()
    again = campaign(nw.Source(name="old", data=FRAME.assign(titre=0.0)), workspace=tmp_path)
    assert [change.field for changes in again.state.revisions for change in changes] == ["sources"]
    with pytest.raises(nw.NextwellError, match="each source's name once"):
        campaign(nw.Source(name="old", data=FRAME), nw.Source(name="old", data=FRAME))


def test_a_proposal_is_in_the_campaigns_own_factors_and_tells_what_became_of_the_source() -> None:
    x = np.linspace(0, 1, 12)
    data = pd.DataFrame({"x": x, "base": "KOAc", "temperature_c": 30.0, "titre": 5 * np.sin(3 * x)})
    opened = campaign(nw.Source(name="cold", data=data), seed=1)
    batch = opened.propose(1)
    proposal = opened.state.rounds[0].proposal
    assert set(proposal.experiments[0].settings) == {"x", "base"} and "temperature_c" not in batch
    (use,) = proposal.model["sources"]  # type: ignore[misc]
    assert use["name"] == "cold" and use["route"] == "covariate" and "taken at face value" in use["why"]


def test_a_file_with_sources_is_checked_with_lines(tmp_path: Path) -> None:
    file = tmp_path / "campaign.toml"
    FRAME.to_csv(tmp_path / "old.csv", index=False)

    def mistakes(more: str) -> list[str]:
        file.write_text(FILE + more)
        return [str(one) for one in check_campaign(file)]

    assert mistakes('[[sources]]\nname = "old"\nfile = "old.csv"\n') == []
    assert "Did you mean 'old.csv'?" in mistakes('[[sources]]\nname = "old"\nfile = "odl.csv"\n')[0]
    assert "expected campaign in a source of kind 'campaign'" in mistakes('[[sources]]\nname = "old"\nkind = "campaign"\nfile = "old.csv"\n')[0]
    assert "expected another campaign" in mistakes('[[sources]]\nname = "old"\nkind = "campaign"\ncampaign = "titre"\n')[0]
    assert "expected a simulated lab" in mistakes('[[sources]]\nname = "sim"\nkind = "simulator"\nlab = "microplat"\n')[0]
    assert "expected each name once" in mistakes(2 * '[[sources]]\nname = "old"\nfile = "old.csv"\n')[0]
    assert "priors[0].near.x: expected a value from 0 to 1, found 3" in mistakes("[[priors]]\nnear = { x = 3 }\n")[0]


def test_another_campaign_of_the_workspace_is_a_source_with_what_it_kept_fixed(tmp_path: Path) -> None:
    cold = nw.Campaign(space=SPACE, goals=[nw.Goal(readout="titre")], context={"temperature_c": 30}, name="cold", workspace=tmp_path / "lab")
    cold.record(FRAME[["x", "base", "titre"]])
    cold.close()
    file = tmp_path / "campaign.toml"
    file.write_text(FILE + '[[sources]]\nname = "last year"\nkind = "campaign"\ncampaign = "cold"\n')
    warm = nw.Campaign.from_file(file, workspace=tmp_path / "lab")
    told = read(warm)
    (one,) = told.earlier  # type: ignore[attr-defined]
    assert set(one.data.settings["temperature_c"]) == {30.0}
    assert sorted(one.data.values[:, 0, 0].tolist()) == [1.0, 2.0, 2.5, 3.0]
    warm.close()
    file.write_text(FILE + '[[sources]]\nname = "last year"\nkind = "campaign"\ncampaign = "cald"\n')
    warm = nw.Campaign.from_file(file, workspace=tmp_path / "lab")
    with pytest.raises(nw.ConflictError, match="Did you mean 'cold'"):
        read(warm)
    warm.close()


def test_a_simulator_is_a_source_that_joins_as_a_task(tmp_path: Path) -> None:
    text = (Path(examples.__file__).parent / "microplate.toml").read_text(encoding="utf-8")
    kept = "\n".join(line for line in text.splitlines() if not line.startswith(("answers", "lab =")))
    file = tmp_path / "campaign.toml"
    file.write_text(kept + '\n[[sources]]\nname = "simulator"\nkind = "simulator"\nlab = "microplate"\nn = 8\ncost = 0.01\n')
    opened = nw.Campaign.from_file(file, workspace=tmp_path / "lab")
    (one,) = read(opened).earlier  # type: ignore[attr-defined]
    assert len(one.data) == 8 and one.routes(opened.space) == ("task",) and one.cost == 0.01
    assert np.isfinite(one.data.values).any(axis=(1, 2)).all()
    opened.close()


def test_a_source_that_is_none_is_refused_and_plain_data_are_a_source() -> None:
    with pytest.raises(nw.NextwellError, match=r"sources\[0\]"):
        campaign("old.csv")
    told = campaign({"name": "old", "file": "old.csv"})
    assert told.state.charter.sources == ("old: old.csv",)
