"""Floor 9: from a cart to a paid order. What joins the floors below, and the only room that may."""
