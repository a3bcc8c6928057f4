"""Reading a file: what it is written in, which column is which, and one row after another without keeping them."""
