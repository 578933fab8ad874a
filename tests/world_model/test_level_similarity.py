"""Molecules and sequences as features: similarities by hand, and features that reproduce them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from world_model.contestants.trajectory_gp import TrajectoryGP
from world_model.contract import Training
from world_model.encoding import Encoder
from world_model.kernels import build
from world_model.level_similarity import embedded, level_features
from world_model.misfit import misfit
from world_model.sequence_letters import by_position, letter_similarity, spectrum
from world_model.terms.errors import SpaceError
from world_model.terms.factors import Categorical, Continuous
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace

ALCOHOLS = Categorical(name="solvent", levels=("methanol", "ethanol", "nothing"), smiles={"methanol": "CO", "ethanol": "CCO", "nothing": ""})
VARIANTS = Categorical(name="variant", levels=("wt", "a", "b", "c"), sequences={"wt": "MKLV", "a": "MKIV", "b": "MRLV", "c": "MWLV"})


def _squared(table: torch.Tensor, i: int, j: int) -> float:
    return float((table[i] - table[j]).square().sum())


def test_tanimoto_of_methanol_and_ethanol_by_hand():
    """Environments up to radius 2. Methanol: CH3, OH, and each with its neighbour (the two whole molecules are one: C-O once): the
    atoms' own CH3 and OH are shared with ethanol; of the larger ones none is, for ethanol's carbons and oxygen stand in C-C-O.
    """
    Chem = pytest.importorskip("rdkit.Chem")
    from rdkit.Chem import rdFingerprintGenerator

    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2)
    methanol, ethanol = (set(generator.GetSparseCountFingerprint(Chem.MolFromSmiles(text)).GetNonzeroElements()) for text in ("CO", "CCO"))
    shared, either = len(methanol & ethanol), len(methanol | ethanol)
    assert (shared, either) == (2, 7)  # no count exceeds one: methanol has 3 environments, ethanol 6
    told = level_features(ALCOHOLS)
    assert _squared(told.table, 0, 1) == pytest.approx(2 * (1 - 2 / 7))
    assert _squared(told.table, 0, 2) == pytest.approx(2.0)  # nothing in common with nothing
    assert told.groups == (tuple(range(told.table.shape[1])),)


def test_counts_matter():
    """Butane has two inner carbons alike where propane has one: min over max of counts, not of bits."""
    from world_model.molecules import fingerprints, tanimoto

    bits = fingerprints("f", {"a": "CCC", "b": "CCCC"})
    assert (bits.sum(axis=1) > [len(np.unique(row)) for row in bits]).all()
    assert 0 < tanimoto(bits, bits)[0, 1] < 1 and np.allclose(tanimoto(bits, bits).diagonal(), 1)


def test_a_text_that_is_no_molecule_is_named_with_its_level():
    with pytest.raises(SpaceError, match=r"level 'second' of 'ligand'.*'C1CC'"):
        level_features(Categorical(name="ligand", levels=("first", "second"), smiles={"first": "C", "second": "C1CC"}))


def test_every_level_needs_its_structure_and_only_one_kind():
    with pytest.raises(ValueError, match="smiles: expected one for every level, found none for \\['b'\\]"):
        Categorical(name="c", levels=("a", "b"), smiles={"a": "C"})
    with pytest.raises(ValueError, match="found both"):
        Categorical(name="c", levels=("a",), smiles={"a": "C"}, sequences={"a": "M"})
    with pytest.raises(ValueError, match="level 'a', found 'mk1'"):
        Categorical(name="c", levels=("a",), sequences={"a": "mk1"})


def test_substitutions_by_hand():
    """BLOSUM62: L-L 4, I-I 4, L-I 2, L-W -2, W-W 11, half bits. Similarity ½ · 2^(s/2) / √(2^(s_aa/2) 2^(s_bb/2)) for unlike letters."""
    told = letter_similarity("LIW", protein=True)
    assert told[0, 1] == pytest.approx(0.5 * 2 ** (2 / 2) / 2 ** ((4 + 4) / 4))
    assert told[0, 2] == pytest.approx(0.5 * 2 ** (-2 / 2) / 2 ** ((4 + 11) / 4))
    assert np.allclose(told.diagonal(), 1)


def test_only_positions_that_differ_have_features_and_each_has_its_own_scale():
    """MKLV, MKIV, MRLV, MWLV differ at positions 2 and 3."""
    told = level_features(VARIANTS)
    assert len(told.groups) == 2
    second = told.table[:, list(told.groups[0])]
    assert _squared(second, 0, 1) == pytest.approx(0.0) and _squared(second, 0, 2) < _squared(second, 0, 3)  # K is nearer R than W


def test_dna_letters_are_all_or_nothing():
    """ACGT against ACGA and TCGA: squared distances 2 for each position that differs."""
    table = np.concatenate(by_position(["ACGT", "ACGA", "TCGA"]), axis=1)
    assert ((table[0] - table[1]) ** 2).sum() == pytest.approx(2.0) and ((table[0] - table[2]) ** 2).sum() == pytest.approx(4.0)


def test_sequences_of_unlike_length_are_compared_by_their_words():
    """AC and ACA: words of one letter (1,1)/√2 and (2,1)/√5: 3/√10; of two: AC against AC, CA: 1/√2; of three: none against ACA.

    Norms: √2 for the first (no word of three), √3 for the second. DNA has words of four and five too: both have none.
    """
    told = spectrum(["AC", "ACA"])
    assert (told @ told.T)[0, 1] == pytest.approx((3 / 10**0.5 + 1 / 2**0.5) / (2**0.5 * 3**0.5))


def test_features_reproduce_similarities_and_few_landmarks_nearly(monkeypatch):
    points = np.random.default_rng(0).normal(size=(60, 3))
    similar = np.exp(-0.5 * ((points[:, None] - points[None]) ** 2).sum(-1) / 4)
    exact = embedded(60, lambda rows: similar[:, rows]).numpy()
    assert np.allclose(exact @ exact.T, similar, atol=1e-6)
    monkeypatch.setattr("world_model.level_similarity.MOST_LANDMARKS", 40)
    near = embedded(60, lambda rows: similar[:, rows]).numpy()
    assert near.shape[1] <= 40 and np.abs(near @ near.T - similar).max() < 0.05


def test_the_structure_family_shares_a_scale_within_a_molecule():
    """Covariance = signal · Matérn(√(squared distance / scale²)), squared distance 2 (1 - Tanimoto)."""
    space = SearchSpace(factors=(ALCOHOLS, Continuous(name="x", low=0, high=1)))
    encoder = Encoder(space)
    design = torch.tensor([[0, 0.5], [1, 0.5]], dtype=torch.double)
    gp = build("structure", inputs=design, targets=torch.tensor([[0.0], [1.0]]).double(), encoder=encoder)
    gp.eval()
    scale = gp.covar_module.raw_scale_constraint.transform(gp.covar_module.raw_scale).detach()
    assert len(scale) == 2
    r = (5 * 2 * (1 - 2 / 7)) ** 0.5 / float(scale[0])
    assert float(gp.covar_module(gp.train_inputs[0]).to_dense()[0, 1].detach()) == pytest.approx(8 * (1 + r + r**2 / 3) * np.exp(-r))


def test_an_unseen_molecule_is_predicted_by_its_like():
    """Alkanols by chain length; propanol was not done: structure predicts between, one-hot levels can't tell it from the mean."""
    chain = {name: "C" * n + "O" for n, name in enumerate(("c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8"), start=1)}
    plain = Categorical(name="alcohol", levels=tuple(chain))
    known = Categorical(name="alcohol", levels=tuple(chain), smiles=chain)
    done = [0, 1, 2, 3, 4, 5, 7]

    def error(factor: Categorical, family: str) -> float:
        data = Dataset(
            ids=tuple(map(str, done)), settings={"alcohol": np.array([factor.levels[i] for i in done])}, roles=("candidate",) * 7, blocks=("1",) * 7,
            times_h=np.array([np.nan]), variables=("y",), values=np.array(done, float)[:, None, None], flags=np.zeros((7, 1, 1), int),
        )  # fmt: skip
        training = Training.of(SearchSpace(factors=(factor,)), data)
        assert misfit("structure", training) is None or factor is plain
        told = TrajectoryGP(name=family, family=family).fit(training, seed=0).beliefs(torch.tensor([[6.0]], dtype=torch.double))
        return abs(float(told.mean) - 6.0)

    assert error(known, "structure") < 0.5 < 2.0 < error(plain, "wide")


def test_a_space_keeps_its_digest_where_no_structure_is_given():
    """The keys are told only where they are given, so that journals written before there were such keys still fit."""
    one = SearchSpace(factors=(Categorical(name="c", levels=("a",)),)).digest()
    other = SearchSpace(factors=(Categorical(name="c", levels=("a",), smiles={"a": "C"}),)).digest()
    assert one != other
