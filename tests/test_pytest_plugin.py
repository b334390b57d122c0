"""The plugin, tried in pytest runs of its own."""

from __future__ import annotations

import importlib
import json
import pkgutil
import subprocess
import sys
from xml.etree import ElementTree

import pytest

import eventbridge_local


@pytest.fixture(scope="module", autouse=True)
def everything_imported() -> None:
    """Import beforehand what inner runs import, as pytester takes the modules of a run out of ``sys.modules`` again.

    Otherwise there would be two copies of them later, and the errors of one are not those that the other catches.
    """
    for module in pkgutil.walk_packages(eventbridge_local.__path__, "eventbridge_local."):
        if not module.name.endswith("__main__"):
            try:
                importlib.import_module(module.name)
            except ModuleNotFoundError as absent:  # a package that users may lack, which inner runs lack too
                if str(absent.name).startswith("eventbridge_local"):
                    raise
    for name in ("boto3", "jsonschema", "jsonschema_specifications", "referencing.jsonschema"):
        importlib.import_module(name)


@pytest.fixture(autouse=True)
def no_plugins_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the inner runs load this plugin and xdist only: others warn, shuffle, and add lines of their own."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_PLUGINS", "eventbridge_local.pytest_plugin,xdist.plugin")


def test_the_plugin_comes_with_the_package(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has to name it, and it works beside whatever other plugins are installed."""
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    monkeypatch.delenv("PYTEST_PLUGINS")
    pytester.makepyfile("def test_it(eventbridge): eventbridge.put('shop', 'Sold')")
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_the_fixture(pytester: pytest.Pytester) -> None:
    """The fixture gives a fresh EventBridge to every test that asks."""
    pytester.makepyfile("""
        import boto3

        def test_first(eventbridge):
            boto3.client("events").create_event_bus(Name="orders")
            eventbridge.put("shop", "Sold", {"id": 1}, bus="orders")
            eventbridge.assert_put("shop", "Sold", {"id": 1}, bus="orders")

        def test_second(eventbridge):
            assert len(eventbridge.events) == 0
    """)
    pytester.runpytest().assert_outcomes(passed=2)


def test_markers_merge_nearest_first(pytester: pytest.Pytester) -> None:
    """An option of a nearer marker wins; what it does not name comes from farther ones."""
    pytester.makepyfile("""
        import pytest

        pytestmark = pytest.mark.eventbridge(region="eu-west-1", account="111111111111")

        @pytest.mark.eventbridge(region="eu-west-2")
        class TestIt:
            def test_class(self, eventbridge):
                assert (eventbridge.region, eventbridge.account) == ("eu-west-2", "111111111111")

            @pytest.mark.eventbridge(region="eu-west-3")
            def test_function(self, eventbridge):
                assert (eventbridge.region, eventbridge.account) == ("eu-west-3", "111111111111")

        def test_module(eventbridge):
            assert eventbridge.region == "eu-west-1"
    """)
    pytester.runpytest("--strict-markers").assert_outcomes(passed=3)


def test_the_marker_alone_is_enough(pytester: pytest.Pytester) -> None:
    """A marked test is inside a mock without naming the fixture."""
    pytester.makepyfile("""
        import boto3, pytest
        from eventbridge_local import current_eventbridge

        @pytest.mark.eventbridge(region="eu-west-1")
        def test_it():
            assert boto3.client("events").list_rules()["Rules"] == []
            assert current_eventbridge().region == "eu-west-1"
    """)
    pytester.runpytest().assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("marker", "words"),
    [
        ("acount='111111111111'", "*@pytest.mark.eventbridge(acount=...)*did you mean *account*"),
        ("'eu-west-1'", "*by keyword*"),
    ],
)
def test_a_wrong_marker_is_blamed_on_the_marker(pytester: pytest.Pytester, marker: str, words: str) -> None:
    """The message names the marker, not our insides."""
    pytester.makepyfile(f"""
        import pytest

        @pytest.mark.eventbridge({marker})
        def test_it(eventbridge):
            pass
    """)
    result = pytester.runpytest()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([words])


def test_a_failing_handler_fails_the_test(pytester: pytest.Pytester) -> None:
    """It is reported when the fixture ends, with the rule and the way to allow it."""
    pytester.makepyfile("""
        def test_it(eventbridge):
            def handler(event, context):
                raise KeyError("total")

            eventbridge.rule("invoices", pattern={"source": ["shop"]}, to=handler)
            eventbridge.put("shop", "Sold")
    """)
    result = pytester.runpytest()
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*1 check failed on exit*", "*KeyError: 'total'*", "*rule 'invoices'*"])


def test_a_hint_is_shown_under_a_refusal(pytester: pytest.Pytester) -> None:
    """Our advice stands below AWS's message."""
    pytester.makepyfile("""
        import boto3

        def test_it(eventbridge):
            boto3.client("events").put_rule(Name="r", EventBusName="order", EventPattern='{"source":["a"]}')
    """)
    result = pytester.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*Event bus order does not exist.*",
            "*eventbridge_local: there is no bus 'order' in us-east-1*",
        ]
    )


