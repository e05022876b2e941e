"""Other engines, living the same life; each script runs in a Python of its own (`workers.bench.peering`)."""
