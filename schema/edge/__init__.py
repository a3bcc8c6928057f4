"""The HTTP edge of the GraphQL endpoint: it knows HTTP and GraphQL, but no schema and no database.

Read `http.py` first (the ASGI app), then `requests.py` (what is accepted), `documents.py` (parsed
and validated once per text) and `limits/` (what a document may ask for).
"""
