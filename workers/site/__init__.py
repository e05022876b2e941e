"""The public pages of a plan: files that any portal can serve, and nothing in them comes from elsewhere.

`pages` says what is on each page, `templates` how it looks, `words` how it reads in Chinese and English,
`folder` how the files are written. The same data give the same bytes.
"""
