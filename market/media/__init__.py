"""Floor 1: pictures that people upload, for listings, licences and claims.

`rules.py` says what is accepted and in which sizes it is kept, `headers.py` and `render.py` make safe pictures of what
came, `store.py` keeps and finds the files, `keep.py` has the steps with the rows, `sweep.py` what the worker takes away.
Whoever uploads goes through `catalogue/pictures.py`: whom one may act for is known further up.
"""
