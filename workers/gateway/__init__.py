"""The HTTP gateway: every command and every question of the review, for callers that speak HTTP.

It knows who is calling and may see what; what may happen is answered by the applications themselves.
"""
