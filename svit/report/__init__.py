"""`svit report`: a run as one page. `report_data` reads and adds up, `svg` draws, `page` writes HTML."""
