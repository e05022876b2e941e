"""The board: pages for those who run a review, in the gateway, behind the same identity as its routes."""
