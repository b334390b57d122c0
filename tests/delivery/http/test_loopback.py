"""What goes to this machine goes to it directly: no proxy is asked, and no DNS server."""

from __future__ import annotations

import itertools
import json
import socket
from typing import Any

import pytest

from eventbridge_local import mock_eventbridge
from eventbridge_local.delivery.forward import Services
from eventbridge_local.delivery.http.loopback import address_of
from eventbridge_local.delivery.http.requests import Headers
from eventbridge_local.delivery.http.sender import Sender
from eventbridge_local.delivery.pending import HttpRequest

QUEUE = "arn:aws:sqs:us-east-1:123456789012:orders"
#: Nobody listens at a discard port of this machine, and the audit would see the connection.
PROXY = "http://127.0.0.2:9"
PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


@pytest.fixture
def lookups(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The names that were looked up, other than addresses."""
    names: list[Any] = []
    original = socket.getaddrinfo

    def look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host != "127.0.0.1":
            names.append(host)
            raise socket.gaierror(f"{host} must not be looked up")
        return original(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return names


def forward_one(server: Any, monkeypatch: pytest.MonkeyPatch, host: str = "127.0.0.1") -> list[str]:
    """Put an event for a queue that ``server`` serves; returns the outcome and what the server was sent."""
    port = server.url.rpartition(":")[2]
    url = f"http://{host}:{port}"
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", url)
    server.answers[:] = [
        (200, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps({"QueueUrl": f"{url}/123456789012/orders"})),
        (200, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps({"MessageId": "1", "MD5OfMessageBody": ""})),
    ]
    with mock_eventbridge(region="us-east-1", assert_all_deliveries_succeeded=False) as eb:
        eb.rule("r", pattern={"source": ["shop"]}, to=QUEUE)
        eb.put("shop", "Sold", {"card": "4242"})
        delivery = eb.deliveries.one()
    return [delivery.outcome, *(each.headers["X-Amz-Target"] for each in server.requests)]


SENT = ["delivered", "AmazonSQS.GetQueueUrl", "AmazonSQS.SendMessage"]


@pytest.mark.parametrize("variable", PROXY_VARIABLES)
def test_no_proxy_for_what_is_forwarded_to_this_machine(
    variable: str, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever variable names a proxy, also where no variable exempts this machine from it."""
    for name in (*PROXY_VARIABLES, "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, PROXY)
    assert forward_one(server, monkeypatch) == SENT
    assert all(each.path == "/" for each in server.requests), "a proxy is sent the whole URL"


@pytest.mark.parametrize(
    ("scheme", "host"), list(itertools.product(["http", "https"], ["127.0.0.1", "localhost", "sqs.localhost", "[::1]"]))
)
def test_no_client_for_this_machine_has_a_proxy(scheme: str, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor one for a name or an address that the service has only in the configuration."""
    for name in PROXY_VARIABLES:
        monkeypatch.setenv(name, PROXY)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"{scheme}://{host}:4566")
    session = Services().client("kinesis", "123456789012", "us-east-1")._endpoint.http_session  # type: ignore[union-attr]
    assert session._proxy_config.proxy_url_for(f"{scheme}://{host}:4566") is None


def test_an_allowed_host_elsewhere_keeps_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be reached by it alone, as with any client of the user's own."""
    monkeypatch.setenv("HTTP_PROXY", PROXY)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://stack.example.com:4566")
    made = Services(allow_hosts=["stack.example.com"]).client("kinesis", "123456789012", "us-east-1")
    proxies = made._endpoint.http_session._proxy_config  # type: ignore[union-attr]
    assert proxies.proxy_url_for("http://stack.example.com:4566") == PROXY


def test_forwarding_asks_no_machine_for_its_region(
    server: Any, lookups: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The defaults mode "auto" of the environment would."""
    monkeypatch.setenv("AWS_DEFAULTS_MODE", "auto")
    assert forward_one(server, monkeypatch) == SENT
    assert lookups == []


@pytest.mark.parametrize("host", ["sqs.localhost", "a.b.LOCALHOST"])
def test_a_name_below_localhost_is_not_looked_up(
    host: str, server: Any, lookups: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A forwarded event goes to the address, and the Host header keeps the name."""
    assert forward_one(server, monkeypatch, host) == SENT
    assert lookups == []
    assert {each.headers["Host"].partition(":")[0] for each in server.requests} <= {host, host.lower()}


def test_an_http_target_below_localhost_is_not_looked_up(
    server: Any, lookups: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is the host of an API destination, and no proxy is asked."""
    for name in PROXY_VARIABLES:
        monkeypatch.setenv(name, PROXY)
    port = server.url.rpartition(":")[2]
    url = f"{server.scheme}://hooks.localhost:{port}/orders"
    assert Sender().send(HttpRequest("POST", url, Headers(), "{}")).status == 200
    assert (lookups, server.requests[0].headers["Host"]) == ([], f"hooks.localhost:{port}")


def test_the_addresses_of_hosts() -> None:
    """Only names below ``localhost`` are replaced."""
    hosts = ("x.localhost", "localhost", "::1", "127.0.0.9", "localhost.example.com", "notlocalhost")
    assert [address_of(host) for host in hosts] == ["127.0.0.1", *hosts[1:]]
