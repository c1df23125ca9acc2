"""The endpoint to rehearse a paid run against: OpenAI's chat completions on loopback, its limits, delays and faults.

`endpoint` decides what each request is answered: `reading` gets the context back out of a prompt, `answers` writes,
`faults`, `latency`, `limits`, `window` and `cache` do what their names say, `respondent` brings them to one completion,
`books` count. `files` and `batches` are rooms of their own: `form` reads uploads, `store` keeps them, `batch_input` is
checked, `batch_output` answered, `batch` is what the API says of it. `incoming` reads HTTP, `http` speaks it (and
misspeaks, when told to), `server` listens, `process` runs it for tests.
"""
