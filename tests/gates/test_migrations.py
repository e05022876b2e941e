"""A migration breaks no release that may still run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gates.migrations import BEFORE_THE_FIRST_RELEASE, VERSIONS, breaking, revision_of

FILES = sorted(VERSIONS.glob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_migration_only_adds(file: Path) -> None:
    source = file.read_text("utf-8")
    if revision_of(source) not in BEFORE_THE_FIRST_RELEASE:
        assert breaking(source) == []


def test_the_exception_is_one() -> None:
    sources = {revision_of(text): text for text in (file.read_text("utf-8") for file in FILES)}
    for revision in BEFORE_THE_FIRST_RELEASE:
        assert breaking(sources[revision])


@pytest.mark.parametrize(
    "line",
    [
        'op.drop_table("notices")',
        'op.drop_column("applications", "route")',
        'op.alter_column("applications", "route", nullable=False)',
        'op.rename_table("notices", "letters")',
        'op.add_column("applications", sa.Column("more", sa.Integer(), nullable=False))',
        'op.create_check_constraint("few", "applications", "returns < 3")',
        'op.execute("ALTER TABLE applications DROP COLUMN route")',
        'op.execute("DELETE FROM applications")',
    ],
)
def test_the_gate_stops_what_would_break_the_release_before(line: str) -> None:
    source = f'revision = "1"\n\n\ndef upgrade():\n    {line}\n\n\ndef downgrade():\n    pass\n'
    assert len(breaking(source)) == 1
    assert breaking(f'REMOVES = "a column that 1.2 was the last to read"\n{source}') == []


@pytest.mark.parametrize(
    "line",
    [
        'op.create_table("more", sa.Column("id", sa.Integer(), nullable=False))',
        'op.add_column("applications", sa.Column("more", sa.Integer(), nullable=True))',
        'op.add_column("applications", sa.Column("more", sa.Integer(), nullable=False, server_default="0"))',
        'op.create_index("ix_more", "applications", ["more"])',
        'op.execute("UPDATE applications SET more = 1")',
    ],
)
def test_the_gate_lets_pass_what_adds(line: str) -> None:
    assert breaking(f'revision = "1"\n\n\ndef upgrade():\n    {line}\n') == []
