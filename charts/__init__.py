"""Analysis results as pictures that a phone can show and a screen reader can speak."""
