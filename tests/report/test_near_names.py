"""Names that were nearly right: a member of the handle, the logical id of a rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from eventbridge_local import mock_eventbridge
from eventbridge_local.errors import UsageError

TEMPLATE = """
Resources:
  OrderRule:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: {source: [shop]}
      Targets: [{Id: "1", Arn: "arn:aws:lambda:us-east-1:123456789012:function:welcome"}]
"""


def test_a_misspelt_member_of_the_handle() -> None:
    """The one that was probably meant is named; ``hasattr`` and ``copy`` work as for any object."""
    with mock_eventbridge() as eb:
        with pytest.raises(AttributeError, match=r"no member 'asert_put'; did you mean 'assert_put'\?"):
            eb.asert_put("shop")  # type: ignore[attr-defined]
        assert not hasattr(eb, "nothing_like_it")
        assert not hasattr(eb, "__len__")


def test_the_logical_id_of_a_rule(tmp_path: Path) -> None:
    """It is suggested where a rule is asked for, and refused where a target is."""
    path = tmp_path / "template.yaml"
    path.write_text(TEMPLATE, encoding="utf-8")
    with mock_eventbridge(template=path) as eb:
        eb.put("shop", "Sold")
        with pytest.raises(AssertionError, match=r"there is no rule 'OrderRul'; did you mean 'OrderRule'\?"):
            eb.assert_delivered(rule="OrderRul")
        with pytest.raises(UsageError, match="OrderRule is a rule of the template"):
            eb.connect("OrderRule", print)
