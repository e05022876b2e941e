"""A Django application of one flow: viewflow wants its flows in one."""
