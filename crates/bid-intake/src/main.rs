//! Wires the function up: settings, clients, loop.

fn main() {}
