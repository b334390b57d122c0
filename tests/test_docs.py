"""The pages say what the code does: the reference, the docstrings it is made of, numbers, and what pytest prints."""

from __future__ import annotations

import inspect
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from modules import module_at
from page_code import copy_page
from page_text import cells_with_pipes, wide_lines, wrapped_text

import eventbridge_local
from eventbridge_local.options import NAMES, Options

TESTS = Path(__file__).parent
ROOT = TESTS.parent
DOCS = ROOT / "docs"

docstrings = module_at(ROOT / "tools" / "docstrings.py")  # which make_reference imports
maker = module_at(ROOT / "tools" / "make_reference.py")
pages = module_at(TESTS / "test_readme.py")


# the reference


def test_the_reference_is_what_the_code_makes() -> None:
    """Run ``python tools/make_reference.py`` when this fails."""
    assert maker.PAGE.read_text("utf-8") == maker.make()


def test_the_whole_menu_is_on_the_page() -> None:
    on_page = [name for names in maker.MENU.values() for name in names]
    assert sorted([*on_page, "EventBridge"]) == sorted(eventbridge_local.__all__)


def test_the_whole_handle_is_on_the_page() -> None:
    methods = {name for name in dir(eventbridge_local.EventBridge) if not name.startswith("_")} - maker.OWN_USE
    text = maker.PAGE.read_text("utf-8")
    assert [name for name in sorted(methods) if f"#### {name}\n" not in text and f"| `{name}` |" not in text] == []


# docstrings


def public_functions() -> Iterator[tuple[str, Callable[..., Any], Any]]:
    """Every function and method on the page with its name and its docstring in parts."""
    for name in eventbridge_local.__all__:
        thing = getattr(eventbridge_local, name)
        if not inspect.isclass(thing):
            yield name, thing, docstrings.doc_of(thing)
            continue
        if "__init__" in vars(thing) and not issubclass(thing, Exception):
            yield name, thing.__init__, docstrings.doc_of(thing)
        hidden = maker.OWN_USE | maker.NOT_FOR_USERS.get(name, set())
        for method, member in maker.public_members(thing):
            function = getattr(thing, method)
            if method not in hidden and callable(function) and not isinstance(member, property):
                yield f"{name}.{method}", function, docstrings.doc_of(function)
    for path in (path for paths in maker.GIVEN.values() for path in paths):
        thing = maker.at(path)
        for method, member in maker.public_members(thing):
            if method not in maker.NOT_FOR_USERS.get(thing.__name__, ()) and inspect.isfunction(member):
                yield f"{thing.__name__}.{method}", member, docstrings.doc_of(member)


FUNCTIONS = [pytest.param(function, doc, id=name) for name, function, doc in public_functions()]


@pytest.mark.parametrize(("function", "doc"), FUNCTIONS)
def test_a_docstring_tells_every_argument(function: Callable[..., Any], doc: Any) -> None:
    """In ``Args``, or by naming the method that has the same arguments."""
    assert doc.text
    told = set(doc.entries) | set(doc.options)
    if doc.same_as:
        told |= set(docstrings.doc_of(getattr(eventbridge_local.EventBridge, doc.same_as)).entries)
    wanted = [argument.name.strip("*") for argument in docstrings.arguments_of(function)]
    assert [name for name in wanted if name not in told] == []
    if not doc.same_as:
        assert sorted(told - set(wanted)) == [], "told, and no argument"


def test_every_option_is_told() -> None:
    assert tuple(docstrings.doc_of(Options).entries) == NAMES


@pytest.mark.parametrize("path", [path for paths in maker.GIVEN.values() for path in paths])
def test_every_member_of_what_users_get_is_told(path: str) -> None:
    cls = maker.at(path)
    assert docstrings.doc_of(cls).text
    assert [member.name for member in maker.members_of(cls) if not member.text] == []


# the other pages


def test_every_page_is_in_the_navigation_once() -> None:
    listed = Counter(re.findall(r"^ +- .+: (\S+\.md)$", (ROOT / "mkdocs.yml").read_text("utf-8"), re.MULTILINE))
    assert listed == Counter(path.name for path in DOCS.glob("*.md"))


READ = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(DOCS.glob("*.md")),
    *sorted(ROOT.glob("examples/**/*.md")),
]


@pytest.mark.parametrize("path", READ, ids=[str(path.relative_to(ROOT)) for path in READ])
def test_a_page_is_read_without_scrolling(path: Path) -> None:
    """Code and output are at most 88 columns wide, and a cell writes ``a`` or ``b`` in place of a pipe."""
    page = path.read_text("utf-8")
    assert wide_lines(page) == []
    assert cells_with_pipes(page) == []


def test_the_site_leads_on() -> None:
    """A link to the repository, a dark mode, and the next page at the foot of each."""
    config = (ROOT / "mkdocs.yml").read_text("utf-8")
    assert "\nrepo_url: " in config
    assert "scheme: slate" in config
    assert "navigation.footer" in config


def test_the_page_performance_says_what_is_missed() -> None:
    """Each row of a figure ends in its verdict."""
    rows = re.findall(
        r"^\| .* \| at (?:most|least) .* \| (\w+) \|$", (DOCS / "performance.md").read_text("utf-8"), re.M
    )
    assert rows
    assert set(rows) <= {"met", "missed"}


def test_the_numbers_of_the_page_why() -> None:
    why = (DOCS / "why.md").read_text("utf-8")
    evidence: Counter[str] = Counter()
    for path in (TESTS / "cases" / "scenarios").glob("*.json"):
        evidence.update(each["evidence"] for each in json.loads(path.read_text("utf-8"))["scenarios"])
    operations = botocore.session.Session().get_service_model("events").operation_names
    assert f"all {len(operations)} operations" in why
    assert f"the {evidence.total()} scenarios" in why
    assert f"All {evidence.total()} pass" in why
    assert f"{evidence['aws-recorded']} come from snapshots" in why
    assert f"{evidence['aws-asserted']} from tests" in why


@pytest.mark.skipif(not find_spec("boto3"), reason="the tests of the tutorial use boto3")
def test_the_tutorial_shows_what_pytest_prints(tmp_path: Path) -> None:
    copy_page("docs/tutorial.md", tmp_path)
    run = pages.run_pytest(tmp_path, "test_checkout.py")
    assert run.returncode == 1, run.stdout
    printed = re.sub(r"^E {3}(?: {4})?", "", run.stdout, flags=re.MULTILINE)
    shown = re.findall(r"```text\n(.*?)```", (DOCS / "tutorial.md").read_text("utf-8"), re.DOTALL)
    assert len(shown) == 2
    for text in shown:
        assert text in wrapped_text(printed), run.stdout
    assert "asserting.py" not in run.stdout, "frames of ours tell a test author nothing"
