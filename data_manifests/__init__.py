"""What is known of every corpus: corpora.toml (source, licence, citation), and a CSV each (clips and their labels)."""
