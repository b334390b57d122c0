"""Events to feed a handler or a pattern with: any envelope, and real-life ones of AWS services."""

from eventbridge_local.samples.catalog import Sample
from eventbridge_local.samples.envelope import Envelope, make_event
from eventbridge_local.samples.sampling import sample_event, sample_events

__all__ = ["Envelope", "Sample", "make_event", "sample_event", "sample_events"]
