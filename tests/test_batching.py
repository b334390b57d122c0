"""Entry sizes, batches within the limits, and what ``put_all`` reports. Nothing here sleeps."""

from __future__ import annotations

import datetime as dt
import doctest
import itertools
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ParamValidationError
from hypothesis import given
from hypothesis import strategies as st

from eventbridge_local import EventBridge, Limits, batching, mock_eventbridge
from eventbridge_local.batching import (
    RETRYABLE_CODES,
    EntryTooLarge,
    PutFailed,
    PutOutcome,
    batch_entries,
    entry_size,
    exponential_backoff,
    put_all,
)
from eventbridge_local.errors import EventBridgeLocalError, UsageError

NOON = dt.datetime(2026, 3, 6, 12, tzinfo=dt.UTC)


# --- entry_size -------------------------------------------------------------------------------------------------------

SIZES = [
    ("nothing", {}, 0),
    ("three strings", {"Source": "abc", "DetailType": "de", "Detail": "{}"}, 7),
    ("a time", {"Source": "abc", "Time": NOON}, 17),
    ("a time as a number", {"Time": 0}, 14),
    ("no time", {"Source": "abc", "Time": None}, 3),
    ("two resources", {"Resources": ["abcd", "ef"]}, 6),
    ("no resources", {"Resources": []}, 0),
    ("the bus, the trace and unknown keys are free", {"EventBusName": "b" * 99, "TraceHeader": "t" * 99, "X": "x"}, 0),
    ("two bytes", {"Source": "é"}, 2),
    ("three bytes", {"DetailType": "€"}, 3),
    ("four bytes", {"Detail": "😀"}, 4),
    ("a resource in UTF-8", {"Resources": ["é", "€"]}, 5),
    ("half a surrogate pair", {"Detail": "\ud83d"}, 3),
]


@pytest.mark.parametrize(("entry", "size"), [case[1:] for case in SIZES], ids=[case[0] for case in SIZES])
def test_entry_size(entry: dict[str, Any], size: int) -> None:
    assert entry_size(entry) == size


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"Detail": {"id": 1}}, "Detail must be a str, not dict; give it as JSON text"),
        ({"Source": b"shop"}, "Source must be a str, not bytes"),
        ({"Resources": ["a", 1]}, "Resources must be a str, not int"),
    ],
)
def test_entry_size_refuses_what_has_none(entry: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError) as caught:
        entry_size(entry)
    assert str(caught.value) == message


# --- batch_entries ----------------------------------------------------------------------------------------------------


def sized(size: int, mark: int = 0) -> dict[str, Any]:
    return {"Source": "s" * size, "EventBusName": f"bus-{mark}"}


BATCHES = [
    ("none", [], 10, 100, []),
    ("one", [1], 10, 100, [[1]]),
    ("exactly ten", [1] * 10, 10, 100, [[1] * 10]),
    ("eleven", [1] * 11, 10, 100, [[1] * 10, [1]]),
    ("exactly full", [40, 60], 10, 100, [[40, 60]]),
    ("a byte over", [40, 61], 10, 100, [[40], [61]]),
    ("each as large as can be", [100, 100], 10, 100, [[100], [100]]),
    ("order is kept although 5 would fit the first", [90, 20, 5], 10, 100, [[90], [20, 5]]),
    ("weightless entries count", [100, 0, 0], 2, 100, [[100, 0], [0]]),
    ("one by one", [1, 1], 1, 100, [[1], [1]]),
]


@pytest.mark.parametrize(
    ("sizes", "max_entries", "max_bytes", "expected"), [case[1:] for case in BATCHES], ids=[case[0] for case in BATCHES]
)
def test_batches(sizes: list[int], max_entries: int, max_bytes: int, expected: list[list[int]]) -> None:
    batches = batch_entries(map(sized, sizes), max_entries=max_entries, max_bytes=max_bytes)
    assert [[entry_size(entry) for entry in batch] for batch in batches] == expected


def test_default_limits_are_those_of_the_api_reference() -> None:
    assert [len(batch) for batch in batch_entries([sized(1)] * 11)] == [10, 1]
    assert [len(batch) for batch in batch_entries([sized(262_144), sized(1)])] == [1, 1]
    with pytest.raises(EntryTooLarge):
        list(batch_entries([sized(262_145)]))
    assert len(list(batch_entries([sized(262_145)], max_bytes=1_048_576))) == 1


