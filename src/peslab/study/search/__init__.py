"""What is tried: spaces, and who proposes and ends trials in them."""
