"""PEtab problems: bad files first, then the shipped decay against its closed form, then the published problems where they are at hand."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("petab")
pytest.importorskip("roadrunner")

import runs
from world_model.mechanisms.mechanism import Mechanism
from world_model.mechanisms.petab_problem import PetabProblem
from world_model.mechanisms.petab_rows import EXPERIMENT
from world_model.terms.errors import NextwellError, ResultsError

EXAMPLE = Path(runs.__file__).parent / "examples" / "petab_decay"
PUBLISHED = Path(__file__).parents[4] / "shared" / "data" / "petab"
INHIBITOR = "inhibitor lg(1+x/0.5)"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped problem, to be broken."""
    return Path(shutil.copytree(EXAMPLE, tmp_path / "petab_decay"))


@pytest.fixture(scope="module")
def decay() -> PetabProblem:
    return PetabProblem.read(EXAMPLE)


def change(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("petab_decay.yaml", "measurements.tsv", "measuremens.tsv", "measuremens.tsv.*Did you mean 'measurements.tsv'"),
        ("petab_decay.yaml", "format_version: 1", "format_version: 2.0.0", "PEtab version 1, found version 2"),
        ("petab_decay.yaml", "problems:", "problem:", "expected a PEtab problem"),
        ("measurements.tsv", "signal\tc1_0\t", "signal\tc1_00\t", "'c1_00' in column simulationConditionId.*c1_0"),
        ("measurements.tsv", "signal\tc1_0\t", "sgnal\tc1_0\t", "'sgnal' in column observableId.*signal"),
        ("measurements.tsv", "\t8\t", "\tinf\t", "steady state .* not supported"),
        ("measurements.tsv", "signal\tc1_0\t", "signal\tc1_0\t-", "positive measurement.*log10, found -"),
        ("measurements.tsv", "measurement\t", "value\t", "measurement"),
        ("observables.tsv", "observableParameter1_signal * S", "observableParameter1_signal * (S", "expected a formula"),
        ("observables.tsv", "observableParameter1_signal * S", "observableParameter1_signal * S_total", "found 'S_total'"),
        ("observables.tsv", "S / dose", "sech(S)", "found 'sech'"),
        ("observables.tsv", "log10", "sqrt", "transformation"),
        ("conditions.tsv", "inhibitor", "inhibitr", "found 'inhibitr'. Did you mean 'inhibitor'"),
        ("model.xml", "<sbml", "<smbl", "expected an SBML model"),
    ],
)
def test_a_broken_problem_is_refused_with_what_is_wrong(folder: Path, file: str, old: str, new: str, said: str):
    change(folder, file, old, new)
    with pytest.raises(NextwellError, match=f"(?s){said}"):
        PetabProblem.read(folder).mechanism()


def test_no_such_folder_and_an_empty_one_are_refused(tmp_path: Path):
    (tmp_path / "decay").mkdir()
    with pytest.raises(ResultsError, match="Did you mean 'decay'"):
        PetabProblem.read(tmp_path / "decai")
    with pytest.raises(ResultsError, match="found none"):
        PetabProblem.read(tmp_path / "decay")


def test_two_problem_files_ask_which_is_meant_unless_one_has_the_folders_name(folder: Path):
    shutil.copy(folder / "petab_decay.yaml", folder / "other.yaml")
    assert PetabProblem.read(folder).name == "petab_decay"
    (folder / "petab_decay.yaml").rename(folder / "one.yaml")
    with pytest.raises(ResultsError, match=r"one\.yaml, other\.yaml"):
        PetabProblem.read(folder)


def test_doses_keep_their_zero_and_span_decades_by_their_logarithm(decay: PetabProblem):
    factors = {factor.name: factor for factor in decay.space.factors}
    assert list(factors) == ["dose", INHIBITOR, EXPERIMENT]
    assert factors["dose"].scale == "log"
    assert factors[INHIBITOR].values == pytest.approx([0.0, np.log10(2), np.log10(11), np.log10(101)])


def test_measurements_stand_on_the_scale_of_their_noise_with_replicates_as_rows(decay: PetabProblem):
    data = decay.dataset
    assert data.values.shape == (32, 5, 2)
    assert len(np.unique(data.groups())) == 16
    row = data.ids.index("c10_5#experiment 2.0")
    first = next(line for line in (EXAMPLE / "measurements.tsv").read_text().splitlines() if line.startswith("signal\tc10_5\t"))
    assert data.values[row, 0, data.variables.index("signal")] == pytest.approx(np.log10(float(first.split("\t")[2])))


