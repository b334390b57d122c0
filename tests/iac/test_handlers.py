"""Python handlers, imported from where the source says their code is."""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from eventbridge_local import mock_eventbridge
from eventbridge_local.errors import UsageError
from eventbridge_local.iac import Handler, read
from eventbridge_local.iac.handlers import python_handler

HERE = Path(__file__).parent
PLACE = {"account": "123456789012", "region": "us-east-1"}


@pytest.fixture(autouse=True)
def imports_undone(tmp_path: Path) -> Iterator[None]:
    """Forget the modules of the test's own folder, and no others: of those there would be two copies later."""
    path = list(sys.path)
    yield
    sys.path[:] = path
    for name, module in list(sys.modules.items()):
        if str(tmp_path) in repr(getattr(module, "__spec__", None)):
            del sys.modules[name]


def function(folder: Path, text: str, module: str = "lambda_app") -> Handler:
    path = folder.joinpath(*module.split(".")).with_suffix(".py")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return Handler(folder, module, "handler")


def test_two_functions_with_a_module_of_the_same_name(tmp_path: Path) -> None:
    """The usual layout of SAM: every function has its own app.py, and modules beside it."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "beside.py").write_text(f"NAME = {name!r}", "utf-8")
    text = "from beside import NAME\ndef handler(event): return NAME"
    one, two = function(tmp_path / "one", text), function(tmp_path / "two", text)
    assert (one.load()({}), two.load()({})) == ("one", "two")
    assert (one.load()({}), two.load()({})) == ("one", "two")


def test_the_second_of_them_is_run_once_too(tmp_path: Path) -> None:
    text = "import sys\nsys.times_loaded = getattr(sys, 'times_loaded', 0) + 1\ndef handler(event): pass"
    one, two = function(tmp_path / "one", text), function(tmp_path / "two", text)
    try:
        for handler in (one, two, one, two):
            handler.load()
        assert sys.times_loaded == 2  # type: ignore[attr-defined]
    finally:
        del sys.times_loaded  # type: ignore[attr-defined]


def test_a_module_is_run_once(tmp_path: Path) -> None:
    handler = function(tmp_path, "calls = []\ndef handler(event): return calls")
    assert handler.load()({}) is handler.load()({})


def test_the_module_the_test_imported_is_the_one_that_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else patching it would have no effect."""
    handler = function(tmp_path, "GREETING = 'hello'\ndef handler(event): return GREETING", "patched_app")
    monkeypatch.syspath_prepend(tmp_path)
    import patched_app  # type: ignore[import-not-found]

    monkeypatch.setattr(patched_app, "GREETING", "patched")
    assert handler.load()({}) == "patched"


def test_a_foreign_module_keeps_its_name(tmp_path: Path) -> None:
    """A handler may be called like something that is imported already."""
    before = sys.modules["zipfile"]
    handler = function(tmp_path, "def handler(event): return 'mine'", "zipfile")
    assert handler.load()({}) == "mine"
    assert sys.modules["zipfile"] is before


