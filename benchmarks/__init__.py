"""What quality and speed are measured with, and what the shipped coefficients are fitted with."""
