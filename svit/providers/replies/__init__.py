"""Reply bodies of any server: their shapes, streams, reasoning blocks and finish reasons."""
