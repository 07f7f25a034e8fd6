"""The fuzz tests: `pytest fuzz/ -k softmax --target ingot --profile ci`. Options and the fixture ``check`` come from assay's pytest plugin."""
