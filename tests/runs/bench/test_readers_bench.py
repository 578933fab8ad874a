"""The damage bench: every kind does damage, and its checks are those that were promised."""

import random

import pytest

from runs.bench.plate_damage import DESTROYED, HARMLESS, UNDETECTABLE
from runs.bench.plate_files import OWN, VENDOR_FILES, WORKBOOKS, encoded, random_file
from runs.bench.readers import bench


@pytest.mark.parametrize("name", [*DESTROYED, *HARMLESS, *UNDETECTABLE])
def test_every_kind_of_damage_fits_some_file_and_changes_its_bytes(name):
    damage = {**DESTROYED, **HARMLESS, **UNDETECTABLE}[name]
    changed = 0
    for seed in range(60):
        file = random_file(seed, dialects=(*OWN, *WORKBOOKS, *VENDOR_FILES))
        before = [list(row) for row in file.grid.cells]
        data = damage(file, random.Random(seed))
        assert file.grid.cells == before, "the good file itself was damaged"
        changed += data is not None and data != encoded(file)
        if changed == 2:
            break
    assert changed == 2


@pytest.mark.slow
def test_the_bench_passes_its_own_checks():
    told = bench(quick=True, seeds=2, progress=lambda text: None)
    assert [check["name"] for check in told["checks"] if not check["ok"] and "slowest" not in check["name"]] == []
    assert len(told["tables"]["damage that a file, its plan or its plate contradicts"]) >= 20
