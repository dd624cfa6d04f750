"""Chaos: what an operator may rely on, tried by breaking it, on both databases; ``make chaos`` tells the figures.

Each trial is a function in its own file that gives back what it measured. CI runs the same functions in a short form.
"""
