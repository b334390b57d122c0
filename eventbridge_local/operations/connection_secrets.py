"""The secret of a connection, in Secrets Manager where moto or a local endpoint serves it, else only in the record.

What the endpoint refuses is raised as it is and the connection stays as it was: a test that runs a Secrets Manager
wants to know. ``forward="never"`` keeps secrets inside.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from eventbridge_local.core.arn import partition_of
from eventbridge_local.operations.context import Context

_OWNER = {"Key": "aws:secretsmanager:owningService", "Value": "events"}


def make(ctx: Context, name: str, document: Mapping[str, Any], kms_key: str | None) -> str:
    """Make the secret of the connection ``name`` and return its ARN (form recorded)."""
    place = ctx.place
    secret = f"events!connection/{name}/{ctx.ids.uuid()}"
    client = _client(ctx)
    if client is None:
        suffix = ctx.ids.uuid()[:6]
        return (
            f"arn:{partition_of(place.region)}:secretsmanager:{place.region}:{place.account}:secret:{secret}-{suffix}"
        )
    arn: str = client.create_secret(Name=secret, SecretString=json.dumps(document), Tags=[_OWNER], **_key(kms_key))[
        "ARN"
    ]
    return arn


def replace(ctx: Context, arn: str, document: Mapping[str, Any], kms_key: str | None) -> None:
    """Give the secret a new version. One that was made while nobody served secrets is not there to be changed."""
    client = _client(ctx)
    if client is not None:
        try:
            client.update_secret(SecretId=arn, SecretString=json.dumps(document), **_key(kms_key))
        except client.exceptions.ResourceNotFoundException:
            return


def drop(ctx: Context, arn: str | None) -> None:
    """Delete the secret; one that is not there is gone already."""
    client = None if arn is None else _client(ctx)
    if client is not None:
        try:
            client.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
        except client.exceptions.ResourceNotFoundException:
            return


def _client(ctx: Context) -> Any | None:
    return ctx.plane.services.client("secretsmanager", ctx.place.account, ctx.place.region)


def _key(kms_key: str | None) -> dict[str, str]:
    return {"KmsKeyId": kms_key} if kms_key else {}
