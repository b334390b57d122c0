"""Resource policies of event buses: their statements, conditions and verdicts."""
