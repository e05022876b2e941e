"""The checks of the doctor that need the database alone: each reads, none writes."""
