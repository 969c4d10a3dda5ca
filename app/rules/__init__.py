"""Pure functions and dataclasses: facts and `now` in, a decision out. No I/O, no clock, no Flask."""
