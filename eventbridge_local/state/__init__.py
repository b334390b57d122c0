"""What the service remembers: frozen records in collections, by account and Region."""
