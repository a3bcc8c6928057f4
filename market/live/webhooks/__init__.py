"""Webhooks: what happened, sent to the systems of organisations that asked for it, by the Standard Webhooks
specification (https://www.standardwebhooks.com).

`endpoints.py` is what owners do, `fan_out.py` what happens when something happened, `send.py` the worker's sending,
`sign.py` and `address.py` its two pure halves: the signature, and which addresses may be called at all.
"""
