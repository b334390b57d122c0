"""A small shop: orders come in as JSON documents, are announced on a bus, and two functions act on them."""
