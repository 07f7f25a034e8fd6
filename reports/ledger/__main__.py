"""``python -m ledger``: the same as the command ``ledger``."""

import sys

from .cli import main

sys.exit(main())
