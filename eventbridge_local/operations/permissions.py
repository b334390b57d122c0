"""Permissions of an event bus."""
