"""Floor 2: who acts. Accounts and the roles they hold; signing in is not here yet."""
