"""Contracts as users hold them: given in code, looked up, merged, required."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from eventbridge_local.contracts import Contracts
from eventbridge_local.errors import EventBridgeLocalError, UsageError

ORDER = {"type": "object", "required": ["id"], "properties": {"total": {"type": "number"}}}
SHIPPED = {"required": ["when"]}


def event(detail: Any = None, source: str = "shop.orders", detail_type: str = "OrderPlaced") -> dict[str, Any]:
    return {"source": source, "detail-type": detail_type, "detail": {} if detail is None else detail}


def messages(contracts: Contracts, envelope: dict[str, Any], **options: Any) -> list[str]:
    return [violation.message for violation in contracts.check(envelope, **options)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "schemas"
    path.mkdir()
    (path / "shop.orders@OrderPlaced.json").write_text(json.dumps(ORDER))
    return path


@pytest.mark.parametrize("key", [("shop.orders", "OrderPlaced"), "shop.orders@OrderPlaced"])
def test_in_code(key: Any) -> None:
    """Both spellings of a key name the event."""
    contracts = Contracts({key: ORDER})
    assert messages(contracts, event({"id": "o-1", "total": 1})) == []
    assert messages(contracts, event({"id": "o-1", "total": "120"})) == ["detail.total: '120' is not of type 'number'"]


def test_the_findings_are_data(folder: Path) -> None:
    """A violation names the event, the contract, its file and the rule."""
    file = folder / "shop.orders@OrderPlaced.json"
    (found,) = Contracts.load(folder).check(event({"id": "o-1", "total": "120"}))
    assert (found.source, found.detail_type, found.contract) == (
        "shop.orders",
        "OrderPlaced",
        "shop.orders@OrderPlaced",
    )
    assert (found.path, found.problem) == ("detail.total", "'120' is not of type 'number'")
    assert (found.file, found.schema_path) == (file, "#/properties/total/type")
    with pytest.raises(AttributeError):
        found.path = "elsewhere"  # type: ignore[misc]


def test_for_event(folder: Path) -> None:
    """A contract says what it is; there is none for other events."""
    contract = Contracts.load(folder).for_event("shop.orders", "OrderPlaced")
    assert contract is not None
    assert (contract.name, contract.dialect, contract.whole_envelope) == (
        "shop.orders@OrderPlaced",
        "draft 2020-12",
        False,
    )
    assert Contracts.load(folder).for_event("shop.orders", "OrderShipped") is None


def test_unknown_events_pass_unless_contracts_are_required() -> None:
    """An event without a contract is no violation by default; ``unknown`` tells."""
    mistyped = event(detail_type="OrderPlacd")
    contracts = Contracts({"shop.orders@OrderPlaced": ORDER})
    assert contracts.unknown(mistyped)
    assert not contracts.unknown(event())
    assert contracts.check(mistyped) == ()
    required = Contracts({"shop.orders@OrderPlaced": ORDER}, require=True)
    assert messages(required, mistyped) == [
        "event: there is no contract for shop.orders@OrderPlacd; did you mean 'shop.orders@OrderPlaced'?"
    ]
    assert messages(required, event(source="x", detail_type="y")) == ["event: there is no contract for x@y"]


def test_required_contracts_leave_aws_alone() -> None:
    """Nobody writes contracts for what AWS's services send; one that is there is kept."""
    contracts = Contracts({"aws.s3@Object Created": ORDER}, require=True)
    assert contracts.check(event(source="aws.events", detail_type="Scheduled Event")) == ()
    assert messages(contracts, event(source="aws.s3", detail_type="Object Created")) == [
        "detail: 'id' is a required property"
    ]


def test_text_is_checked_instead_of_the_envelope() -> None:
    """The text is what is checked; it is not parsed when nothing speaks for the event."""
    contracts = Contracts({"shop.orders@OrderPlaced": ORDER})
    text = json.dumps(event({"id": "o-1", "total": "120"}))
    assert messages(contracts, event({}), text=text) == ["detail.total: '120' is not of type 'number'"]
    assert contracts.check(event(source="x"), text="not JSON") == ()


def test_schemas_in_code_refer_to_each_other_by_id() -> None:
    """Also by a relative ``$id``."""
    item = {"$id": "item.json", "properties": {"sku": {"type": "string"}}}
    contracts = Contracts({"a@Item": item, "a@Items": {"properties": {"items": {"items": {"$ref": "item.json"}}}}})
    broken = event({"items": [{"sku": 1}]}, "a", "Items")
    assert messages(contracts, broken) == ["detail.items[0].sku: 1 is not of type 'string'"]


def test_a_path_in_code_names_the_event_of_a_file(folder: Path) -> None:
    """The key decides, whatever the file is called."""
    contracts = Contracts({"a@B": folder / "shop.orders@OrderPlaced.json"})
    assert messages(contracts, event(source="a", detail_type="B")) == ["detail: 'id' is a required property"]


def test_a_document_of_several_components_in_code() -> None:
    """The component called like the event is taken, blanks left out."""
    document = {"openapi": "3.0.0", "components": {"schemas": {"OrderPlaced": ORDER, "Other": SHIPPED}}}
    contracts = Contracts({"shop.orders@Order Placed": document})
    assert messages(contracts, event(detail_type="Order Placed")) == ["detail: 'id' is a required property"]
    with pytest.raises(UsageError, match=r"components\.schemas has neither AWSEvent nor 'OrderLost'"):
        Contracts({"shop.orders@OrderLost": document})


