"""HTTP targets: API destinations and API Gateway, with OAuth, pace and outcome of each call."""
