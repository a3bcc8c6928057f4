"""Use cases of sellers: write drafts, hand them in, take listings off sale, change prices and seasons."""