def test_merging(folder: Path) -> None:
    """``|`` holds both, and requires contracts if one of them does."""
    both = Contracts.load(folder) | Contracts({"shop.orders@OrderShipped": SHIPPED}, require=True)
    assert [contract.name for contract in both] == ["shop.orders@OrderPlaced", "shop.orders@OrderShipped"]
    assert both.require
    with pytest.raises(UsageError, match=r"two contracts for .* differ: .*OrderPlaced\.json and the"):
        Contracts.load(folder) | Contracts({"shop.orders@OrderPlaced": SHIPPED})


def test_several_folders_share_references(tmp_path: Path) -> None:
    """What is loaded together may refer to each other by ``$id``."""
    for name, schema in {
        "a/x@Y.json": {"$ref": "urn:money"},
        "b/money.json": {"$id": "urn:money", "required": ["amount"]},
    }.items():
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(json.dumps(schema))
    contracts = Contracts.load([tmp_path / "a", str(tmp_path / "b")])
    assert len(contracts) == 1
    assert messages(contracts, event(source="x", detail_type="Y")) == ["detail: 'amount' is a required property"]


@pytest.mark.parametrize("order", [1, -1])
def test_a_file_given_twice(tmp_path: Path, order: int) -> None:
    """The folder it was found in still names its source."""
    file = tmp_path / "shop.orders" / "OrderPlaced.json"
    file.parent.mkdir()
    file.write_text(json.dumps(ORDER))
    assert len(Contracts.load([tmp_path, file][::order])) == 1


def test_a_schema_made_of_itself_can_be_loaded() -> None:
    """Looking for the names of events in it comes to an end."""
    assert len(Contracts({"a@B": {"allOf": [{"$ref": "#"}]}})) == 1


COERCED: dict[str, Callable[[Path], Any]] = {
    "path": lambda folder: folder,
    "text": str,
    "paths": lambda folder: [str(folder), folder],
    "contracts": Contracts.load,
    "mapping": lambda folder: {"shop.orders@OrderPlaced": ORDER},
    "mixed": lambda folder: [folder, {"shop.orders@OrderPlaced": ORDER}, Contracts()],
}


@pytest.mark.parametrize("kind", COERCED)
def test_coerce(kind: str, folder: Path) -> None:
    """What an option may say becomes the same contracts."""
    contracts = Contracts.coerce(COERCED[kind](folder))
    assert repr(contracts) == "<Contracts shop.orders@OrderPlaced>"


def test_coerce_keeps_contracts() -> None:
    contracts = Contracts({"a@B": ORDER})
    assert Contracts.coerce(contracts) is contracts


WRONG: dict[str, tuple[Callable[[], Any], str]] = {
    "number": (lambda: Contracts.coerce(5), "contracts=5: give a path, a mapping, Contracts, or a list of these"),  # type: ignore[arg-type]
    "key": (lambda: Contracts({"OrderPlaced": {}}), "'OrderPlaced' does not name an event"),
    "half a key": (lambda: Contracts({"@OrderPlaced": {}}), "'@OrderPlaced' does not name an event"),
    "schema": (lambda: Contracts({"a@B": 5}), "the schema for 'a@B' is a dict or the path of a file, not 5"),  # type: ignore[dict-item]
    "type": (lambda: Contracts({"a@B": {"type": 5}}), "given for 'a@B': not a valid schema of draft 2020-12 at type"),
    "remote": (lambda: Contracts({"a@B": {"$ref": "http://x/y"}}), "http://x/y is on the network"),
    "path": (lambda: Contracts({"a@B": {"$ref": "y.json"}}), "cannot be resolved: no schema here has the $id"),
    "no paths": (lambda: Contracts.load([]), "there is no contract in an empty list of paths"),
    "two": (lambda: Contracts({"a@B": {}, ("a", "B"): ORDER}), "two contracts for a@B differ: the schema given"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_mistakes_are_named(case: str) -> None:
    """The error is the user's, and says what to write."""
    make, text = WRONG[case]
    with pytest.raises(UsageError) as refused:
        make()
    assert isinstance(refused.value, EventBridgeLocalError)
    assert text in str(refused.value)


def test_yaml_without_pyyaml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the extra to install."""
    monkeypatch.setitem(sys.modules, "yaml", None)
    (tmp_path / "a@B.yaml").write_text("type: object")
    with pytest.raises(UsageError, match=r"a@B\.yaml: YAML needs PyYAML: pip install PyYAML"):
        Contracts.load(tmp_path)


def test_a_validator_is_made_once(folder: Path) -> None:
    """The first event pays, the others do not."""
    contract = Contracts.load(folder).for_event("shop.orders", "OrderPlaced")
    assert contract is not None
    assert contract._validator is contract._validator


def test_jsonschema_is_imported_late() -> None:
    """Importing the package costs nothing; the first contract does."""
    script = """
import sys
from eventbridge_local.contracts import Contracts, infer_schema
assert not {"jsonschema", "referencing", "yaml"} & set(sys.modules)
Contracts({"a@B": {}})
assert "jsonschema" in sys.modules and "yaml" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True)
