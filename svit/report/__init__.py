"""`svit report`: a run as one page. `reading` and `counting` read and add up, `drawing` draws, `page` writes HTML."""
