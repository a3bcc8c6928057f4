"""The table of guards does not rot: each guard is where the table says, and what is to notice its absence is there."""

from pathlib import Path

import pytest

from tests.races.guards import GUARDS, Guard
from tests.races.unguarded import ROOT


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_a_guard_is_where_the_table_says_and_so_is_what_notices(guard: Guard) -> None:
    for edit in guard.edits:
        source = Path(ROOT, edit.file).read_text()
        assert edit.applied(source) != source
    for test in guard.tests:
        file, _, name = test.partition("::")
        assert f"def {name}" in Path(ROOT, file).read_text()
