"""What only makers and instructors run: building labs, training the zoo, grading."""
