"""Tests in a real browser; `make browser` installs what they need."""
