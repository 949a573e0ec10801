"""Trains the models that the package ships, on question sets whose licences allow it."""
