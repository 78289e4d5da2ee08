"""What was recorded: one module a corpus (name → labels), manifests, clip table, verify, fetch, synthetic."""
