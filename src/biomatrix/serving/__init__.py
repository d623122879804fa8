"""One model in front of many users: HTTP API, web page and agent tools over the same operations.

What can be asked stands once, in :mod:`biomatrix.serving.operations`: typed input, a function, typed output. Routes of
the API, tools of the Model Context Protocol, and jobs are made of that table, so every way in gives the same answers.
"""
