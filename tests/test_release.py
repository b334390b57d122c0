"""What is published and what checks it: workflows, sessions, the wheel's shortened files, the lock, the changelog."""

from __future__ import annotations

import ast
import json
import os
import re
import sys
import tomllib
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from modules import module_at

import eventbridge_local
from eventbridge_local.samples import catalog

ROOT = Path(__file__).parent.parent
GITHUB = ROOT / ".github"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
VERSION = PROJECT["project"]["version"]

readme = module_at(ROOT / "tools" / "try_readme.py")
distributions = module_at(ROOT / "tools" / "check_distributions.py")

in_clone = pytest.mark.skipif(not GITHUB.exists(), reason="the source distribution has no workflows")


# sessions


class _Nox(ModuleType):
    """As much of nox as tells which sessions there are, because nox is not needed to run the tests."""

    def __init__(self) -> None:
        super().__init__("nox")
        self.names: list[str] = []
        self.core: list[str] = []
        self.options = ModuleType("options")
        self.Session = object

    def session(self, *, python: Any = None, tags: list[str] | None = None) -> Callable[[Any], Any]:
        def add(function: Any) -> Any:
            pythons = [f"-{each}" for each in python] if isinstance(python, list) else [""]
            found = [
                f"{function.__name__}{version}{given}"
                for version, given in product(pythons, getattr(function, "given", [""]))
            ]
            self.names += [function.__name__, *found]
            self.core += found if tags == ["core"] else []
            return function

        return add

    def parametrize(self, name: str, values: list[str], ids: list[str]) -> Callable[[Any], Any]:
        def add(function: Any) -> Any:
            function.given = [f"({each})" for each in ids]
            return function

        return add


@pytest.fixture
def nox(monkeypatch: pytest.MonkeyPatch) -> tuple[_Nox, ModuleType]:
    """What was said to nox, and the module that said it."""
    stub = _Nox()
    monkeypatch.setitem(sys.modules, "nox", stub)
    monkeypatch.setenv("PATH", os.environ["PATH"])  # the module puts interpreters on it
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "never")
    module = module_at(ROOT / "noxfile.py")
    monkeypatch.delitem(sys.modules, "noxfile")
    return stub, module


def test_the_core_is_what_ci_has_time_for(nox: tuple[_Nox, ModuleType]) -> None:
    assert nox[0].core == ["oldest", "bare", "wheel"]
    assert "make matrix" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_selected_tests_exist(nox: tuple[_Nox, ModuleType]) -> None:
    chosen = [*nox[1].CORE, *nox[1].BARE]
    assert [path for path in chosen if not (ROOT / path).exists()] == []


def test_the_oldest_packages_are_those_the_project_allows(nox: tuple[_Nox, ModuleType]) -> None:
    allowed = [*PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"]["iac"]]
    oldest = dict(re.match(r"([\w-]+)>=([\d.]+)$", each).groups() for each in allowed)  # type: ignore[union-attr, misc]
    pinned = dict(each.split("==") for each in nox[1].OLDEST)
    assert pinned.keys() == oldest.keys()
    assert [name for name, version in oldest.items() if not f"{pinned[name]}.0".startswith(f"{version}.")] == []


def test_packages_that_may_be_absent_are_all_the_tests_use(nox: tuple[_Nox, ModuleType]) -> None:
    group = {_name(each) for each in PROJECT["dependency-groups"]["test"]}
    known = {_name(each) for each in [*nox[1].LEAST, *(each for rest in nox[1].OPTIONAL.values() for each in rest)]}
    assert known == group


def test_python_versions(nox: tuple[_Nox, ModuleType]) -> None:
    classifiers = [f"Programming Language :: Python :: {each}" for each in nox[1].PYTHONS]
    assert [each for each in PROJECT["project"]["classifiers"] if "Python :: 3." in each] == classifiers
    assert PROJECT["project"]["requires-python"] == f">={nox[1].PYTHONS[0]}"


def _name(requirement: str) -> str:
    return re.split(r"[\[><=~;]", requirement)[0].strip().lower()


# workflows

SESSION = re.compile(r'nox -s "?([\w.-]+(?:\([\w-]+\))?)')


def workflows() -> list[Path]:
    return sorted((GITHUB / "workflows").glob("*.yml"))


def commands(workflow: dict[str, Any]) -> Iterator[str]:
    """Yield each command of a workflow with the values of its matrix put in."""
    for job in workflow["jobs"].values():
        matrix = job.get("strategy", {}).get("matrix", {})
        for values in product(*matrix.values()):
            for step in job["steps"]:
                command = step.get("run", "")
                for name, value in zip(matrix, values, strict=True):
                    command = command.replace(f"${{{{ matrix.{name} }}}}", str(value))
                yield command


@in_clone
@pytest.mark.parametrize("path", workflows(), ids=lambda path: path.name)
def test_workflows_name_sessions_and_targets_that_exist(path: Path, nox: tuple[_Nox, ModuleType]) -> None:
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    lines = [line for command in commands(workflow) for line in command.splitlines()]
    sessions = [name for line in lines for name in SESSION.findall(line)]
    assert [name for name in sessions if name not in nox[0].names] == []
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = [name for line in lines for name in re.findall(r"^make ([a-z-]+)", line)]
    assert [name for name in targets if not re.search(rf"^{name}:", makefile, re.MULTILINE)] == []


@in_clone
def test_the_workflows_run_all_sessions(nox: tuple[_Nox, ModuleType]) -> None:
    parsed = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in workflows()]
    lines = "\n".join(line for workflow in parsed for line in commands(workflow))
    run = set(SESSION.findall(lines))
    groups = {name.partition("(")[0].partition("-")[0] for name in nox[0].names if "(" in name or "-3." in name}
    every = [name for name in nox[0].names if name not in groups]
    assert [name for name in every if name not in run] == []


