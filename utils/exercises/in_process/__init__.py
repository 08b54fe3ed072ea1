"""One case of an exercise in the notebook's own process: it may fail, loop, be stopped, or call the course's own function."""
