"""The shop's main job, run without AWS: three orders, one of them cut off on its way here.

Run it with ``make demo``, or ``python examples/orders/demo.py``.
"""

from shop.handlers import invoice_handler, invoices, loyalty_handler, points
from shop.publisher import announce
from shop.rules import deploy

from eventbridge_local import mock_eventbridge

DOCUMENTS = [
    '{"id": "o-1", "total": 120.0, "customer": {"name": "Ada", "member": true}}',
    '{"id": "o-2", "total": 75.5, "customer": {"na',
    '{"id": "o-3", "total": 20.0, "customer": {"name": "Bob", "member": true}}',
]


def main() -> None:
    with mock_eventbridge() as eb:
        deploy()
        eb.connect("invoices", invoice_handler)
        eb.connect("loyalty", loyalty_handler)

        for outcome in announce(DOCUMENTS):
            print(f"document {outcome.index}: {'announced' if outcome.ok else 'refused, ' + str(outcome.error_code)}")
        print(f"invoices: {invoices}")
        print(f"points:   {dict(points)}")
        print()
        print(eb.journal.text())


if __name__ == "__main__":
    main()
