"""``python -m assay``: the command line."""

from .cli import main

raise SystemExit(main())
