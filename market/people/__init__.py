"""Floor 2: who acts. Accounts, the roles they hold, and the ways they sign in.

Start with `sign_in` (phone, WeChat, password), then `tokens` (what a device holds afterwards) and `actors` (how a
request's credential becomes an actor). `gateways` is where the outside world is spoken to.
"""
