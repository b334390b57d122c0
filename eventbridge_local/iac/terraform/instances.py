"""The instances of resources in a Terraform plan or state, and their values, also those that are known after apply.

A plan of new infrastructure has names but no ARNs. Its ``configuration`` says what an argument refers to that is known
after apply, but not in which expression. An argument that takes an ARN, a rule, a bus or a function and refers to one
resource only is read as the attribute it refers to; so is a secret. Anything else, such as a pattern with an ARN in it,
stays unknown. Source: Terraform documentation, "JSON Output Format".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from eventbridge_local.iac.names import RESOURCE_KINDS, format_fields, function_arn, suffix
from eventbridge_local.iac.values import Environment, GivenValues, Path, Unknown, first_unknown, path_text
from eventbridge_local.model.arn import events_arn, rule_resource

_ITERATION = ("each.key", "each.value", "count.index")
#: Arguments that name a rule, a bus or a function, and those that hold secrets.
_PLAIN = frozenset(
    (
        "rule",
        "event_bus_name",
        "function_name",
        "password",
        "username",
        "value",
        "client_id",
        "client_secret",
    )
)


#: One step of an address or reference: a name, and its index text.
_STEP = re.compile(r"([^.\[\]]+)((?:\[[^\]]*\])?)")


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance of a resource.

    Args:
        address: such as ``module.events["a"].aws_sqs_queue.dead``.
        module: names of the modules around it, each with its index text (``["a"]`` or nothing).
        index: index text of its own.
        values: what is known.
        after_unknown: what is known after apply: a tree of True below the arguments.
        path: in the document.
    """

    address: str
    module: tuple[tuple[str, str], ...]
    type: str
    name: str
    index: str
    values: Mapping[str, Any]
    after_unknown: Any
    path: Path
    is_data: bool = False


def instances_of(data: Mapping[str, Any]) -> Iterator[Instance]:
    """Yield every instance of a plan or state, data sources included."""
    opened = {
        change.get("address"): (change.get("change") or {}).get("after_unknown")
        for change in data.get("resource_changes") or ()
    }
    for top in (("planned_values",), ("values",), ("prior_state", "values")):
        found: Any = data
        for name in top:
            found = (found or {}).get(name)
        root = (found or {}).get("root_module")
        if isinstance(root, dict):
            for instance in _of_module(root, (), (*top, "root_module"), opened):
                if top[0] != "prior_state" or instance.is_data:
                    yield instance


def _of_module(
    module: Mapping[str, Any], names: tuple[tuple[str, str], ...], path: Path, opened: Mapping[Any, Any]
) -> Iterator[Instance]:
    for number, resource in enumerate(module.get("resources") or ()):
        address = resource["address"]
        yield Instance(
            address,
            names,
            resource.get("type", ""),
            resource.get("name", ""),
            _index_text(resource),
            resource.get("values") or {},
            opened.get(address),
            (*path, "resources", number),
            resource.get("mode") == "data",
        )
    for number, child in enumerate(module.get("child_modules") or ()):
        name, index = _STEP.findall(child["address"][len(_prefix(names)) :])[1]
        yield from _of_module(child, (*names, (name, index)), (*path, "child_modules", number), opened)


def _prefix(names: tuple[tuple[str, str], ...]) -> str:
    return "".join(f"module.{name}{index}." for name, index in names)


def _index_text(resource: Mapping[str, Any]) -> str:
    index = resource.get("index")
    if index is None:
        return ""
    return f"[{index}]" if isinstance(index, int) else f'["{index}"]'


# values


class TerraformKind(NamedTuple):
    """How a type of Terraform is called in CloudFormation, its argument for the name, the format of its ``id``."""

    type: str
    name: str = "name"
    id: str = "{arn}"


