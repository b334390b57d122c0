"""What stands behind a target's ARN, and how it is called."""
