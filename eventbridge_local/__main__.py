"""``python -m eventbridge_local``."""

import sys

from eventbridge_local.cli import main

if __name__ == "__main__":
    sys.exit(main())
