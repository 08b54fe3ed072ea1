"""The sandbox that students' code runs in, and the trusted side's dialogue with it."""
