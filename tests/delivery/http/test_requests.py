"""What goes over the wire for an event: URL, headers, body, for API destinations and API Gateway."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventbridge_local.delivery.http.invocations import Headers, build, build_for_gateway
from eventbridge_local.delivery.http.requests import fill_path, with_members, with_query
from eventbridge_local.delivery.pending import HttpRequest, PendingDelivery
from eventbridge_local.model.event import Event
from eventbridge_local.model.rare_records import ApiDestination, Connection
from eventbridge_local.model.records import Rule, Target

AT = datetime(2026, 3, 6, 9, tzinfo=UTC)
EVENT = {"detail": {"id": "o/1", "n": 7, "list": [1, 2]}, "source": "shop"}
BASIC = {"BasicAuthParameters": {"Username": "user", "Password": "hunter2"}}
DESTINATION = ApiDestination(
    "hook", "arn:hook", AT, AT, connection_arn="arn:crm", endpoint="https://crm.example/api", method="POST", rate=300
)


def connection(kind: str = "BASIC", auth: dict[str, Any] = BASIC) -> Connection:
    return Connection("crm", "arn:crm", AT, AT, AT, state="AUTHORIZED", authorization_type=kind, auth=auth)


def request(
    endpoint: str = "https://crm.example/api",
    target: dict[str, Any] | None = None,
    added: dict[str, Any] | None = None,
    payload: str = "{}",
) -> HttpRequest:
    auth = BASIC if added is None else {**BASIC, "InvocationHttpParameters": added}
    return build(DESTINATION._replace(endpoint=endpoint), connection(auth=auth), None, target or {}, payload, EVENT)


def pairs(**values: str) -> list[dict[str, Any]]:
    return [{"Key": name, "Value": value, "IsValueSecret": False} for name, value in values.items()]


def test_a_plain_request() -> None:
    """Everything AWS documents is in it, and nothing else."""
    made = request(payload='{"a":"ä"}')
    assert (made.method, made.url, made.body) == ("POST", "https://crm.example/api", '{"a":"ä"}')
    assert dict(made.headers) == {
        "Host": "crm.example",
        "Content-Type": "application/json; charset=utf-8",
        "Accept-Encoding": "gzip,deflate",
        "Authorization": "Basic dXNlcjpodW50ZXIy",
        "User-Agent": "Amazon/EventBridge/ApiDestinations",
        "Range": "bytes=0-1048575",
        "Connection": "close",
        "Content-Length": "10",
    }


@pytest.mark.parametrize(
    ("kind", "auth", "token", "header"),
    [
        (
            "BASIC",
            {"BasicAuthParameters": {"Username": "ü", "Password": "p:w"}},
            None,
            ("Authorization", "Basic w7w6cDp3"),
        ),
        ("API_KEY", {"ApiKeyAuthParameters": {"ApiKeyName": "X-Key", "ApiKeyValue": "k"}}, None, ("X-Key", "k")),
        ("OAUTH_CLIENT_CREDENTIALS", {"OAuthParameters": {}}, "t", ("Authorization", "Bearer t")),
    ],
)
def test_authorization(kind: str, auth: dict[str, Any], token: str | None, header: tuple[str, str]) -> None:
    """Each type has its header, which no configured header can replace."""
    own = {"HeaderParameters": {header[0].upper(): "mine"}}
    made = build(DESTINATION, connection(kind, auth), token, own, "{}", EVENT)
    assert made.headers[header[0]] == header[1]
    assert header[0] in list(made.headers)


@pytest.mark.parametrize(
    ("endpoint", "values", "url"),
    [
        ("https://a.example", [], "https://a.example/"),
        ("https://a.example/*/x/*", ["1", "2"], "https://a.example/1/x/2"),
        ("https://a.example/*/*", ["1"], "https://a.example/1/*"),
        ("https://a.example/*", ["1", "2"], "https://a.example/1"),
        ("https://a.example/*", ["a/b c?&ä*"], "https://a.example/a%2Fb%20c%3F%26%C3%A4%2A"),
        ("https://a.example/*", ["$.detail.id"], "https://a.example/o%2F1"),
        ("https://a.example/*?q=*", ["$.detail.n"], "https://a.example/7?q=*"),
        ("https://a.example/*", ["x$.detail.n"], "https://a.example/x%24.detail.n"),
        ("https://a.example/*/z", ["$.detail.none"], "https://a.example//z"),
    ],
)
def test_path_parameters(endpoint: str, values: list[str], url: str) -> None:
    """They fill the wildcards of the path in order; a value that is a path is looked up in the event."""
    assert request(endpoint, {"PathParameterValues": values}).url == url


@pytest.mark.parametrize(
    ("endpoint", "target", "added", "query"),
    [
        ("https://a.example/x", {"q": "1"}, {}, "q=1"),
        ("https://a.example/x", {}, {"q": "1"}, "q=1"),
        ("https://a.example/x", {"q": "target", "r": "2"}, {"q": "connection"}, "q=connection&r=2"),
        ("https://a.example/x?k=1&q=0", {"q": "1"}, {}, "k=1&q=1"),
        ("https://a.example/x?k=1", {}, {}, "k=1"),
        ("https://a.example/x", {"a b": "$.detail.list"}, {}, "a%20b=%5B1%2C2%5D"),
        ("https://a.example/x", {}, {"q": "$.detail.n"}, "q=%24.detail.n"),
    ],
)
def test_query_parameters(endpoint: str, target: dict[str, str], added: dict[str, str], query: str) -> None:
    """Target's and connection's are merged, the connection wins; only the target's may be paths."""
    made = request(endpoint, {"QueryStringParameters": target}, {"QueryStringParameters": pairs(**added)})
    assert made.url == f"https://a.example/x?{query}"