def test_other_modules_of_a_package_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package may have one module below the root of a handler, and others elsewhere."""
    first = function(tmp_path / "first", "def handler(event): return 1", "shared_app")
    first.load()
    beside = ModuleType("shared_package.beside")
    inside = ModuleType("shared_package.inside")
    inside.__file__ = str(tmp_path / "first" / "inside.py")
    for module in (beside, inside):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    function(tmp_path / "second", "def handler(event): return 2", "shared_app").load()
    assert sys.modules["shared_package.beside"] is beside
    assert sys.modules["shared_package.inside"] is inside


def test_imports_inside_a_function_still_work(tmp_path: Path) -> None:
    (tmp_path / "late_module.py").write_text("VALUE = 7", "utf-8")
    handler = function(tmp_path, "def handler(event):\n    import late_module\n    return late_module.VALUE")
    assert handler.load()({}) == 7


def test_packages_and_archives(tmp_path: Path) -> None:
    handler = function(tmp_path, "def handler(event): return __name__", "inner_package.deep")
    assert handler.load()({}) == "inner_package.deep"
    with zipfile.ZipFile(tmp_path / "code.zip", "w") as archive:
        archive.writestr("zipped_app.py", "def handler(event): return 'zipped'")
    assert Handler(tmp_path / "code.zip", "zipped_app", "handler").load()({}) == "zipped"


@pytest.mark.parametrize(
    ("handler", "problem"),
    [
        (Handler(Path("nowhere"), "m", "f"), "there is no nowhere; build the code first, or connect a handler"),
        (Handler(Path(), "no_such_module_here", "f"), "there is no module no_such_module_here"),
        (Handler(Path(), "json", "loads"), "there is no module json in .; only the function's own code is imported"),
        (Handler(HERE, "test_handlers", "no_such_function"), "module test_handlers has no no_such_function"),
        (Handler(HERE, "test_handlers", "__name__"), "is not a function"),
    ],
)
def test_what_is_not_there(handler: Handler, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        handler.load()


@pytest.mark.parametrize("name", ["os.system", "subprocess.run", "builtins.exec", "pytest.main", "os.path.exists"])
def test_only_the_code_of_the_function_is_imported(tmp_path: Path, name: str) -> None:
    """A template that somebody else wrote must not reach what is installed."""
    (tmp_path / "src").mkdir()
    properties = {"CodeUri": "src", "Handler": name, "Runtime": "python3.13"}
    resource = {"Type": "AWS::Serverless::Function", "Properties": properties}
    (tmp_path / "template.json").write_text(json.dumps({"Resources": {"Function": resource}}), "utf-8")
    with mock_eventbridge() as eb, pytest.raises(UsageError, match="only the function's own code is imported"):
        eb.load(tmp_path / "template.json", connect_handlers=True)


def test_a_file_beside_the_code_is_not_imported(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "other.py").write_text("raise SystemExit('imported')", "utf-8")
    properties = {"CodeUri": "src", "Handler": "../other.handler", "Runtime": "python3.13"}
    resource = {"Type": "AWS::Serverless::Function", "Properties": properties}
    (tmp_path / "template.json").write_text(json.dumps({"Resources": {"Function": resource}}), "utf-8")
    with mock_eventbridge() as eb:
        eb.load(tmp_path / "template.json", connect_handlers=True)
        assert not eb.service.handlers.spies


def test_errors_of_the_module_itself_come_through(tmp_path: Path) -> None:
    with pytest.raises(ModuleNotFoundError, match="not_installed_library"):
        function(tmp_path, "import not_installed_library").load()


@pytest.mark.parametrize(
    ("text", "runtime", "expected"),
    [
        ("app.handler", "python3.13", ("", "app", "handler")),
        ("src/orders/app.handler", "python3.13", ("", "src.orders.app", "handler")),
        ("./app.handler", "python3.13", ("", "app", "handler")),
        ("../src/app.handler", "python3.13", ("../src", "app", "handler")),
        ("app.handler", "nodejs22.x", None),
        ("app.handler", None, None),
        ("com.example.Handler::handle", "java21", None),
        ("bootstrap", "provided.al2023", None),
        (None, "python3.13", None),
    ],
)
def test_what_counts_as_python(text: str | None, runtime: str | None, expected: tuple[str, str, str] | None) -> None:
    found = python_handler(text, Path("root"), runtime)
    assert found == (expected and Handler(Path("root") / expected[0], *expected[1:]))


def test_without_a_runtime_the_file_decides(tmp_path: Path) -> None:
    handler = function(tmp_path, "def handler(event): return 1")
    assert python_handler("lambda_app.handler", tmp_path, None) == handler


def test_a_sam_function_runs(tmp_path: Path) -> None:
    function(tmp_path / "src" / "hello", "def handler(event, context): return event['id']", "sam_hello")
    (tmp_path / "template.yaml").write_text(
        "Transform: AWS::Serverless-2016-10-31\n"
        "Globals: {Function: {Runtime: python3.13, CodeUri: src/hello/}}\n"
        "Resources:\n  Hello:\n    Type: AWS::Serverless::Function\n    Properties: {Handler: sam_hello.handler}\n",
        "utf-8",
    )
    handler = read(tmp_path, **PLACE).names["Hello"].handler
    assert handler is not None
    assert handler.load()({"id": 5}, None) == 5
