"""Use cases of reviewers, and what the system does by itself: decide, suspend, freeze, let expire."""
