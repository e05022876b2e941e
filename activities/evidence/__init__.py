"""Papers that people upload: taken in pieces, judged by their content, kept by the hash of it.

`uploads` takes the pieces, `content` says what they are, `finishing` makes a stored file of them, `store`
keeps the bytes in a folder or an S3-compatible store, `files` says whose they are, `checking` finds what is
missing or was altered.
"""
