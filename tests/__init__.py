"""The tests; a package, so that they can share their texts and fixtures."""
