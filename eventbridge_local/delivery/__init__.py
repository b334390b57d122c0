"""An event's way from acceptance to its outcome at every target."""
