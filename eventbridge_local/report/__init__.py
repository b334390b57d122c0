"""Reading the journal: queries, the nearest miss, and every sentence meant for people."""
