"""Checks what is published: `python tools/check_distributions.py FOLDER`, with one wheel and one source distribution.

A wheel has all modules, the licences, and at most the size that CONTRIBUTING.md names; a source distribution has every
file that git has. Standard library only.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
#: Bytes. A goal of the project, not a limit of PyPI.
LARGEST_WHEEL = 550_000
LICENSES = ("LICENSE", "NOTICE")
#: Files in git that a source distribution needs not.
_NOT_IN_SDIST = (".github/", ".gitignore", ".editorconfig", ".pre-commit-config.yaml")


def wheel_faults(wheel: Path) -> Iterator[str]:
    """Yield what is wrong with a wheel."""
    size = wheel.stat().st_size
    if size > LARGEST_WHEEL:
        yield f"the wheel has {size:,} bytes, more than {LARGEST_WHEEL:,}"
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    for path in sorted((ROOT / "eventbridge_local").rglob("*.py")):
        if path.relative_to(ROOT).as_posix() not in names:
            yield f"the wheel lacks {path.relative_to(ROOT).as_posix()}"
    yield from (f"the wheel lacks {name}" for name in LICENSES if not _ends_with(names, f".dist-info/licenses/{name}"))
    wanted = ("eventbridge_local/py.typed", "eventbridge_local/samples/data/all.json")
    yield from (f"the wheel lacks {name}" for name in wanted if name not in names)
    if len(names) != len(set(names)):
        yield "the wheel has a file twice"
    strange = [name for name in names if not name.startswith(("eventbridge_local/", "eventbridge_local-"))]
    yield from (f"the wheel puts {name} beside the package" for name in strange)


def sdist_faults(sdist: Path) -> Iterator[str]:
    """Yield what is wrong with a source distribution; nothing where git does not know which files there are."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for file in filter(None, listed.stdout.split("\0")):
        if file not in names and not file.startswith(_NOT_IN_SDIST) and (ROOT / file).exists():
            yield f"the source distribution lacks {file}"


def _ends_with(names: list[str], ending: str) -> bool:
    return any(name.endswith(ending) for name in names)


def main(folder: Path) -> int:
    """Print the size of the wheel and what is wrong; return 1 if something is."""
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    faults = [*wheel_faults(wheel), *sdist_faults(sdist)]
    for each in (wheel, sdist):
        print(f"{each.name}: {each.stat().st_size:,} bytes")
    print(*faults, sep="\n", end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
