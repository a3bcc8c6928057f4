"""The floor: a bare ASGI endpoint that runs one hand-written statement for the same answer. No GraphQL in it."""
