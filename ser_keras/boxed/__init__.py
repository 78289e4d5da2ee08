"""The models that come with the package, one folder each: network, run record, test predictions and model card."""