def test_entries_are_handed_out_as_they_were_given() -> None:
    entries = [sized(1), sized(2)]
    (batch,) = batch_entries(entries)
    assert batch[0] is entries[0]
    assert batch[1] is entries[1]


def test_reads_no_further_than_it_must() -> None:
    read = []

    def endless() -> Iterator[dict[str, Any]]:
        for number in itertools.count():
            read.append(number)
            yield sized(1)

    batches = batch_entries(endless(), max_entries=3)
    assert read == []
    next(batches)
    assert read == [0, 1, 2]
    next(batches)
    assert read == [0, 1, 2, 3, 4, 5]


def test_too_large_names_the_entry_after_handing_out_all_before_it() -> None:
    source = iter([sized(1), sized(2), sized(101), sized(3)])
    batches = batch_entries(source, max_bytes=100)
    assert next(batches) == [sized(1), sized(2)]
    with pytest.raises(EntryTooLarge, match="entry 2 has 101 bytes, and a request takes at most 100") as caught:
        next(batches)
    assert (caught.value.index, caught.value.size, caught.value.limit) == (2, 101, 100)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, EventBridgeLocalError)
    assert list(batch_entries(source, max_bytes=100)) == [[sized(3)]]


def test_a_wrong_entry_is_named() -> None:
    with pytest.raises(TypeError, match="Detail must be a str") as caught:
        list(batch_entries([sized(1), {"Detail": {}}]))
    assert caught.value.__notes__ == ["in entry 1"]


def test_one_too_large_at_the_start_is_not_preceded_by_an_empty_batch() -> None:
    batches = batch_entries([sized(101)], max_bytes=100)
    with pytest.raises(EntryTooLarge):
        next(batches)


def test_weightless_entries_before_one_too_large_are_handed_out_too() -> None:
    batches = batch_entries([sized(0), sized(101)], max_bytes=100)
    assert next(batches) == [sized(0)]
    with pytest.raises(EntryTooLarge):
        next(batches)


@pytest.mark.parametrize("limits", [{"max_entries": 0}, {"max_bytes": 0}, {"max_entries": -1}])
def test_limits_are_checked_at_the_call_not_at_the_first_batch(limits: dict[str, int]) -> None:
    with pytest.raises(UsageError, match="must be at least 1"):
        batch_entries([], **limits)
    with pytest.raises(UsageError, match="must be at least 1"):
        put_all(Service(), [], **limits)


def test_put_all_wants_at_least_one_attempt() -> None:
    with pytest.raises(UsageError, match="attempts must be at least 1, not 0"):
        put_all(Service(), [], attempts=0)


def test_the_cost_follows_the_number_of_entries_only() -> None:
    """Each entry is looked at once, however the batches fall: counted, not timed."""
    looks: list[int] = []

    class Counted(dict[str, Any]):
        def get(self, key: str, default: Any = None) -> Any:
            if key == "Source":
                looks.append(self["number"])
            return super().get(key, default)

    entries = [Counted(Source="s" * (number % 7), number=number) for number in range(5_000)]
    assert sum(len(batch) for batch in batch_entries(entries, max_bytes=11)) == 5_000
    assert looks == list(range(5_000))


entry_strategy = st.fixed_dictionaries(
    {},
    optional={
        "Source": st.text(max_size=8),
        "DetailType": st.text(max_size=8),
        "Detail": st.text(max_size=20),
        "Resources": st.lists(st.text(max_size=5), max_size=3),
        "Time": st.just(NOON),
    },
)
limits_strategy = st.tuples(st.integers(1, 12), st.integers(1, 150))


@given(entry_strategy)
def test_law_size_is_the_utf8_of_the_counted_text(entry: dict[str, Any]) -> None:
    counted = [
        entry.get("Source", ""),
        entry.get("DetailType", ""),
        entry.get("Detail", ""),
        *entry.get("Resources", []),
    ]
    assert entry_size(entry) == len("".join(counted).encode()) + 14 * ("Time" in entry)