def test_ids_are_the_same_in_every_run(pytester: pytest.Pytester) -> None:
    """Ids depend on the test alone, not on its worker or on what ran before."""
    pytester.makepyfile("""
        import pathlib

        def test_it(eventbridge):
            with pathlib.Path("ids").open("a") as ids:
                ids.write(eventbridge.put("shop", "Sold").event_id + "\\n")
    """)
    pytester.runpytest()
    pytester.runpytest()
    first, second = (pytester.path / "ids").read_text().split()
    assert first == second


def test_the_menu_loads_neither_jsonschema_nor_croniter() -> None:
    """Using the mock brings botocore, and not what only some features need."""
    code = (
        "import sys; from eventbridge_local import mock_eventbridge; mock_eventbridge().__enter__(); "
        "print(sorted({'jsonschema', 'croniter'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def run(pytester: pytest.Pytester, *args: str) -> pytest.RunResult:
    """A run in this process, or over several."""
    return (pytester.runpytest_subprocess if "-n2" in args else pytester.runpytest_inprocess)(*args)


# the journal under a failing test

JOURNAL_TESTS = """
    import boto3, pytest
    from eventbridge_local import mock_eventbridge

    def test_fails(eventbridge):
        eventbridge.rule("big", pattern={"detail": {"total": [{"numeric": [">", 9]}]}})
        eventbridge.put("shop", "Sold", {"total": "12"})
        assert 0

    def test_fails_in_a_with():
        with mock_eventbridge() as eb:
            eb.put("shop", "Inner")
            assert 0

    def test_passes(eventbridge):
        eventbridge.put("shop", "Quiet")

    def test_without_any_mock():
        assert 0
"""


@pytest.mark.parametrize("workers", [[], ["-n2"]], ids=["alone", "xdist"])
def test_the_journal_stands_under_a_failing_test(pytester: pytest.Pytester, workers: list[str]) -> None:
    """Of the fixture and of any other mock; with the reasons; and under no other test."""
    pytester.makepyfile(JOURNAL_TESTS)
    result = run(pytester, *workers)
    result.assert_outcomes(failed=3, passed=1)
    shown = result.stdout.str()
    assert shown.count("- eventbridge journal -") == 2
    assert shown.count("event #1 shop 'Sold' put on bus 'default'") == 1
    assert "detail.total  differs wanted numeric > 9, got '12'" in shown
    assert "event #1 shop 'Inner' put on bus 'default'" in shown
    assert "'Quiet'" not in shown


@pytest.mark.parametrize("workers", [[], ["-n2"]], ids=["alone", "xdist"])
def test_the_journal_can_stand_under_every_test(pytester: pytest.Pytester, workers: list[str]) -> None:
    """Also under those that pass."""
    pytester.makepyfile(JOURNAL_TESTS)
    shown = run(pytester, "--eventbridge-journal=always", *workers).stdout.str()
    assert "eventbridge journal of test_the_journal_can_stand_under_every_test.py::test_passes" in shown
    assert shown.count("'Quiet' put on bus") == 1
    assert shown.count("'Sold' put on bus") == 1


def test_the_journal_can_be_left_out(pytester: pytest.Pytester) -> None:
    """It is never shown then."""
    pytester.makepyfile(JOURNAL_TESTS)
    assert "eventbridge journal" not in pytester.runpytest_inprocess("--eventbridge-journal=never").stdout.str()


def test_the_journal_of_a_failing_fixture(pytester: pytest.Pytester) -> None:
    """Set-up may fail too."""
    pytester.makepyfile("""
        import pytest

        @pytest.fixture
        def shop(eventbridge):
            eventbridge.put("shop", "Opened")
            raise RuntimeError("no key")

        def test_it(shop):
            pass
    """)
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*- eventbridge journal -*", "event #1 shop 'Opened' put on bus 'default'"])


def test_the_journal_is_shown_once(pytester: pytest.Pytester) -> None:
    """Also when the tear-down fails after the body."""
    pytester.makepyfile("""
        import pytest

        @pytest.fixture
        def shop(eventbridge):
            yield eventbridge
            raise RuntimeError("no key")

        def test_it(shop):
            shop.put("shop", "Opened")
            assert 0
    """)
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(failed=1, errors=1)
    assert result.stdout.str().count("- eventbridge journal -") == 1


def test_the_journal_of_a_mock_for_a_module(pytester: pytest.Pytester) -> None:
    """Of a mock that outlives tests only what happened in the failing one is shown."""
    pytester.makepyfile("""
        import pytest
        from eventbridge_local import mock_eventbridge

        @pytest.fixture(scope="module")
        def eb():
            with mock_eventbridge() as eb:
                yield eb

        def test_passes(eb):
            eb.put("shop", "Before")

        def test_fails(eb):
            eb.put("shop", "During")
            assert 0
    """)
    shown = pytester.runpytest_inprocess().stdout.str()
    assert "event #2 shop 'During'" in shown
    assert "'Before'" not in shown


def test_a_long_journal_is_cut_and_ends_with_the_newest(pytester: pytest.Pytester) -> None:
    """The newest stands last; what is left out is said."""
    pytester.makepyfile("""
        def test_fails(eventbridge):
            for number in range(100):
                eventbridge.put("shop", f"T{number}")
            assert 0
    """)
    shown = pytester.runpytest_inprocess().stdout.str()
    assert "... and more before; print(eventbridge.journal) in the test shows all" in shown
    assert "event #100 shop 'T99'" in shown
    assert "event #1 shop 'T0'" not in shown


def test_many_mocks_in_one_test(pytester: pytest.Pytester) -> None:
    """As tests with random input enter them: only the last are kept and shown, and those that go on."""
    pytester.makepyfile("""
        import gc
        import pytest
        from eventbridge_local import EventBridge, mock_eventbridge

        @pytest.mark.eventbridge(account="777777777777")
        def test_fails(eventbridge):
            eventbridge.put("shop", "Outer")
            for number in range(100):
                with mock_eventbridge(account="777777777777") as eb:
                    eb.put("shop", f"T{number}")
            del eb
            gc.collect()
            handles = [each for each in gc.get_objects() if type(each) is EventBridge]
            print("handles:", sum(each.account == "777777777777" for each in handles))
            assert 0
    """)
    shown = pytester.runpytest_inprocess().stdout.str()
    assert "handles: 20\n" in shown
    assert shown.count("- eventbridge journal ") == 20
    assert "event #1 shop 'Outer' put" in shown
    assert [number for number in range(100) if f"'T{number}' put" in shown] == list(range(81, 100))
    assert "- eventbridge journal 1 of 101 -" in shown
    assert "- eventbridge journal 83 of 101 -" in shown
    assert "- eventbridge journal 101 of 101 -" in shown


def test_a_journal_in_which_nothing_happened(pytester: pytest.Pytester) -> None:
    """That, too, is an answer."""
    pytester.makepyfile("def test_it(eventbridge): assert 0")
    result = pytester.runpytest_inprocess()
    result.stdout.fnmatch_lines(["nothing happened: no event was put, and no call was refused"])


# checks at the end


def test_strict_for_all_doors_by_ini(pytester: pytest.Pytester) -> None:
    """One default: fixture, marker, ``with`` and decorator are strict alike, and each can be told otherwise."""
    pytester.makeini("[pytest]\neventbridge_strict = true\n")
    pytester.makepyfile("""
        import pytest
        from eventbridge_local import mock_eventbridge, current_eventbridge

        def test_fixture(eventbridge):
            eventbridge.put("shop", "Sold")

        def test_with():
            with mock_eventbridge() as eb:
                eb.put("shop", "Sold")

        @mock_eventbridge
        def test_decorated():
            current_eventbridge().put("shop", "Sold")

        @pytest.mark.eventbridge(strict=False)
        def test_marked(eventbridge):
            eventbridge.put("shop", "Sold")

        @pytest.mark.eventbridge(assert_all_events_matched=False)
        def test_one_check_off(eventbridge):
            eventbridge.put("shop", "Sold")
    """)
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(passed=3, errors=1, failed=2)
    result.stdout.fnmatch_lines(["*1 check failed on exit*", "*To allow this: assert_all_events_matched=False*"])


def test_the_checks_explain_a_failing_test(pytester: pytest.Pytester) -> None:
    """They are notes on its error, and no second error."""
    pytester.makepyfile("""
        import pytest

        @pytest.mark.eventbridge(strict=True)
        def test_it(eventbridge):
            eventbridge.put("shop", "Sold")
            assert 0

        @pytest.mark.eventbridge(strict=True)
        def test_skipped(eventbridge):
            eventbridge.rule("r", pattern={"source": ["shop"]})
            pytest.skip("not today")
    """)
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(failed=1, skipped=1)
    result.stdout.fnmatch_lines(["*eventbridge_local, also failed: event #1 shop 'Sold'*matched no rule*"])


# contracts and other ini keys

SCHEMA = '{"properties": {"total": {"type": "number"}}}'


def test_contracts_by_ini(pytester: pytest.Pytester) -> None:
    """A folder beside the ini file holds for all mocks, wherever pytest is started."""
    pytester.makeini("[pytest]\neventbridge_contracts = schemas\n")
    (pytester.mkdir("schemas") / "shop@Sold.json").write_text(SCHEMA)
    inner = pytester.mkdir("inner")
    (inner / "test_inner.py").write_text(
        "from eventbridge_local import mock_eventbridge\n"
        "def test_it(eventbridge):\n    eventbridge.put('shop', 'Sold', {'total': '1'})\n"
        "def test_with():\n    with mock_eventbridge() as eb: eb.put('shop', 'Sold', {'total': '1'})\n"
    )
    pytester.chdir()
    result = pytester.runpytest_inprocess("inner")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*ContractViolation*", "*detail.total: '1' is not of type 'number'*"])


def test_the_files_of_contracts_are_read_once(pytester: pytest.Pytester) -> None:
    """Not for every test that asks for them."""
    (pytester.mkdir("schemas") / "shop@Sold.json").write_text(SCHEMA)
    pytester.makepyfile("""
        import pytest
        from eventbridge_local.contracts import Contracts

        pytestmark = pytest.mark.eventbridge(contracts="schemas")
        read = []

        @pytest.fixture(scope="module", autouse=True)
        def counted():
            load = Contracts.load.__func__
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(Contracts, "load", classmethod(lambda cls, *a, **k: read.append(a) or load(cls, *a, **k)))
                yield

        @pytest.mark.parametrize("n", range(3))
        def test_it(eventbridge, n):
            assert len(read) == 1
    """)
    pytester.runpytest_inprocess().assert_outcomes(passed=3)


def test_strict_pytest(pytester: pytest.Pytester) -> None:
    """pytest's own strict mode knows our marker and ini keys."""
    mode = "strict = true" if pytest.version_tuple >= (9,) else "addopts = --strict-markers --strict-config"
    pytester.makeini(f"[pytest]\n{mode}\neventbridge_strict = false\neventbridge_contracts =\neventbridge_template =\n")
    pytester.makepyfile("""
        import pytest

        @pytest.mark.eventbridge(region="eu-west-1")
        def test_it(eventbridge):
            eventbridge.put("shop", "Sold")
    """)
    result = pytester.runpytest_subprocess("-W", "error")
    result.assert_outcomes(passed=1)


def test_a_template_by_ini(pytester: pytest.Pytester) -> None:
    """The rules of a template are those of every mock."""
    pytester.makeini("[pytest]\neventbridge_template = template.json\n")
    rule = {"Type": "AWS::Events::Rule", "Properties": {"Name": "all", "EventPattern": {"source": ["shop"]}}}
    (pytester.path / "template.json").write_text(json.dumps({"Resources": {"All": rule}}))
    pytester.makepyfile("""
        from eventbridge_local import mock_eventbridge

        def test_fixture(eventbridge):
            assert [row.rule for row in eventbridge.route({"source": "shop", "detail-type": "Sold"})] == ["all"]

        def test_with():
            with mock_eventbridge() as eb:
                assert eb.route({"source": "shop", "detail-type": "Sold"}).matched
    """)
    pytester.runpytest_inprocess().assert_outcomes(passed=2)


# rule coverage

COVERAGE_TESTS = """
    import pytest

    @pytest.fixture
    def shop(eventbridge):
        orders = {"source": ["shop"], "detail-type": ["Sold"], "detail": {"total": [{"numeric": [">", 9]}]}}
        eventbridge.rule("Large", pattern=orders)
        eventbridge.rule("Refunds", pattern={"detail-type": ["Refunded"]})
        return eventbridge

    def test_large(shop):
        shop.put("shop", "Sold", {"total": 12})

    def test_small(shop):
        shop.put("shop", "Sold", {"total": 1})

    def test_reset(shop):
        shop.put("shop", "Moved", {"total": 12})
        shop.reset()
"""


@pytest.mark.parametrize("workers", [[], ["-n2"]], ids=["alone", "xdist"])
def test_coverage_of_a_run(pytester: pytest.Pytester, workers: list[str]) -> None:
    """The runs of all tests, and of all workers, add up."""
    pytester.makepyfile(COVERAGE_TESTS)
    result = run(pytester, "--eventbridge-coverage", *workers)
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(
        [
            "*= eventbridge rule coverage =*",
            "1 of 2 rules matched an event; 3 of 4 fields decided",
            "rule     bus      matched  fields that never decided",
            "Large    default  1 of 3   source",
            "Refunds  default  0 of 3   -",
        ]
    )


def test_no_coverage_unless_asked_for(pytester: pytest.Pytester) -> None:
    """The summary stays as it was."""
    pytester.makepyfile(COVERAGE_TESTS)
    assert "rule coverage" not in pytester.runpytest_inprocess().stdout.str()


def test_coverage_without_any_rule(pytester: pytest.Pytester) -> None:
    """Says so."""
    pytester.makepyfile("def test_it(): pass")
    pytester.runpytest_inprocess("--eventbridge-coverage").stdout.fnmatch_lines(["no mock had a rule"])


def test_a_run_inside_a_run_leaves_no_trace(pytester: pytest.Pytester) -> None:
    """The ini keys of an inner run end with it."""
    from eventbridge_local import defaults

    options, listeners = dict(defaults.options), list(defaults.listeners)
    pytester.makeini("[pytest]\neventbridge_strict = true\n")
    pytester.makepyfile("def test_it(eventbridge): eventbridge.put('shop', 'Sold')")
    pytester.runpytest_inprocess().assert_outcomes(passed=1, errors=1)
    assert (defaults.options, defaults.listeners) == (options, listeners)


# errors without our source


WRONG = {
    "an unknown option": ("@pytest.mark.eventbridge(acount='1')", "pass", "there is no such option"),
    "a wrong value": ("@pytest.mark.eventbridge(region='Ireland')", "pass", "write the name of an AWS Region"),
    "no template": ("@pytest.mark.eventbridge(template='no.yaml')", "pass", "no.yaml"),
    "connect": ("", "eventbridge.connect('', print)", "target=''"),
    "rule": ("", "eventbridge.rule('r', to=5)", "to=5"),
    "fail_put": ("", "eventbridge.fail_put(code='Throtling')", "PutEvents has no such code"),
    "advance": ("", "eventbridge.clock.advance(days=-1)", "the clock cannot go back"),
    "load": ("", "eventbridge.load('no.yaml')", "no.yaml"),
    "refused": ("", "eventbridge.rule('r', pattern={'a': 1})", "InvalidEventPattern"),
    "a check at the end": (
        "@pytest.mark.eventbridge(strict=True)",
        "eventbridge.put('shop', 'Sold')",
        "1 check failed on exit",
    ),
    "a check in the test": (
        "",
        "with mock_eventbridge(strict=True) as eb:\n        eb.put('shop', 'Sold')",
        "1 check failed on exit",
    ),
}


@pytest.mark.parametrize(("marker", "body", "text"), WRONG.values(), ids=WRONG)
def test_an_error_of_ours_is_its_message(pytester: pytest.Pytester, marker: str, body: str, text: str) -> None:
    """The line of the test is shown, and nothing of our source; ``--full-trace`` shows all."""
    pytester.makepyfile(
        f"import pytest\nfrom eventbridge_local import mock_eventbridge\n\n{marker}\n"
        f"def test_it(eventbridge):\n    {body}\n"
    )
    result = pytester.runpytest_inprocess("--eventbridge-journal=never")
    shown = result.stdout.str()
    assert text in shown and result.ret == 1
    for ours in (
        "eventbridge_local/handle.py",
        "eventbridge_local/mock.py",
        "pytest_plugin.py:",
        "options.py:",
        "raise ",
    ):
        assert ours not in shown
    assert len(result.outlines) < 40
    if not marker:
        assert body.splitlines()[0] in shown


def test_what_a_handler_raised_is_shown_where_it_was_raised(pytester: pytest.Pytester) -> None:
    """The lines of the handler stay."""
    pytester.makepyfile("""
        def broken(event):
            return event["total"]

        def test_it(eventbridge):
            eventbridge.rule("r", pattern={"source": ["shop"]}, to=broken)
            eventbridge.put("shop", "Sold")
    """)
    shown = pytester.runpytest_inprocess().stdout.str()
    assert 'return event["total"]' in shown and "KeyError: 'total'" in shown
    assert "handlers.py" not in shown and "mock.py" not in shown


# the journal in files


@pytest.mark.parametrize("workers", [[], ["-n2"]], ids=["alone", "xdist"])
def test_the_journal_is_in_junit_xml(pytester: pytest.Pytester, workers: list[str]) -> None:
    """In the text of the failure, with pytest's default settings; its lines begin as on the terminal."""
    pytester.makepyfile(
        JOURNAL_TESTS
        + """
    def test_ends_badly(eventbridge):
        eventbridge.rule("r", pattern={"source": ["shop"]}, to=lambda event: event["total"])
        eventbridge.put("shop", "Ending")
    """
    )
    shown = run(pytester, "--junitxml=report.xml", *workers).stdout.str()
    assert shown.count("'Sold' put on bus") == 1
    cases = {each.get("name"): each for each in ElementTree.parse("report.xml").getroot().iter("testcase")}
    for name, tag, detail_type in [
        ("test_fails", "failure", "Sold"),
        ("test_fails_in_a_with", "failure", "Inner"),
        ("test_ends_badly", "error", "Ending"),
    ]:
        text = cases[name].find(tag).text  # type: ignore[union-attr]
        assert f"event #1 shop '{detail_type}' put on bus 'default'" in text.splitlines(), name  # type: ignore[union-attr]
    assert "'Quiet'" not in (pytester.path / "report.xml").read_text()


@pytest.mark.parametrize("workers", [[], ["-n2"]], ids=["alone", "xdist"])
def test_a_folder_of_journals(pytester: pytest.Pytester, workers: list[str]) -> None:
    """A file for each test that had a mock, whole; the terminal shows what it shows by default."""
    pytester.makepyfile(
        test_shop=JOURNAL_TESTS
        + """
    @pytest.mark.parametrize("name", ["a/b c", "x" * 400])
    def test_many(eventbridge, name):
        for number in range(50):
            eventbridge.put("shop", f"T{number}")
    """
    )
    result = run(pytester, "--eventbridge-journal=made/journals", *workers)
    assert result.stdout.str().count("- eventbridge journal -") == 2
    files = {path.name: path.read_text() for path in (pytester.path / "made" / "journals").iterdir()}
    assert len(files) == 5 and max(map(len, files)) <= 204
    assert files["test_shop.py.test_passes.txt"].startswith("event #1 shop 'Quiet' put on bus 'default'\n")
    long = files["test_shop.py.test_many[a_b_c].txt"]
    assert "event #1 shop 'T0'" in long and "event #50 shop 'T49'" in long and "more before" not in long


def test_a_misspelt_word_for_the_journal(pytester: pytest.Pytester) -> None:
    """It makes no folder of that name."""
    result = pytester.runpytest_inprocess("--eventbridge-journal=alway")
    result.stderr.fnmatch_lines(["*'alway': choose from always, failed, never, or write ./alway for a folder*"])


# a fixture that outlives its mock


def test_a_fixture_that_is_used_after_its_mock_ended(pytester: pytest.Pytester) -> None:
    """It says so; what happened can still be read."""
    pytester.makepyfile("""
        import pytest

        kept = []

        def test_keeps_it(eventbridge):
            eventbridge.put("shop", "Sold")
            kept.append(eventbridge)

        @pytest.mark.parametrize("use", [
            lambda eb: eb.put("shop", "Sold"),
            lambda eb: eb.rule("r", pattern={"source": ["shop"]}),
            lambda eb: eb.connect("welcome", print),
            lambda eb: eb.archive("all"),
            lambda eb: eb.fail_put(),
            lambda eb: eb.fail_target("welcome"),
            lambda eb: eb.fail_call("PutEvents"),
        ])
        def test_uses_it(use):
            kept[0].assert_put("shop", count=1)
            with pytest.raises(ValueError, match="the mock of this handle has ended"):
                use(kept[0])
    """)
    pytester.runpytest_inprocess().assert_outcomes(passed=8)
