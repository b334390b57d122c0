"""Other AWS services as this process can reach them without leaving the machine: moto, or a loopback endpoint.

Strategy: a botocore client is made as the user's own code would make it, so that whatever serves the user serves us.
Where moto is active it answers every client, and the account travels in the header moto reads; otherwise botocore's
own configuration (``AWS_ENDPOINT_URL``, ``AWS_ENDPOINT_URL_SQS``, the config file) must name an endpoint, and its host
must be loopback or one that the option ``allow_hosts`` names. Nothing else is ever called.
"""

from __future__ import annotations

import ipaddress
import sys
from typing import Any, Literal
from urllib.parse import urlsplit

import botocore.session
from botocore.config import Config

Forward = Literal["auto", "never"]


class NotLocal(Exception):
    """An endpoint is configured, and its host is not of this machine."""

    def __init__(self, service: str, url: str) -> None:
        host = urlsplit(url).hostname or url
        super().__init__(
            f"the endpoint of {service} is {url}, which is not on this machine; nothing was sent. "
            f"mock_eventbridge(allow_hosts=[{host!r}]) allows it, forward='never' records without sending"
        )


class Services:
    """Finds who serves a service.

    Args:
        forward: ``auto`` calls what moto or an allowed endpoint serves, ``never`` calls nothing.
        allow_hosts: host names besides loopback that may be called.
    """

    def __init__(self, forward: Forward = "auto", allow_hosts: tuple[str, ...] = ()) -> None:
        self._forward = forward
        self._allowed = frozenset(allow_hosts)
        self._clients: dict[tuple[str, str, str, str], Any] = {}

    def client(self, service: str, account: str, region: str) -> Any | None:
        """A botocore client of ``service`` in that account and Region, None where nothing serves it here.

        Raises:
            NotLocal: an endpoint is configured whose host is not of this machine and is not allowed.
        """
        if self._forward == "never":
            return None
        by_moto = moto_is_active()
        key = ("moto" if by_moto else "endpoint", service, account, region)
        if by_moto:
            return self._clients.get(key) or self._keep(key, _client(service, account, region))
        made = self._clients.get(key)
        return made or self._endpoint_client(key)

    def _endpoint_client(self, key: tuple[str, str, str, str]) -> Any | None:
        _, service, account, region = key
        url = configured_endpoint(service)
        if url is None:
            return None
        if not is_loopback(url) and (urlsplit(url).hostname or "") not in self._allowed:
            raise NotLocal(service, url)
        return self._keep(key, _client(service, account, region, url))

    def _keep(self, key: tuple[str, str, str, str], client: Any) -> Any:
        self._clients[key] = client
        return client


def moto_is_active() -> bool:
    """Whether a ``mock_aws`` is active in this process. moto has no public question for that, so this is fenced here."""
    models = sys.modules.get("moto.core.models")
    stubber = getattr(models, "botocore_stubber", None)
    return bool(getattr(stubber, "enabled", False))


def configured_endpoint(service: str) -> str | None:
    """The endpoint that the environment or the AWS configuration names for a service, None when it names none."""
    session = botocore.session.Session()
    provider = session.get_component("config_store")
    specific = {"AWS_ENDPOINT_URL_" + service_id(service), "AWS_ENDPOINT_URL"}
    import os

    if os.environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
        return None
    del provider
    found = [os.environ[name] for name in sorted(specific, reverse=True) if os.environ.get(name)]
    return found[0] if found else None


def service_id(service: str) -> str:
    """The service id as it stands in the names of endpoint variables: ``SECRETS_MANAGER``, ``SQS``."""
    loader = botocore.session.Session().get_component("data_loader")
    model = loader.load_service_model(service, "service-2")
    found: str = model["metadata"]["serviceId"]
    return found.replace(" ", "_").upper()


def is_loopback(url: str) -> bool:
    """Whether the host of ``url`` is this machine by its name or address alone; nothing is looked up."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _client(service: str, account: str, region: str, url: str | None = None) -> Any:
    session = botocore.session.Session()
    client = session.create_client(
        service,
        region_name=region,
        aws_access_key_id=account,
        aws_secret_access_key="eventbridge-local",
        endpoint_url=url,
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=5),
    )
    client.meta.events.register("before-call", _account_header(account))
    return client


def _account_header(account: str) -> Any:
    def add(params: dict[str, Any], **_: Any) -> None:
        params["headers"]["x-moto-account-id"] = account

    return add
