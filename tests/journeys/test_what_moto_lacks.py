"""What moto, or another local stand-in, does not have or cannot run: recorded with a reason, and never tried again."""

from __future__ import annotations

import http.server
import io
import json
import sys
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from eventbridge_local import EventBridge, mock_eventbridge
from eventbridge_local.delivery import forward
from eventbridge_local.server import serve

REGION, ACCOUNT = "us-east-1", "123456789012"
KEYS = {"aws_access_key_id": "unused", "aws_secret_access_key": "unused", "region_name": REGION}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/events"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:invoice"


@pytest.fixture(autouse=True)
def local_sockets(connected_sockets: list[Any]) -> Iterator[None]:
    """These tests connect to stand-ins on this machine, and to nothing else."""
    before = len(connected_sockets)
    yield
    assert {address[0] for address in connected_sockets[before:]} <= {"127.0.0.1"}
    del connected_sockets[before:]


#: The page of the web server under moto's server, for an error that moto does not catch.
CRASHED = (
    500,
    {"Server": "Werkzeug/3.1.9 Python/3.11.7"},
    b"<!doctype html>\n<html lang=en>\n<title>500 Internal Server Error</title>\n",
)
ABSENT = (404, {"x-amzn-ErrorType": "ResourceNotFoundException"}, b'{"Message": "Function not found: x"}')
#: What moto's server answers for a function when there is no Docker, seen with moto 5.2.5.
NO_DOCKER = (
    202,
    {"Server": "Werkzeug/3.1.9 Python/3.11.7", "x-amz-function-error": "Handled"},
    b"error running docker: Error while fetching server API version: ('Connection aborted.', FileNotFoundError(2))",
)
LOCALSTACK = (
    501,
    {},
    b'{"__type": "InternalFailure", "message": "API for service \'inspector\' not yet implemented or pro feature"}',
)


