"""Scenes in which a template is broken, names what is not known, or would be refused at deployment."""

from __future__ import annotations

import tempfile
from pathlib import Path

from message_scenes import failing, scene

from eventbridge_local import EventBridge

RULE = """Parameters:
  Queue: {Type: String}
Resources:
  Audit:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: {source: [shop]}
      Targets: [{Id: audit, Arn: !Ref Queue}]
"""


def loading(eb: EventBridge, text: str, **options: bool) -> str:
    """What ``eb.load`` says to a template of that text; the folder it lies in is left out."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.yaml"
        path.write_text(text)
        return failing(eb.load, path, **options).replace(f"{folder}/", "")


@scene
def template_broken(eb: EventBridge) -> str:
    return loading(eb, RULE.replace("[shop]", "[shop"))


@scene
def template_not_a_template(eb: EventBridge) -> str:
    return loading(eb, "a: 1\n")


@scene
def template_refused_by_aws(eb: EventBridge) -> str:
    return loading(
        eb, RULE.replace("[shop]", "[{prefixes: shop}]").replace("!Ref Queue", '"arn:aws:sqs:eu-west-1:123456789012:q"')
    )


@scene
def template_with_an_unknown_value(eb: EventBridge) -> str:
    return loading(eb, RULE, strict=True)


@scene
def template_missing(eb: EventBridge) -> str:
    return failing(eb.load, "nowhere.yaml")
