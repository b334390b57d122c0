"""Where botocore's clients meet the service: the hook, the codec, the checks of shapes, and the wire format."""
