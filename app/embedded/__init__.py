"""The embedded size: private servers for `make run` and for the tests. No other room of the house knows of it."""
