"""The plate as a random effect: covariances by the formula, and when an effect is modelled at all."""

from __future__ import annotations

import torch

from world_model.plate_kernel import TYPICAL, PlateKernel, plate_codes


def test_covariance_is_raised_only_within_a_real_plate():
    kernel = PlateKernel(column=0)
    kernel.set_extra(0.25)
    codes = torch.tensor([[0.0], [0.0], [1.0], [TYPICAL], [TYPICAL]], dtype=torch.double)
    expected = torch.ones(5, 5, dtype=torch.double)
    expected[0, 0] = expected[0, 1] = expected[1, 0] = expected[1, 1] = expected[2, 2] = 1.25  # 1 + extra
    assert torch.allclose(kernel(codes).to_dense(), expected)
    assert torch.allclose(kernel(codes, diag=True), expected.diagonal())


def test_an_effect_needs_two_plates_of_eight_rows():
    assert plate_codes(["R1"] * 20) is None
    assert plate_codes([f"R{i}" for i in range(20)]) is None  # one experiment a round tells noise from nothing
    assert plate_codes(["R1"] * 8 + ["R2"] * 7) is None
    codes = plate_codes(["R1"] * 8 + ["R2"] * 8)
    assert codes is not None and codes.tolist() == [0.0] * 8 + [1.0] * 8