@pytest.mark.parametrize(
    ("target", "added", "name", "value"),
    [
        ({"X-A": "$.detail.id"}, {}, "x-a", "o/1"),
        ({"x-a": "target"}, {"X-A": "connection"}, "x-a", "connection"),
        ({"content-type": "text/plain"}, {}, "Content-Type", "text/plain"),
        ({"user-agent": "mine", "RANGE": "bytes=0-1"}, {"Range": "bytes=0-2"}, "range", "bytes=0-1048575"),
        ({"User-Agent": "mine"}, {"user-agent": "too"}, "User-Agent", "Amazon/EventBridge/ApiDestinations"),
        ({"Accept-Encoding": "br"}, {"Accept-Encoding": "br"}, "Accept-Encoding", "gzip,deflate"),
        ({"Host": "other.example"}, {}, "Host", "crm.example"),
        ({"X-Amz-Meta": "1"}, {}, "X-Amz-Meta", "1"),
        ({"Content-Length": "0"}, {}, "Content-Length", "2"),
        ({"Pragma": "x"}, {"Date": "y"}, "Pragma", None),
        ({"Pragma": "x"}, {"Date": "y"}, "Date", None),
    ],
)
def test_header_parameters(target: dict[str, str], added: dict[str, str], name: str, value: str | None) -> None:
    """The connection wins over the target, AWS's own headers over both, and some are taken out."""
    made = request(target={"HeaderParameters": target}, added={"HeaderParameters": pairs(**added)})
    assert made.headers.get(name) == value


@pytest.mark.parametrize(
    ("payload", "members", "body"),
    [
        ('{"a":1.0}', {"b": "2"}, '{"a":1.0,"b":"2"}'),
        ("{}", {"b": "2"}, '{"b":"2"}'),
        (' { "a" : 1 } \n', {"b": "ä"}, ' { "a" : 1,"b":"ä"}'),
        ('{"a":1,"b":0}', {"b": "2"}, '{"a":1,"b":"2"}'),
        ("[1]", {"b": "2"}, "[1]"),
        ('"text"', {"b": "2"}, '"text"'),
        ("no JSON", {"b": "2"}, "no JSON"),
        ("", {"b": "2"}, ""),
        ('{"a":1.0}', {}, '{"a":1.0}'),
    ],
)
def test_body_parameters(payload: str, members: dict[str, str], body: str) -> None:
    """They go into a JSON object, where they win; other bodies stay as they are, and so does the payload's text."""
    made = request(payload=payload, added={"BodyParameters": pairs(**members)})
    assert (made.body, made.headers["Content-Length"]) == (body, str(len(body.encode())))


@given(
    st.dictionaries(st.text(), st.integers() | st.text() | st.none()),
    st.dictionaries(st.text(), st.text()),
)
def test_body_parameters_by_law(payload: dict[str, Any], members: dict[str, str]) -> None:
    """The body is the payload's object with the members put in."""
    assert json.loads(with_members(json.dumps(payload), members)) == {**payload, **members}


@given(st.lists(st.text(min_size=1), max_size=4))
def test_path_values_cannot_break_out(values: list[str]) -> None:
    """Whatever a value holds, it stays one segment of the path."""
    path = fill_path("/a/" + "/".join("*" * len(values)), values)
    assert path.count("/") == 1 + max(len(values), 1)
    assert not set(path) & set("?#& ")


@given(st.dictionaries(st.sampled_from("abc"), st.sampled_from("123")))
def test_a_query_is_added_once(query: dict[str, str]) -> None:
    """Adding the same parameters twice changes nothing."""
    once = with_query("https://a.example/x?a=0&d=1", query)
    assert with_query(once, query).split("?")[0] == "https://a.example/x"
    assert sorted(with_query(once, query).split("?")[1].split("&")) == sorted(once.split("?")[1].split("&"))


