"""The data plane: events are accepted, matched and delivered, and every step is written down."""
