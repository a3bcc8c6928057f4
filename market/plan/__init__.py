"""Floor 13: the digital-village plan's indicators, what is to be reached, what was reported, and how far it is.

Read `rules/words.py` for the words, `rules/reckon.py` for how attainment is reckoned, `scorecard.py` for how it all
comes together.
"""
