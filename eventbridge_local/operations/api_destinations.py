"""API destinations."""
