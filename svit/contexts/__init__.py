"""From annotations to `ImageContext` records: `sources` reads, `files` and `fields` help, `store` keeps."""
