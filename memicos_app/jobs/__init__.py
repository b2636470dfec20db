"""What runs long work: the job process, the tickets it takes, and the kinds of work it knows."""
