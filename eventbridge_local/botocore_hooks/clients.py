"""How a client of a served service is made while a mock answers: it asks nobody for credentials or a Region.

What answers a client needs no signature. But botocore looks for credentials when a client is made, and that may call
the metadata service of a machine or of a container, run a command, or ask another service. So while such a client is
made, only those who merely read are asked: variables and files. The client gets ``LateCredentials``, which ask the
others when a request is really signed, outside the mock. What the session keeps is not touched: clients of other
services find their credentials as ever.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.exceptions import NoRegionError

from eventbridge_local.botocore_hooks import active, refused_calls
from eventbridge_local.botocore_hooks.services import SERVED
from eventbridge_local.errors import add_note

#: Providers of credentials that read variables or files, as botocore names them.
_READERS = ("env", "shared-credentials-file", "config-file", "ec2-credentials-file", "boto-config")
#: What signs inside a mock, where no signature is looked at.
_ANY = ReadOnlyCredentials("eventbridge-local", "eventbridge-local", None)

_making: ContextVar[bool] = ContextVar("eventbridge_local_making_client", default=False)


class LateCredentials(Credentials):
    """Credentials that are looked for when a request is signed outside a mock.

    Args:
        session: finds them.
        known: what was found without asking anybody, for the account of the caller.
    """

    def __init__(self, session: Any, known: Any = None) -> None:
        self._session = session
        self._known = known
        #: The hook looks for the key here.
        self._access_key = getattr(known, "access_key", "")
        self.method = getattr(known, "method", "eventbridge-local")

    def get_frozen_credentials(self) -> Any:
        if active.innermost() is not None:
            return self._known.get_frozen_credentials() if self._known else _ANY
        found = self._session.get_credentials()
        return found and found.get_frozen_credentials()

    @property
    def access_key(self) -> Any:  # type: ignore[override]
        return self._member("access_key")

    @property
    def secret_key(self) -> Any:  # type: ignore[override]
        return self._member("secret_key")

    @property
    def token(self) -> Any:  # type: ignore[override]
        return self._member("token")

    @property
    def account_id(self) -> Any:
        return self._member("account_id")

    def _member(self, name: str) -> Any:
        return getattr(self.get_frozen_credentials(), name, None)


class AsyncLateCredentials(LateCredentials):
    """The same for aiobotocore, which awaits credentials."""

    async def get_frozen_credentials(self) -> Any:  # type: ignore[override]
        if active.innermost() is not None:
            return await self._known.get_frozen_credentials() if self._known else _ANY
        found = await self._session.get_credentials()
        return found and await found.get_frozen_credentials()

    def _member(self, name: str) -> Any:
        inside = active.innermost() is not None
        return getattr(self._known or (_ANY if inside else self._session._credentials), name, None)

    # aiobotocore has a function beside each member.

    def get_account_id(self) -> Any:
        return self.account_id

    def get_access_key(self) -> Any:
        return self.access_key

    def get_secret_key(self) -> Any:
        return self.secret_key

    def get_token(self) -> Any:
        return self.token


def create_client(original: Callable[..., Any], session: Any, *args: Any, **kwargs: Any) -> Any:
    """Make a client, in the place of ``Session.create_client``."""
    if not _is_served(args, kwargs):
        return original(session, *args, **kwargs)
    token = _making.set(True)
    try:
        return original(session, *args, **kwargs)
    except NoRegionError as error:
        _add_hint(error)
        raise
    finally:
        _making.reset(token)


async def create_client_async(original: Callable[..., Any], session: Any, *args: Any, **kwargs: Any) -> Any:
    """Make a client, in the place of ``AioSession._create_client``."""
    if not _is_served(args, kwargs):
        return await original(session, *args, **kwargs)
    token = _making.set(True)
    try:
        return await original(session, *args, **kwargs)
    except NoRegionError as error:
        _add_hint(error)
        raise
    finally:
        _making.reset(token)


def get_credentials(original: Callable[..., Any], session: Any) -> Any:
    """Return the credentials of a session, or late ones for a served client that is made now."""
    if not _making.get() or session._credentials is not None:
        return original(session)
    known = None
    for is_first, provider in _readers(session):
        known = provider.load()
        if known is not None and is_first:
            return known
        if known is not None:
            break
    return LateCredentials(session, known)


async def get_credentials_async(original: Callable[..., Any], session: Any) -> Any:
    """The same for ``AioSession``."""
    if not _making.get() or session._credentials is not None:
        return await original(session)
    known = None
    for is_first, provider in _readers(session):
        known = await provider.load()
        if known is not None and is_first:
            return known
        if known is not None:
            break
    return AsyncLateCredentials(session, known)


def assert_metadata_enabled(original: Callable[..., Any], fetcher: Any) -> None:
    """Keep botocore from asking a machine's metadata service, which the defaults mode "auto" does for the Region."""
    if _making.get():
        raise fetcher._RETRIES_EXCEEDED_ERROR_CLS()
    original(fetcher)


def provide_variable(original: Callable[..., Any], provider: Any) -> Any:
    """Give a client that names no Region the one of the mock that answers where the client is made.

    The environment has one ``AWS_DEFAULT_REGION`` for all threads and tasks. What botocore asks first, such as
    ``region_name``, and whatever else it looks for in the environment stay as they are.
    """
    if provider._name == active.REGION_VARIABLE and provider._env is os.environ:
        mock = active.innermost()
        if mock is not None:
            return active.region_of(mock)
    return original(provider)


def _is_served(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Return whether a client of a served service is made where a mock answers, or where calls are stopped."""
    service = args[0] if args else kwargs.get("service_name")
    return service in SERVED and (active.innermost() is not None or refused_calls.are_stopped_here())


def _readers(session: Any) -> list[tuple[bool, Any]]:
    """Return the providers of a session that only read, each with whether nobody who asks comes before it."""
    providers = getattr(session.get_component("credential_provider"), "providers", ())
    methods = [provider.METHOD for provider in providers]
    first_asking = next((place for place, method in enumerate(methods) if method not in _READERS), len(methods))
    return [(place < first_asking, provider) for place, provider in enumerate(providers) if methods[place] in _READERS]


def _add_hint(error: BaseException) -> None:
    if active.innermost() is None and refused_calls.blocks:
        add_note(error, f"eventbridge_local: no mock is active here: {refused_calls.blocks[-1].explain()}")
