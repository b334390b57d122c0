"""The plugin, tried in pytest runs of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest


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
        ("acount='111111111111'", "*@pytest.mark.eventbridge(acount=...)*did you mean account*"),
        ("'eu-west-1'", "*takes keywords only*"),
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
    result.stdout.fnmatch_lines(["*Event bus order does not exist.*", "*eventbridge_local: buses here: default*"])


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


def test_the_plugin_brings_nothing_heavy() -> None:
    """Importing it loads neither botocore nor jsonschema nor croniter nor dateutil."""
    code = (
        "import sys, eventbridge_local.pytest_plugin; "
        "print(sorted({'botocore', 'jsonschema', 'croniter', 'dateutil'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_menu_loads_neither_jsonschema_nor_croniter() -> None:
    """Using the mock brings botocore, and not what only some features need."""
    code = (
        "import sys; from eventbridge_local import mock_eventbridge; mock_eventbridge().__enter__(); "
        "print(sorted({'jsonschema', 'croniter'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
