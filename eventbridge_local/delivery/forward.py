"""Other AWS services, called where moto or a local endpoint serves them.

Strategy: a botocore client is made as the user's own code would make it, so that whatever serves the user serves us.
Where moto is active it answers every client, and the account travels in the header moto reads. Otherwise botocore's own
configuration (``AWS_ENDPOINT_URL``, ``AWS_ENDPOINT_URL_SQS``, the config file) must name an endpoint, and its host must
be loopback or one that the option ``allow_hosts`` names. Nothing else is ever called, and this machine without a proxy.
Who serves may change at any time within a test, so it is asked again for each event; ``has_no_receiver`` is the cheap
form of that question.

What a refusal means to EventBridge is in ``refusals.py``.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, ReadTimeoutError
from botocore.exceptions import ConnectionError as BotoConnectionError

from eventbridge_local import moto_insides
from eventbridge_local.delivery.http.loopback import bound_connections, is_loopback
from eventbridge_local.delivery.pending import AttemptFailed, AwsRequest, unforeseen
from eventbridge_local.model.arn import names_of
from eventbridge_local.moto_insides import find_switch, moto_is_active


class NotLocal(Exception):
    """An endpoint is configured, and its host is not of this machine."""

    def __init__(self, service: str, url: str) -> None:
        host = urlsplit(url).hostname or url
        super().__init__(
            f"the endpoint of {service} is {url}, which is not on this machine, so nothing was sent. "
            f"mock_eventbridge(allow_hosts=[{host!r}]) allows it; forward='never' records without sending"
        )


class NotBuilt(Exception):
    """Whoever serves a service cannot carry out a request that AWS can; ``reason`` says what is missing."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Services:
    """Finds who serves a service.

    Args:
        forward: ``auto`` calls what moto or an allowed endpoint serves, ``never`` calls nothing; or the names of the
            services that may be called, as boto3 spells them.
        allow_hosts: host names besides loopback that may be called.
    """

    def __init__(self, forward: str | Collection[str] = "auto", allow_hosts: Collection[str] = ()) -> None:
        self._all = forward == "auto"
        self._only = frozenset() if isinstance(forward, str) else frozenset(forward)
        self.allowed = frozenset(allow_hosts)
        self._files: dict[str | None, bool] = {}

    def has_no_receiver(self, service: str) -> bool:
        """Return whether it is clear without making a client that nothing serves ``service`` here."""
        if not self._all and service not in self._only:
            return True
        core = sys.modules.get(moto_insides.CORE)
        if core is not None and (moto_insides.switch if core is moto_insides.core else find_switch()).enabled:
            return False
        if none_is_set(_variables_of(service)):
            return not self._file_names_an_endpoint(None)
        return _endpoint_variable(service) is None and not self._file_names_an_endpoint(os.environ.get(_CONFIG_FILE))

    def _file_names_an_endpoint(self, name: str | None) -> bool:
        """Return whether the configuration file mentions endpoints. A file is read once.

        Args:
            name: what ``AWS_CONFIG_FILE`` says, None where it is not set.
        """
        known = self._files.get(name)
        if known is None:
            known = self._files[name] = _mentions_endpoint(_config_path())
        return known

    def client(self, service: str, account: str, region: str) -> Any | None:
        """Return a botocore client of ``service`` in an account and Region, None where nothing serves it here.

        Raises:
            NotLocal: an endpoint is configured whose host is not of this machine and is not allowed.
        """
        if self.has_no_receiver(service):
            return None
        by_moto = moto_is_active()
        client = _client(by_moto, service, account, region, None if by_moto else _endpoint_settings(service))
        if by_moto:
            return client
        url = client.meta.endpoint_url
        return client if not is_served_here(url) and self._is_allowed(service, url) else None

    def send(self, request: AwsRequest) -> Mapping[str, Any] | None:
        """Send ``request``. Return the answer, None when nothing serves that service here.

        Raises:
            AttemptFailed: the service refused, did not answer or broke down, or its endpoint is configured wrongly.
            NotBuilt: the stand-in for the service does not have what is asked for, or cannot run it.
        """
        try:
            client = self.client(request.service, request.account, request.region)
            if client is None:
                return None
            return _STEPS.get((request.service, request.operation), _call)(client, request)
        except NotBuilt:
            raise
        except ClientError as error:
            if _is_answered_by_ourselves(error):
                return None
            if _is_not_built(error):
                raise NotBuilt(_not_built(request)) from None
            # Late, because few tests have a service that refuses.
            from eventbridge_local.delivery.refusals import failure_of

            raise failure_of(request, error) from None
        except NotImplementedError:  # moto says so of operations it does not have
            raise NotBuilt(_not_built(request)) from None
        except ModuleNotFoundError as missing:  # of a package that moto needs for this service alone
            raise NotBuilt(f"{_not_built(request)}: {missing}") from None
        except (ReadTimeoutError, EndpointConnectionError, BotoConnectionError) as error:
            code = "TIMEOUT" if isinstance(error, ReadTimeoutError) else "CONNECTION_FAILURE"
            raise AttemptFailed(code, str(error)) from None
        except (NotLocal, BotoCoreError, ValueError) as error:  # the last of a URL that is none
            raise AttemptFailed("SDK_CLIENT_ERROR", str(error), retry=False) from None
        except Exception as broken:  # whoever stands in for the service broke down
            raise unforeseen(broken) from broken

    def allows(self, url: str) -> bool:
        """Return whether a host may be called: it is loopback, or the user named it."""
        return is_loopback(url) or (urlsplit(url).hostname or "") in self.allowed

    def reaches(self, url: str) -> bool:
        """Return whether an HTTP target may be called. In a list of services its name is ``http``."""
        return (self._all or "http" in self._only) and self.allows(url)

    def _is_allowed(self, service: str, url: str) -> bool:
        if self.allows(url):
            return True
        if (urlsplit(url).hostname or "").endswith((".amazonaws.com", ".amazonaws.com.cn", ".api.aws")):
            return False  # AWS itself: what is configured is for other services
        raise NotLocal(service, url)


