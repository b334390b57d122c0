"""Where botocore meets the service: the hook, the translation of requests and answers, the checks of shapes."""
