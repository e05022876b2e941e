"""The events of an application's life, one module a part of the house; `models.lifecycle` joins them."""
