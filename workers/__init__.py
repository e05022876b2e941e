"""Every process that runs: the Temporal worker, the embedded stack, the command line."""
