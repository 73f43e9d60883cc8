"""Clients, each in its own words: a module is one client, with a function for each thing that a
client can do. All have the same tasks and the same form of results (`tasks.py`), so that one test
judges them all; a function that is not there is a thing that the client cannot do.
"""
