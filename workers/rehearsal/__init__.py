"""Rehearsals: synthetic people and whole lives, played on a real server in compressed time."""
