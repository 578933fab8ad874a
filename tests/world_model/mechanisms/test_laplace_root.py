"""The root of an inverse: by hand, and where rounding would break a Cholesky factor."""

import numpy as np
import pytest

from world_model.mechanisms.laplace import root_of_inverse


def test_its_square_is_the_inverse():
    precision = np.array([[4.0, 1.0], [1.0, 3.0]])
    root = root_of_inverse(precision)
    assert root @ root.T == pytest.approx(np.array([[3.0, -1.0], [-1.0, 4.0]]) / 11.0)


def test_a_combination_known_a_million_billion_times_better_is_no_error():
    slopes = np.random.default_rng(0).normal(size=(6, 12)) * 10.0 ** np.linspace(0, 9, 6)[:, None]
    precision = np.eye(12) + slopes.T @ slopes
    root = root_of_inverse(precision)
    assert np.isfinite(root).all() and np.diag(root @ root.T).max() < 1.5