KINDS_BY_TYPE: Mapping[str, TerraformKind] = {
    "aws_cloudwatch_event_bus": TerraformKind("AWS::Events::EventBus", id="{name}"),
    "aws_cloudwatch_event_archive": TerraformKind("AWS::Events::Archive", id="{name}"),
    "aws_cloudwatch_event_connection": TerraformKind("AWS::Events::Connection", id="{name}"),
    "aws_cloudwatch_event_api_destination": TerraformKind("AWS::Events::ApiDestination", id="{name}"),
    "aws_cloudwatch_event_endpoint": TerraformKind("AWS::Events::Endpoint", id="{name}"),
    "aws_lambda_function": TerraformKind("AWS::Lambda::Function", "function_name", "{name}"),
    "aws_sqs_queue": TerraformKind("AWS::SQS::Queue", id="{ref}"),
    "aws_sns_topic": TerraformKind("AWS::SNS::Topic"),
    "aws_cloudwatch_log_group": TerraformKind("AWS::Logs::LogGroup", id="{name}"),
    "aws_sfn_state_machine": TerraformKind("AWS::StepFunctions::StateMachine"),
    "aws_kinesis_stream": TerraformKind("AWS::Kinesis::Stream"),
    "aws_kinesis_firehose_delivery_stream": TerraformKind("AWS::KinesisFirehose::DeliveryStream"),
    "aws_ecs_cluster": TerraformKind("AWS::ECS::Cluster"),
    "aws_ecs_task_definition": TerraformKind("AWS::ECS::TaskDefinition", "family", "{name}"),
    "aws_batch_job_queue": TerraformKind("AWS::Batch::JobQueue"),
    "aws_batch_job_definition": TerraformKind("AWS::Batch::JobDefinition"),
    "aws_codebuild_project": TerraformKind("AWS::CodeBuild::Project"),
    "aws_codepipeline": TerraformKind("AWS::CodePipeline::Pipeline", id="{name}"),
    "aws_iam_role": TerraformKind("AWS::IAM::Role", id="{name}"),
    "aws_kms_key": TerraformKind("AWS::KMS::Key", "key_id", "{name}"),
    "aws_dynamodb_table": TerraformKind("AWS::DynamoDB::Table", id="{name}"),
    "aws_s3_bucket": TerraformKind("AWS::S3::Bucket", "bucket", "{name}"),
    "aws_ecr_repository": TerraformKind("AWS::ECR::Repository", id="{name}"),
    "aws_glue_workflow": TerraformKind("AWS::Glue::Workflow", id="{name}"),
    "aws_sagemaker_pipeline": TerraformKind("AWS::SageMaker::Pipeline", "pipeline_name", "{name}"),
    "aws_redshift_cluster": TerraformKind("AWS::Redshift::Cluster", "cluster_identifier", "{name}"),
    "aws_ssm_document": TerraformKind("AWS::SSM::Document", id="{name}"),
    "aws_secretsmanager_secret": TerraformKind("AWS::SecretsManager::Secret"),
}
RULE_TYPE = "aws_cloudwatch_event_rule"
ALIAS_TYPE = "aws_lambda_alias"


class _Reference(NamedTuple):
    """What an expression refers to: an instance, and its attribute where one is named."""

    instance: Instance
    attribute: str | None