def ask(client: Any | None, operation: str, **params: Any) -> Mapping[str, Any] | None:
    """Call a service beside a delivery. Return None if nothing serves it here, or if it does not have the resource."""
    if client is None:
        return None
    try:
        answer: Mapping[str, Any] = getattr(client, operation)(**params)
    except client.exceptions.ResourceNotFoundException:
        return None
    except ClientError as error:
        if _is_answered_by_ourselves(error):
            return None
        raise
    return answer


# How a request is sent.


def _call(client: Any, request: AwsRequest) -> Mapping[str, Any]:
    answer: Mapping[str, Any] = client._make_api_call(request.operation, dict(request.params))
    return answer


def _send_message(client: Any, request: AwsRequest) -> Mapping[str, Any]:
    """Send a message to the queue's URL as whoever serves the queue spells it."""
    account, name = request.params["QueueUrl"].rsplit("/", 2)[-2:]
    url = client.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"]
    return _call(client, request._replace(params={**request.params, "QueueUrl": url}))


def _invoke(client: Any, request: AwsRequest) -> Mapping[str, Any] | None:
    """Invoke a function, and see whether it ran.

    A stand-in runs functions in containers, so tests seldom make them there: a function that is absent is not refused.
    """
    name = names_of(request.params["FunctionName"])[-1]
    instead = f"eb.connect({name!r}, handler) calls a handler instead"
    try:
        answer = _call(client, request)
    except client.exceptions.ResourceNotFoundException:
        raise NotBuilt(f"there is no function {name!r}; {instead}") from None
    except ModuleNotFoundError as missing:
        raise NotBuilt(f"moto cannot run the function {name!r}: {missing}; {instead}") from None
    except ClientError as error:
        if not _is_not_built(error):
            raise
        raise NotBuilt(f"the function {name!r} cannot be run here; {instead}") from None
    if moto_insides.NO_DOCKER in _start_of(answer.get("Payload")):
        raise NotBuilt(f"moto cannot run the function {name!r} without Docker; {instead}")
    return answer


def _start_of(payload: Any) -> bytes:
    """Return the first bytes of what a function answered."""
    return bytes(payload.read(1_000)) if hasattr(payload, "read") else b""


def _put_log_events(client: Any, request: AwsRequest) -> Mapping[str, Any]:
    """Write log events to a stream, which EventBridge makes first."""
    names = {name: request.params[name] for name in ("logGroupName", "logStreamName")}
    with contextlib.suppress(client.exceptions.ResourceAlreadyExistsException):
        client.create_log_stream(**names)
    return _call(client, request)


#: Requests that need a step before them.
_STEPS: Mapping[tuple[str, str], Callable[[Any, AwsRequest], Mapping[str, Any] | None]] = {
    ("lambda", "Invoke"): _invoke,
    ("sqs", "SendMessage"): _send_message,
    ("logs", "PutLogEvents"): _put_log_events,
}


# What a stand-in lacks.


def _is_not_built(error: ClientError) -> bool:
    """Return whether a stand-in answers that it does not have the service or the operation.

    moto does so with the words "Not yet implemented", LocalStack with status 501 and similar words. moto's server has
    no answer for it: it breaks down, and its web server (Werkzeug) shows a page about that.
    """
    message = str(error.response.get("Error", {}).get("Message", ""))
    metadata = error.response.get("ResponseMetadata", {})
    status, headers = metadata.get("HTTPStatusCode"), metadata.get("HTTPHeaders", {})
    if status == 501 or "not yet implemented" in message.lower():
        return True
    return status == 500 and "Werkzeug" in headers.get("server", "") and message.lower().startswith("<!doctype html")


