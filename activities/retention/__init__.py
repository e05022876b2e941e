"""Removing what was kept long enough: finding it, what stands against it, removing it, the record of it."""
