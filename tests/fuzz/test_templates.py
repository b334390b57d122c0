"""Texts of templates whose characters were changed, in every format: a plan, or a UsageError with the place.

What a plan says can be loaded, explained and checked by ``lint``. ``tests/iac/test_spoiled.py`` changes values instead.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from lengths import examples

from eventbridge_local import mock_eventbridge
from eventbridge_local.errors import UsageError
from eventbridge_local.iac import PlanRefused, read, report_of
from eventbridge_local.lint.check import check

ACCOUNT, REGION = "123456789012", "us-east-1"
CASES = Path(__file__).parents[1] / "cases" / "templates"
#: Files that are loaded as they are. They may name files beside them.
SOURCES = [
    path
    for path in sorted(CASES.rglob("*"))
    if path.suffix in (".yaml", ".yml", ".json")
    and path.name not in ("expected.json", "expected.yaml", "manifest.json")
    and path.stat().st_size < 20_000
]
BITS = [
    *(
        "",
        " ",
        "\n",
        "\t",
        "-",
        ":",
        "?",
        "|",
        ">",
        "#",
        "'",
        '"',
        "\\",
        "{",
        "}",
        "[",
        "]",
        ",",
        "&a ",
        "*a",
        "!",
        "!!",
        "%",
    ),
    *(
        "!Ref ",
        "!Sub ",
        "!GetAtt ",
        "!If [a, b, c]",
        "!Unknown ",
        "<<: ",
        "---\n",
        "...\n",
        "\ufeff",
        "\0",
        "\x1b[31m",
        "\u2028",
    ),
    *(
        "${",
        "${self:",
        "${opt:x, ",
        "Fn::ForEach::",
        "Fn::Transform",
        "AWS::NoValue",
        "null",
        "true",
        "0x10",
        "1e999",
        "2026-03-06",
    ),
    *(
        "Ref: ",
        "Condition: ",
        "DependsOn: ",
        "Type: ",
        "AWS::Events::Rule",
        "EventPattern",
        "ScheduleExpression",
        "é" * 50,
    ),
]


@st.composite
def spoiled(draw: st.DrawFn, text: str) -> str:
    """A text with places changed, lines repeated or taken out."""
    for _ in range(draw(st.integers(1, 3))):
        if draw(st.booleans()):
            at = draw(st.integers(0, len(text)))
            bit = draw(st.one_of(st.sampled_from(BITS), st.text(max_size=3)))
            text = text[:at] + bit + text[at + draw(st.sampled_from([0, 0, 1, 5, 60])) :]
        else:
            lines = text.splitlines(keepends=True) or [""]
            one, other = draw(st.integers(0, len(lines) - 1)), draw(st.integers(0, len(lines) - 1))
            taken = lines.pop(one) if draw(st.booleans()) else lines[one]
            lines.insert(other, draw(st.sampled_from(["", "  ", "    "])) + taken)
            text = "".join(lines)
    return text


@settings(max_examples=examples(60, 200))
@given(st.data())
def test_spoiled_texts(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(SOURCES), "file")
    text = data.draw(spoiled(path.read_text("utf-8")), "text")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "case"
        shutil.copytree(path.parent, copy)
        copy = copy / path.name
        copy.write_bytes(text.encode("utf-8", "surrogatepass"))
        try:
            plan = read(copy, account=ACCOUNT, region=REGION)
        except UsageError as why:
            assert str(why)
            return
        report = report_of(plan)
        assert str(report)
        for finding in check(plan, ACCOUNT, REGION):
            assert finding.message
        with mock_eventbridge(seed=1, forward="never") as eb:
            try:
                eb.load(copy)
            except (PlanRefused, UsageError) as why:
                assert str(why)
                return
            assert eb.route({"source": "shop", "detail-type": "t", "detail": {}}, bus="default") is not None
