"""People: signing in, the signed-in person, API keys, and accounts for administrators."""
