"""What is kept of the marks, how they count, and the pages and tables made of them."""
