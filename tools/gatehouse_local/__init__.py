"""Gatehouse on this machine: the real template on a local AWS, without Docker and without an account."""
