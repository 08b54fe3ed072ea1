"""The zip that a class gets: `bundle` makes it, `self_check` goes into it."""
