"""Measures Bungalow's release build beside its peers: see docs/measuring.md, run by script/bench."""
