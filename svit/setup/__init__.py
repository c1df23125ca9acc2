"""What a config comes to: the jobs of its tasks, the provider that is asked, and what may be spent."""
