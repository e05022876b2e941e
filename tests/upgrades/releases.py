"""The next release, made from this one: workflow code that emits another command, and a later schema.

A release is a directory with the four packages, of which two are changed copies; a process that has it on
`PYTHONPATH` runs it. What is changed stands here, so that a test can also leave the guard out.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from activities.database import sync_url
from tests.codec import KEYS
from workers.database import needed

HERE = Path(__file__).parents[2]
PACKAGES = ("models", "activities", "workflows", "workers")
CHANGED = ("models", "workflows")

PATCH = "settled-memo"
REVISION = "9001"
MEMO = "settled_revision"
"""What the next release writes once everything is settled: an application shows in its memo who wrote it."""

_PLACE = "        self._upsert()\n        workflow.set_current_details(timeline(self._state))\n"
_WRITES = f'workflow.upsert_memo({{"{MEMO}": self._state.revision}})\n'

_BODIES = {
    "guarded": f'        if workflow.patched("{PATCH}"):\n            {_WRITES}',
    "unguarded": f"        {_WRITES}",
    "deprecated": f'        workflow.deprecate_patch("{PATCH}")\n        {_WRITES}',
}
"""`guarded`: the named patch; `unguarded`: the same without it; `deprecated`: once all have the mark."""

_MIGRATION = f'''"""The next release's: a table and a column that this one does not know."""

import sqlalchemy as sa
from alembic import op

revision = "{REVISION}"
down_revision = "{{before}}"


def upgrade() -> None:
    op.create_table("next_things", sa.Column("id", sa.Integer(), primary_key=True))
    op.add_column("applications", sa.Column("next_word", sa.String(length=20), nullable=True))
'''


def application_source(how: str) -> str:
    """The source of the application workflow of the next release; `how` is a key of `_BODIES`."""
    source = (HERE / "workflows" / "application.py").read_text("utf-8")
    assert source.count(_PLACE) == 1, "the place of the change in workflows/application.py has moved"
    first, second = _PLACE.splitlines(keepends=True)
    return source.replace(_PLACE, first + _BODIES[how] + second)


def make_release(folder: Path, how: str) -> Path:
    """Writes the next release into `folder`."""
    folder.mkdir()
    for package in PACKAGES:
        if package in CHANGED:
            shutil.copytree(HERE / package, folder / package)
        else:
            (folder / package).symlink_to(HERE / package)
    (folder / "workflows" / "application.py").write_text(application_source(how), "utf-8")
    migration = folder / "models" / "migrations" / "versions" / f"{REVISION}_next.py"
    migration.write_text(_MIGRATION.replace("{before}", str(needed())), "utf-8")
    return folder


def migrate(release: Path, url: str) -> None:
    """`zhicheng migrate` of that release, in this process."""
    config = Config()
    config.set_main_option("script_location", str(release / "models" / "migrations"))
    engine = create_engine(sync_url(url))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    engine.dispose()


def workflow_of(folder: Path, how: str) -> type:
    """The application workflow of that release as a class of this process, to replay histories with."""
    file = folder / f"application_{how}.py"
    file.write_text(application_source(how), "utf-8")
    spec = importlib.util.spec_from_file_location(f"application_{how}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: type = module.ApplicationWorkflow
    return found


def environment(release: Path, **settings: str) -> dict[str, str]:
    """The environment of a process of that release."""
    mine = {k: v for k, v in os.environ.items() if not k.startswith(("ZHICHENG_", "TEMPORAL_"))}
    ours = {"PYTHONPATH": str(release), "ZHICHENG_REHEARSAL": "true", "ZHICHENG_PAYLOAD_KEYS": KEYS}
    return mine | ours | settings
