"""Failures on demand: of targets, of entries and of calls."""

from __future__ import annotations

from collections.abc import Iterable

from eventbridge_local.handle.base import Base


class Failing(Base):
    """What the test makes fail."""

    def fail_target(
        self,
        target: str,
        *,
        times: int | None = None,
        error: str = "SDK_CLIENT_ERROR",
        reason: str | None = None,
        rate: float = 1.0,
    ) -> None:
        """Make attempts to reach a target fail; retries and dead letters follow as on AWS.

        Args:
            target: its ARN, the bare name of the function, queue, topic..., or the target's id; dead-letter queues too.
            times: how many attempts fail; None for all.
            error: an error code of EventBridge, such as THROTTLING (tried again) or NO_RESOURCE (not tried again).
            reason: the ERROR_MESSAGE of the dead letter.
            rate: the share of attempts that fail, from 0 to 1, reproducible with the option ``seed``.

        Raises:
            UsageError: there is no such error code, or a number makes no sense.

        The codes are those of the User Guide's page on dead-letter queues.
        """
        self._service.faults.add(self._arn(target), times=times, error=error, reason=reason, rate=rate)

    def fail_put(
        self,
        *,
        entries: Iterable[int] | None = None,
        code: str = "ThrottlingException",
        message: str | None = None,
        times: int | None = 1,
        rate: float = 1.0,
    ) -> None:
        """Make PutEvents refuse entries, as AWS does under load: HTTP 200, an ErrorCode for each, no delivery.

        Args:
            entries: their positions in the request, from 0; None for all. A request without such a position passes.
            code: the ErrorCode: InternalFailure and ThrottlingException are worth resending, the others are not.
            message: the ErrorMessage; None for that of the API reference.
            times: in how many requests entries are refused; None for all.
            rate: the share of those entries that are refused, from 0 to 1, reproducible with the option ``seed``.

        Raises:
            UsageError: PutEvents has no such code for entries, or a number makes no sense.

        The codes are those of the API reference for PutEventsResultEntry.
        """
        self._service.entry_faults.add(entries, code=code, message=message, times=times, rate=rate)

    def fail_call(
        self,
        operation: str,
        *,
        code: str | None = None,
        message: str | None = None,
        status: int | None = None,
        error: str | None = None,
        latency: float = 0,
        times: int | None = 1,
        rate: float = 1.0,
    ) -> None:
        """Make attempts of a client's call fail, so that botocore's own retries have something to do.

        botocore makes the next attempt as the client's retry mode has it, without waiting. An attempt that fails
        changes nothing, and stands in ``eb.calls``. ``eb.put`` and the like are no calls of a client and do not fail.

        Args:
            operation: as the API spells it, such as ``PutEvents``.
            code: the error code; None for ThrottlingException, or InternalFailure with a status from 500.
            message: the error's message.
            status: the HTTP status; None for the one that goes with the code.
            error: instead of an answer ``connect_timeout``, ``read_timeout``, ``connection_closed`` or
                ``connection_refused``.
            latency: seconds that the attempt takes. Nobody sleeps: a clock that the test has taken over moves on, and
                an attempt longer than the client's ``read_timeout`` ends as one. Alone it makes attempts slow.
            times: how many attempts fail; None for all. botocore gives up after 5, or 3 in the newer modes.
            rate: the share of attempts that fail, from 0 to 1, reproducible with the option ``seed``.

        Raises:
            UsageError: there is no such operation, code or error, they exclude each other, or a number makes no sense.
        """
        self._service.call_faults.add(
            operation,
            code=code,
            message=message,
            status=status,
            error=error,
            latency=latency,
            times=times,
            rate=rate,
        )

    def fail_nothing(self) -> None:
        """Forget what ``fail_target``, ``fail_put`` and ``fail_call`` arranged and what has not struck yet."""
        self._service.fail_nothing()