@given(st.lists(entry_strategy, max_size=40), limits_strategy)
def test_laws_of_batches(entries: list[dict[str, Any]], limits: tuple[int, int]) -> None:
    max_entries, max_bytes = limits
    fitting = [entry for entry in entries if entry_size(entry) <= max_bytes]
    batches = list(batch_entries(iter(fitting), max_entries=max_entries, max_bytes=max_bytes))

    joined = [entry for batch in batches for entry in batch]
    assert len(joined) == len(fitting)
    assert all(one is other for one, other in zip(joined, fitting, strict=True)), "joined, they are what was given"
    for batch in batches:
        assert 1 <= len(batch) <= max_entries
        assert sum(map(entry_size, batch)) <= max_bytes
    for batch, following in itertools.pairwise(batches):
        full = len(batch) == max_entries
        assert full or sum(map(entry_size, batch)) + entry_size(following[0]) > max_bytes, "none is cut too early"


@given(st.lists(entry_strategy, max_size=12), limits_strategy)
def test_law_no_cut_into_fewer_batches_exists(entries: list[dict[str, Any]], limits: tuple[int, int]) -> None:
    max_entries, max_bytes = limits
    sizes = [size for size in map(entry_size, entries) if size <= max_bytes]
    fewest = [0] * (len(sizes) + 1)
    for end in range(1, len(sizes) + 1):
        fewest[end] = min(
            fewest[start] + 1 for start in range(max(0, end - max_entries), end) if sum(sizes[start:end]) <= max_bytes
        )
    batches = batch_entries(map(sized, sizes), max_entries=max_entries, max_bytes=max_bytes)
    assert len(list(batches)) == fewest[-1]


@given(st.lists(entry_strategy, max_size=30), limits_strategy)
def test_law_nothing_vanishes_at_an_entry_too_large(entries: list[dict[str, Any]], limits: tuple[int, int]) -> None:
    max_entries, max_bytes = limits
    source = iter(entries)
    handed_out: list[dict[str, Any]] = []
    refused = 0
    while True:
        before = len(handed_out)
        try:
            for batch in batch_entries(source, max_entries=max_entries, max_bytes=max_bytes):
                handed_out += batch
        except EntryTooLarge as error:
            refused += 1
            assert error.index == len(handed_out) - before
        else:
            break
    assert handed_out == [entry for entry in entries if entry_size(entry) <= max_bytes]
    assert len(handed_out) + refused == len(entries)


# --- put_all ----------------------------------------------------------------------------------------------------------


def refusal(code: str, status: int = 400) -> ClientError:
    answer = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "PutEvents")  # type: ignore[arg-type]


class Service:
    """Stands for a boto3 client. ``plan`` says, for each entry by name, the codes it meets before it is accepted;
    ``whole`` what each request as a whole meets, None being nothing."""

    def __init__(self, plan: dict[str, list[str]] | None = None, whole: list[Exception | None] | None = None) -> None:
        self.plan = {name: list(codes) for name, codes in (plan or {}).items()}
        self.whole = list(whole or [])
        self.requests: list[list[str]] = []

    def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:
        self.requests.append([entry["Source"] for entry in Entries])
        error = self.whole.pop(0) if self.whole else None
        if error is not None:
            raise error
        results = [self.result(entry["Source"]) for entry in Entries]
        return {"Entries": results, "FailedEntryCount": sum("ErrorCode" in result for result in results)}

    def result(self, name: str) -> dict[str, str]:
        codes = self.plan.get(name)
        if codes:
            code = codes.pop(0)
            return {"ErrorCode": code, "ErrorMessage": f"{code}!"}
        return {"EventId": f"id-{name}"}


def named(names: str) -> list[dict[str, Any]]:
    return [{"Source": name} for name in names]


def ok(index: int, name: str, attempts: int = 1) -> PutOutcome:
    return PutOutcome(index, f"id-{name}", None, None, attempts)


def bad(index: int, code: str, attempts: int = 1) -> PutOutcome:
    return PutOutcome(index, None, code, f"{code}!", attempts)


class Waits(list[float]):
    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def never(seconds: float) -> None:
    raise AssertionError("nothing was to be sent again")


