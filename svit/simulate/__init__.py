"""The endpoint to rehearse a paid run against: OpenAI's chat completions on loopback, its limits, delays and faults.

`endpoint` decides what each request is answered: `prompt_reading` gets the context back out of a prompt, `answers`
writes, `fault_injection`, `latency`, `minute_limits`, `prompt_limit` and `simulated_cache` do what their names say,
`respondent` brings them to one completion, `request_counts` count. `uploaded_files` and `batches` are their own APIs:
`multipart_form` reads uploads, `file_store` keeps them, `batch_input` is checked, `batch_output` answered, `batch` is
what the API says of it. `incoming` reads HTTP, `http` speaks it (and misspeaks, when told to), `server` listens,
`process` runs it for tests.
"""
