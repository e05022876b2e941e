"""The courier: numbers the events, delivers webhooks, sends notices. One works at a time, others wait."""
