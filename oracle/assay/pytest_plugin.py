"""pytest options of the harness: ``--target``, ``--device``, ``--profile``, ``--seconds``."""