def test_half_a_surrogate_pair() -> None:
    """JSON can spell one and UTF-8 cannot; it is sent as a question mark and breaks nothing."""
    half = chr(0xD800)
    own = {"PathParameterValues": [half], "QueryStringParameters": {"q": half}, "HeaderParameters": {"X-A": half}}
    made = request("https://a.example/*", own, payload=f'"{half}"')
    assert (made.url, made.headers["Content-Length"]) == ("https://a.example/%3F?q=%3F", "3")


def test_secrets_do_not_print() -> None:
    """Authorization and what the user marked as secret are hidden in the repr, not in the mapping."""
    marked = [{"Key": "X-S", "Value": "hunter2", "IsValueSecret": True}, {"Key": "X-O", "Value": "open"}]
    made = request(added={"HeaderParameters": marked})
    assert ("hunter2" in repr(made), "dXNlcjpodW50ZXIy" in repr(made), "open" in repr(made)) == (False, False, True)
    assert made.headers["x-s"] == "hunter2"
    key = {"ApiKeyAuthParameters": {"ApiKeyName": "X-Key", "ApiKeyValue": "hunter2"}}
    assert "hunter2" not in repr(build(DESTINATION, connection("API_KEY", key), None, {}, "{}", EVENT))


def test_headers_mind_no_case() -> None:
    """A later header replaces an earlier one, and look-ups take any spelling."""
    headers = Headers([("X-A", "1"), ("x-a", "2")])
    assert (dict(headers), headers["X-a"], "X-A" in headers, 1 in headers, len(headers)) == (
        {"x-a": "2"},
        "2",
        True,
        False,
        1,
    )


# API Gateway

API = "arn:aws:execute-api:eu-west-1:123456789012:abc123"


def pending(arn: str, parameters: dict[str, Any] | None = None, trace: str | None = None) -> PendingDelivery:
    detail = json.dumps(EVENT["detail"])
    event = Event("e-1", "Sold", "shop", "123456789012", AT, "eu-west-1", (), detail, {}, trace_header=trace)
    rule = Rule("r", "arn:aws:events:eu-west-1:123456789012:rule/r", "default", "ENABLED", "123456789012")
    params = {"HttpParameters": parameters} if parameters else {}
    target = Target("t", arn, params)
    return PendingDelivery(1, event, rule, target, "123456789012", "eu-west-1", AT, AT, '{"m":1}')


@pytest.mark.parametrize(
    ("arn", "method", "url"),
    [
        (f"{API}/test/POST/test", "POST", "https://abc123.execute-api.eu-west-1.amazonaws.com/test/test/"),
        (f"{API}/test/GET/", "GET", "https://abc123.execute-api.eu-west-1.amazonaws.com/test/"),
        (f"{API}/test/PUT", "PUT", "https://abc123.execute-api.eu-west-1.amazonaws.com/test/"),
        (f"{API}/test/*/a/*/b", "POST", "https://abc123.execute-api.eu-west-1.amazonaws.com/test/a/7/b/?q=o%2F1"),
        (
            "arn:aws-cn:execute-api:cn-north-1:123456789012:abc123/test/POST/a/",
            "POST",
            "https://abc123.execute-api.cn-north-1.amazonaws.com.cn/test/a/",
        ),
    ],
)
def test_api_gateway(arn: str, method: str, url: str) -> None:
    """Stage, method and path come from the ARN; the path ends with a slash (recorded)."""
    parameters = {"PathParameterValues": ["$.detail.n"], "QueryStringParameters": {"q": "$.detail.id"}}
    made = build_for_gateway(pending(arn, parameters if "*" in arn else None))
    assert (made.method, made.url, made.body) == (method, url, '{"m":1}')


def test_api_gateway_headers() -> None:
    """AWS names the rule and its account, passes the trace header on, and keeps some headers from users."""
    own = {
        "HeaderParameters": {"X-A": "1", "X-Amz-Source-Arn": "mine", "X-Amzn-B": "2", "Authorization": "3", "Via": "4"}
    }
    made = build_for_gateway(pending(f"{API}/test/POST/x", own, trace="Root=1-2-3"))
    assert dict(made.headers) == {
        "Host": "abc123.execute-api.eu-west-1.amazonaws.com",
        "Content-Type": "application/json",
        "X-A": "1",
        "X-Amz-Source-Arn": "arn:aws:events:eu-west-1:123456789012:rule/r",
        "X-Amz-Source-Account": "123456789012",
        "Content-Length": "7",
        "X-Amzn-Trace-Id": "Root=1-2-3",
    }