def _is_answered_by_ourselves(error: ClientError) -> bool:
    """Return whether the endpoint is an EventBridge of this library, served by another process."""
    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return str(headers.get("server", "")).startswith(SERVER_NAME)


def _not_built(request: AwsRequest) -> str:
    by = "moto" if moto_is_active() else "what serves it here"
    return f"{by} has no {request.operation} of {request.service}, so nothing was called"


# Who serves a service, and a client of it.

#: How botocore spells services in the names of endpoint variables, where upper case alone does not give it.
_IN_VARIABLES = {
    "logs": "CLOUDWATCH_LOGS",
    "redshift-data": "REDSHIFT_DATA",
    "secretsmanager": "SECRETS_MANAGER",
    "ssm-incidents": "SSM_INCIDENTS",
    "stepfunctions": "SFN",
}
_ENDPOINT = "AWS_ENDPOINT_URL"
_CONFIG_FILE = "AWS_CONFIG_FILE"
_DEFAULT_CONFIG = "~/.aws/config"


def moto_client(service: str, account: str, region: str) -> Any:
    """Return a client that moto answers, whatever ``forward`` says. Only to be asked for while moto is active."""
    return _client(True, service, account, region, None)


#: How the server of this library calls itself in its answers.
SERVER_NAME = "eventbridge-local"
#: The ports on which this process serves EventBridge, and whether other machines reach it there.
served_ports: dict[int, bool] = {}


def is_served_here(url: str) -> bool:
    """Return whether a URL is that of an EventBridge that this process serves, which answers for no other service.

    One that other machines reach has names that are not known here, such as that of its container.
    """
    if not served_ports:
        return False
    reached = served_ports.get(urlsplit(url).port or 0)
    return reached is not None and (reached or is_loopback(url))


def _endpoint_variable(service: str) -> str | None:
    return os.environ.get(_specific(service)) or os.environ.get(_ENDPOINT)


def _specific(service: str) -> str:
    return f"{_ENDPOINT}_{_IN_VARIABLES.get(service, service.upper())}"


def none_is_set(variables: Collection[str | bytes]) -> bool:
    """Return whether no variable of the environment is set of those that ``as_kept`` returned.

    ``os.environ`` raises and catches an error for each variable that is not set; every call that delivers asks for
    three, and every mock for four. So the dict behind it is asked, where it has one.
    """
    kept: Mapping[Any, Any] = getattr(os.environ, "_data", os.environ)
    return kept.keys().isdisjoint(variables)


def as_kept(*names: str) -> tuple[str | bytes, ...]:
    """Return the names of variables as text and as bytes, for the dict behind ``os.environ`` has one of the two."""
    return (*names, *map(os.fsencode, names))


@lru_cache(maxsize=64)
def _variables_of(service: str) -> tuple[str | bytes, ...]:
    """Return the variables that say where a service is."""
    return as_kept(_specific(service), _ENDPOINT, _CONFIG_FILE)


def _endpoint_settings(service: str) -> object:
    path = _config_path()
    return _endpoint_variable(service), os.environ.get("AWS_PROFILE"), path, _changed(path)


def _config_path() -> str:
    return os.path.expanduser(os.environ.get(_CONFIG_FILE) or _DEFAULT_CONFIG)


def _changed(path: str) -> int | None:
    """Return when a file was last written, None where there is none."""
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return None


def _mentions_endpoint(path: str) -> bool:
    try:
        return "endpoint_url" in Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False


@lru_cache(maxsize=128)
def _client(by_moto: bool, service: str, account: str, region: str, settings: object) -> Any:
    """Return a client for all mocks of the process, since making one takes longer than most tests.

    Args:
        by_moto: moto's handlers are on sessions that are made after its import.
        settings: what the endpoint depends on; botocore reads it when the client is made.
    """
    # A session reads the configuration once, so only moto's, which needs none, is shared.
    session = _moto_session() if by_moto else botocore.session.Session()

    def make(proxies: dict[str, str] | None) -> Any:
        return session.create_client(
            service,
            region_name=region,
            aws_access_key_id=account,
            aws_secret_access_key="eventbridge-local",
            config=Config(
                retries={"total_max_attempts": 1},
                connect_timeout=5,
                read_timeout=5,
                proxies=proxies,
                # "auto", which the environment may say, asks the machine for its Region.
                defaults_mode="legacy",  # type: ignore[arg-type]  # the stubs are wrong
            ),
        )

    client = make({})  # which botocore keeps to, while None takes the proxies of the environment
    if not by_moto and not is_loopback(client.meta.endpoint_url):
        client = make(None)
    bound_connections(client)
    client.meta.events.register("before-call", _account_header(account))
    return client


@lru_cache(maxsize=1)
def _moto_session() -> botocore.session.Session:
    return botocore.session.Session()


def _account_header(account: str) -> Callable[..., None]:
    def add(params: dict[str, Any], **_: Any) -> None:
        params["headers"]["x-moto-account-id"] = account

    return add
