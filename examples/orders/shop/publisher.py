"""Announces orders. Documents come from checkouts and marketplaces, and not all of them arrive whole."""

import logging
from collections.abc import Iterable

from eventbridge_local.batching import PutOutcome, put_all
from shop.aws import BUS, events

logger = logging.getLogger(__name__)


def announce(documents: Iterable[str]) -> list[PutOutcome]:
    """Announce each order, given as JSON text. The outcomes are in the order of the documents."""
    outcomes = put_all(events, (order_placed(document) for document in documents))
    for outcome in outcomes:
        if not outcome.ok:
            logger.error(
                "order document %d was not announced: %s (%s)",
                outcome.index,
                outcome.error_code,
                outcome.error_message,
            )
    return outcomes


def order_placed(document: str) -> dict[str, str]:
    return {"Source": "shop.orders", "DetailType": "OrderPlaced", "Detail": document, "EventBusName": BUS}