PUTS = [
    ("nothing to send", "", {}, [], []),
    ("all accepted", "abc", {}, ["abc"], [ok(0, "a"), ok(1, "b"), ok(2, "c")]),
    ("over several requests", "abcdef", {}, ["abcd", "ef"], [ok(i, name) for i, name in enumerate("abcdef")]),
    (
        "only the refused is sent again, before what is behind it",
        "abcdef",
        {"b": ["ThrottlingException"], "d": ["InternalFailure", "InternalException"]},
        ["abcd", "bd", "d", "ef"],
        [ok(0, "a"), ok(1, "b", 2), ok(2, "c"), ok(3, "d", 3), ok(4, "e"), ok(5, "f")],
    ),
    (
        "a final code is not sent again",
        "abc",
        {"a": ["MalformedDetail"], "b": ["ThrottlingException"]},
        ["abc", "b"],
        [bad(0, "MalformedDetail"), ok(1, "b", 2), ok(2, "c")],
    ),
    (
        "the last code counts",
        "a",
        {"a": ["ThrottlingException", "MalformedDetail"]},
        ["a", "a"],
        [bad(0, "MalformedDetail", 2)],
    ),
    (
        "it gives up, and goes on with the others",
        "abcde",
        {"b": ["InternalFailure"] * 9},
        ["abcd", "b", "b", "e"],
        [ok(0, "a"), bad(1, "InternalFailure", 3), ok(2, "c"), ok(3, "d"), ok(4, "e")],
    ),
]


@pytest.mark.parametrize(
    ("names", "plan", "requests", "outcomes"), [case[1:] for case in PUTS], ids=[case[0] for case in PUTS]
)
def test_put_all(names: str, plan: dict[str, list[str]], requests: list[str], outcomes: list[PutOutcome]) -> None:
    service, waits = Service(plan), Waits()
    result = put_all(service, named(names), max_entries=4, attempts=3, backoff=float, sleep=waits)
    assert result == outcomes
    assert service.requests == [list(request) for request in requests]
    assert [outcome.ok for outcome in result] == [outcome.event_id is not None for outcome in outcomes]


@pytest.mark.parametrize("code", sorted(RETRYABLE_CODES))
def test_waits_grow_between_attempts_and_do_not_follow_the_last(code: str) -> None:
    waits = Waits()
    put_all(Service({"a": [code] * 9}), named("a"), attempts=4, backoff=lambda attempt: attempt * 10.0, sleep=waits)
    assert waits == [10.0, 20.0, 30.0]


def test_no_wait_where_nothing_is_sent_again() -> None:
    put_all(Service({"a": ["MalformedDetail"]}), named("abc"), sleep=never)


def test_without_a_sleep_of_ones_own_it_really_waits() -> None:
    """Zero seconds long, so that this test does not sleep either."""
    assert put_all(Service({"a": ["InternalFailure"]}), named("a"), backoff=lambda _: 0.0) == [ok(0, "a", 2)]


def test_too_large_is_an_outcome_in_its_place_and_is_not_sent() -> None:
    service = Service()
    outcomes = put_all(service, [*named("ab"), {"Source": "x" * 101}, *named("c")], max_bytes=100)
    assert outcomes == [
        ok(0, "a"),
        ok(1, "b"),
        PutOutcome(2, None, "EntryTooLarge", "entry 2 has 101 bytes, and a request takes at most 100", 0),
        ok(3, "c"),
    ]
    assert service.requests == [["a", "b"], ["c"]]


def test_a_request_refused_for_good_raises_with_all_results_so_far() -> None:
    service = Service(whole=[None, refusal("AccessDeniedException")])
    with pytest.raises(PutFailed) as caught:
        put_all(service, named("abcdef"), max_entries=2)
    message = "An error occurred (AccessDeniedException) when calling the PutEvents operation: no"
    assert caught.value.outcomes == [
        ok(0, "a"),
        ok(1, "b"),
        PutOutcome(2, None, "AccessDeniedException", message, 1),
        PutOutcome(3, None, "AccessDeniedException", message, 1),
    ]
    assert isinstance(caught.value.__cause__, ClientError)
    assert str(caught.value) == f"stopped after 2 accepted of 4 tried entries: {message}"
    assert service.requests == [["a", "b"], ["c", "d"]], "what would be refused as well is not sent"


