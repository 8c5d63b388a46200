"""The draft engines, their models, and the choice among them."""
