"""A committee's whole year with synthetic applicants, on the real workflows in virtual time.

`population` draws who applies, `behaviour` what each of them and each office does next, `engine` lets it
happen on a Temporal server of its own, `result` says what came of it.
"""
