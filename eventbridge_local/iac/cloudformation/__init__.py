"""CloudFormation templates: intrinsic functions, one stack, and from stacks to a plan."""
