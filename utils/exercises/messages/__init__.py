"""What a check says: values as text, differences, the hint that is chosen, the table below the cell."""
