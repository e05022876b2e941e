"""The papers: certificates, review forms and reports as PDF files, set in Chinese, signed and stored.

`font` knows the characters, `drawing` turns a form and its data into a PDF, `signing` signs and validates,
`storage` keeps files under the hash of their content. What a paper says comes from elsewhere.
"""