def test_a_request_refused_for_a_while_is_tried_again() -> None:
    waits = Waits()
    service = Service(
        {"b": ["InternalFailure"]}, whole=[refusal("ThrottlingException"), refusal("InternalException", 500)]
    )
    outcomes = put_all(service, named("ab"), attempts=4, backoff=float, sleep=waits)
    assert outcomes == [ok(0, "a", 3), ok(1, "b", 4)]
    assert service.requests == [["a", "b"], ["a", "b"], ["a", "b"], ["b"]]
    assert waits == [1.0, 2.0, 3.0]


def test_a_request_refused_on_resending_keeps_what_its_first_sending_achieved() -> None:
    service = Service({"a": ["InternalFailure"]}, whole=[None, refusal("ThrottlingException")])
    with pytest.raises(PutFailed) as caught:
        put_all(service, named("ab"), attempts=2, backoff=lambda _: 0.0, sleep=Waits())
    first, second = caught.value.outcomes
    assert (first.ok, first.error_code, first.attempts) == (False, "ThrottlingException", 2)
    assert second == ok(1, "b")


@pytest.mark.parametrize(
    "error",
    [EndpointConnectionError(endpoint_url="https://events"), ParamValidationError(report="wrong"), OSError("gone")],
    ids=lambda error: type(error).__name__,
)
def test_errors_without_a_code_are_named_after_their_class(error: Exception) -> None:
    with pytest.raises(PutFailed) as caught:
        put_all(Service(whole=[error]), named("a"))
    assert caught.value.outcomes == [PutOutcome(0, None, type(error).__name__, str(error), 1)]
    assert caught.value.__cause__ is error


@pytest.mark.parametrize("response", [None, "text", {"Error": None}, {"Error": {"Code": 503}}])
def test_a_response_of_another_shape_has_no_code(response: object) -> None:
    error = RuntimeError("odd")
    error.response = response  # type: ignore[attr-defined]
    with pytest.raises(PutFailed) as caught:
        put_all(Service(whole=[error]), named("a"))
    assert caught.value.outcomes[0].error_code == "RuntimeError"


def test_an_answer_of_the_wrong_length_is_not_guessed_at() -> None:
    class Short(Service):
        def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:
            return {"Entries": [{"EventId": "1"}]}

    with pytest.raises(PutFailed) as caught:
        put_all(Short(), named("ab"))
    assert [outcome.error_code for outcome in caught.value.outcomes] == ["ValueError", "ValueError"]


def test_entries_that_cannot_be_read_or_measured_do_not_cost_the_results() -> None:
    def breaking() -> Iterator[dict[str, Any]]:
        yield from named("abc")
        raise OSError("database gone")

    with pytest.raises(PutFailed, match="stopped after 2 accepted of 2 tried entries: database gone") as caught:
        put_all(Service(), breaking(), max_entries=2)
    assert caught.value.outcomes == [ok(0, "a"), ok(1, "b")]

    with pytest.raises(PutFailed, match="Detail must be a str, not dict") as caught:
        put_all(Service(), [*named("ab"), {"Detail": {}}], max_entries=2)
    assert caught.value.outcomes == [ok(0, "a"), ok(1, "b")]


def test_a_generator_is_sent_as_it_is_read() -> None:
    service = Service()

    def watching() -> Iterator[dict[str, Any]]:
        for number, name in enumerate("abcdef"):
            assert len(service.requests) == number // 2
            yield {"Source": name}

    assert all(outcome.ok for outcome in put_all(service, watching(), max_entries=2))


codes = st.sampled_from([*sorted(RETRYABLE_CODES), "MalformedDetail", "InvalidArgument"])


@given(st.lists(st.lists(codes, max_size=4), max_size=12), st.integers(1, 4), st.integers(1, 5))
def test_law_one_outcome_for_each_entry_in_order(plans: list[list[str]], attempts: int, max_entries: int) -> None:
    """Against the definition: an entry meets its codes one by one until one is final, or none, or attempts are out."""
    entries = [{"Source": f"e{number}"} for number in range(len(plans))]
    service = Service({f"e{number}": plan for number, plan in enumerate(plans)})
    outcomes = put_all(service, entries, max_entries=max_entries, attempts=attempts, backoff=float, sleep=Waits())

    assert [outcome.index for outcome in outcomes] == list(range(len(plans)))
    for outcome, plan in zip(outcomes, plans, strict=True):
        met = [*plan, None][:attempts]
        stop = next((place for place, code in enumerate(met) if code not in RETRYABLE_CODES), len(met) - 1)
        assert (outcome.error_code, outcome.attempts) == (met[stop], stop + 1)
        assert outcome.ok == (met[stop] is None)
    sent = [name for request in service.requests for name in request]
    assert all(sent.count(f"e{outcome.index}") == outcome.attempts for outcome in outcomes), "never more than it says"


