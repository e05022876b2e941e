"""Planted personal data: a whole cycle is lived with them, then every place is searched."""
