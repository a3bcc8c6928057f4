"""Floor 4: what is offered. Categories, produce and variants, seasons, tour packages, pictures, search."""
