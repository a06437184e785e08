"""Ratings (好差评): one rating per case, and what was done about the bad ones."""