def test_conditions_that_share_no_scale_are_experiments_of_their_own(decay: PetabProblem):
    days = {decay.dataset.settings["dose"][i]: decay.dataset.settings[EXPERIMENT][i] for i in range(len(decay.dataset))}
    assert days[1.0] == days[3.0] != days[10.0] == days[30.0]


def test_the_mechanism_is_the_closed_form_between_the_conditions_too(decay: PetabProblem):
    mechanism = decay.mechanism()
    assert isinstance(mechanism, Mechanism)
    times = np.array([0.0, 0.7, 5.0])
    row = {"dose": 7.0, INHIBITOR: float(np.log10(1 + 3.0 / 0.5)), EXPERIMENT: "experiment 2"}
    told = mechanism.simulate([row], times, ["signal", "share"])[0]
    left = np.exp(-0.3 * times / (1 + 3.0 / 2))
    np.testing.assert_allclose(told[:, 0], np.log10(5 * 7.0 * left), atol=1e-5)
    np.testing.assert_allclose(told[:, 1], left, rtol=1e-4)


def test_factors_on_constants_are_factors_and_scales_need_no_new_simulation(decay: PetabProblem):
    mechanism = decay.mechanism()
    row, times = {"dose": 10.0, INHIBITOR: 0.0, EXPERIMENT: "experiment 1"}, np.array([0.0, 2.0])
    plain = mechanism.simulate([row], times, ["signal"])
    assert {one.name for one in mechanism.parameters} == {"k", "K", "scale_day1", "scale_day2"}
    runs_before = len(mechanism._runs)
    np.testing.assert_allclose(mechanism.simulate([row], times, ["signal"], scaled={"scale_day1": 3.0}) - plain, np.log10(3.0), atol=1e-12)
    assert len(mechanism._runs) == runs_before
    faster = mechanism.simulate([row], times, ["signal"], scaled={"k": 2.0})
    np.testing.assert_allclose((faster - plain)[0, :, 0], [0.0, -0.3 * 2 / np.log(10)], atol=1e-5)


def test_a_perturbed_mechanism_is_elsewhere_and_the_seeds(decay: PetabProblem):
    one, again, other = (decay.mechanism().perturbed(seed) for seed in (1, 1, 2))
    assert one.values == again.values != other.values
    assert one.values["k"] != decay.parameters["k"]
    assert one.values["sd_signal"] == decay.parameters["sd_signal"]


def test_an_unknown_observable_parameter_or_setting_is_refused(decay: PetabProblem):
    mechanism, times = decay.mechanism(), np.array([0.0, 1.0])
    row = {"dose": 1.0, INHIBITOR: 0.0, EXPERIMENT: "experiment 1"}
    with pytest.raises(NextwellError, match="'signl'. Did you mean 'signal'"):
        mechanism.simulate([row], times, ["signl"])
    with pytest.raises(NextwellError, match="'scale_day3'"):
        mechanism.simulate([row], times, ["signal"], scaled={"scale_day3": 2.0})
    with pytest.raises(NextwellError, match="xpected a value for 'inhibitor lg"):
        mechanism.simulate([{"dose": 1.0}], times, ["signal"])


PUMP = "<apply><minus/><ci> inflow </ci><apply><times/><ci> k </ci><ci> S </ci></apply></apply>"


def test_pre_equilibration_starts_from_the_steady_state_of_its_own_condition(folder: Path):
    # dS/dt = inflow - k S: at rest S = inflow / k = 6 / 0.3 = 20, then inflow is 0 and S decays from 20 whatever the dose
    text = (folder / "model.xml").read_text()
    head, law = text.index("<apply><times/><ci> well"), text.index("</math>\n        </kineticLaw>")
    text = text[:head] + PUMP + text[law:]
    text = text.replace('<parameter id="k"', '<parameter id="inflow" value="0" constant="true"/>\n      <parameter id="k"')
    text = text.replace("listOfReactants", "listOfProducts")
    (folder / "model.xml").write_text(text)
    lines = (folder / "conditions.tsv").read_text().splitlines()
    lines = [f"{line}\t{'inflow' if i == 0 else '0'}" for i, line in enumerate(lines)] + ["rest\t1\t0\t6"]
    (folder / "conditions.tsv").write_text("\n".join(lines) + "\n")
    measured = (folder / "measurements.tsv").read_text().splitlines()
    measured = [f"{line}\t{'preequilibrationConditionId' if i == 0 else 'rest'}" for i, line in enumerate(measured)]
    (folder / "measurements.tsv").write_text("\n".join(measured) + "\n")
    problem = PetabProblem.read(folder)
    times = np.array([0.0, 1.0, 4.0])
    row = {"dose": 3.0, INHIBITOR: 0.0, EXPERIMENT: "experiment 1"}
    told = problem.mechanism().simulate([row], times, ["signal"])[0, :, 0]
    np.testing.assert_allclose(10**told / 2, 20 * np.exp(-0.3 * times), rtol=1e-3)


