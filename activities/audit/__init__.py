"""The provable audit: what is sealed into a root, and what has been done to the record since."""
