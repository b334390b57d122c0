"""Runs the tests in the surroundings that users have: interpreters, versions of packages, and packages that are absent.

    nox --list                      what there is
    nox -s oldest                   one session
    nox -s "without(boto3)"         one session with a parameter
    nox -s tests-3.13 -- tests/cli  a part of the tests
    nox -t core                     what .ci/run runs of it

Each session makes an environment of its own below ``.nox``. Only PyPI is needed. An interpreter that is not there is
skipped with a message; those of pyenv are found. docs/trust.md has the results.
"""

from __future__ import annotations

import os
import re
import tarfile
from pathlib import Path

import nox

ROOT = Path(__file__).parent
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
#: The session of the oldest packages uses the oldest interpreter too; the others use one in the middle.
OLDEST_PYTHON, USUAL_PYTHON = "3.11", "3.12"

#: The oldest releases that pyproject.toml allows; a test compares them.
OLDEST = ["botocore==1.40.0", "croniter==6.0.0", "jsonschema==4.18.0", "python-dateutil==2.8.2", "PyYAML==6.0"]
#: What the tests need in any case. Files that import something else are left out where that is absent.
LEAST = ["pytest>=8.4", "pytest-xdist", "hypothesis"]
#: Packages that a user may lack, and what the tests name.
OPTIONAL = {
    "boto3": ["boto3"],
    "aiobotocore": ["aiobotocore"],
    "moto": ["moto[cloudformation,events,stepfunctions]>=5"],
    "freezegun": ["freezegun"],
    "time-machine": ["time-machine"],
    "PyYAML": ["PyYAML>=6"],
    "awscli": ["awscli"],
    "others": [
        "anyio",
        "aws-lambda-powertools[parser]",
        "aws-xray-sdk",
        "dirty-equals",
        "hatchling",
        "opentelemetry-instrumentation-botocore",
        "opentelemetry-sdk",
    ],
}
#: A selection that asks every part of the package and what it uses of others, in about a minute.
CORE = [
    "tests/botocore_hooks",
    "tests/contracts",
    "tests/conformance",
    "tests/delivery",
    "tests/iac",
    "tests/journeys",
    "tests/operations",
    "tests/schedules",
    "tests/test_batching.py",
    "tests/test_event_files.py",
    "tests/test_imports.py",
    "tests/test_mock.py",
    "tests/test_pytest_plugin.py",
]
#: Tests that need nothing but pytest and hypothesis.
BARE = [
    "tests/patterns",
    "tests/policies",
    "tests/samples",
    "tests/schedules",
    "tests/transforms",
    "tests/model",
]

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.sessions = ["tests"]
nox.options.error_on_missing_interpreters = False


def _find_interpreters_of_pyenv() -> None:
    """Put them on the path, each by its own folder: the shims of pyenv start only those that are switched on."""
    versions = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    found = [path for path in versions.glob("3.*/bin") if path.parent.name.rpartition(".")[0] in PYTHONS]
    os.environ["PATH"] = os.pathsep.join([*map(str, sorted(found, reverse=True)), os.environ.get("PATH", os.defpath)])
    os.environ.setdefault("UV_PYTHON_DOWNLOADS", "never")


_find_interpreters_of_pyenv()


def _pytest(session: nox.Session, *arguments: str, usual: list[str] | None = None) -> None:
    """Run pytest on what was asked for after ``--``, or else on the usual selection, or on everything."""
    os.environ.pop("PYTHONPATH", None)
    chosen = session.posargs or usual or []
    session.run("python", "-m", "pytest", "-q", "-n", "auto", "-p", "no:cacheprovider", *arguments, *chosen)


def _install_with(session: nox.Session, *packages: str) -> None:
    """Install the project and these packages only, beside the least that tests need."""
    session.install("-e", ".", *LEAST, *packages)


def _all_but(*absent: str) -> list[str]:
    return [package for name, packages in OPTIONAL.items() if name not in absent for package in packages]


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """All tests with the newest packages, on each Python."""
    session.install("-e", ".", "--group", "test")
    _pytest(session)


@nox.session(python=OLDEST_PYTHON, tags=["core"])
def oldest(session: nox.Session) -> None:
    """The oldest Python, with the oldest release of everything that pyproject.toml allows."""
    _install_with(session, *OLDEST, "boto3==1.40.0", "pytest==8.4.0", *OPTIONAL["moto"], "freezegun", "time-machine")
    _pytest(session, usual=CORE)


@nox.session(python=OLDEST_PYTHON)
def oldest_async(session: nox.Session) -> None:
    """The oldest aiobotocore whose botocore pyproject.toml allows."""
    _install_with(session, "aiobotocore==2.24.2", "botocore==1.40.15", *_all_but("aiobotocore", "awscli"))
    _pytest(session)


