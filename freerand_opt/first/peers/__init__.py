"""Other people's software beside ours."""
