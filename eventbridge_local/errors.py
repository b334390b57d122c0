"""Errors in two families: what the service refuses, and what a user of this library did by mistake.

A ``ServiceError`` has only what AWS itself would say. ``botocore_hooks`` makes botocore's ``ClientError`` of it; advice
of ours is never in its message, but in exception notes.
"""

from __future__ import annotations

from eventbridge_local.visible import visible


class EventBridgeLocalError(Exception):
    """Base of the errors this library raises in its own name, never in AWS's."""

    def __str__(self) -> str:
        return visible(super().__str__())


class UsageError(EventBridgeLocalError, ValueError):
    """An argument to this library does not make sense; the text names it, its value and what to write instead."""


class UnusableFile(UsageError, OSError):
    """A file that cannot be opened, read or written; the text names it, the reason and what to do."""


class UnsupportedOperation(EventBridgeLocalError, NotImplementedError):
    """An operation that this library does not know, such as one of a newer botocore. Nothing was sent anywhere."""


class MotoVersionWarning(UserWarning):
    """moto is not as this library knows it, so what moto's own services send may not arrive."""


class ServiceError(Exception):
    """A refusal in the service's own words.

    Args:
        code: the error code, such as ``ResourceNotFoundException``.
        message: AWS's exact text.
        status: the HTTP status; AWS refuses with 400 always (facts 1.1).
        hint: advice in our words, attached as an exception note and never part of the message.
    """

    def __init__(self, code: str, message: str, status: int = 400, hint: str | None = None) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.status = status
        self.hint = hint

    def __str__(self) -> str:
        return visible(f"{self.code}: {self.message}")


def add_note(error: BaseException, note: str) -> None:
    """Add a note of ours to an error."""
    error.add_note(visible(note))


def notes_of(error: BaseException) -> list[str]:
    """Return the notes of an error for a reader who has no test; notes about a test are left out."""
    notes = (note.removeprefix("eventbridge_local: ") for note in getattr(error, "__notes__", ()))
    return [note for note in notes if "in the test" not in note]


def one_line(text: str) -> str:
    """Return the lines of a text joined to one line."""
    return " ".join(line.strip() for line in text.splitlines() if line.strip())


def validation_error(message: str, *, hint: str | None = None) -> ServiceError:
    """Return the refusal of a wrong value in a request. It is not in the API model, yet AWS uses it most."""
    return ServiceError("ValidationException", message, hint=hint)


def wrong_arn(text: str) -> ServiceError:
    """Return the refusal of a text that is no ARN, or not one of the form that is asked for."""
    return validation_error(f"Parameter {text} is not valid. Reason: Provided Arn is not in correct format.")


def queue_of_another_region(queue: str) -> ServiceError:
    """Return the refusal of a dead-letter queue outside of the Region (captured for buses, carried over to targets)."""
    return ServiceError(
        "AccessDeniedException",
        f"Access to the resource {queue} is denied. Reason: You must specify a dead letter queue in the same region.",
    )


def not_found(message: str, *, hint: str | None = None) -> ServiceError:
    """Return the refusal when a resource does not exist."""
    return ServiceError("ResourceNotFoundException", message, hint=hint)


def already_exists(message: str) -> ServiceError:
    """Return the refusal when a name is already in use."""
    return ServiceError("ResourceAlreadyExistsException", message)


def limit_exceeded(message: str = "The requested resource exceeds the maximum number allowed.") -> ServiceError:
    """Return the refusal when a quota is exceeded; this text was recorded for targets and for replays (facts 1.9)."""
    return ServiceError("LimitExceededException", message)


class UnresolvedReference(EventBridgeLocalError):
    """A template names something that is not known without a deployment; the text says how to give it."""


class DeliveryFailed(EventBridgeLocalError, AssertionError):
    """An event did not reach a target; raised when the context ends, because production would be silent."""


class CheckFailed(EventBridgeLocalError, AssertionError):
    """A strict check failed when the context ended: a rule or an event matched nothing, or a target is not
    permitted."""


class ContractViolation(EventBridgeLocalError, AssertionError):
    """An event breaks its contract. ``violations`` holds the findings, one record each."""

    def __init__(self, message: str, violations: tuple[object, ...] = ()) -> None:
        super().__init__(message)
        self.violations = violations
