//! `expert-draw`: the service and its commands.

fn main() {}