@dataclass(slots=True)
class InstanceValues:
    """The values of the instances of a plan or state.

    Args:
        instances: by address.
        configuration: ``configuration.root_module`` of a plan; empty for a state.
        environment: the account and Region everything is loaded in.
        given: what the user gave as ``resources``.
        left_out: by address, why a resource was left out.
    """

    instances: dict[str, Instance]
    configuration: Mapping[str, Any]
    environment: Environment
    given: GivenValues
    left_out: dict[str, Unknown] = field(default_factory=dict)
    #: By address, what the names of instances are made of; None while it is found out.
    _known_fields: dict[str, tuple[dict[str, str] | Unknown | None] | None] = field(default_factory=dict)
    #: How many resources were left out when these were found out.
    _known_at: int = 0

    def of(self, instance: Instance) -> dict[str, Any]:
        """Return the arguments and attributes of an instance; what is known after apply is resolved where possible."""
        expressions = self._declaration(instance).get("expressions") or {}
        return self._filled(instance, dict(instance.values), instance.after_unknown, expressions, ())  # type: ignore[no-any-return]

    def attribute(self, instance: Instance, name: str) -> Any:
        """Return the value of an attribute, made from the name where only AWS would know it."""
        if instance.address in self.left_out:
            return self.left_out[instance.address]
        given = self.given.take(f"{instance.address}.{name}", *([instance.address] if name == "arn" else []))
        if given is not None:
            return given
        value = instance.values.get(name)
        return value if value is not None else self._derived(instance, name)

    def expression(self, instance: Instance, argument: str) -> Any:
        """Return what the configuration says for an argument; None where it says nothing, and for a state."""
        return (self._declaration(instance).get("expressions") or {}).get(argument)

    def referred_instance(self, instance: Instance, argument: str) -> Instance | None:
        """Return the instance that an argument refers to, None when it refers to none or to several."""
        found = self._follow(instance.module, self.expression(instance, argument), instance.index)
        return found.instance if isinstance(found, _Reference) else None

    def name(self, instance: Instance) -> Any:
        """Return the physical name; where Terraform makes up a name or the end of one, it is made up here."""
        kind = KINDS_BY_TYPE.get(instance.type)
        argument = kind.name if kind else "name"
        given = self.given.take(f"{instance.address}.{argument}")
        value = instance.values.get(argument) if given is None else given
        if value is not None:
            return value
        expression = (self._declaration(instance).get("expressions") or {}).get(argument)
        if expression and _is_unknown(instance.after_unknown, argument):
            return self._referred(instance, expression, (argument,))
        return (instance.values.get(f"{argument}_prefix") or "terraform-") + suffix(instance.address).lower()

    def _derived(self, instance: Instance, name: str) -> Any:
        kind = KINDS_BY_TYPE.get(instance.type)
        fields = self._fields_once(instance)
        if isinstance(fields, Unknown):
            return fields
        if fields is not None:
            named = {"arn": "arn", "name": "name", "url": "ref", "qualified_arn": "arn"}
            if kind and name == kind.name:
                return fields["name"]
            if name == "id" and kind:
                return kind.id.format_map(fields)
            if name in named:
                return fields[named[name]] + (":1" if name == "qualified_arn" else "")
        return _known_after_apply(instance.address, name)

    def _fields_once(self, instance: Instance) -> dict[str, str] | Unknown | None:
        """Return what the names of an instance are made of; found out once, as instances may refer to each other."""
        address = instance.address
        if self._known_at != len(self.left_out):
            self._known_fields.clear()
            self._known_at = len(self.left_out)
        if address not in self._known_fields:
            self._known_fields[address] = None
            self._known_fields[address] = (self._fields(instance),)
        found = self._known_fields[address]
        if found is None:
            return Unknown(f"the name of {address} depends on itself", f"resources={{{f'{address}.arn'!r}: '...'}}")
        return found[0]

    def _fields(self, instance: Instance) -> dict[str, str] | Unknown | None:
        kind = KINDS_BY_TYPE.get(instance.type)
        if instance.type == RULE_TYPE:
            return self._rule_fields(instance)
        if instance.type == ALIAS_TYPE:
            return self._alias_fields(instance)
        if kind is None or instance.is_data:
            return None
        name = self.name(instance)
        if isinstance(name, Unknown):
            return name
        fields = format_fields(RESOURCE_KINDS[kind.type], str(name), (instance.address,), self.environment)
        if instance.type == "aws_cloudwatch_log_group":
            fields["arn"] = fields["arn"].removesuffix(":*")
        elif instance.type == "aws_iam_role":
            path = str(instance.values.get("path") or "/")
            fields["arn"] = fields["arn"].replace(":role/", f":role{path}")
        fields["ref"] = RESOURCE_KINDS[kind.type].ref.format_map(fields)
        return fields

    def _rule_fields(self, instance: Instance) -> dict[str, str] | Unknown:
        name, bus = self.name(instance), self.of(instance).get("event_bus_name") or "default"
        unknown = first_unknown(name, bus)
        if unknown:
            return unknown
        bus = str(bus).rpartition("event-bus/")[2]
        arn = events_arn(self.environment.region, self.environment.account, rule_resource(bus, str(name)))
        return {"name": str(name), "arn": arn, "ref": str(name)}

    def _alias_fields(self, instance: Instance) -> dict[str, str] | Unknown:
        function = self.of(instance).get("function_name")
        if isinstance(function, Unknown):
            return function
        if function is None:
            return _known_after_apply(instance.address, "arn")
        alias = str(instance.values.get("name"))
        return {"name": alias, "arn": f"{function_arn(str(function), self.environment)}:{alias}", "ref": alias}

    # what is known after apply

    def _filled(self, instance: Instance, value: Any, unknown: Any, expression: Any, path: Path) -> Any:
        """Return ``value`` with what is known after apply below ``path`` replaced by what its expression refers to."""
        if unknown is True:
            given = self.given.take(f"{instance.address}.{path_text(path)}")
            return given if given is not None else self._referred(instance, expression, path)
        if isinstance(unknown, dict):
            value = dict(value) if isinstance(value, dict) else {}
            for name, inner in unknown.items():
                if inner:
                    below = expression.get(name) if isinstance(expression, dict) else None
                    value[name] = self._filled(instance, value.get(name), inner, below, (*path, name))
        elif isinstance(unknown, list):
            value = list(value) if isinstance(value, list) else []
            for number, inner in enumerate(unknown):
                if inner:
                    below = expression[number] if isinstance(expression, list) and number < len(expression) else None
                    value += [None] * (number + 1 - len(value))
                    value[number] = self._filled(instance, value[number], inner, below, (*path, number))
        return value

    def _referred(self, instance: Instance, expression: Any, path: Path) -> Any:
        argument = next((part for part in reversed(path) if isinstance(part, str)), "")
        found = self._reference(instance.module, expression, instance.index, argument) if _is_plain(argument) else None
        if _takes_arn(argument) and isinstance(found, str) and not found.startswith("arn:"):
            found = None
        if isinstance(found, Unknown) or found is None:
            reason = found.reason if found is not None else "known after apply"
            own = _known_after_apply(instance.address, path_text(path))
            return Unknown(reason, found.remedy if found is not None else own.remedy, path)
        return found

    def _reference(self, module: tuple[tuple[str, str], ...], expression: Any, index: str, argument: str) -> Any:
        """Return the value of an expression that refers to one thing; None when it does not."""
        found = self._follow(module, expression, index)
        if not isinstance(found, _Reference):
            return found
        attribute = found.attribute or ("arn" if _takes_arn(argument) else None)
        return self.attribute(found.instance, attribute) if attribute else None

    def _follow(self, module: tuple[tuple[str, str], ...], expression: Any, index: str) -> Any:
        """Return the ``_Reference`` that an expression is, or its constant value; None when it is neither."""
        if not isinstance(expression, dict):
            return None
        if "constant_value" in expression:
            return expression["constant_value"]
        references = [name for name in expression.get("references") or () if name not in _ITERATION]
        moving = len(references) < len(expression.get("references") or ())
        longest = [one for one in references if not any(_inside(one, other) for other in references)]
        if len(longest) != 1:
            return None
        steps = _STEP.findall(longest[0])
        if steps[0][0] == "var" and module and len(steps) > 1:
            call = self._module(module[:-1]).get("module_calls", {}).get(module[-1][0], {})
            return self._follow(module[:-1], (call.get("expressions") or {}).get(steps[1][0]), module[-1][1])
        if steps[0][0] == "module" and len(steps) > 2:
            name, at = steps[1]
            inner = (*module, (name, at or (index if moving else "")))
            output = (self._module(inner).get("outputs") or {}).get(steps[2][0], {})
            return self._follow(inner, output.get("expression"), index)
        return self._resource(module, steps, index if moving else "")

    def _resource(
        self, module: tuple[tuple[str, str], ...], steps: list[tuple[str, str]], index: str
    ) -> _Reference | None:
        is_data = steps[0][0] == "data"
        steps = steps[1:] if is_data else steps
        if len(steps) < 2:
            return None
        (kind, _), (name, at), *rest = steps
        address = ".".join(
            [
                *(f"module.{part}{key}" for part, key in module),
                *(["data"] if is_data else []),
                f"{kind}.{name}{at or index}",
            ]
        )
        instance = self.instances.get(address)
        return None if instance is None else _Reference(instance, rest[0][0] if rest else None)

    def _declaration(self, instance: Instance) -> Mapping[str, Any]:
        resources = self._module(instance.module).get("resources") or ()
        address = f"{'data.' if instance.is_data else ''}{instance.type}.{instance.name}"
        return next((resource for resource in resources if resource.get("address") == address), {})

    def _module(self, module: tuple[tuple[str, str], ...]) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.configuration
        for name, _ in module:
            found = (found.get("module_calls") or {}).get(name, {}).get("module") or {}
        return found


def _inside(one: str, other: str) -> bool:
    return other != one and other.startswith((one + ".", one + "["))


def _is_unknown(tree: Any, name: str) -> bool:
    return isinstance(tree, dict) and tree.get(name) is True


def _takes_arn(argument: str) -> bool:
    return argument == "arn" or argument.endswith("_arn")


def _is_plain(argument: str) -> bool:
    """Return whether an argument is usually one reference and nothing else."""
    return _takes_arn(argument) or argument in _PLAIN


def _known_after_apply(address: str, attribute: str) -> Unknown:
    return Unknown(f"{address}.{attribute} is known after apply", f"resources={{{f'{address}.{attribute}'!r}: '...'}}")
