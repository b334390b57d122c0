"""The page about samples lists what there is."""

from __future__ import annotations

from pathlib import Path

from eventbridge_local.samples import sample_events

PAGE = Path(__file__).parents[2] / "docs" / "samples.md"


def table() -> str:
    """The table of the page; paste it there when a sample is added."""
    rows = [
        f"| `{sample.source}` | {sample.detail_type} | {sample.evidence} "
        f"| {', '.join(f'`{field}`' for field in sample.fields)} |"
        for sample in sample_events()
    ]
    return "\n".join(["| Source | Detail type | Shape | Fields |", "|---|---|---|---|", *rows])


def test_the_table_is_up_to_date() -> None:
    assert table() in PAGE.read_text(encoding="utf-8"), f"docs/samples.md needs this table:\n{table()}"


def test_the_page_counts_right() -> None:
    services = len({sample.source for sample in sample_events()})
    assert f"{len(sample_events())} events of {services} sources" in PAGE.read_text(encoding="utf-8")
