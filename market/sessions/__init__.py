"""Floor 5: when packages take place. Sessions, their capacity, and the availability calendar."""