@nox.session(python=USUAL_PYTHON)
def newest_botocore(session: nox.Session) -> None:
    """The newest botocore, which aiobotocore and the AWS CLI hold back elsewhere."""
    _install_with(session, "--upgrade", "botocore", *_all_but("aiobotocore", "awscli"))
    _pytest(session)


@nox.session(python=USUAL_PYTHON)
@nox.parametrize("version", ["8", "9"], ids=["8", "9"])
def pytest(session: nox.Session, version: str) -> None:
    """Each major version of pytest."""
    session.install("-e", ".", "--group", "test", f"pytest=={version}.*")
    _pytest(session)


@nox.session(python=USUAL_PYTHON)
@nox.parametrize("package", list(OPTIONAL), ids=list(OPTIONAL))
def without(session: nox.Session, package: str) -> None:
    """One of the packages that a user may lack is absent, with what needs it."""
    _install_with(session, *_all_but(*(["boto3", "moto"] if package == "boto3" else [package])))  # moto needs boto3
    if package != "others":
        session.run("uv", "pip", "uninstall", "--quiet", package, external=True, silent=True, success_codes=[0, 1])
    _pytest(session, usual=["tests"])


@nox.session(python="3.13", tags=["core"])
def bare(session: nox.Session) -> None:
    """Nothing but what the package itself needs, and pytest."""
    _install_with(session)
    _pytest(session, usual=BARE)


@nox.session(python=USUAL_PYTHON)
def awscrt(session: nox.Session) -> None:
    """AWS's native library is there, which botocore then uses for signatures and checksums."""
    session.install("-e", ".", "--group", "test", "botocore[crt]")
    _pytest(session)


@nox.session(python=USUAL_PYTHON)
def warnings(session: nox.Session) -> None:
    """Every warning is an error: -W error. So it is in .ci/run, with the Python of the machine."""
    session.install("-e", ".", "--group", "test")
    _pytest(session, "-W", "error")


@nox.session(python=USUAL_PYTHON)
def random_order(session: nox.Session) -> None:
    """All tests in a random order, three times; the seed of a run stands at its top."""
    session.install("-e", ".", "--group", "test", "pytest-randomly")
    for _ in range(3):
        _pytest(session)


@nox.session(python=USUAL_PYTHON)
def each_file_alone(session: nox.Session) -> None:
    """Each file of tests in a process of its own, so that none relies on what another imported or left."""
    session.install("-e", ".", "--group", "test")
    files = session.posargs or sorted(str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("test_*.py"))
    failed = []
    for file in files:
        command = ("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", file)
        done = session.run(*command, silent=True, success_codes=range(6))
        if not re.search(r"^\d+ (passed|skipped)", str(done).strip().splitlines()[-1]):
            failed.append(file)
            session.warn(f"{file}\n{done}")
    if failed:
        session.error("alone these fail: " + ", ".join(failed))


@nox.session(python=USUAL_PYTHON, tags=["core"])
def wheel(session: nox.Session) -> None:
    """The wheel: its size and licences, and the README's code, run elsewhere with what the README says to install."""
    folder = Path(session.create_tmp())
    for old in folder.glob("eventbridge_local-*"):
        old.unlink()
    session.install("build", "pytest")
    session.run("python", "-m", "build", "--outdir", str(folder), silent=True)
    session.run("python", "tools/check_distributions.py", str(folder))
    (built,) = folder.glob("*.whl")
    session.run("python", "tools/try_readme.py", "--write", str(folder / "readme"))
    wanted = session.run("python", "tools/try_readme.py", "--requirements", str(built), silent=True)
    session.install("--reinstall-package", "eventbridge-local", *str(wanted).split())
    session.chdir(folder / "readme")
    session.run("python", "-c", "import eventbridge_local as e; assert 'site-packages' in e.__file__, e.__file__")
    session.run("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_copied.py")
    session.run("eventbridge-local", "--version")


@nox.session(python=USUAL_PYTHON)
def sdist(session: nox.Session) -> None:
    """The source distribution is complete: its tests run from it."""
    folder = Path(session.create_tmp())
    for old in folder.glob("eventbridge_local-*.tar.gz"):
        old.unlink()
    session.install("build")
    session.run("python", "-m", "build", "--sdist", "--outdir", str(folder), silent=True)
    (built,) = folder.glob("*.tar.gz")
    with tarfile.open(built) as archive:
        archive.extractall(folder, filter="data")
    session.chdir(folder / built.name.removesuffix(".tar.gz"))
    session.install("-e", ".", "--group", "test")
    _pytest(session)


@nox.session(python=USUAL_PYTHON)
def docs(session: nox.Session) -> None:
    """The documentation as web pages in site/, where every link must lead somewhere."""
    session.install("--group", "docs")
    session.run("mkdocs", "build", "--strict", env={"NO_MKDOCS_2_WARNING": "1"})
