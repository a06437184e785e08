"""What may be handed in, how large, in which form, and what a file's state is called."""
