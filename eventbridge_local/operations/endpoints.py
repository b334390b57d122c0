"""Global endpoints."""
