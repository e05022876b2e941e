"""What operators see of the service: numbers for Prometheus, traces, and the id that joins log lines."""
