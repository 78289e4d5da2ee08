"""What results are worth: metrics and the audit of printed tables, as pure functions on arrays and plain values."""
