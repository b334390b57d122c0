"""Trace headers as AWS passes them on. Every row was captured, but those whose id says otherwise."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventbridge_local.model.hash_order import in_hash_order
from eventbridge_local.model.trace import normalized

ROOT, OTHER = "Root=1-6ab2832c-0123456789abcdef01234567", "Root=1-6ab2832c-0123456789abcdef01234568"
PARENT, UPPER = "Parent=0123456789abcdef", "Parent=ABCDEF0123456789"
NOW = datetime(2026, 9, 22, 13, 31, 43, tzinfo=UTC)
NEW = "Root=1-6ab2833f-0448f579ea2c61b1e7b84367"


def passed_on(header: str) -> str | None:
    return normalized(header, NOW, lambda: "0448f579-ea2c-61b1-e7b8-436700000000")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        pytest.param(f"{ROOT};{PARENT};Sampled=0", f"{ROOT};{PARENT};Sampled=0", id="entry"),
        pytest.param(f"{ROOT};{PARENT};Sampled=1", f"{ROOT};{PARENT};Sampled=1", id="valid_sampled_one"),
        pytest.param(ROOT, ROOT, id="root_only"),
        pytest.param(f"{ROOT};Sampled=1", f"{ROOT};Sampled=1", id="root_noparent_sampled_one"),
        pytest.param(f"{ROOT};Sampled=?", f"{ROOT};Sampled=?", id="sampled_question"),
        pytest.param(f"{ROOT};Parent=oops;Sampled=0", f"{ROOT};Sampled=0", id="parent_bad"),
        pytest.param(f"{ROOT};Parent=;Sampled=0", f"{ROOT};Sampled=0", id="empty_parent"),
        pytest.param(f"{ROOT};{PARENT};Sampled=7", f"{ROOT};{PARENT}", id="sampled_bad"),
        pytest.param(f"{ROOT};{PARENT};Sampled=0;Foo=bar", f"{ROOT};{PARENT};Sampled=0;Foo=bar", id="unknown"),
        pytest.param(f"Sampled=0;Foo=bar;{PARENT};{ROOT}", f"{ROOT};{PARENT};Sampled=0;Foo=bar", id="reordered"),
        pytest.param(f" {ROOT} ; {PARENT} ; Sampled=0 ", f"{ROOT};{PARENT};Sampled=0", id="spaces"),
        pytest.param(f"{ROOT};{OTHER};{PARENT};Sampled=0", f"{OTHER};{PARENT};Sampled=0", id="duplicate"),
        pytest.param(f"{ROOT};Root=bad;{PARENT}", None, id="duplicate_valid_invalid"),
        pytest.param(f"{ROOT};{PARENT};Parent=bad", f"{ROOT};{PARENT}", id="duplicate_parent"),
        pytest.param(f"{ROOT};Sampled=1;Sampled=7", ROOT, id="duplicate_sampled"),
        pytest.param(f"{ROOT};Foo=;Bar=two=three;bare", f"{ROOT};Bar=two=three;Foo=", id="empty_unknown"),
        pytest.param("garbage", None, id="malformed_override"),
        pytest.param(PARENT, None, id="parent_only"),
        pytest.param(f"Root=oops;{PARENT};Sampled=0", f"{NEW};{PARENT};Sampled=0", id="root_bad"),
        pytest.param("Root=bad;Sampled=0", f"{NEW};Sampled=0", id="badroot_sampled"),
        pytest.param("Sampled=0", f"{NEW};Sampled=0", id="sampled_zero_only"),
        pytest.param(f"Root=bad;{PARENT}", None, id="badroot_parent"),
        pytest.param("Root=bad;Sampled=1", None, id="badroot_sampled_one"),
        pytest.param(f"{ROOT};{UPPER};Sampled=0", f"{ROOT};{UPPER};Sampled=0", id="upper_parent"),
        pytest.param(f"{ROOT};{UPPER};Sampled=1", None, id="upper_parent_sampled_one"),
        pytest.param("Root=1-6AB2832C-0123456789abcdef01234567", ROOT, id="root_upper_time"),
        pytest.param("Root=1-6ab2832c-0123456789ABCDEF01234567", ROOT, id="root_upper_id"),
        pytest.param(f"Root=oops;{PARENT};Sampled=1", f"{NEW};{PARENT};Sampled=1", id="not captured: as with 0"),
        pytest.param("Sampled=1", None, id="not captured: nothing to name"),
        pytest.param(";;=;", None, id="not captured: no part has a name that is known"),
    ],
)
def test_what_is_passed_on(header: str, expected: str | None) -> None:
    assert passed_on(header) == expected


@given(st.lists(st.sampled_from([ROOT, OTHER, "Root=x", PARENT, "Parent=x", "Sampled=0", "Sampled=1", "A=1", "b", ""])))
def test_what_is_passed_on_stays_as_it_is(parts: list[str]) -> None:
    """A second bus passes on what the first one did, and what is passed on always has a valid Root in front."""
    once = passed_on(";".join(parts))
    if once is not None:
        assert re.match(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}(;|$)", once)
        assert passed_on(once) == once


def test_the_order_of_a_java_hash_set() -> None:
    """Captured for two names; the table doubles when the thirteenth comes, as ``HashMap`` of the JDK documents."""
    assert in_hash_order(["events:PutPermission", "events:RemovePermission", "events:PutPermission"]) == [
        "events:RemovePermission",
        "events:PutPermission",
    ]
    letters = [chr(code) for code in range(ord("Z"), ord("A") - 1, -1)]
    assert in_hash_order(letters[:12]) == list("PQRSTUVWXYZO")  # 16 buckets: O is in the last one
    assert in_hash_order(letters) == sorted(letters, key=lambda letter: ord(letter) % 64)
    assert in_hash_order(["\U0001f600", "é"]) == ["\U0001f600", "é"]  # over UTF-16 units
