"""Every model on the same clips, classes and folds: what is compared, carried out cell by cell."""
