"""Side effects of the review, one module a hop; each is idempotent and one database transaction."""
