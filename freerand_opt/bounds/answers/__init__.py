"""What comes out of a question: its bracket, its attack, and what they show."""