@in_clone
def test_the_workflows_ask_for_no_more_than_they_need() -> None:
    """A job may read the repository; only the one that publishes gets a token of PyPI, after the checks, for a tag."""
    for path in workflows():
        workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert workflow["permissions"] == {"contents": "read"}, path.name
        allowed = {name: job["permissions"] for name, job in workflow["jobs"].items() if "permissions" in job}
        if path.name != "release.yml":
            assert allowed == {}, path.name
    release = yaml.safe_load((GITHUB / "workflows" / "release.yml").read_text(encoding="utf-8"))
    assert release[True] == {"push": {"tags": ["v*"]}}  # YAML reads the key "on" as true
    publish = release["jobs"]["publish"]
    assert publish["permissions"] == {"id-token": "write"}
    assert publish["needs"] == ["build"]
    assert "secrets." not in json.dumps(release)


@in_clone
@pytest.mark.parametrize("path", sorted((GITHUB / "ISSUE_TEMPLATE").glob("*.yml")), ids=lambda path: path.name)
def test_issue_templates_are_forms(path: Path) -> None:
    form = yaml.safe_load(path.read_text(encoding="utf-8"))
    if path.name == "config.yml":
        assert form == {"blank_issues_enabled": True}
        return
    assert {"name", "description", "body"} <= form.keys()
    ids = [field["id"] for field in form["body"]]
    assert len(ids) == len(set(ids))
    assert all(field["type"] in ("textarea", "input", "dropdown") for field in form["body"])


# the wheel


@pytest.fixture(scope="module")
def build() -> ModuleType:
    pytest.importorskip("hatchling")
    return module_at(ROOT / "hatch_build.py")


def test_a_file_of_the_wheel_says_the_same_on_the_same_lines(build: ModuleType) -> None:
    source = 'def _f():\n    "doc"  # why\n    return "#"  # x\n\n\nclass C:\n    """kept"""\n'
    assert build.shorten(source) == 'def _f():\n\n    return "#"\n\n\nclass C:\n    """kept"""\n'
    assert build.shorten('class C:\n    "doc"\n\n    x = 1\n', is_inside=True) == "class C:\n\n\n    x = 1\n"
    with pytest.raises(ValueError, match="mean something else"):
        build.shorten('def _f(): "doc"; return 1\n')


def test_what_users_are_handed_keeps_its_docstrings(build: ModuleType) -> None:
    texts = build.shortened(ROOT / "eventbridge_local")
    for name in eventbridge_local.__all__:
        thing = getattr(eventbridge_local, name)
        path = f"{thing.__module__.partition('.')[2].replace('.', '/')}.py"
        path = path if path in texts else path.replace(".py", "/__init__.py")
        documented = {getattr(node, "name", ""): ast.get_docstring(node) for node in _defined(texts[path])}
        assert documented[thing.__name__], name


def _defined(source: str) -> Iterator[Any]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node


def test_the_samples_of_the_wheel_are_those_of_the_repository(
    build: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = catalog.templates.__wrapped__()
    (tmp_path / "data").mkdir()
    text = build.shortened(ROOT / "eventbridge_local")["samples/data/all.json"]
    (tmp_path / "data" / "all.json").write_text(text, encoding="utf-8")
    monkeypatch.setattr("eventbridge_local.samples.catalog.resources.files", lambda package: tmp_path)
    assert catalog.templates.__wrapped__() == whole


def test_what_the_readme_says_to_install() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme.requirements(text, "it.whl") == ["it.whl", "boto3", "pytest", "aiobotocore", "moto[sqs]"]
    assert readme.requirements("\n## Install\n\n$ pip install '.[iac]' x # y\n", "it.whl") == ["it.whl[iac]", "x"]


def test_licences_are_in_the_wheel() -> None:
    assert PROJECT["project"]["license-files"] == list(distributions.LICENSES)
    assert [name for name in distributions.LICENSES if not (ROOT / name).exists()] == []


# the release


def test_the_lock_names_everything_that_is_asked_for() -> None:
    """Run ``make lock`` when this fails."""
    locked = re.findall(
        r"^([A-Za-z0-9._-]+)(?:\[.*\])?==", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.M
    )
    groups = [each for group in PROJECT["dependency-groups"].values() for each in group if isinstance(each, str)]
    extras = PROJECT["project"]["optional-dependencies"]["iac"]
    wanted = {_name(each).replace("_", "-") for each in [*PROJECT["project"]["dependencies"], *extras, *groups]}
    assert wanted - {name.lower() for name in locked} == set()


def test_fragments_have_a_kind_that_the_changelog_has() -> None:
    kinds = {each["directory"] for each in PROJECT["tool"]["towncrier"]["type"]}
    fragments = {path.name for path in (ROOT / "changelog.d").iterdir()} - set(PROJECT["tool"]["towncrier"]["ignore"])
    assert [name for name in fragments if not re.fullmatch(rf"[\w-]+\.({'|'.join(kinds)})\.md", name)] == []


def test_the_changelog_has_a_place_for_the_next_release() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert text.count(PROJECT["tool"]["towncrier"]["start_string"]) == 1
    releases = re.findall(r"^## \[(\S+)\] - \d{4}-\d\d-\d\d$", text, re.MULTILINE)
    assert releases in (["0.1.0"], [VERSION, "0.1.0"])