@contextmanager
def stand_in(status: int, headers: dict[str, str], body: bytes) -> Iterator[str]:
    """A web server that answers everything alike, and its URL."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response_only(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET = do_PUT = answer

        def log_message(self, *_: Any) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def deliver(eb: EventBridge, arn: str, **members: Any) -> tuple[str, str]:
    """The outcome of a delivery to a target, and its reason."""
    events = boto3.client("events", **KEYS)
    events.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    added = events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn, **members}])
    assert added["FailedEntryCount"] == 0
    eb.put("shop", "Sold")
    made = eb.deliveries.one()
    assert (made.attempts, made.error) == (1, None)
    return made.outcome, str(made.reason)


#: Targets of services that moto 5 has not built, or whose operation it has not built, and what the call is named.
NOT_BUILT = {
    "inspector": (f"arn:aws:inspector:{REGION}:{ACCOUNT}:target/0-a1b2c3d4/template/0-a1b2c3d4", "StartAssessmentRun"),
    "imagebuilder": (f"arn:aws:imagebuilder:{REGION}:{ACCOUNT}:image-pipeline/p", "StartImagePipelineExecution"),
    "ssm-incidents": (f"arn:aws:ssm-incidents::{ACCOUNT}:response-plan/outage", "StartIncident"),
}


@pytest.mark.parametrize("service", NOT_BUILT)
def test_what_moto_has_not_built_is_recorded(service: str) -> None:
    arn, operation = NOT_BUILT[service]
    with mock_aws(), mock_eventbridge() as eb:
        outcome, reason = deliver(eb, arn, RoleArn=ROLE)
        assert (outcome, reason) == ("recorded", f"moto has no {operation} of {service}, so nothing was called")
        assert f"recorded ({reason})" in eb.journal.text()


def test_an_operation_that_moto_has_not_built_is_recorded() -> None:
    """moto has SSM, and not this operation of it, for which it raises NotImplementedError."""
    arn = f"arn:aws:ssm:{REGION}::automation-definition/AWS-RestartEC2Instance:$DEFAULT"
    with mock_aws(), mock_eventbridge() as eb:
        outcome, reason = deliver(eb, arn, RoleArn=ROLE)
    assert (outcome, reason) == ("recorded", "moto has no StartAutomationExecution of ssm, so nothing was called")


@pytest.mark.parametrize("answer", [CRASHED, LOCALSTACK, (404, {}, b"Not yet implemented")])
def test_what_a_server_has_not_built_is_recorded(answer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    arn, operation = NOT_BUILT["inspector"]
    with stand_in(*answer) as url, mock_eventbridge() as eb:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        outcome, reason = deliver(eb, arn, RoleArn=ROLE)
    assert (outcome, f"has no {operation}" in reason) == ("recorded", True)


def test_a_server_that_breaks_down_is_no_missing_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """An internal error in the form of AWS is one, and is tried again."""
    broken = (500, {}, b'{"__type": "InternalException", "message": "busy"}')
    with stand_in(*broken) as url, mock_eventbridge(assert_all_deliveries_succeeded=False) as eb:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        eb.rule("r", pattern={"source": ["shop"]}, to=NOT_BUILT["inspector"][0])
        eb.put("shop", "Sold")
        assert (eb.deliveries.one().outcome, eb.deliveries.one().error) == ("pending", "INTERNAL_ERROR")


def make_function() -> None:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("code.py", "def handler(event, context): return 1")
    boto3.client("iam", **KEYS).create_role(RoleName="run", AssumeRolePolicyDocument="{}")
    boto3.client("lambda", **KEYS).create_function(
        FunctionName="invoice",
        Runtime="python3.11",
        Role=f"arn:aws:iam::{ACCOUNT}:role/run",
        Handler="code.handler",
        Code={"ZipFile": code.getvalue()},
    )


def test_a_function_without_docker_is_not_delivered(monkeypatch: pytest.MonkeyPatch) -> None:
    """moto answers as if the function had run; its answer says that it did not."""
    monkeypatch.setattr(
        "moto.awslambda.models.LambdaFunction._invoke_lambda",
        lambda self, event=None: ("error running docker: no such file", True, ""),
    )
    with mock_aws(), mock_eventbridge() as eb:
        make_function()
        outcome, reason = deliver(eb, FUNCTION)
    assert outcome == "recorded"
    assert reason == (
        "moto cannot run the function 'invoice' without Docker; eb.connect('invoice', handler) calls a handler instead"
    )


def test_a_function_without_the_package_for_docker(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(self: Any, event: Any = None) -> Any:
        raise ModuleNotFoundError("No module named 'docker'")

    monkeypatch.setattr("moto.awslambda.models.LambdaFunction._invoke_lambda", missing)
    with mock_aws(), mock_eventbridge() as eb:
        make_function()
        outcome, reason = deliver(eb, FUNCTION)
    assert (outcome, "No module named 'docker'; eb.connect('invoice', handler)" in reason) == ("recorded", True)


def test_a_function_that_moto_plays_is_delivered() -> None:
    """moto can pretend that functions ran, if a test asks it to."""
    with mock_aws(config={"lambda": {"use_docker": False}}), mock_eventbridge() as eb:
        make_function()
        assert deliver(eb, FUNCTION)[0] == "delivered"


def test_a_server_without_docker(monkeypatch: pytest.MonkeyPatch) -> None:
    with stand_in(*NO_DOCKER) as url, mock_eventbridge() as eb:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        outcome, reason = deliver(eb, FUNCTION)
    assert (outcome, "eb.connect('invoice', handler)" in reason) == ("recorded", True)


def test_an_absent_function_is_the_same_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """With moto in this process, and as a server."""
    with mock_aws(), mock_eventbridge() as eb:
        here = deliver(eb, FUNCTION)
    with stand_in(*ABSENT) as url, mock_eventbridge() as eb:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        there = deliver(eb, FUNCTION)
    assert here == there
    assert here == (
        "recorded",
        "there is no function 'invoice'; eb.connect('invoice', handler) calls a handler instead",
    )


# an endpoint that is EventBridge itself


QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:audit"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_the_served_eventbridge_is_no_endpoint_of_other_services(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable that leads an SDK to it names no queue: what is served does not send anything to itself."""
    with serve() as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url.replace("127.0.0.1", host))
        events = boto3.client("events", **KEYS)
        events.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
        events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": QUEUE}])
        events.put_events(Entries=[{"Source": "shop", "DetailType": "Sold", "Detail": "{}"}])
        deliveries = boto3.client("events", **KEYS).meta.endpoint_url + "/deliveries"
        [made] = read_json(deliveries)
    assert (made["outcome"], made["error"]) == ("recorded", None)


