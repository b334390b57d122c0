"""What everything else speaks of: events, ARNs, the clock, limits, records and the store that holds them."""
