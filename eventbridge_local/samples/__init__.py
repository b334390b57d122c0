"""Events for tests of handlers and patterns: ``make_event`` with any envelope, and sample events of AWS services."""

from eventbridge_local.samples.catalog import Sample, sample_event, sample_events
from eventbridge_local.samples.envelope import Envelope, make_event

__all__ = ["Envelope", "Sample", "make_event", "sample_event", "sample_events"]