def test_exponential_backoff_doubles_up_to_its_cap() -> None:
    longest = exponential_backoff(0.1, 1.0, rng=lambda: 1.0)
    assert [round(longest(attempt), 3) for attempt in range(1, 7)] == [0.1, 0.2, 0.4, 0.8, 1.0, 1.0]
    assert longest(100_000) == 1.0
    assert exponential_backoff(rng=lambda: 0.0)(3) == 0.0


def test_without_an_id_an_entry_was_not_accepted() -> None:
    assert not PutOutcome(0, None, None, None, 1).ok


def test_outcomes_are_values() -> None:
    outcome = ok(0, "a")
    with pytest.raises(AttributeError):
        outcome.index = 1  # type: ignore[misc]
    assert outcome == ok(0, "a")
    assert len({outcome, ok(0, "a")}) == 1


def test_the_size_counts_detail_as_it_is_written() -> None:
    compact = json.dumps({"name": "é"}, separators=(",", ":"), ensure_ascii=False)
    assert entry_size({"Detail": compact}) == len('{"name":""}') + 2
    assert entry_size({"Detail": json.dumps({"name": "é"})}) == len('{"name": "\\u00e9"}')


def test_examples_in_the_docstrings() -> None:
    assert not doctest.testmod(batching).failed


# --- against the service ----------------------------------------------------------------------------------------------


def test_the_mock_counts_the_same_bytes(eventbridge: EventBridge) -> None:
    client = boto3.client("events", region_name="us-east-1")
    rest = {"Source": "shöp", "DetailType": "Sold", "Resources": ["arn:é"], "Time": NOON, "EventBusName": "default"}
    detail = '{"€": "' + "x" * (262_144 - entry_size(rest) - len('{"...": ""}')) + '"}'
    full = {**rest, "Detail": detail}
    assert entry_size(full) == 262_144
    assert client.put_events(Entries=[full])["FailedEntryCount"] == 0
    with pytest.raises(ClientError, match="Total size of the entries in the request is over the limit") as refused:
        client.put_events(Entries=[{**full, "Source": "shöpp"}])
    (hint,) = eventbridge.hints_for(refused.value)
    assert "262,144 in the API reference, 1,048,576 on AWS since January 2026" in hint


def test_the_limit_of_january_2026() -> None:
    """One MB for a request, where the option says so."""
    with mock_eventbridge(limits=Limits(put_events_request_size=1_048_576)):
        client = boto3.client("events", region_name="us-east-1")
        rest = {"Source": "shop", "DetailType": "Sold"}
        detail = '{"x": "' + "x" * (1_048_576 - entry_size(rest) - len('{"x": ""}')) + '"}'
        assert client.put_events(Entries=[{**rest, "Detail": detail}])["FailedEntryCount"] == 0
        with pytest.raises(ClientError, match="over the limit"):
            client.put_events(Entries=[{**rest, "Detail": detail + " "}])


def test_put_all_meets_the_real_refusals(eventbridge: EventBridge) -> None:
    client = boto3.client("events", region_name="us-east-1")
    entries: list[dict[str, Any]] = [{"Source": "shop", "DetailType": "Sold", "Detail": "{}"} for _ in range(25)]
    entries[3]["Detail"] = "{"
    entries[11]["DetailType"] = ""
    entries[12]["Detail"] = json.dumps({"text": "x" * 300_000})
    entries[24]["Source"] = "aws.shop"

    outcomes = put_all(client, entries)
    assert [outcome.index for outcome in outcomes] == list(range(25))
    assert {outcome.index: outcome.error_code for outcome in outcomes if not outcome.ok} == {
        3: "MalformedDetail",
        11: "InvalidArgument",
        12: "EntryTooLarge",
        24: "NotAuthorizedForSourceException",
    }
    accepted = [entry.event_id for entry in eventbridge.events.accepted]
    assert accepted == [outcome.event_id for outcome in outcomes if outcome.ok]
