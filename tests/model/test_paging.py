"""Pages and their tokens."""

from __future__ import annotations

import base64
import functools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventbridge_local.errors import ServiceError
from eventbridge_local.model import pages

SCOPE = ("ListThings", None, "prefix")
#: ``page`` with the words of an operation.
page = functools.partial(pages.page, malformed="no token", of_another="of another listing")
NAMES = st.lists(st.text(min_size=1, max_size=5), unique=True, max_size=30).map(sorted)


def all_pages(names: list[str], limits: list[int]) -> list[tuple[list[str], str | None]]:
    """Every page with the token that led to it; the limits are used in turn, again and again."""
    found = []
    token = None
    while True:
        before = token
        shown, token = page(names, str, limit=limits[len(found) % len(limits)], token=before, listing=SCOPE)
        found.append((list(shown), before))
        if token is None:
            return found


@given(NAMES, st.lists(st.integers(1, 8), min_size=1, max_size=4))
def test_pages_make_up_the_whole(names: list[str], limits: list[int]) -> None:
    """Whatever the limits, the pages put together are all items in order, and none but a lone page is empty."""
    pages = all_pages(names, limits)
    assert [name for shown, _ in pages for name in shown] == names
    assert all(shown for shown, _ in pages) or len(pages) == 1
    assert all(len(shown) <= limits[number % len(limits)] for number, (shown, _) in enumerate(pages))


@given(NAMES, st.integers(1, 8))
def test_tokens_can_be_used_again(names: list[str], limit: int) -> None:
    """A token gives the same page however often and in whatever order it is used."""
    for shown, token in reversed(all_pages(names, [limit])):
        assert list(page(names, str, limit=limit, token=token, listing=SCOPE)[0]) == shown


@given(NAMES.filter(lambda names: len(names) > 1), st.data())
def test_tokens_outlive_changes(names: list[str], data: st.DataObject) -> None:
    """Items that go or come between two pages move no other item across the boundary."""
    limit = data.draw(st.integers(1, len(names) - 1))
    _, token = page(names, str, limit=limit, token=None, listing=SCOPE)
    gone = data.draw(st.sets(st.sampled_from(names)))
    come = data.draw(st.sets(st.text(min_size=1, max_size=5)))
    now = sorted((set(names) - gone) | come)
    rest, _ = page(now, str, limit=1000, token=token, listing=SCOPE)
    assert list(rest) == [name for name in now if name >= names[limit]]


def test_no_token_at_an_exact_end() -> None:
    """A page that ends exactly at the end has no token."""
    assert page("abcd", str, limit=4, token=None, listing=SCOPE) == ("abcd", None)
    shown, token = page("abcd", str, limit=2, token=None, listing=SCOPE)
    assert (shown, page("abcd", str, limit=2, token=token, listing=SCOPE)) == ("ab", ("cd", None))


def test_a_token_differs_from_page_to_page() -> None:
    """Two pages never have the same token, and a token fits in the 2048 characters of a request."""
    tokens = [token for _, token in all_pages(["x" * 255 + end for end in "abcde"], [1]) if token]
    assert len(set(tokens)) == len(tokens) == 4
    assert max(map(len, tokens)) <= 2048


@pytest.mark.parametrize(
    "scope", [("ListThings", None, "other"), ("ListOthers", None, "prefix"), ("ListThings", "prefix", None), ()]
)
def test_a_token_of_another_scope(scope: tuple[str | None, ...]) -> None:
    """A token serves only the operation and the filters that made it."""
    _, token = page("abcd", str, limit=2, token=None, listing=SCOPE)
    with pytest.raises(ServiceError) as refused:
        page("abcd", str, limit=2, token=token, listing=scope)
    assert (refused.value.code, refused.value.message) == ("ValidationException", "of another listing")


def encoded(value: object) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


@pytest.mark.parametrize(
    "token",
    ["", "junk", "junk!", "é", "\ud800", "====", encoded(None), encoded(5), encoded([]), encoded(["a"] * 3)]
    + [base64.b64encode(raw).decode() for raw in (b"\xff\xff", b"[" * 30_000, b"{")],
)
def test_junk_for_a_token(token: str) -> None:
    """Whatever is no token at all is a malformed request, never an error of ours."""
    with pytest.raises(ServiceError, match="no token"):
        page("abcd", str, limit=2, token=token, listing=SCOPE)


@given(st.text(max_size=40))
def test_any_text_for_a_token(token: str) -> None:
    """No text for a token ends in anything but a refusal."""
    with pytest.raises(ServiceError, match=r"no token|of another listing"):
        page("abcd", str, limit=2, token=token, listing=SCOPE)


@pytest.mark.parametrize("key", [5, None, ["a"], {"a": 1}, True, 1.5])
def test_a_forged_key(key: object) -> None:
    """A token whose scope is right and whose key is no text, as names are, is refused: nothing is compared with it."""
    _, token = page("abcd", str, limit=2, token=None, listing=SCOPE)
    assert token is not None
    made_for, _ = json.loads(base64.b64decode(token))
    with pytest.raises(ServiceError, match="of another listing"):
        page("abcd", str, limit=2, token=encoded([made_for, key]), listing=SCOPE)
