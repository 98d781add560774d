"""The tests; a package, so that they can share their texts and fixtures.

A test file that wants a fixture of a module beside it names it: ``server = faults.server``.
"""
