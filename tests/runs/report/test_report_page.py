"""The page: it tells the numbers, loads nothing, escapes names, and says what is missing."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread
from setuptools import find_namespace_packages

from runs.report.report import write_report
from world_model.terms.errors import JournalError
from world_model.terms.factors import Categorical, Continuous, Discrete
from world_model.terms.goals import Goal, Measurement

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Chance:
    """Random campaigns, as arrays."""

    best_true: tuple[np.ndarray, ...]


class Outline(HTMLParser):
    """Every attribute that could load something, and the text."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "poster", "data", "action", "background")]

    def handle_data(self, data):
        self.text += data


def read(file):
    outline = Outline()
    outline.feed(file.read_text())
    return outline


@pytest.fixture(scope="module")
def page(two_rounds, formula_lab, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    # three random campaigns of 9 experiments: finals 11, 12, 19
    random = np.array([[1, 1, 5, 5, 5, 5, 5, 11, 11], [3, 3, 3, 3, 3, 3, 3, 3, 12], [4, 4, 4, 4, 4, 4, 4, 4, 19]], dtype=float)
    return write_report(two_rounds, folder=folder, lab=formula_lab, baseline=Chance(best_true=(random,)))


def test_the_summary_tells_the_hand_computed_numbers(page):
    text = " ".join(read(page).text.split())
    assert "gave titre = 18 g/L (mean of 2 wells: 18.1, 17.9)" in text
    assert "Its settings: dose 9 mM." in text
    assert "had predicted 16.0 (14.0 to 18.0)" in text and "1 of 2 readings lie within" in text
    assert "Its true value in the simulated lab is 18 g/L." in text
    assert "Of 4 results, 2 (50 %) lie within" in text
    # random's median final is 12, reached after all 9; the loop has 12 after 3
    assert "nextwell needed 3 experiments to reach what random reaches after 9 (median): 3.0× sooner." in text
    assert "1 of the 3 random runs reached nextwell's final best" in text
    assert "9 experiments in 2 rounds, of 40 in the budget" in text
    assert "Simulator result" in text


def test_the_page_loads_nothing(page):
    outline = read(page)
    assert outline.addresses and all(address.startswith("data:image/svg+xml;base64,") for address in outline.addresses)
    assert not {"script", "link", "iframe", "object", "embed", "form"} & set(outline.tags)
    style = re.search(r"<style>(.*?)</style>", page.read_text(), re.S)
    assert style and "url(" not in style.group(1) and "@import" not in style.group(1)


def test_pngs_of_every_picture_are_there_and_not_blank(page):
    pictures = sorted((page.parent / "png").glob("*.png"))
    assert [picture.name for picture in pictures] == ["best-so-far.png", "honesty.png", "predicted-observed.png", "slices.png"]
    for picture in pictures:
        pixels = imread(picture)
        assert pixels.shape[1] > 600 and pixels[..., :3].var() > 1e-3


def test_the_journals_head_is_printed(page, two_rounds):
    assert two_rounds.head_hash in page.read_text()


def test_a_real_lab_has_no_comparison_with_chance(write_campaign, propose_one, titre_goal, tmp_path):
    rows = [propose_one(f"R01-{k:03d}", {"dose": float(k)}) for k in range(1, 5)]
    state = write_campaign([(rows, {row.id: 2.0 * k for k, row in enumerate(rows, start=1)})], goals=[titre_goal], simulated=False)
    text = read(write_report(state, folder=tmp_path)).text
    assert "in a real lab nobody has carried out random plates" in text
    assert "Simulator result" not in text and "true value in the simulated lab" not in text


def test_names_with_markup_stay_text(write_campaign, propose_one, tmp_path, titre_goal):
    nasty = "<script>alert(1)</script>"
    dye = Categorical(name="dye", levels=(nasty, "b$x^2$", "c&d"))
    rows = [propose_one(f"R01-{k + 1:03d}", {"dye": level}, reason=f"{nasty} & more") for k, level in enumerate((*dye.levels, nasty))]
    state = write_campaign(
        [(rows, {row.id: float(k) for k, row in enumerate(rows)})], goals=[titre_goal], factors=[dye], system="hand", failed={"R01-002": '"><img src=x onerror=alert(1)>'}
    )
    file = write_report(state, folder=tmp_path)
    outline = read(file)
    assert "script" not in outline.tags
    assert nasty in outline.text and "b$x^2$" in outline.text
    assert all(address.startswith("data:") for address in outline.addresses)


def test_nothing_measured_yet_says_what_is_missing(write_campaign, propose_one, titre_goal, tmp_path):
    rows = [propose_one(f"R01-{k:03d}", {"dose": float(k)}) for k in range(1, 5)]
    outline = read(write_report(write_campaign([(rows, None)], goals=[titre_goal]), folder=tmp_path))
    assert "Round 1 waits for results: nothing of it has been read." in outline.text
    assert "Nothing has been read yet, so there is nothing to fit a model to." in outline.text
    assert "R01-004" in outline.text and "waiting" in outline.text
    assert not (tmp_path / "png").exists()


def test_an_opened_campaign_without_a_round(write_campaign, titre_goal, tmp_path):
    assert "Nothing has been proposed yet" in read(write_report(write_campaign([], goals=[titre_goal]), folder=tmp_path)).text


def test_failed_wells_are_listed_with_their_reason_and_don_t_count(write_campaign, propose_one, titre_goal, tmp_path):
    rows = [propose_one(f"R01-{k:03d}", {"dose": float(k)}) for k in range(1, 6)]
    results = {row.id: 2.0 * k for k, row in enumerate(rows[:4], start=1)}
    outline = read(write_report(write_campaign([(rows, results)], goals=[titre_goal], failed={"R01-005": "bubble in the tip"}), folder=tmp_path))
    assert "bubble in the tip" in outline.text and "1 experiment failed" in outline.text
    assert "gave titre = 8 g/L" in outline.text


def test_two_goals_and_all_kinds_of_factors(write_campaign, propose_one, tmp_path):
    goals = [Goal(readout="titre", direction="max"), Goal(readout="cost", direction="min")]
    factors = [Continuous(name="dose", unit="mM", low=0.1, high=10.0, scale="log"), Discrete(name="steps", values=(1.0, 2.0, 3.0)), Categorical(name="strain", levels=("a", "b"))]
    rows = [
        propose_one(f"R01-{k + 1:03d}", {"dose": 0.1 + k, "steps": 1.0 + k % 3, "strain": "ab"[k % 2]}, goals=goals, interval=(0.0, 20.0)) for k in range(9)
    ]
    results = {row.id: {"titre": 2.0 * k, "cost": float(k * k)} for k, row in enumerate(rows)}
    state = write_campaign([(rows, results)], goals=goals, factors=factors, measurements=[Measurement(name="titre", unit="g/L"), Measurement(name="cost")])
    text = read(write_report(state, folder=tmp_path)).text
    assert "gave titre = 16 g/L" in text and "gave cost = 0 (one well)" in text
    assert {"both-goals.png", "slices-1.png", "slices-2.png"} <= {file.name for file in (tmp_path / "png").iterdir()}


def test_a_table_without_its_space_says_so(two_rounds, tmp_path):
    from dataclasses import replace

    charter = two_rounds.charter.model_copy(update={"factors": (), "n_candidates": 1000})
    assert "table that was not at hand" in read(write_report(replace(two_rounds, charter=charter), folder=tmp_path)).text


def test_a_page_that_can_t_be_written_is_an_error(two_rounds, tmp_path):
    (tmp_path / "report.html").mkdir()
    with pytest.raises(JournalError, match="Expected to write"):
        write_report(two_rounds, folder=tmp_path)


def test_the_template_ships_with_the_package():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    packages = find_namespace_packages(str(ROOT), include=settings["packages"]["find"]["include"])
    assert "runs.report.templates" in packages
    kept = settings["package-data"]["*"]
    assert all(any(file.match(pattern) for pattern in kept) for file in (ROOT / "runs" / "report" / "templates").iterdir() if file.is_file())
