"""Attacks on whatever runs this code. Each says whether it got what it must not get; none does more harm than that."""
