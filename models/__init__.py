"""The domain of a professional-title review: what may happen, when, and why.

Pure: nothing in here knows Temporal, HTTP, a clock, a random number or a network.
"""
