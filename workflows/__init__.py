"""Durable orchestration: waits, timers and the order of things. No rule of the domain lives here."""