def test_an_eventbridge_of_another_process_is_none_either(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is known by how it answers."""
    answer = (
        400,
        {"Server": "eventbridge-local"},
        b'{"__type": "UnknownOperationException", "message": ""}',
    )
    with stand_in(*answer) as url, mock_eventbridge() as eb:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        assert deliver(eb, QUEUE)[0] == "recorded"


def test_a_connection_beside_an_eventbridge_of_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """It keeps no secrets, so the connection has its secret here alone."""
    answer = (400, {"Server": "eventbridge-local"}, b'{"__type": "UnknownOperationException", "message": ""}')
    with stand_in(*answer) as url, mock_eventbridge() as eb:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        events = boto3.client("events", **KEYS)
        events.create_connection(Name="crm", AuthorizationType="BASIC", AuthParameters=BASIC)
        events.update_connection(Name="crm", AuthorizationType="BASIC", AuthParameters=BASIC)
        assert eb.secret("crm") == {"username": "u", "password": "p"}
        events.delete_connection(Name="crm")


@pytest.mark.parametrize(
    ("remote", "url", "served"),
    [
        (False, "http://127.0.0.1:4010", True),
        (False, "http://localhost:4010/", True),
        (False, "http://[::1]:4010", True),
        (False, "http://eventbridge:4010", False),
        (True, "http://eventbridge:4010", True),
        (True, "http://localhost:4566", False),
        (False, "http://localhost", False),
    ],
)
def test_what_counts_as_served_here(remote: bool, url: str, served: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that other machines reach, such as one in a container, may be called by any name."""
    monkeypatch.setattr(forward, "served_ports", {4010: remote})
    assert forward.is_served_here(url) is served


def test_a_server_that_has_ended_is_served_no_more() -> None:
    with serve() as url:
        assert forward.is_served_here(url)
    assert not forward.is_served_here(url)


def read_json(url: str) -> Any:
    from urllib.request import urlopen

    with urlopen(url) as answer:
        return json.load(answer)


# a connection that is older than moto


BASIC = {"BasicAuthParameters": {"Username": "u", "Password": "p"}}


def secret_of(arn: str) -> Any:
    return json.loads(boto3.client("secretsmanager", **KEYS).get_secret_value(SecretId=arn)["SecretString"])


def test_a_connection_gets_its_secret_when_moto_starts() -> None:
    """Under the ARN that was answered before; again when moto starts again; changes and the deletion go there too."""
    with mock_eventbridge() as eb:
        events = boto3.client("events", **KEYS)
        events.create_connection(Name="crm", AuthorizationType="BASIC", AuthParameters=BASIC)
        arn = events.describe_connection(Name="crm")["SecretArn"]
        for _ in range(2):
            with mock_aws():
                assert secret_of(arn) == eb.secret("crm") == {"username": "u", "password": "p"}
                [listed] = boto3.client("secretsmanager", **KEYS).list_secrets()["SecretList"]
                assert (listed["ARN"], listed.get("OwningService", "events")) == (
                    arn,
                    "events",
                )  # newer ones tell the owner
        with mock_aws():
            new = {"BasicAuthParameters": {"Password": "new"}}
            events.update_connection(Name="crm", AuthorizationType="BASIC", AuthParameters=new)
            assert secret_of(arn)["password"] == "new"
            events.delete_connection(Name="crm")
            assert boto3.client("secretsmanager", **KEYS).list_secrets()["SecretList"] == []


def test_describing_a_connection_brings_its_secret_too() -> None:
    """So what a test reads from moto's own state is there."""
    with mock_eventbridge():
        events = boto3.client("events", **KEYS)
        events.create_connection(Name="crm", AuthorizationType="BASIC", AuthParameters=BASIC)
        with mock_aws():
            arn = events.describe_connection(Name="crm")["SecretArn"]
            from moto.secretsmanager.models import secretsmanager_backends

            assert [each.arn for each in secretsmanager_backends[ACCOUNT][REGION].secrets.values()] == [arn]


def test_a_client_of_secrets_manager_older_than_the_mock() -> None:
    secrets = boto3.client("secretsmanager", **KEYS)
    with mock_eventbridge(), mock_aws():
        boto3.client("events", **KEYS).create_connection(Name="crm", AuthorizationType="BASIC", AuthParameters=BASIC)
        assert len(secrets.list_secrets()["SecretList"]) == 1


def test_no_secret_leaves_a_mock_that_forwards_nothing() -> None:
    with mock_eventbridge(forward="never"):
        events = boto3.client("events", **KEYS)
        events.create_connection(Name="crm", AuthorizationType="BASIC", AuthParameters=BASIC)
        with mock_aws():
            assert boto3.client("secretsmanager", **KEYS).list_secrets()["SecretList"] == []


def test_a_moto_that_is_imported_anew_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests that purge modules give moto another switch."""
    services = forward.Services()
    assert services.has_no_receiver("sqs")
    again = SimpleNamespace(botocore_stubber=SimpleNamespace(enabled=True))
    monkeypatch.setitem(sys.modules, "moto.core.models", again)
    assert not services.has_no_receiver("sqs")
    again.botocore_stubber.enabled = False
    assert services.has_no_receiver("sqs")
    monkeypatch.setitem(sys.modules, "moto.core.models", SimpleNamespace())
    assert services.has_no_receiver("sqs")
