"""Programs: random ones in lock step on both sides (``machine``), and whole user scripts under two frameworks (``compare``)."""
