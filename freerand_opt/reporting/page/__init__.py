"""One self-contained page of claims and figures: no script, style, font or image comes from elsewhere."""
