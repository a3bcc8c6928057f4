"""What a listing says: its draft as values, as JSON, as rows; what is wrong with it; what changed."""