def test_an_overridden_species_starts_where_the_condition_says(folder: Path):
    text = (folder / "model.xml").read_text()
    a, b = text.index("    <listOfInitialAssignments>"), text.index("    <listOfReactions>")
    (folder / "model.xml").write_text(text[:a] + text[b:])
    change(folder, "conditions.tsv", "dose", "S")
    change(folder, "observables.tsv", "S / dose", "S")
    told = PetabProblem.read(folder).mechanism().simulate([{"S": 3.0, INHIBITOR: 0.0, EXPERIMENT: "experiment 1"}], np.array([0.0, 1.0]), ["share"])
    np.testing.assert_allclose(told[0, :, 0], 3 * np.exp([0.0, -0.3]), rtol=1e-4)


def test_a_cell_that_names_a_parameter_is_its_value(folder: Path):
    text = (folder / "conditions.tsv").read_text().replace("\t50\n", "\tstrong\n")
    (folder / "conditions.tsv").write_text(text)
    change(folder, "parameters.tsv", "sd_share", "strong\tlog10\t1\t100\t18\t1\nsd_share")
    problem = PetabProblem.read(folder)
    assert problem.space["inhibitor"].levels == ("0.0", "0.5", "5.0", "strong")
    row = {"dose": 3.0, "inhibitor": "strong", EXPERIMENT: "experiment 1"}
    told = problem.mechanism().simulate([row], np.array([0.0, 4.0]), ["share"])
    np.testing.assert_allclose(told[0, :, 0], np.exp([0.0, -0.3 * 4 / 10]), rtol=1e-4)


@pytest.mark.parametrize(
    ("name", "shape", "conditions", "readings"),
    [
        ("Isensee_JCB2018", (381, 19, 3), 115, 687), ("Alkan_SciSignal2018", (99, 17, 12), 73, 1733), ("Bachmann_MSB2011", (84, 43, 20), 34, 541),
        ("Fujita_SciSignal2010/input_all_Fujita_SciSignal2010.yaml", (16, 11, 3), 16, 420), ("Giordano_Nature2020", (1, 46, 7), 1, 313),
        ("Zheng_PNAS2012", (1, 4, 15), 1, 60), ("Elowitz_Nature2000", (1, 58, 1), 1, 58), ("Boehm_JProteomeRes2014", (1, 16, 3), 1, 48),
        ("Fujita_SciSignal2010/input_pulse_Fujita_SciSignal2010.yaml", (6, 8, 3), 6, 144),
        ("Fujita_SciSignal2010/input_ramp_Fujita_SciSignal2010.yaml", (4, 11, 3), 4, 132),
    ],
)  # fmt: skip
def test_the_published_problems_are_read_whole(name: str, shape: tuple[int, ...], conditions: int, readings: int):
    if not (PUBLISHED / name).exists():
        pytest.skip(f"the published problem {name} is not at hand")
    problem = PetabProblem.read(PUBLISHED / name)
    assert problem.dataset.values.shape == shape
    assert len(np.unique(problem.dataset.groups())) == conditions
    assert np.isfinite(problem.dataset.values).sum() == readings
    assert problem.mechanism().parameters


@pytest.mark.parametrize(("name", "likelihood"), [("Boehm_JProteomeRes2014", 138.222), ("Fujita_SciSignal2010", -53.08)])
def test_the_published_likelihood_is_reached_at_the_nominal_parameters(name: str, likelihood: float):
    # the negative logarithms that other simulators of the collection report for its nominal parameters
    if not (PUBLISHED / name).exists():
        pytest.skip(f"the published problem {name} is not at hand")
    problem = PetabProblem.read(PUBLISHED / name)
    told, found = problem.tables.measurements, 0.0
    data = problem.dataset
    rows = [{key: column[i] for key, column in data.settings.items()} for i in range(len(data))]
    simulated = problem.mechanism().simulate(rows, data.times_h, data.variables)
    where = {one.rsplit("#", 1)[0]: i for i, one in enumerate(data.ids)}
    for _, row in told.iterrows():
        noise = str(row["noiseParameters"])
        sd = problem.parameters[noise] if noise in problem.parameters else float(noise)
        at = simulated[where[row["simulationConditionId"]], np.searchsorted(data.times_h, row["time"]), data.variables.index(row["observableId"])]
        found += 0.5 * np.log(2 * np.pi * sd**2) + 0.5 * ((row["measurement"] - at) / sd) ** 2
    assert found == pytest.approx(likelihood, abs=0.01)
