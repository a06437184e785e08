"""The HTTP interface for other systems (接口): the same acts and questions as the pages.

JSON in and out under `/api/v1`; a bearer token says who acts, and their posts what they may do.
Every refusal has one form: a stable `code` and the Chinese `message` that a page would show.
"""
