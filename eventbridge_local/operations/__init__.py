"""The API: one function for each operation, found by name in ``table``."""
