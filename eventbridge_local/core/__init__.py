"""Values everything else is built from: events, ARNs, ids, limits and the clock."""
