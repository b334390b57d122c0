"""Where the shop lives, and its one client, made at import time as in most projects."""

import boto3

REGION = "eu-central-1"
ACCOUNT = "123456789012"
BUS = "orders"

events = boto3.client("events", region_name=REGION)


def function_arn(name: str) -> str:
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"


def queue_arn(name: str) -> str:
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
