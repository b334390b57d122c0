"""Partner event sources."""
